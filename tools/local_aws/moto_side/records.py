"""Record sets and what a change batch makes of them, with Route 53's own words for every refusal. No I/O.

A batch is applied in its order to a copy: DELETE and CREATE of one name in one batch work, and one refused change
refuses the batch.
"""

import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import Any

from .errors import AwsError

_PLAIN = re.compile(r"[a-z0-9_.-]")
_OCTAL = re.compile(r"\\([0-7]{3})")
# Values per batch and characters of values per batch, where those of an UPSERT count twice.
_MOST_VALUES = 1000
_MOST_CHARACTERS = 32_000
# Values of one record set.
_MOST_VALUES_OF_ONE = 400
_LONGEST_TTL = 2**31 - 1
_LONGEST_LABEL, _LONGEST_NAME = 63, 255
_ROUTING = ("Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "HealthCheckId", "CidrRoutingConfig")

Key = tuple[str, str, str]


def stored_name(name: str) -> str:
    """A name as Route 53 keeps it: lower case, with the last dot, octal escapes read."""
    plain = _OCTAL.sub(lambda match: chr(int(match[1], 8)), name).lower()
    return plain if plain.endswith(".") else plain + "."


def shown_name(name: str) -> str:
    """A name as Route 53 gives it back: everything but letters, digits, `-`, `_` and `.` in octal."""
    return "".join(char if _PLAIN.match(char) else f"\\{ord(char):03o}" for char in name)


def sort_name(name: str) -> str:
    """Route 53 sorts by the labels in reverse, the last dot included."""
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def bad_name(name: str) -> str | None:
    """What is wrong with a name in its stored form. The bytes count, not the escapes; the last dot does not."""
    for label in name.rstrip(".").split("."):
        if len(label) > _LONGEST_LABEL:
            return f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{shown_name(label)}'"
    # No source has the words for a whole name; these follow those for a label.
    if len(name.rstrip(".")) > _LONGEST_NAME:
        return f"FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '{shown_name(name)}'"
    return None


@dataclass(frozen=True)
class RecordSet:
    """One record set with the values as they were given."""

    name: str
    type: str
    set_identifier: str = ""
    ttl: int | None = None
    values: tuple[str, ...] = ()
    alias: tuple[str, str, bool] | None = None
    # Weight, region and the like, as JSON so that two sets can be compared.
    routing: str = field(default="{}")

    @property
    def key(self) -> Key:
        return (self.name, self.type, self.set_identifier)

    @property
    def sort_key(self) -> Key:
        return (sort_name(self.name), self.type, self.set_identifier)

    @property
    def content(self) -> tuple[Any, ...]:
        """What a DELETE must repeat. The order of the values is not part of it."""
        return (self.ttl, frozenset(self.values), self.alias, self.routing)

    @classmethod
    def from_request(cls, wanted: dict[str, Any]) -> "RecordSet":
        target = wanted.get("AliasTarget")
        return cls(
            name=stored_name(wanted["Name"]),
            type=wanted["Type"],
            set_identifier=wanted.get("SetIdentifier") or "",
            ttl=int(wanted["TTL"]) if wanted.get("TTL") is not None else None,
            values=tuple(record["Value"] for record in wanted.get("ResourceRecords") or []),
            alias=(
                (target["HostedZoneId"], stored_name(target["DNSName"]), _true(target["EvaluateTargetHealth"]))
                if target
                else None
            ),
            routing=json.dumps({name: wanted[name] for name in _ROUTING if wanted.get(name) is not None}, default=str),
        )

    def to_response(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"Name": shown_name(self.name), "Type": self.type, **json.loads(self.routing)}
        if self.set_identifier:
            shown["SetIdentifier"] = self.set_identifier
        if self.alias:
            zone, target, health = self.alias
            shown["AliasTarget"] = {"HostedZoneId": zone, "DNSName": shown_name(target), "EvaluateTargetHealth": health}
        else:
            shown["TTL"] = self.ttl
            shown["ResourceRecords"] = [{"Value": value} for value in self.values]
        return shown


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def applied(zone_name: str, current: list[RecordSet], changes: list[dict[str, Any]]) -> list[RecordSet]:
    """The zone's record sets after the batch; AwsError names every change that is refused."""
    _check_size(changes)
    records = {record.key: record for record in current}
    refusals: list[str] = []
    created: set[Key] = set()
    for position, change in enumerate(changes, 1):
        action, wanted = change["Action"], RecordSet.from_request(change["ResourceRecordSet"])
        _check_form(action, wanted)
        _check_ttl(position, wanted)
        if refusal := _refusal(zone_name, records, created, action, wanted):
            refusals.append(refusal)
        elif action == "DELETE":
            del records[wanted.key]
        else:
            records[wanted.key] = wanted
            created.add(wanted.key)
    if not refusals and (refusal := _apex_refusal(zone_name, records)):
        refusals.append(refusal)
    if refusals:
        raise AwsError("InvalidChangeBatch", f"[{', '.join(refusals)}]")
    return list(records.values())


def _check_size(changes: list[dict[str, Any]]) -> None:
    if not changes:
        raise AwsError("InvalidInput", "A change batch must have at least one change.")
    count = characters = 0
    for change in changes:
        values = [record["Value"] for record in change["ResourceRecordSet"].get("ResourceRecords") or []]
        times = 2 if change["Action"] == "UPSERT" else 1
        count += times * len(values)
        characters += times * sum(map(len, values))
    if count > _MOST_VALUES:
        raise AwsError("InvalidChangeBatch", f"[Number of records limit of {_MOST_VALUES} exceeded.]")
    if characters > _MOST_CHARACTERS:
        raise AwsError("InvalidChangeBatch", f"[RDATA character limit of {_MOST_CHARACTERS} exceeded.]")


def _check_form(action: str, wanted: RecordSet) -> None:
    if action not in ("CREATE", "DELETE", "UPSERT"):
        words = f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to enumeration"
        raise AwsError("InvalidInput", f"{words} '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.")
    plain = wanted.ttl is not None and bool(wanted.values)
    if plain == bool(wanted.alias):
        found = "more than one" if plain else "none"
        raise AwsError(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or"
            f" TrafficPolicyInstanceId], but found {found} in Change with [Action={action},"
            f" Name={shown_name(wanted.name)}, Type={wanted.type}, SetIdentifier={wanted.set_identifier or 'null'}]",
        )


def _check_ttl(position: int, wanted: RecordSet) -> None:
    if wanted.ttl is None or 0 <= wanted.ttl <= _LONGEST_TTL:
        return
    bound = "greater than or equal to 0" if wanted.ttl < 0 else f"less than or equal to {_LONGEST_TTL}"
    raise AwsError(
        "InvalidInput",
        f"1 validation error detected: Value '{wanted.ttl}' at 'changeBatch.changes.{position}.member."
        f"resourceRecordSet.tTL' failed to satisfy constraint: Member must have value {bound}",
    )


def _refusal(
    zone_name: str,
    records: dict[Key, RecordSet],
    created: set[Key],
    action: str,
    wanted: RecordSet,
) -> str | None:
    shown = shown_name(wanted.name)
    named = f"[name='{shown}', type='{wanted.type}'{_identified(wanted)}]"
    if bad := bad_name(wanted.name):
        return bad
    if wanted.name != zone_name and not wanted.name.endswith(f".{zone_name}"):
        return f"RRSet with DNS name {shown} is not permitted in zone {zone_name}"
    if bad := _bad_value(wanted):
        return bad
    there = records.get(wanted.key)
    if action == "DELETE":
        if there is None:
            return f"Tried to delete resource record set {named} but it was not found"
        if there.content != wanted.content:
            why = "the values provided do not match the current values"
            return f"Tried to delete resource record set {named} but {why}"
        return None
    if action == "CREATE" and wanted.key in created:
        return f"The request contains an invalid set of changes for a resource record set '{wanted.type} {shown}'"
    if action == "CREATE" and there is not None:
        return f"Tried to create resource record set {named} but it already exists"
    return _conflict(zone_name, records, wanted, shown)


def _conflict(zone_name: str, records: dict[Key, RecordSet], wanted: RecordSet, shown: str) -> str | None:
    """A CNAME tolerates no other type beside it, and a simple set no weighted one."""
    others = [record for record in records.values() if record.name == wanted.name and record.key != wanted.key]
    if wanted.type == "CNAME" and wanted.name == zone_name:
        return f"RRSet of type CNAME with DNS name {shown} is not permitted at apex in zone {zone_name}"
    if wanted.type == "CNAME" and any(record.type != "CNAME" for record in others):
        return (
            f"RRSet of type CNAME with DNS name {shown} is not permitted as it conflicts with other records with the"
            f" same DNS name in zone {zone_name}"
        )
    if wanted.type != "CNAME" and any(record.type == "CNAME" for record in others):
        return (
            f"RRSet of type {wanted.type} with DNS name {shown} is not permitted because a conflicting RRSet of type "
            f" CNAME with the same DNS name already exists in zone {zone_name}"
        )
    same_type = [record for record in others if record.type == wanted.type]
    if any(bool(record.set_identifier) != bool(wanted.set_identifier) for record in same_type):
        return (
            f"RRSet with DNS name {shown}, type {wanted.type}, SetIdentifier {wanted.set_identifier or 'null'} cannot"
            " be created as other RRSets exist with the same name and type."
        )
    return None


def _bad_value(wanted: RecordSet) -> str | None:
    if len(wanted.values) > _MOST_VALUES_OF_ONE:
        return f"Cannot have more than {_MOST_VALUES_OF_ONE} records in a RRSet."
    if len(set(wanted.values)) != len(wanted.values):
        twice = next(value for value in wanted.values if wanted.values.count(value) > 1)
        return f"Duplicate Resource Record: '{twice}'"
    version = {"A": 4, "AAAA": 6}.get(wanted.type)
    for value in wanted.values if version else ():
        try:
            right = ipaddress.ip_address(value).version == version
        except ValueError:
            right = False
        if not right:
            code = f"{wanted.type}RRDATAIllegalIPv{version}Address"
            return (
                f"Invalid Resource Record: 'FATAL problem: {code} (Value is not a valid IPv{version} address)"
                f" encountered with '{value}''"
            )
    return None


def _apex_refusal(zone_name: str, records: dict[Key, RecordSet]) -> str | None:
    if (zone_name, "SOA", "") not in records:
        return "A HostedZone must contain exactly one SOA record."
    if (zone_name, "NS", "") not in records:
        return "A HostedZone must contain at least one NS record for the zone itself."
    return None


def _identified(wanted: RecordSet) -> str:
    return f", set-identifier='{wanted.set_identifier}'" if wanted.set_identifier else ""

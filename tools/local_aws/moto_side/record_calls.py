"""Route 53's calls on record sets: change, list, and ask how a change goes."""

from typing import Any

from moto.core.responses import ActionResult
from moto.route53.responses import Route53

from . import changes, records, settings, zones
from .errors import AwsError
from .paging import page_limit
from .records import RecordSet, stored_name

_MOST = 300

# Where a caller stands who was given an empty first page: Route 53's "token" is only the next name, which looks
# the same as a listing that starts there.
_continued: set[tuple[str, str, str]] = set()
settings.on_reset(_continued.clear)


def change_resource_record_sets(self: Route53) -> ActionResult:
    zone = zones.editable(self, self._get_param("HostedZoneId"))
    wanted = self._get_param("ChangeBatch.Changes") or []
    zone.rrsets = records.applied(zone.name, zone.rrsets, wanted)
    comment = self._get_param("ChangeBatch.Comment")
    return ActionResult({"ChangeInfo": changes.begin(self.current_account, comment)})


def list_resource_record_sets(self: Route53) -> ActionResult:
    """From the start name on, in Route 53's order. A type without a name is refused, as AWS does."""
    zone = zones.owned(self, self._get_param("HostedZoneId"))
    name, kind = self._get_param("StartRecordName"), self._get_param("StartRecordType") or ""
    identifier = self._get_param("StartRecordIdentifier") or ""
    if (kind and not name) or (identifier and not kind):
        raise AwsError("InvalidInput", "The input is not valid")
    if name and (bad := records.bad_name(stored_name(name))):
        raise AwsError("InvalidInput", bad)
    start = (records.sort_name(stored_name(name)), kind, identifier) if name else ("", "", "")
    found = sorted((one for one in zone.rrsets if one.sort_key >= start), key=lambda one: one.sort_key)
    limit = page_limit(self._get_int_param("MaxItems"), _MOST)
    if _empty_first(self, zone.resource_id, start, found):
        return ActionResult(_page([], found[0], limit))
    following = found[limit] if len(found) > limit else None
    if following and settings.SETTINGS.empty_first_page:
        _continued.add((self.current_account, zone.resource_id, following.sort_key[0]))
    return ActionResult(_page(found[:limit], following, limit))


def _page(shown: list[RecordSet], following: RecordSet | None, limit: int) -> dict[str, Any]:
    page: dict[str, Any] = {
        "ResourceRecordSets": [one.to_response() for one in shown],
        "IsTruncated": following is not None,
        "MaxItems": limit,
    }
    if following:
        page["NextRecordName"] = records.shown_name(following.name)
        page["NextRecordType"] = following.type
        page["NextRecordIdentifier"] = following.set_identifier or None
    return page


def _empty_first(response: Route53, zone_id: str, start: tuple[str, str, str], found: list[RecordSet]) -> bool:
    """Whether to answer an empty page. Nothing can follow an empty listing, so that one is answered as it is."""
    place = (response.current_account, zone_id, start[0])
    if not settings.SETTINGS.empty_first_page or not found:
        return False
    if place in _continued:
        _continued.discard(place)
        return False
    _continued.add((response.current_account, zone_id, found[0].sort_key[0]))
    return True


def get_change(self: Route53) -> ActionResult:
    return ActionResult({"ChangeInfo": changes.info_of(self.current_account, self._get_param("Id"))})


def install() -> None:
    for method in (change_resource_record_sets, list_resource_record_sets, get_change):
        setattr(Route53, method.__name__, method)

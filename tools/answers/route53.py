"""Route 53's answers: zones of a VPC, record sets, changes."""

from typing import Any

from .wire import Absent, answer, words

ZONE = "Z0123456789ABCDEFGHIJ"
NAME = "\\052.aws-us-west-2.byoc.example.com."
# What a simple record set has none of.
PLAIN = {
    name: Absent
    for name in (
        "SetIdentifier", "Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "AliasTarget", "HealthCheckId",
        "TrafficPolicyInstanceId", "CidrRoutingConfig", "GeoProximityLocation",
    )
}  # fmt: skip


def _zone(number: int, name: str, **owner: Any) -> dict[str, Any]:
    owner = {"OwningAccount": Absent, "OwningService": Absent} | owner
    return {"HostedZoneId": f"Z{number:020d}", "Name": name, "Owner": owner}


def _zones(*zones: dict[str, Any], token: Any = Absent) -> str:
    return answer("route53", "ListHostedZonesByVPC", {"HostedZoneSummaries": zones, "NextToken": token, "MaxItems": 100})


def zones() -> dict[str, str]:
    every = [
        _zone(1, "byoc.example.com.", OwningAccount="044444444444"),
        _zone(2, "Example.COM.", OwningAccount="222222222222") | {"HostedZoneId": f"/hostedzone/Z{2:020d}"},
        _zone(3, "a\\057b.example.com.", OwningAccount="222222222222"),
        _zone(4, "us-west-2.vpce.amazonaws.com.", OwningService="vpce.amazonaws.com"),
    ]
    odd = [
        _zone(1, ".", OwningAccount="222222222222"),
        _zone(2, "a..b.", OwningAccount="222222222222"),
        _zone(3, f"{'l' * 64}.example.com.", OwningAccount="222222222222"),
        _zone(4, "example.com.", OwningAccount="anonymous"),
        _zone(5, "example.com.", OwningAccount="222222222222") | {"HostedZoneId": "?"},
        _zone(6, "byoc.example.com.", OwningAccount="222222222222"),
    ]
    return {
        "of_every_owner": _zones(*every),
        "page_1": _zones(every[0], token="second"),
        "page_2": _zones(token="third"),
        "page_3": _zones(every[1], token=""),
        "none": _zones(),
        "odd": _zones(*odd),
    }


def _set(kind: str = "A", name: str = NAME, **more: Any) -> dict[str, Any]:
    return PLAIN | {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": "10.1.0.4"}]} | more


def _routed(**more: Any) -> dict[str, Any]:
    return _set(SetIdentifier="one & only", **more)


def _sets(*sets: dict[str, Any], following: dict[str, str] | None = None) -> str:
    nothing = {"NextRecordName": Absent, "NextRecordType": Absent, "NextRecordIdentifier": Absent}
    truncated = "true" if following else "false"
    given = {"ResourceRecordSets": sets, "IsTruncated": truncated, "MaxItems": 10, **nothing, **(following or {})}
    return answer("route53", "ListResourceRecordSets", given)


def record_sets() -> dict[str, str]:
    alias = {"HostedZoneId": ZONE, "DNSName": "vpce-1.example.com.", "EvaluateTargetHealth": "false"}
    aliased = {"TTL": Absent, "ResourceRecords": Absent, "AliasTarget": alias}
    routings = [
        _set(**aliased),
        _set("AAAA", **aliased),
        _routed(Weight=10),
        _routed(Weight=0, HealthCheckId="0a1b2c3d"),
        _routed(Region="us-west-2"),
        _routed(Region="mars-north-1"),
        _routed(GeoLocation={"CountryCode": "*", "ContinentCode": Absent, "SubdivisionCode": Absent}),
        _routed(GeoProximityLocation={"AWSRegion": "us-west-2", "Bias": -99}),
        _routed(Failover="SECONDARY"),
        _routed(MultiValueAnswer="true"),
        _routed(CidrRoutingConfig={"CollectionId": "c", "LocationName": "*"}),
        _set(TrafficPolicyInstanceId="0a1b2c3d"),
    ]
    kinds = [*words("route53", "RRType"), "SPAM"]
    odd = [_set(name="a..b.example.com."), _set(name="\\9.example.com."), _set()]
    zonal = _sets(*(_routed(Weight=Absent) for _ in range(2)))
    affinity = "<AZAffinity><LocationType>AvailabilityZone</LocationType><LocationId>usw2-az1</LocationId></AZAffinity>"
    return {
        "simple": _sets(
            _set(ResourceRecords=[{"Value": "10.1.0.4"}, {"Value": "10.1.1.4"}]),
            _set("AAAA", TTL=2**31 - 1, ResourceRecords=[{"Value": "FD00:0::4"}]),
        ),
        "of_every_routing": _sets(*routings),
        # The model does not have it yet; Route 53 shows it all the same.
        "by_zone_affinity": zonal.replace("</ResourceRecords>", f"</ResourceRecords>\n   {affinity}"),
        "of_every_type": _sets(*map(_set, kinds)),
        "page_1": _sets(_set(), following={
            "NextRecordName": NAME, "NextRecordType": "A", "NextRecordIdentifier": "one & only"}),
        "page_2": _sets(following={"NextRecordName": "\\052.z.example.com.", "NextRecordType": "TXT"}),
        "page_3": _sets(_set(name="z.example.com.")),
        "none": _sets(),
        "odd": _sets(*odd),
    }


def zone() -> dict[str, str]:
    of = lambda *vpcs: answer("route53", "GetHostedZone", {  # noqa: E731
        "HostedZone": {"Id": f"/hostedzone/{ZONE}", "Name": "byoc.example.com."},
        "VPCs": [{"VPCRegion": region, "VPCId": vpc} for region, vpc in vpcs]})
    return {
        "of_two_vpcs": of(("mars-north-1", "vpc-00000000000000000"), ("us-west-2", "vpc-0a1b2c3d4e5f60718")),
        "of_no_vpc": of(),
        "changed": answer("route53", "ChangeResourceRecordSets", {"ChangeInfo": {"Status": "WAITING"}}),
    }

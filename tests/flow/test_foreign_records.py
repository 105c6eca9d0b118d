"""Records that somebody else made at our name, and records of ours that somebody else touched."""

from stage.client import NAME


def held(fleet, vpc, zone):
    """The hold on our name in a zone, as seen from a VPC."""
    return fleet.table.holds().get(f"{vpc.id}/{zone.id}/{NAME}")


def test_foreign_wildcard_is_left_alone_and_held(fleet):
    vpc = fleet.a.vpc()
    zone, parent = vpc.zone(), vpc.zone("example.com")
    zone.put("192.0.2.1", "192.0.2.2", ttl=300)
    before = zone.record()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    fleet.provider.sweep()
    assert zone.record() == before
    assert held(fleet, vpc, zone) == {"reason": "ForeignRecord", "seen": {"a": ["192.0.2.1", "192.0.2.2"]}}
    assert parent.addresses() == endpoint.addresses, "the other zone gets its record"
    assert set(fleet.table.claims()) == {parent.id}
    endpoint.delete()
    fleet.local.settled()
    assert zone.record() == before
    assert fleet.table.holds() == {}


def test_record_is_written_once_the_foreign_one_is_gone(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    zone.put("192.0.2.1")
    endpoint = vpc.endpoint()
    fleet.local.settled()
    zone.remove()
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


def test_cname_at_the_name_is_held_as_incompatible(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    zone.put("elsewhere.example.net", kind="CNAME")
    vpc.endpoint()
    fleet.local.settled()
    assert zone.addresses("CNAME") == {"elsewhere.example.net"}
    assert held(fleet, vpc, zone) == {"reason": "IncompatibleRecord", "kinds": ["CNAME"]}
    assert fleet.table.claims() == {}


def test_other_kinds_of_record_at_the_name_are_no_hindrance(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    zone.put('"hello"', kind="TXT")
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    endpoint.delete()
    fleet.local.settled()
    assert zone.addresses("TXT") == {'"hello"'}
    assert zone.record() is None


def test_names_beside_ours_are_never_touched(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone("byoc.example.com")
    beside = ["aws-us-west-2.byoc.example.com", "x.aws-us-west-2.byoc.example.com", "*.byoc.example.com"]
    for name in beside:
        zone.put("192.0.2.7", name=name)
    endpoint = vpc.endpoint()
    fleet.local.settled()
    endpoint.delete()
    fleet.local.settled()
    assert [zone.addresses(name=name) for name in beside] == [{"192.0.2.7"}] * 3


def test_identical_record_is_adopted_and_stays_when_the_endpoint_goes(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc(subnets=2)
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        zone.put(*endpoint.addresses)
        before = zone.record()
        fleet.local.forget_calls()
        fleet.provider.sweep()
        assert fleet.table.claims()[zone.id]["origin"] == "adopted"
        assert fleet.local.calls("ChangeResourceRecordSets") == []

        endpoint.delete()
        fleet.provider.sweep()
        assert zone.record() == before
        assert fleet.table.claims() == {}
        assert fleet.table.journal(zone.id)[-1]["reason"].startswith("AdoptedRecord")


def test_identical_record_with_another_ttl_is_adopted_and_corrected(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        zone.put(*endpoint.addresses, ttl=300)
        fleet.provider.sweep()
        assert zone.record()["TTL"] == 60
        assert zone.addresses() == endpoint.addresses


def test_record_edited_after_the_endpoint_went_is_left_alone(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        fleet.provider.sweep()
        zone.put("192.0.2.1")
        endpoint.delete()
        fleet.provider.sweep()
        assert zone.addresses() == {"192.0.2.1"}
        assert fleet.table.claims() == {}
        assert fleet.table.journal(zone.id)[-1]["reason"].startswith("EditedRecord")


def test_two_endpoints_in_one_vpc_share_the_record(fleet):
    vpc = fleet.a.vpc(subnets=2)
    zone = vpc.zone()
    first = vpc.endpoint(SubnetIds=vpc.subnets[:1])
    fleet.local.settled()
    second = vpc.endpoint(SubnetIds=vpc.subnets[1:])
    fleet.local.settled()
    assert zone.addresses() == first.addresses | second.addresses
    assert set(fleet.table.claims()[zone.id]["contributions"]) == {first.id, second.id}

    second.delete()
    fleet.local.settled()
    assert zone.addresses() == first.addresses
    first.delete()
    fleet.local.settled()
    assert zone.record() is None
    assert fleet.table.claims() == {}


def test_two_endpoints_made_at_once_share_the_record(fleet):
    vpc = fleet.a.vpc(subnets=2)
    zone = vpc.zone()
    endpoints = [vpc.endpoint() for _ in range(3)]
    fleet.local.settled()
    assert zone.addresses() == set.union(*(endpoint.addresses for endpoint in endpoints))
    fleet.a.delete(*endpoints[:2])
    fleet.local.settled()
    assert zone.addresses() == endpoints[2].addresses


def test_only_create_and_delete_of_our_name_are_ever_sent(fleet):
    vpc = fleet.a.vpc(subnets=2, ipv6=True)
    vpc.zone()
    endpoint = vpc.endpoint(IpAddressType="dualstack", SubnetIds=vpc.subnets[:1])
    fleet.local.settled()
    endpoint.add_subnet(vpc.subnets[1])
    fleet.local.settled()
    endpoint.delete()
    fleet.local.settled()
    batches = [call["parameters"]["ChangeBatch"]["Changes"]
               for call in fleet.local.calls("ChangeResourceRecordSets")]
    assert len(batches) == 3
    changes = [change for batch in batches for change in batch]
    assert {change["Action"] for change in changes} == {"CREATE", "DELETE"}
    assert {change["ResourceRecordSet"]["Type"] for change in changes} == {"A", "AAAA"}
    assert {change["ResourceRecordSet"]["Name"].rstrip(".") for change in changes} == {NAME}


def test_zone_of_an_aws_service_is_left_alone_and_its_parent_gets_the_record(fleet):
    vpc = fleet.a.vpc()
    managed = vpc.zone(made_by="vpce.amazonaws.com")
    parent = vpc.zone("byoc.example.com")
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert managed.record() is None
    assert parent.addresses() == endpoint.addresses
    touched = {call["parameters"].get("Id") for call in fleet.local.calls(None, fleet.a.account)
               if call["action"] in ("ChangeResourceRecordSets", "ListResourceRecordSets")}
    assert not any(managed.id in str(zone) for zone in touched)

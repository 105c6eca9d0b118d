"""AWS at its worst: short pages, empty pages, throttling, lost answers. The end is always the same."""

import pytest

from stage.client import NAME
from stage.local import wait_until


def throttle(service, action, code="Throttling", times=2, **more):
    return {"service": service, "action": action, "code": code, "message": "Rate exceeded", "times": times, **more}


@pytest.mark.parametrize("pages", [
    {"page_size": 1}, {"page_size": 2}, {"empty_first_page": True},
    {"page_size": 1, "empty_first_page": True},
], ids=str)
def test_short_and_empty_pages_hide_nothing(fleet, pages):
    # By sweeps alone: the emulator's empty first page of records is one for all who read a zone at once.
    with fleet.provider.deaf():
        fleet.local.settings(**pages)
        vpc = fleet.a.vpc(subnets=3)
        zones = [vpc.zone(), vpc.zone("byoc.example.com"), vpc.zone("example.com")]
        for name in ("a.example.com", "b.byoc.example.com", "zz.example.com"):
            zones[2].put("192.0.2.7", name=name)
        endpoints = [vpc.endpoint(), vpc.endpoint()]
        others = [client.vpc().endpoint() for client in (fleet.b, fleet.c)]
        fleet.provider.sweep()
        assert [endpoint.state for endpoint in (*endpoints, *others)] == [
            "available", "available", "available", "pendingAcceptance"]
        union = endpoints[0].addresses | endpoints[1].addresses
        assert len(union) == 6
        assert [zone.addresses() for zone in zones] == [union] * 3

        fleet.local.forget_calls()
        fleet.provider.sweep()
        assert fleet.local.calls("ChangeResourceRecordSets") == []
        endpoints[0].delete()
        fleet.provider.sweep()
        assert [zone.addresses() for zone in zones] == [endpoints[1].addresses] * 3
        assert set(fleet.table.claims()) == {zone.id for zone in zones}
        assert fleet.provider.dead_letters() == []


def test_short_pages_hide_nothing_from_events_either(fleet):
    fleet.local.settings(page_size=1)
    vpc = fleet.a.vpc(subnets=3)
    zones = [vpc.zone(), vpc.zone("byoc.example.com"), vpc.zone("example.com")]
    endpoint = vpc.endpoint()
    fleet.b.vpc().endpoint()
    fleet.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses] * 3
    assert len(endpoint.addresses) == 3
    assert fleet.provider.dead_letters() == []


def test_foreign_record_is_seen_behind_short_pages(fleet):
    fleet.local.settings(page_size=1)
    vpc = fleet.a.vpc(ipv6=True)
    zone = vpc.zone()
    zone.put("2001:db8::1", kind="AAAA")
    vpc.endpoint()
    fleet.local.settled()
    assert zone.record() is None
    assert zone.addresses("AAAA") == {"2001:db8::1"}
    assert fleet.table.holds()[f"{vpc.id}/{zone.id}/{NAME}"]["reason"] == "ForeignRecord"


@pytest.mark.parametrize("fault", [
    throttle("route53", "ListHostedZonesByVPC"),
    throttle("route53", "ListResourceRecordSets"),
    throttle("route53", "ChangeResourceRecordSets"),
    throttle("route53", "ChangeResourceRecordSets", code="PriorRequestNotComplete"),
    throttle("ec2", "DescribeVpcEndpoints", code="RequestLimitExceeded", status=503),
    throttle("ec2", "DescribeVpcEndpointConnections", code="RequestLimitExceeded", status=503),
    throttle("ec2", "AcceptVpcEndpointConnections", code="RequestLimitExceeded", status=503),
    throttle("sts", "AssumeRole", code="ServiceUnavailable", status=503),
], ids=lambda fault: f"{fault['action']}-{fault['code']}")
def test_throttling_delays_and_changes_nothing(fleet, fault):
    fleet.local.faults(fault)
    vpc = fleet.b.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled(within=60)
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}
    assert fleet.provider.dead_letters() == []


def test_throttling_beyond_the_sdks_patience_gives_the_message_back(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    fleet.local.faults(throttle("route53", "ListResourceRecordSets", times=5))
    endpoint = vpc.endpoint()
    fleet.local.settled(within=60)
    assert fleet.local.remaining_faults() == []
    assert zone.addresses() == endpoint.addresses
    assert fleet.provider.dead_letters() == []


def test_message_that_failed_comes_back_in_seconds(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    # As often as the SDK tries, for the first two receives of each message.
    fleet.local.faults(throttle("route53", "ListHostedZonesByVPC", code="InternalFailure", status=500, times=6))
    endpoint = vpc.endpoint()
    # Nothing that is delayed is hurried.
    wait_until(lambda: zone.addresses() == endpoint.addresses, within=60)
    assert fleet.local.remaining_faults() == []
    fleet.local.settled()
    assert fleet.provider.dead_letters() == []


def test_one_throttled_account_does_not_hold_up_the_others(fleet):
    fleet.local.faults(throttle("ec2", "DescribeVpcEndpoints", code="RequestLimitExceeded", status=503,
                                times=100, account=fleet.a.account))
    vpcs = [fleet.a.vpc(), fleet.b.vpc()]
    zones = [vpc.zone() for vpc in vpcs]
    vpcs[0].endpoint()
    endpoint = vpcs[1].endpoint()
    wait_until(lambda: endpoint.addresses == zones[1].addresses())
    assert zones[0].record() is None
    fleet.local.faults()
    fleet.local.settled(within=60)
    assert zones[0].record()


def test_change_that_route53_is_not_ready_for_is_made_within_seconds(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    fleet.local.faults(throttle("route53", "ChangeResourceRecordSets", code="PriorRequestNotComplete", times=1))
    endpoint = vpc.endpoint()
    wait_until(lambda: zone.addresses() == endpoint.addresses, within=30)
    fleet.local.settled()
    assert "pending" not in fleet.table.claims()[zone.id]


@pytest.mark.parametrize("code, status", [("InternalFailure", 500), ("ServiceUnavailable", 503)])
def test_change_whose_answer_is_lost_is_ours_all_the_same(fleet, code, status):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    fleet.local.faults(throttle("route53", "ChangeResourceRecordSets", code=code, status=status, times=1,
                                applied=True))
    endpoint = vpc.endpoint()
    fleet.local.settled(within=60)
    assert zone.addresses() == endpoint.addresses
    claim = fleet.table.claims()[zone.id]
    assert claim["origin"] == "created" and "pending" not in claim
    assert set(claim["confirmed"]["a"]) == endpoint.addresses
    assert fleet.table.holds() == {}

    fleet.local.forget_calls()
    fleet.provider.sweep()
    assert fleet.local.calls("ChangeResourceRecordSets") == []
    endpoint.delete()
    fleet.local.settled()
    assert zone.record() is None, "the record was known to be ours"
    assert fleet.table.claims() == {}


def test_removal_whose_answer_is_lost_is_done_all_the_same(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    fleet.local.faults(throttle("route53", "ChangeResourceRecordSets", code="InternalFailure", status=500,
                                times=1, applied=True))
    endpoint.delete()
    fleet.local.settled(within=60)
    assert zone.record() is None
    assert fleet.table.claims() == {}
    assert fleet.table.holds() == {}
    assert fleet.provider.dead_letters() == []


def test_acceptance_whose_answer_is_lost_is_no_failure(fleet):
    fleet.local.faults(throttle("ec2", "AcceptVpcEndpointConnections", code="InternalError", status=500,
                                times=1, applied=True))
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled(within=60)
    assert zone.addresses() == endpoint.addresses
    assert fleet.provider.dead_letters() == []


def test_change_that_route_53_keeps_refusing_is_held_in_its_words(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        fleet.local.faults(throttle("route53", "ChangeResourceRecordSets", code="InvalidChangeBatch", times=100)
                           | {"message": "the zone is full"})
        fleet.provider.backfill()
        fleet.local.at_rest()
        subject = f"{vpc.id}/{zone.id}/{NAME}"
        hold = fleet.table.holds()[subject]
        assert hold["reason"] == "Route53Refused" and "the zone is full" in hold["message"]

        fleet.provider.backfill()
        fleet.local.at_rest()
        assert fleet.table.holds() == {subject: hold}, "it does not go while the announced change may be on its way"
        assert fleet.provider.dead_letters() == []

        fleet.local.faults()
        fleet.table.let_pending_changes_expire()
        fleet.provider.sweep()
        assert zone.addresses() == endpoint.addresses
        assert fleet.table.holds() == {}


def test_words_of_a_refusal_are_the_same_each_time(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        vpc.zone()
        vpc.endpoint()
        fleet.local.faults(throttle("route53", "ChangeResourceRecordSets", code="InvalidChangeBatch", times=100))
        fleet.provider.backfill()
        fleet.local.at_rest()
        before = fleet.table.holds()
        fleet.table.let_pending_changes_expire()
        fleet.provider.backfill()
        fleet.local.at_rest()
        assert fleet.table.holds() == before
        assert len([entry for entry in fleet.table.journal(vpc.id) if entry["reason"].startswith("held")]) == 1

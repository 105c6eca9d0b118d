"""Another controller's mark beside a record, and somebody else who writes a record of ours again and again."""

import pytest

from local_aws import accounts, deploy
from stage.client import NAME

FORWARDING = (accounts.PROVIDER, accounts.CLIENT_A)
MARK = '"heritage=external-dns,external-dns/owner=blue,external-dns/resource=ingress/default/web"'
FOREIGN = {"reason": "ForeignController", "controller": "external-dns", "owner": "blue"}


@pytest.fixture(scope="module", autouse=True)
def forwarded(deployed):
    """Changes of records in the client account are seen at once, for the length of these tests."""
    for account in FORWARDING:
        deployed.deploy_route53_events(account)
    yield
    for account in FORWARDING:
        deploy.delete_route53_events(account, running=deployed.local.running)


def held(fleet, vpc, zone):
    """The hold on our name in a zone, as seen from a VPC."""
    return fleet.table.holds().get(f"{vpc.id}/{zone.id}/{NAME}")


def repairs(fleet, zone):
    """The journal's entries on records that somebody else had written, and that were put right."""
    return [entry for entry in fleet.table.journal(zone.id) if entry["reason"].startswith("drift")]


def test_record_with_the_mark_of_external_dns_is_not_adopted_until_the_mark_is_gone(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        zone.put(*endpoint.addresses, ttl=300)
        zone.put(MARK, kind="TXT", ttl=300)
        fleet.local.forget_calls()
        fleet.provider.sweep()
        assert held(fleet, vpc, zone) == FOREIGN
        assert fleet.table.claims() == {} and fleet.local.calls("ChangeResourceRecordSets") == []
        assert zone.record()["TTL"] == 300

        # What the hold advises.
        zone.remove(kind="TXT")
        fleet.provider.sweep()
        assert fleet.table.holds() == {}
        assert zone.addresses() == endpoint.addresses and zone.record()["TTL"] == 60


def test_mark_at_the_name_with_its_type_before_it_is_seen_too(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        zone.put(*endpoint.addresses, ttl=300)
        zone.put(MARK, kind="TXT", name=f"a-{NAME}")
        fleet.provider.sweep()
        assert held(fleet, vpc, zone) == FOREIGN
        zone.remove(kind="TXT", name=f"a-{NAME}")
        fleet.provider.sweep()
        assert fleet.table.holds() == {} and zone.record()["TTL"] == 60


def test_mark_that_comes_later_keeps_our_claim_and_the_sweep_ends_the_hold_when_it_is_gone(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    zone.put(MARK, kind="TXT")
    zone.put("192.0.2.1")
    fleet.local.settled()
    fleet.provider.sweep()
    assert held(fleet, vpc, zone) == FOREIGN
    assert zone.addresses() == {"192.0.2.1"} and set(fleet.table.claims()) == {zone.id}
    zone.remove(kind="TXT")
    # Texts alone raise no event that is forwarded.
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


def test_marked_record_that_nothing_needs_any_more_stays(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    zone.put(MARK, kind="TXT")
    fleet.local.settled()
    addresses = endpoint.addresses
    endpoint.delete()
    fleet.local.settled()
    assert zone.addresses() == addresses and zone.addresses("TXT") == {MARK}
    assert (fleet.table.claims(), fleet.table.holds()) == ({}, {})


def test_record_that_somebody_writes_again_and_again_is_left_and_who_it_was_is_named(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    for host in range(1, 13):
        zone.put(f"192.0.2.{host}")
        fleet.local.settled()
    assert zone.addresses() == {"192.0.2.12"}
    hold = held(fleet, vpc, zone)
    assert (hold["reason"], int(hold["repairs"])) == ("Contended", 4)
    assert fleet.a.account in hold["by"] and hold["by"].startswith("arn:aws:")
    assert [entry["by"] for entry in repairs(fleet, zone)] == [hold["by"]] * 4

    fleet.local.forget_calls()
    fleet.provider.sweep()
    assert held(fleet, vpc, zone) == hold and fleet.local.calls("ChangeResourceRecordSets") == []

    let_an_hour_pass(fleet, zone)
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


def test_ttl_that_somebody_writes_again_and_again_is_left_too(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    for _ in range(6):
        zone.put(*endpoint.addresses, ttl=300)
        fleet.local.settled()
    assert zone.record()["TTL"] == 300
    assert held(fleet, vpc, zone)["reason"] == "Contended"
    reasons = [entry["reason"] for entry in repairs(fleet, zone)]
    assert reasons == ["drift: the TTL differs, it was edited from 60 to 300"] * 4


def let_an_hour_pass(fleet, zone):
    """Date back what the claim says of repairs."""
    claim = fleet.table.claims()[zone.id]
    claim["repairs"] = [{**repair, "at": "2026-01-01T00:00:00Z"} for repair in claim["repairs"]]
    fleet.table.put(claim)

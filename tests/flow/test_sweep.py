"""The schedule alone, with no event and no notification, reaches what events reach."""

import pytest

from stage.local import wait_until


@pytest.fixture
def deaf(fleet):
    """A client's VPC with three subnets and a zone, and a provider that hears of nothing."""
    with fleet.provider.deaf():
        fleet.vpc = fleet.a.vpc(subnets=3)
        fleet.zone = fleet.vpc.zone()
        yield fleet


@pytest.fixture
def published(deaf):
    """The same with an endpoint whose record stands."""
    deaf.endpoint = deaf.vpc.endpoint(SubnetIds=deaf.vpc.subnets[:2])
    deaf.provider.sweep()
    assert deaf.zone.addresses() == deaf.endpoint.addresses
    deaf.local.forget_calls()
    return deaf


def test_nothing_happens_without_event_notification_and_sweep(deaf):
    endpoint = deaf.vpc.endpoint()
    deaf.local.settled()
    assert endpoint.state == "pendingAcceptance"
    assert deaf.zone.record() is None
    assert deaf.table.items() == []


def test_sweep_brings_a_new_endpoint(deaf):
    endpoint = deaf.vpc.endpoint()
    deaf.provider.sweep()
    assert endpoint.state == "available"
    assert deaf.zone.addresses() == endpoint.addresses


def test_sweep_brings_a_modification(published):
    published.endpoint.add_subnet(published.vpc.subnets[2])
    published.provider.sweep()
    assert len(published.zone.addresses()) == 3
    assert published.zone.addresses() == published.endpoint.addresses


def test_sweep_brings_a_deletion(published):
    published.endpoint.delete()
    published.provider.sweep()
    assert published.zone.record() is None
    assert published.table.claims() == {}


def test_sweep_finds_a_new_zone_of_the_vpc(published):
    parent = published.vpc.zone("example.com")
    published.provider.sweep()
    assert parent.addresses() == published.endpoint.addresses


def test_sweep_finds_a_new_zone_of_another_account(published):
    owner = published.b.vpc()
    zone = owner.zone("example.com")
    published.vpc.joins(zone)
    published.provider.sweep()
    assert zone.addresses() == published.endpoint.addresses
    assert [call["account"] for call in published.local.calls("ChangeResourceRecordSets")] == [
        published.b.account]


def test_record_leaves_a_zone_that_no_longer_serves_the_vpc(published):
    zone = published.a.vpc().zone("example.com")
    published.vpc.joins(zone)
    published.provider.sweep()
    assert zone.addresses() == published.endpoint.addresses
    published.vpc.leaves(zone)
    published.provider.sweep()
    assert zone.record() is None
    assert set(published.table.claims()) == {published.zone.id}


def test_claim_goes_with_a_deleted_zone(published):
    published.zone.remove()
    published.a.route53.delete_hosted_zone(Id=published.zone.id)
    published.provider.sweep()
    assert published.table.claims() == {}
    assert published.provider.dead_letters() == []


def test_sweep_repairs_a_record_deleted_by_hand(published):
    published.zone.remove()
    published.provider.sweep()
    assert published.zone.addresses() == published.endpoint.addresses
    assert published.table.journal(published.zone.id)[-1]["reason"] == "drift: our record was deleted"


def test_sweep_repairs_a_record_edited_by_hand(published):
    published.zone.put("192.0.2.1")
    published.provider.sweep()
    assert published.zone.addresses() == published.endpoint.addresses
    assert published.table.journal(published.zone.id)[-1]["reason"].startswith("drift: our record was edited")


def test_sweep_repairs_a_ttl_changed_by_hand(published):
    published.zone.put(*published.endpoint.addresses, ttl=86400)
    published.provider.sweep()
    assert published.zone.record()["TTL"] == 60
    assert published.zone.addresses() == published.endpoint.addresses


def test_new_ttl_of_the_stack_reaches_the_records(published):
    published.provider.update(RecordTtl="30")
    published.provider.sweep()
    assert published.zone.record()["TTL"] == 30


def test_disabled_rules_lose_nothing_either(fleet):
    fleet.provider.update(ConnectionNotifications="false")
    with fleet.provider.rules_disabled():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        fleet.local.settled()
        assert endpoint.state == "pendingAcceptance"
        fleet.provider.sweep()
        fleet.local.settled()
        assert zone.addresses() == endpoint.addresses


def test_what_ec2_said_before_slow_changes_is_not_acted_on(fleet):
    with fleet.provider.deaf():
        vpcs = sorted((fleet.a.vpc() for _ in range(11)), key=lambda vpc: vpc.id)
        zones = [vpc.zone() for vpc in vpcs]
        endpoints = [vpc.endpoint() for vpc in vpcs]
        # Ten VPCs are looked at together, and one of their changes takes longer than EC2's answer is believed.
        fleet.local.faults({"service": "route53", "action": "ChangeResourceRecordSets", "delay_seconds": 12})
        fleet.provider.backfill()
        wait_until(lambda: sum(zone.record() is not None for zone in zones) >= 9)
        assert zones[-1].record() is None
        endpoints[-1].delete(lingers=False)
        fleet.local.settled(within=60)
        assert all(zone.record() for zone in zones[:-1])
        changed = [call["parameters"]["HostedZoneId"] for call in fleet.local.calls("ChangeResourceRecordSets")]
        assert not any(zones[-1].id in zone for zone in changed), "it was gone before its turn came"


def test_what_the_schedule_sends_waits_for_its_accounts_moment_and_what_is_sent_by_hand_does_not(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        fleet.local.fire_schedule(fleet.provider.account, fleet.provider.schedule)
        assert fleet.local.at_rest() == 0, "what is found for the first time is sent at once"
        assert zone.addresses() == endpoint.addresses
        zone.put("10.9.9.9", ttl=300)
        fleet.local.fire_schedule(fleet.provider.account, fleet.provider.schedule)
        assert fleet.local.at_rest() == 1
        assert zone.addresses() == {"10.9.9.9"}
        fleet.provider.backfill()
        assert fleet.local.at_rest() == 1, "the message of the schedule waits on"
        assert zone.addresses() == endpoint.addresses

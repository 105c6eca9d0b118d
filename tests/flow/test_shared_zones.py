"""A zone that serves several VPCs has one record: whose it is, and what the others are told."""

import pytest

from stage.client import NAME


def hold_on(fleet, vpc, zone):
    return fleet.table.holds().get(f"{vpc.id}/{zone.id}/{NAME}")


@pytest.fixture
def shared(fleet):
    """A zone of client a that serves a VPC of client b too, and an endpoint in each, a's first."""
    fleet.first, fleet.second = fleet.a.vpc(), fleet.b.vpc()
    fleet.zone = fleet.first.zone()
    fleet.second.joins(fleet.zone)
    fleet.endpoint = fleet.first.endpoint()
    fleet.local.settled()
    fleet.newcomer = fleet.second.endpoint()
    fleet.local.settled()
    return fleet


def test_first_vpc_keeps_the_record_and_the_second_is_held(shared):
    assert shared.newcomer.state == "available"
    assert shared.zone.addresses() == shared.endpoint.addresses
    assert hold_on(shared, shared.second, shared.zone) == {"reason": "SharedZone", "vpc": shared.first.id}
    assert set(shared.table.claims()[shared.zone.id]["contributions"]) == {shared.endpoint.id}


def test_held_vpc_does_not_disturb_the_record_in_later_sweeps(shared):
    before, record = shared.table.items(), shared.zone.record()
    shared.local.forget_calls()
    shared.provider.sweep()
    assert shared.zone.record() == record
    assert shared.table.items() == before
    assert shared.local.calls("ChangeResourceRecordSets") == []


def test_held_vpc_gets_the_record_at_once_when_the_first_has_left(shared):
    shared.endpoint.delete()
    shared.local.settled()
    assert shared.zone.addresses() == shared.newcomer.addresses
    assert shared.table.holds() == {}
    assert {call["account"] for call in shared.local.calls("ChangeResourceRecordSets")} == {shared.a.account}


def test_held_vpc_that_leaves_takes_nothing_with_it(shared):
    shared.newcomer.delete()
    shared.local.settled()
    assert shared.zone.addresses() == shared.endpoint.addresses
    assert shared.table.holds() == {}


def test_held_vpc_gets_its_record_in_a_zone_of_its_own(shared):
    own = shared.second.zone("example.com")
    shared.provider.sweep()
    assert own.addresses() == shared.newcomer.addresses
    assert shared.zone.addresses() == shared.endpoint.addresses


def test_shared_zone_of_two_vpcs_that_come_at_once_goes_to_one_of_them(fleet):
    vpcs = [fleet.a.vpc(), fleet.a.vpc()]
    zone = vpcs[0].zone()
    vpcs[1].joins(zone)
    endpoints = [vpc.endpoint() for vpc in vpcs]
    fleet.local.settled()
    assert zone.addresses() in [endpoint.addresses for endpoint in endpoints]
    keeper = [endpoint for endpoint in endpoints if endpoint.addresses == zone.addresses()]
    loser = next(endpoint for endpoint in endpoints if endpoint not in keeper)
    assert hold_on(fleet, loser.vpc, zone)["reason"] == "SharedZone"


def test_definition_that_merges_gives_the_addresses_of_all(fleet):
    service, service_name = fleet.provider.make_service()
    name = "*.merged.example.com"
    fleet.table.define(service, names=[name], shared_zones="merge",
                       allowed_principals=[fleet.a.account, fleet.b.account])
    first, second = fleet.a.vpc(), fleet.b.vpc()
    zone = first.zone("example.com")
    second.joins(zone)
    endpoints = [first.endpoint(service_name), second.endpoint(service_name)]
    fleet.local.settled()
    assert zone.addresses(name=name) == endpoints[0].addresses | endpoints[1].addresses
    endpoints[0].delete()
    fleet.local.settled()
    assert zone.addresses(name=name) == endpoints[1].addresses

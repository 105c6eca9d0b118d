"""The table is lost with everything in it: what a sweep makes of the records that it finds, as docs/DEPLOY.md says."""

import pytest


@pytest.fixture
def lost(fleet):
    """A record of zonelink's, which nothing remembers any more."""
    fleet.vpc = fleet.a.vpc()
    fleet.zone, fleet.endpoint = fleet.vpc.zone(), fleet.vpc.endpoint()
    fleet.local.settled()
    assert fleet.zone.addresses() == fleet.endpoint.addresses
    fleet.table.clear()
    return fleet


def claim(fleet):
    """The only claim that there is."""
    [found] = fleet.table.claims().values()
    return found


def test_right_record_is_adopted_again_and_nobody_misses_it(lost):
    before = lost.zone.record()
    lost.provider.sweep()
    assert lost.zone.record() == before
    assert claim(lost)["origin"] == "adopted"
    assert lost.table.holds() == {}


def test_adopted_record_stays_when_its_endpoint_goes(lost):
    lost.provider.sweep()
    lost.endpoint.delete()
    lost.local.settled()
    assert lost.zone.record()
    assert (lost.table.claims(), lost.table.holds()) == ({}, {})
    assert lost.table.journal(lost.zone.id)[-1]["reason"].startswith("AdoptedRecord")


def test_adopted_record_goes_where_the_definition_says_so(lost):
    lost.provider.update(OnRemove="delete")
    lost.provider.sweep()
    lost.endpoint.delete()
    lost.local.settled()
    assert lost.zone.record() is None


def test_adopted_record_that_had_to_be_changed_is_zonelinks_again(lost):
    lost.provider.sweep()
    lost.endpoint.add_subnet(lost.vpc.add_subnet())
    lost.local.settled()
    assert lost.zone.addresses() == lost.endpoint.addresses
    assert claim(lost)["origin"] == "created"
    lost.endpoint.delete()
    lost.local.settled()
    assert lost.zone.record() is None


def test_record_that_is_wrong_by_then_is_held_as_foreign(lost):
    lost.zone.put("10.9.9.9")
    lost.provider.sweep()
    assert lost.zone.addresses() == {"10.9.9.9"}
    assert [hold["reason"] for hold in lost.table.holds().values()] == ["ForeignRecord"]


def test_record_whose_endpoint_is_gone_is_nobodys(lost):
    with lost.local.set(cloudtrail=False):
        lost.endpoint.delete(lingers=False)
    lost.provider.sweep()
    assert lost.zone.record()
    assert lost.table.claims() == {}

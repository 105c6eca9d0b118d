"""Services that are removed, lost or cannot be read any more: what becomes of their records, claims and items."""

import pytest

from stage.client import NAME

SECOND = "*.second.example.com"
OTHERS = "*.others.example.com"


@pytest.fixture
def second(fleet):
    """A second service with an endpoint and its record; somebody else's record stands beside it."""
    fleet.service, fleet.service_name = fleet.provider.make_service()
    fleet.vpc = fleet.a.vpc()
    fleet.zone = fleet.vpc.zone("example.com")
    fleet.zone.put("192.0.2.7", name=OTHERS)
    fleet.define = lambda **more: fleet.table.define(fleet.service, **{
        "names": [SECOND], "allowed_principals": [fleet.a.account], **more})
    fleet.define()
    fleet.endpoint = fleet.vpc.endpoint(fleet.service_name)
    fleet.local.settled()
    assert fleet.zone.addresses(name=SECOND) == fleet.endpoint.addresses
    return fleet


def changes(fleet):
    return fleet.local.calls("ChangeResourceRecordSets")


def test_removed_service_takes_its_records_with_it_and_nothing_else(second):
    own = second.vpc.endpoint()
    second.local.settled()
    second.define(removed="delete_records")
    second.provider.sweep()
    assert second.zone.record(name=SECOND) is None
    assert second.zone.addresses() == own.addresses
    assert second.zone.addresses(name=OTHERS) == {"192.0.2.7"}
    assert [claim["service"] for claim in second.table.claims().values()] == [second.provider.service]
    assert set(second.table.indexed()) == {f"{second.zone.id}/{NAME}"}
    assert "expires_at" in second.table.endpoint(second.endpoint)
    assert "expires_at" not in second.table.endpoint(own)
    assert second.table.holds() == {}
    before = second.table.items()
    second.provider.sweep()
    assert second.table.items() == before


def test_removed_service_leaves_what_was_edited_and_what_was_there_before_it(second):
    adopted = second.vpc.zone("second.example.com")
    adopted.put(*second.endpoint.addresses, name=SECOND)
    second.provider.sweep()
    assert second.table.claims()[adopted.id]["origin"] == "adopted"
    second.zone.put("192.0.2.9", name=SECOND)
    second.define(removed="delete_records")
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == {"192.0.2.9"}
    assert adopted.addresses(name=SECOND) == second.endpoint.addresses
    assert second.table.claims() == second.table.indexed() == {}


def test_records_that_are_kept_stay_and_are_adopted_when_the_service_is_defined_again(second):
    second.local.forget_calls()
    second.define(removed="keep_records")
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == second.endpoint.addresses
    assert second.table.claims() == second.table.indexed() == {}
    reason = second.table.journal(second.zone.id)[-1]["reason"]
    assert reason == "the definition was removed with its records kept: release it"

    second.define()
    second.provider.sweep()
    assert second.table.claims()[second.zone.id]["origin"] == "adopted"
    assert second.zone.addresses(name=SECOND) == second.endpoint.addresses
    assert changes(second) == []
    assert "expires_at" not in second.table.endpoint(second.endpoint)


def test_removed_service_accepts_and_holds_nobody(second):
    stranger = second.c.vpc().endpoint(second.service_name)
    second.local.settled()
    assert list(second.table.holds()) == [f"{second.service}/{stranger.id}"]
    second.define(removed="keep_records")
    late = second.a.vpc().endpoint(second.service_name)
    second.provider.sweep()
    assert late.state == "pendingAcceptance"
    assert second.table.holds() == {}
    assert second.table.endpoint(late) is None


def test_backfill_says_what_is_left_of_a_removed_service(second):
    second.define(removed="delete_records")
    left = []
    for _ in range(2):
        summary = second.provider.backfill()
        second.local.settled()
        left += [(service["removed"], service["claims_left"]) for service in summary["services"]
                 if service["service"] == second.service]
    assert left == [("delete_records", 1), ("delete_records", 0)]


def test_stacks_own_service_is_removed_by_an_item_of_the_table(second):
    zone = second.a.vpc().zone()
    own = second.a.vpc()
    own.joins(zone)
    endpoint = own.endpoint()
    second.local.settled()
    assert zone.addresses() == endpoint.addresses
    second.table.define(second.provider.service, names=[NAME], removed="delete_records")
    summary = second.provider.backfill()
    second.local.settled()
    assert "refused_definitions" not in summary
    assert zone.record() is None
    assert set(second.table.claims()) == {second.zone.id}
    refused = second.a.vpc().endpoint()
    second.local.settled()
    assert refused.state == "pendingAcceptance"

    second.table.delete("service", second.provider.service)
    second.provider.sweep()
    assert refused.state == "available"
    assert zone.addresses() == endpoint.addresses


def test_name_passes_on_when_the_service_that_has_it_is_removed(second):
    third, third_name = second.provider.make_service()
    second.table.define(third, names=[SECOND], allowed_principals=[second.a.account])
    endpoint = second.vpc.endpoint(third_name)
    second.local.settled()
    assert second.table.holds()[f"{second.vpc.id}/{second.zone.id}/{SECOND}"]["reason"] == "NameTaken"
    second.define(removed="delete_records")
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    assert second.table.claims()[second.zone.id]["service"] == third
    assert second.table.holds() == {}


@pytest.mark.parametrize("records", ["keep_records", "delete_records"])
def test_service_that_nothing_defines_is_held_where_only_it_stands_until_it_is_removed(second, records):
    second.table.delete("service", second.service)
    first_seen = second.table.endpoint(second.endpoint)["first_seen"]
    second.provider.sweep()
    subject = f"{second.vpc.id}/{second.zone.id}/{SECOND}"
    assert second.table.holds() == {subject: {"reason": "NotDefined", "service": second.service}}
    assert second.zone.addresses(name=SECOND) == second.endpoint.addresses
    summary = second.provider.backfill()
    second.local.settled()
    assert [held["subject"] for held in summary["held_records"]] == [subject]
    assert second.table.endpoint(second.endpoint)["first_seen"] == first_seen

    second.define(removed=records)
    second.provider.sweep()
    stays = second.endpoint.addresses if records == "keep_records" else set()
    assert second.zone.addresses(name=SECOND) == stays
    assert second.table.claims() == second.table.indexed() == second.table.holds() == {}


def test_service_whose_definition_is_refused_is_held_where_only_it_stands(second):
    second.define(ttl=0)
    second.provider.sweep()
    reasons = {hold["reason"] for hold in second.table.holds().values()}
    assert reasons == {"InvalidDefinition", "NotDefined"}
    second.define()
    second.provider.sweep()
    assert second.table.holds() == {}


def test_hold_ends_when_its_claim_was_taken_out_of_the_table_by_hand(second):
    second.table.delete("service", second.service)
    second.provider.sweep()
    assert len(second.table.holds()) == 1
    for pk, sk in ((f"claim#{second.zone.id}", SECOND), ("claims", f"{second.zone.id}/{SECOND}"),
                   (f"vpc#{second.vpc.id}", f"{second.zone.id}/{SECOND}")):
        second.table.delete(pk, sk)
    second.provider.sweep()
    assert second.table.holds() == {}


@pytest.mark.parametrize("records", ["keep_records", "delete_records"])
def test_denied_read_releases_and_removes_nothing(second, records):
    second.define(removed=records)
    second.local.faults({"service": "route53", "action": "ListResourceRecordSets", "code": "AccessDenied",
                         "message": "no", "times": 1})
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == second.endpoint.addresses
    assert set(second.table.claims()) == {second.zone.id}
    [hold] = second.table.holds().values()
    assert hold["reason"] == "NoAccess"
    second.provider.sweep()
    assert second.table.claims() == second.table.holds() == {}

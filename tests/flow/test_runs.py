"""Runs of backfill: what each leaves in the table, and how many records it may remove."""

import pytest

from stage.client import NAME
from stage.local import wait_until

ENDPOINTS = 25
MOST = 20


@pytest.fixture
def many(fleet):
    """Endpoints in as many VPCs of one account, their records in place, and a provider that hears of nothing."""
    with fleet.provider.deaf():
        fleet.vpcs = [fleet.a.vpc() for _ in range(ENDPOINTS)]
        fleet.zones = [vpc.zone() for vpc in fleet.vpcs]
        fleet.endpoints = [vpc.endpoint() for vpc in fleet.vpcs]
        fleet.provider.backfill()
        fleet.local.settled()
        assert len(standing(fleet)) == ENDPOINTS
        yield fleet


def standing(fleet):
    """The zones in which the record stands."""
    return {zone.id for zone in fleet.zones if zone.record()}


def too_many(fleet):
    """The zones in which a removal is held, with the run that met its limit."""
    holds = fleet.table.holds()
    assert {hold["reason"] for hold in holds.values()} <= {"TooManyDeletes"}
    return {subject.split("/")[1]: hold["run"] for subject, hold in holds.items()}


def known_for_long(fleet, endpoint):
    """What EC2 does not show counts as gone when it is known for ten minutes."""
    fleet.table.put({**fleet.table.endpoint(endpoint), "first_seen": "2026-01-01T00:00:00Z"})


def done(fleet, run):
    """A run's item and its parts, once all its messages are done."""
    [item] = [item for item in fleet.table.runs() if item["sk"] == run]
    parts = fleet.table.parts(run)
    assert item["messages"] + sum(part["sent_on"] for part in parts.values()) == len(parts)
    return item, parts


def test_run_by_hand_is_followed_to_its_last_message(many):
    many.zones[3].remove()
    summary = many.provider.backfill(accounts=[many.a.account])
    many.local.settled()
    item, parts = done(many, summary["run"])
    assert item["requested_by"] == "hand"
    assert item["request"] == {"accounts": [many.a.account], "dry_run": False, "requested_by": "hand"}
    assert {name: item[name] for name in ("endpoints", "vpcs", "messages", "accepted", "held", "failed",
                                          "deletes")} == {
        "endpoints": ENDPOINTS, "vpcs": ENDPOINTS, "messages": 1, "accepted": 0, "held": 0, "failed": 0,
        "deletes": 0}
    assert item["started"] <= item["ended"] and summary["run"].startswith(item["started"][:19])
    [(name, part)] = parts.items()
    assert name == f"{many.provider.service}.1" and "expires_at" in part
    assert {name: part[name] for name in ("vpcs", "changed", "held", "sent_on")} == {
        "vpcs": ENDPOINTS, "changed": 1, "held": 0, "sent_on": 0}
    assert len(standing(many)) == ENDPOINTS


def test_messages_that_are_sent_on_for_want_of_room_are_followed_too(many):
    many.provider.update(ConnectionNotifications="false", Route53RequestsPerSecond="20", Route53Burst="40")
    run = many.provider.backfill()["run"]
    many.local.settled()
    item, parts = done(many, run)
    print({name: (int(part["vpcs"]), int(part["sent_on"])) for name, part in parts.items()})
    assert item["messages"] == 1 and len(parts) > 1
    assert sum(part["vpcs"] for part in parts.values()) == ENDPOINTS
    assert all(name.startswith(f"{many.provider.service}.1") for name in parts)


def test_message_that_comes_twice_counts_once(many):
    run = many.provider.backfill()["run"]
    many.local.settled()
    before = many.table.parts(run)
    many.zones[0].remove()
    many.provider.send({"intent": "reconcile", "account": many.a.account, "vpcs": [many.vpcs[0].id],
                        "cause": "a test", "run": {"run": run, "part": f"{many.provider.service}.1", "deletes": 0}})
    many.local.settled()
    assert len(standing(many)) == ENDPOINTS
    assert many.table.parts(run) == before


def test_message_that_fails_says_why_until_it_succeeds(many):
    fault = {"service": "ec2", "action": "DescribeVpcEndpoints", "code": "InternalError", "message": "oh",
             "status": 500, "times": 4}
    many.local.faults(fault)
    run = many.provider.backfill()["run"]
    [failed] = wait_until(lambda: many.table.parts(run).values())
    assert "ec2:DescribeVpcEndpoints" in failed["failed"] and failed["vpcs"] == 0
    many.local.settled()
    _, parts = done(many, run)
    assert len(parts) == 1 and not any("failed" in part for part in parts.values())


def test_run_of_the_schedule_leaves_its_item_alone(many):
    before = {run["sk"] for run in many.table.runs()}
    many.provider.sweep()
    [item] = [run for run in many.table.runs() if run["sk"] not in before]
    assert (item["requested_by"], item["endpoints"], item["messages"]) == ("schedule", ENDPOINTS, 1)
    assert many.table.parts(item["sk"]) == {}


def test_sweep_removes_as_many_as_it_may_and_holds_the_rest_until_somebody_allows_it(many):
    many.a.delete(*many.endpoints)
    many.provider.sweep()
    left = standing(many)
    assert len(left) == ENDPOINTS - MOST
    held = too_many(many)
    assert set(held) == left == set(many.table.claims())
    last = many.table.runs()[-1]
    assert (last["deletes"], set(held.values())) == (MOST, {last["sk"]})

    before = many.table.items()
    many.provider.sweep()
    assert standing(many) == left
    assert many.table.items() == before, "what is held stays held, and costs no write"
    summary = many.provider.backfill()
    many.local.settled()
    assert standing(many) == left
    assert {one["subject"].split("/")[1] for one in summary["held_records"]} == left
    assert all("--allow-deletes" in one["remedy"] for one in summary["held_records"])

    run = many.provider.backfill(allow_deletes=3)["run"]
    many.local.settled()
    assert len(standing(many)) == ENDPOINTS - MOST - 3
    assert set(too_many(many).values()) == {run}
    many.provider.backfill(allow_deletes=5)
    many.local.settled()
    assert standing(many) == set()
    assert many.table.holds() == many.table.claims() == many.table.indexed() == {}
    assert many.provider.dead_letters() == []


def test_event_that_names_an_endpoint_removes_what_sweeps_have_held(many):
    many.provider.update(MaxDeletes="0", ConnectionNotifications="false")
    many.a.delete(many.endpoints[0], many.endpoints[1])
    many.provider.sweep()
    assert set(too_many(many)) == {many.zones[0].id, many.zones[1].id}
    many.provider.send({"intent": "reconcile", "account": many.a.account, "cause": "a test",
                        "vpc_endpoints": [many.endpoints[0].id]})
    many.local.settled()
    assert set(too_many(many)) == {many.zones[1].id}
    assert len(standing(many)) == ENDPOINTS - 1


def test_what_is_released_and_not_removed_is_not_counted(many):
    many.provider.update(MaxDeletes="0", ConnectionNotifications="false")
    many.zones[0].remove()
    many.zones[1].put("192.0.2.1")
    many.a.delete(many.endpoints[0], many.endpoints[1])
    many.provider.sweep()
    assert many.table.holds() == {}
    assert len(many.table.claims()) == ENDPOINTS - 2
    assert many.zones[1].addresses() == {"192.0.2.1"}
    assert many.table.runs()[-1]["deletes"] == 0


def test_removal_that_route_53_has_not_made_counts_once_when_it_is_made(many):
    not_yet = {"service": "route53", "action": "ChangeResourceRecordSets", "code": "PriorRequestNotComplete",
               "message": "The request was rejected.", "status": 400, "times": MOST}
    many.a.delete(*many.endpoints[:MOST])
    many.local.faults(not_yet)
    many.provider.sweep()
    many.local.settled()
    assert len(standing(many)) == ENDPOINTS - MOST
    assert too_many(many) == {}, "what was refused has not used up what the run may remove"
    assert many.table.runs()[-1]["deletes"] == MOST


def test_hold_ends_when_the_record_is_needed_again(many):
    many.provider.update(MaxDeletes="0", ConnectionNotifications="false")
    many.a.delete(many.endpoints[0])
    many.provider.sweep()
    assert set(too_many(many)) == {many.zones[0].id}
    many.local.settings(accept_seconds=0.0)
    known_for_long(many, many.endpoints[0])
    again = many.vpcs[0].endpoint()
    many.provider.sweep()
    assert many.zones[0].addresses() == again.addresses
    assert many.table.holds() == {}


def test_memory_deleted_by_hand_heals_through_the_index_of_claims(many):
    endpoint, zone = many.endpoints[0], many.zones[0]
    many.table.delete(f"service#{many.provider.service}", endpoint.id)
    many.a.delete(endpoint, lingers=False)
    summary = many.provider.backfill()
    assert summary["claimed_vpcs"] == 1
    assert many.table.indexed()[f"{zone.id}/{NAME}"]["vpc"] == many.vpcs[0].id
    many.local.at_rest()
    known_for_long(many, endpoint)
    many.provider.sweep()
    assert zone.record() is None
    assert zone.id not in many.table.claims()

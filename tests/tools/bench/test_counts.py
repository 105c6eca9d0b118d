"""What a sweep costs in calls: exact, and no slower or faster on any machine."""

import pytest

from bench import calls, fleet
from bench.pump import Pump

from . import expected

ENDPOINTS = 100


@pytest.fixture(scope="module")
def sweeps(stage):
    """The calls of two sweeps: one that finds a hundred new endpoints, and one that finds them in sync."""
    account = stage.clients[0]
    fleet.make(stage, account, ENDPOINTS)
    counted = []
    with stage.function("backfill") as backfill, stage.function("reconcile-records") as reconcile:
        for _ in range(2):
            calls.forget(stage)
            before = fleet.digest(stage)
            backfill.invoke({})
            pump = Pump(stage, stage.outputs["QueueUrl"], [reconcile])
            seconds = pump.drain()
            assert pump.failed == []
            counted.append((calls.of_functions(stage), fleet.digest(stage) == before))
    # How often EC2 may have been asked: once, unless this machine is slow.
    return account, counted, 1 + int(seconds / expected.EC2_FRESH_SECONDS)


def test_new_endpoint_costs_three_route53_calls(sweeps):
    account, ((new, _), _), _ = sweeps
    assert new.count("route53", account=account) == expected.ROUTE53_NEW * ENDPOINTS
    assert new.count("route53", "ChangeResourceRecordSets") == ENDPOINTS


def test_endpoint_in_sync_costs_two_route53_calls_and_no_write(sweeps):
    account, (_, (in_sync, unchanged)), _ = sweeps
    assert in_sync.count("route53", account=account) == expected.ROUTE53_IN_SYNC * ENDPOINTS
    assert in_sync.count("route53", "ChangeResourceRecordSets") == 0
    assert in_sync.table_writes() == expected.TABLE_WRITES_IN_SYNC
    assert unchanged


def test_hundred_endpoints_of_one_account_share_their_ec2_calls(sweeps):
    account, (_, (in_sync, _)), times = sweeps
    made = in_sync.count("ec2", account=account)
    assert expected.EC2_PER_HUNDRED <= made <= expected.EC2_PER_HUNDRED * times, in_sync.by_action(account)


def test_table_is_read_so_often_and_room_reserved_at_most_twice_for_ten_vpcs(sweeps):
    _, (_, (in_sync, _)), times = sweeps
    made, least = in_sync.table_reads(), expected.TABLE_READS_PER_HUNDRED
    assert least <= made <= least * times, in_sync.by_action()
    looks = ENDPOINTS / expected.VPCS_AT_ONCE
    assert looks <= in_sync.reservations() <= 2 * looks

"""Figures 3 and 5: a sweep that finds everything in sync, as the fleet grows. Calls, time, memory; no writes.

The fleet is a copy of one VPC that was really published: its zone holds the record, and the table what was written
for it. Were the copies not faithful, the sweep would write; that it does not is checked.
"""

import json
import time

from .. import calls, fleet, pump
from .. import stage as stages

# (endpoints, accounts)
SIZES = ((100, 1), (1_000, 10), (10_000, 100))
WORKERS = 2
# Comparing tables of more items than this takes longer than the sweep; there the counts of writes have to do.
_MOST_COMPARED = 1_000
# Its calls grow in step; time is better spent on ours.
_MOST_OF_BASELINE = 1_000


def measure(binaries, sizes=SIZES):
    """Each size on a stage of its own, first ours and then the baseline."""
    figure = []
    for endpoints, accounts in sizes:
        baseline = endpoints <= _MOST_OF_BASELINE
        with stages.raised(binaries, stages.client_accounts(accounts)) as stage:
            seeded = seed(stage, endpoints, baseline)
            row = {"endpoints": endpoints, "accounts": accounts, "zonelink": ours(stage, endpoints), **seeded}
            if baseline:
                row["baseline"] = _baseline(stage, endpoints)
            figure.append(row)
    return figure


def seed(stage, endpoints, baseline=False):
    """The fleet and both tables, with the first VPC published by the functions themselves."""
    began = time.monotonic()
    first, *others = stage.clients
    (pattern,) = fleet.make(stage, first, 1)
    calls.forget(stage)
    with stage.function("backfill") as backfill, stage.function("reconcile-records") as reconcile:
        backfill.invoke({})
        pump.Pump(stage, stage.outputs["QueueUrl"], [reconcile]).drain()
    new = calls.of_functions(stage)
    if baseline:
        with stage.baseline() as function:
            look = {"account": first, "endpoints": [pattern["endpoint"]]}
            function.invoke(pump.event(json.dumps(look)))
    each = endpoints // len(stage.clients)
    copies = fleet.make(stage, first, each - 1, available=True, written=True) if each > 1 else []
    for account in others:
        copies += fleet.make(stage, account, each, available=True, written=True)
    items = fleet.copy_items(stage, stage.outputs["TableName"], "pk", pattern, copies)
    if baseline:
        fleet.copy_items(stage, stage.baseline_table, "endpoint", pattern, copies)
    return {"new": {"route53_per_vpc": new.count("route53"), "calls": new.by_action()},
            "items_per_endpoint": items / max(len(copies), 1), "seconds_to_seed": time.monotonic() - began}


def ours(stage, endpoints):
    compared = endpoints <= _MOST_COMPARED
    before = fleet.digest(stage) if compared else None
    backfill = stage.function("backfill")
    workers = [stage.function("reconcile-records", number) for number in range(WORKERS)]
    row = _swept(stage, endpoints, stage.outputs["QueueUrl"], workers, [backfill, *workers],
                 lambda: backfill.invoke({}))
    changed = compared and fleet.digest(stage) != before
    if changed or row["writes"] or row["route53_changes"] or row["failed_messages"]:
        raise AssertionError(f"the fleet is not in sync: {row}")
    row["table_compared"] = compared
    row["memory"] = {"backfill": row["peaks"][0], "reconcile-records": max(row["peaks"][1:])}
    return row


def _baseline(stage, endpoints):
    workers = [stage.baseline(number) for number in range(WORKERS)]
    row = _swept(stage, endpoints, stage.baseline_queue, workers, workers,
                 lambda: workers[0].invoke(pump.event(json.dumps({"sweep": True}))))
    row["memory"] = {"baseline": max(row["peaks"])}
    return row


def _swept(stage, endpoints, queue, workers, processes, sweep):
    """Start the processes, sweep, and take down what it took. Starting them is not part of the time."""
    for process in processes:
        process.start()
    try:
        calls.forget(stage)
        began = time.monotonic()
        sweep()
        listed = time.monotonic() - began
        moved = pump.Pump(stage, queue, workers)
        moved.drain(within=1200)
        took = time.monotonic() - began
        counted = calls.of_functions(stage)
        peaks = [process.peak_bytes() for process in processes]
    finally:
        for process in processes:
            process.stop()
    clients = set(stage.clients)
    return {
        "seconds": took, "seconds_to_list": listed, "milliseconds_per_vpc": took / endpoints * 1000,
        "calls": counted.by_action(), "calls_per_endpoint": counted.count() / endpoints,
        "route53_per_vpc": counted.count("route53") / endpoints,
        "ec2_per_hundred_endpoints": counted.count("ec2", account=clients) / endpoints * 100,
        "table_reads_per_endpoint": counted.table_reads() / endpoints,
        "table_writes_per_endpoint": (counted.table_writes() + counted.bookkeeping()) / endpoints,
        "writes": counted.table_writes(), "route53_changes": counted.count("route53", "ChangeResourceRecordSets"),
        "reservations": counted.reservations(), "messages": counted.count("sqs"),
        "failed_messages": len(moved.failed), "peaks": peaks,
    }

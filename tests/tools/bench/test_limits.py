"""What Lambda gives a function is enough for a sweep over many accounts: its descriptors, and the template's memory.

ZONELINK_ACCOUNTS says over how many; the product once ran out of descriptors at 210.
"""

import os

import pytest

from bench import calls, fleet, pump
from bench import stage as stages
from bench.figures import sweep
from local_aws import state

ACCOUNTS = int(os.environ.get("ZONELINK_ACCOUNTS", "250"))
# What is open besides connections that are kept: the runtime's own, and the ten messages' in hand.
FEW = 100
# Of how many accounts a process keeps clients (shared/src/aws/clients.rs).
KEPT = 100


@pytest.fixture(scope="module")
def swept():
    """One process of each function after two sweeps of a fleet in sync: descriptors, memory, and what failed."""
    with stages.raised(state.REPOSITORY / "target" / "debug", stages.client_accounts(ACCOUNTS)) as stage:
        sweep.seed(stage, ACCOUNTS)
        with stage.function("backfill") as backfill, stage.function("reconcile-records") as reconcile:
            failed, assumed = [], []
            for _ in range(2):
                calls.forget(stage)
                backfill.invoke({})
                moved = pump.Pump(stage, stage.outputs["QueueUrl"], [reconcile])
                moved.drain(within=1200)
                failed += moved.failed
                assumed.append(calls.of_functions(stage).count("sts", "AssumeRole"))
            found = {one.name: (one.descriptors(), one.peak_bytes(), stage.memory_bytes(one.name))
                     for one in (backfill, reconcile)}
        assert fleet.items(stage, stage.outputs["TableName"])
    shown = {name: f"{open_now} descriptors, {peak >> 20} MiB of {most >> 20}"
             for name, (open_now, peak, most) in found.items()}
    print(f"{ACCOUNTS} accounts: {shown}; roles assumed: {assumed}")
    return found, failed, assumed


def test_sweep_over_many_accounts_leaves_no_message_behind(swept):
    _, failed, assumed = swept
    assert failed == []
    assert assumed[0] >= ACCOUNTS, "each account was entered"


def test_clients_of_most_accounts_are_dropped_until_they_are_needed_again(swept):
    assert swept[2][1] >= ACCOUNTS - KEPT


def test_connections_are_those_of_the_messages_in_hand_however_many_accounts_there_are(swept):
    for name, (open_now, _, _) in swept[0].items():
        assert open_now <= FEW, name


def test_memory_is_within_the_templates(swept):
    for name, (_, peak, most) in swept[0].items():
        assert peak <= most, name

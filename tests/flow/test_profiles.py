"""A zone that only a Route 53 Profile brings: the hold names it, and nobody else pays for the question."""

import pytest

from cli.command import Command
from stage.client import DOMAIN, NAME

PROFILE = "rp-0123456789abcdef"
ACTIONS = ("ListProfileAssociations", "ListProfileResourceAssociations")


def asked(fleet):
    return [len(fleet.local.calls(action)) for action in ACTIONS]


@pytest.fixture
def zoneless(fleet):
    """A VPC without a zone, and a zone of the name in another account, which a Profile brings."""
    fleet.vpc = fleet.a.vpc()
    fleet.brought = fleet.b.vpc().zone(DOMAIN)
    fleet.shown = {"account": fleet.a.account, "vpc": fleet.vpc.id, "profile": PROFILE, "zones": [fleet.brought.id]}
    fleet.local.profiles(fleet.shown)
    yield fleet
    fleet.local.profiles()


def hold(fleet):
    [(subject, reason)] = fleet.table.holds().items()
    assert subject == f"{fleet.vpc.id}/{NAME}"
    return reason


def is_due(fleet):
    """Let Profiles have been read long ago."""
    [item] = [item for item in fleet.table.items() if item["pk"] == "hold"]
    tried = {name: "2026-01-01T00:00:00Z" for name in ("first", "last")}
    fleet.table.put({**item, "reason": {**item["reason"], "tried": tried}})


def test_zone_of_a_profile_is_held_by_its_name_and_is_not_written(zoneless):
    zoneless.vpc.endpoint()
    zoneless.local.settled()
    found = hold(zoneless)
    assert (found["reason"], found["profile"], found["zone"]) == ("ProfileZone", PROFILE, zoneless.brought.id)
    assert zoneless.brought.record() is None
    shown = Command(zoneless.local.running)("status", "--held").out
    assert f"zone {zoneless.brought.id} of Route 53 Profile {PROFILE}" in shown
    assert "associate a private hosted zone of this name's domain with the VPC itself" in shown
    # What the remedy says.
    zone = zoneless.vpc.zone()
    zoneless.provider.sweep()
    assert zone.record() is not None and zoneless.table.holds() == {}
    assert zoneless.brought.record() is None


def test_profiles_are_read_once_and_not_at_every_sweep(zoneless):
    zoneless.vpc.endpoint()
    zoneless.local.settled()
    before = zoneless.table.items()
    zoneless.local.forget_calls()
    for _ in range(2):
        zoneless.provider.sweep()
    assert asked(zoneless) == [0, 0]
    assert zoneless.table.items() == before
    zoneless.local.profiles()
    is_due(zoneless)
    zoneless.provider.sweep()
    assert hold(zoneless)["reason"] == "NoZone"
    assert asked(zoneless) == [1, 0]


def test_run_by_hand_reads_profiles_at_once(zoneless):
    zoneless.local.profiles()
    zoneless.vpc.endpoint()
    zoneless.local.settled()
    assert hold(zoneless)["reason"] == "NoZone"
    zoneless.local.profiles({**zoneless.shown, "status": "CREATING"})
    assert Command(zoneless.local.running)("sweep", "--account", zoneless.a.account).code in (0, 3)
    assert hold(zoneless)["reason"] == "NoZone", "it is not associated yet"
    zoneless.local.profiles(zoneless.shown)
    assert Command(zoneless.local.running)("sweep", "--account", zoneless.a.account).code in (0, 3)
    assert hold(zoneless)["reason"] == "ProfileZone"


def test_vpc_with_a_zone_of_its_own_costs_no_call(zoneless):
    zone, endpoint = zoneless.vpc.zone(), zoneless.vpc.endpoint()
    zoneless.local.settled()
    assert zone.addresses() == endpoint.addresses
    zoneless.provider.sweep()
    assert asked(zoneless) == [0, 0]


@pytest.mark.parametrize("action", ACTIONS)
def test_role_that_may_not_read_profiles_leaves_no_zone(zoneless, action):
    zoneless.local.faults({"service": "route53profiles", "action": action, "account": zoneless.a.account,
                           "code": "AccessDeniedException", "message": "not authorized", "status": 403, "times": 50})
    zoneless.vpc.endpoint()
    zoneless.local.settled()
    assert hold(zoneless)["reason"] == "NoZone"
    zoneless.local.forget_calls()
    zoneless.provider.sweep()
    assert asked(zoneless) == [0, 0], "refused is an answer"
    zoneless.local.faults()


def test_zone_whose_owner_lets_nobody_in_has_no_name_and_is_no_error(zoneless):
    zoneless.local.faults({"service": "route53", "action": "GetHostedZone", "account": zoneless.b.account,
                           "code": "AccessDenied", "message": "not authorized", "status": 403, "times": 50})
    zoneless.vpc.endpoint()
    zoneless.local.settled()
    assert hold(zoneless)["reason"] == "NoZone"
    zoneless.local.faults()

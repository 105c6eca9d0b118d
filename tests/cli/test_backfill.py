"""zonelink backfill and zonelink sweep: runs that are started, followed to their end, and looked at again."""

import re

import pytest

from .passage import Passage

VPCS = 3


def run(fleet, *arguments, **more):
    """The binary with the role of operators."""
    return fleet.run(*arguments, "--role-arn", fleet.provider.outputs["OperatorRoleArn"], **more)


@pytest.fixture
def some(zonelink):
    """Endpoints in VPCs of one account, their records in place, and a provider that hears of nothing."""
    with zonelink.provider.deaf():
        zonelink.vpcs = [zonelink.a.vpc() for _ in range(VPCS)]
        zonelink.zones = [vpc.zone() for vpc in zonelink.vpcs]
        zonelink.endpoints = [vpc.endpoint() for vpc in zonelink.vpcs]
        zonelink.provider.backfill()
        zonelink.local.settled()
        assert all(zone.record() for zone in zonelink.zones)
        yield zonelink


def numbers(said, *names):
    """Some fields of an answer."""
    return {name: said.json[name] for name in names}


def test_run_is_followed_to_its_end_and_counted(some):
    some.zones[1].remove()
    said = run(some, "backfill", "--wait", "--output", "json")
    assert said.code == 0, said
    assert numbers(said, "state", "requested_by", "endpoints", "vpcs", "vpcs_done", "messages", "messages_done",
                   "accepted", "changed", "removed", "failed", "holds", "held_removals") == {
        "state": "over", "requested_by": "hand", "endpoints": VPCS, "vpcs": VPCS, "vpcs_done": VPCS, "messages": 1,
        "messages_done": 1, "accepted": 0, "changed": 1, "removed": 0, "failed": [], "holds": [],
        "held_removals": None}
    assert some.zones[1].addresses() == some.endpoints[1].addresses, "it is over, and so is the work"
    assert some.table.runs()[-1]["sk"] == said.json["run"]


def test_run_that_is_over_is_told_again(some):
    first = run(some, "backfill", "--output", "json")
    again = run(some, "backfill", "--run", first.json["run"], "--output", "json")
    assert again.code == 0 and again.json == first.json
    runs = len(some.table.runs())
    told = run(some, "backfill", "--run", first.json["run"])
    assert f"Run {first.json['run']} is over." in told.out and "found     3 endpoints in 3 VPCs" in told.out, told
    assert len(some.table.runs()) == runs, "it starts none"


def test_nobody_has_to_wait(some):
    said = run(some, "backfill", "--no-wait", "--output", "json")
    assert said.code == 0 and said.json["messages"] == 1, said
    followed = run(some, "backfill", "--run", said.json["run"], "--output", "json")
    assert followed.code == 0 and followed.json["state"] == "over", followed


def test_waiting_ends_and_says_how_to_go_on(some):
    fault = {"service": "ec2", "action": "DescribeVpcEndpoints", "code": "InternalError", "message": "oh",
             "status": 500, "times": 400}
    some.local.faults(fault)
    said = run(some, "sweep", "--account", some.a.account, "--timeout", "3")
    some.local.faults()
    assert said.code in (1, 3) and "is under way" in said.out, said
    [name] = re.findall(r"zonelink backfill --run (\S+)", said.out)
    assert re.search(r"\d of 3 VPCs done", said.err), said
    some.local.settled()
    assert run(some, "backfill", "--run", name).code == 0


def test_dry_run_says_what_it_would_do_and_does_nothing(some):
    some.zones[0].remove()
    before = len(some.table.runs())
    said = run(some, "backfill", "--dry-run")
    assert said.code == 0 and said.out.startswith("A dry run: nothing was done."), said
    assert re.search(rf"{some.provider.service} +0 +0 +0 +{VPCS}\n", said.out), said
    assert run(some, "backfill", "--dry-run", "--output", "json").json["dry_run"] is True
    assert len(some.table.runs()) == before and some.zones[0].record() is None


def test_removals_that_are_too_many_are_held_and_the_remedy_lets_them_go(some):
    some.provider.update(MaxDeletes="1", ConnectionNotifications="false")
    some.a.delete(*some.endpoints)
    said = run(some, "sweep", "--account", some.a.account, "--output", "json")
    assert said.code == 3 and numbers(said, "removed", "state") == {"removed": 1, "state": "over"}, said
    assert {hold["reason"] for hold in said.json["holds"]} == {"TooManyDeletes"}
    assert said.json["held_removals"]["number"] == 2
    remedy = said.json["held_removals"]["remedy"]
    assert remedy == f"zonelink backfill --account {some.a.account} --allow-deletes 2"
    assert remedy in run(some, "backfill", "--run", said.json["run"]).out
    done = run(some, *remedy.split()[1:], "--output", "json")
    assert done.code == 0 and numbers(done, "removed", "holds") == {"removed": 2, "holds": []}, done
    assert not any(zone.record() for zone in some.zones)


def test_what_is_unknown_is_refused_before_anything_runs(zonelink):
    for arguments, words in (
            (("backfill", "--service", "vpce-svc-0123456789abcdef0"), "is not defined here"),
            (("backfill", "--run", "2026-11-20T07:55:30.735Z-da6fc412"), "there is no run"),
            (("backfill", "--run", "mine"), "there is no run mine")):
        said = run(zonelink, *arguments)
        assert said.code == 1 and words in said.err and "remedy: " in said.err, said
    for arguments in (("backfill", "--account", "42"), ("sweep",), ("sweep", "--account", "42"),
                      ("backfill", "--wait", "--no-wait"), ("backfill", "--run", "x", "--dry-run")):
        assert run(zonelink, *arguments).code == 2, arguments
    assert zonelink.table.runs() == []


def test_account_that_nothing_knows_is_said(zonelink):
    said = run(zonelink, "sweep", "--account", "999999999999")
    assert said.code == 0 and "No endpoint or record of 999999999999 is known." in said.out, said


def test_function_that_cannot_read_a_service_is_told_with_its_words(some):
    some.local.faults({"service": "ec2", "action": "DescribeVpcEndpointConnections", "code": "UnauthorizedOperation",
                       "message": "oh", "status": 403, "times": 1})
    said = run(some, "backfill", "--output", "json")
    some.local.faults()
    assert said.code == 1 and "DescribeVpcEndpointConnections" in said.json["failed"][0], said


def test_function_that_refuses_leaves_no_run_and_no_wait(zonelink):
    with Passage(zonelink.local.running["ministack"]["url"]) as passage:
        name = zonelink.provider.outputs["BackfillFunction"]
        passage.refuse(f"/2015-03-31/functions/{name}/invocations", "AccessDeniedException")
        said = zonelink.run("backfill", AWS_ENDPOINT_URL_LAMBDA=passage.url)
    assert said.code == 1 and "lambda:InvokeFunction" in said.err and "OperatorRole" in said.err, said
    assert zonelink.table.runs() == []
    assert sum("invocations" in call for call in passage.calls) == 1, "it is not repeated"

"""Claims about the measure itself: what it counts, what it copies, and what it says of failures and goals."""

import sys

import pytest

from bench import calls, fleet, goals, pump, report
from bench import stage as stages
from bench.runtime_api import Function, FunctionFailed

_DIES = "import sys; print('it broke here'); sys.exit(3)"
# Asks for an event and refuses it, as a function whose handler fails.
_REFUSES = """
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
with urllib.request.urlopen(api + "next") as answer:
    request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
body = json.dumps({"errorMessage": f"refused {event['number']}"}).encode()
urllib.request.urlopen(api + request + "/error", body).read()
"""


def script(text, folder):
    """A process of Python as a function."""
    return Function("script", [sys.executable, "-c", text], {"no_proxy": "127.0.0.1"}, folder / "script.log", 5)


def test_process_that_ends_is_reported_with_what_it_said(tmp_path):
    function = script(_DIES, tmp_path)
    with pytest.raises(FunctionFailed, match="ended with 3\nit broke here"):
        try:
            function.start()
        finally:
            function.stop()


def test_error_of_a_function_is_raised_and_its_start_was_timed(tmp_path):
    with script(_REFUSES, tmp_path) as function:
        assert 0 < function.init_seconds < 30
        assert function.peak_bytes() > 1_000_000
        with pytest.raises(FunctionFailed, match="refused 7"):
            function.invoke({"number": 7})


def test_fleet_is_what_the_calls_would_have_made(stage):
    account = stage.clients[1]
    (vpc,) = fleet.make(stage, account, 1, zones=2, available=True, written=True)
    ec2, route53 = stage.client("ec2", account), stage.client("route53", account)
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[vpc["endpoint"]])["VpcEndpoints"]
    assert (endpoint["State"], endpoint["VpcId"], endpoint["SubnetIds"]) == ("available", vpc["vpc"], [vpc["subnet"]])
    (eni,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[vpc["interface"]])["NetworkInterfaces"]
    assert eni["PrivateIpAddress"] == vpc["address"]
    listed = route53.list_hosted_zones_by_vpc(VPCId=vpc["vpc"], VPCRegion=stage.local.running["region"])
    found = {zone["HostedZoneId"]: zone["Name"] for zone in listed["HostedZoneSummaries"]}
    assert found == dict(zip(vpc["zones"], [f"{name}." for name in stages.ZONES[:2]], strict=True))
    records = route53.list_resource_record_sets(HostedZoneId=vpc["zones"][0])["ResourceRecordSets"]
    (record,) = [one for one in records if one["Type"] == "A"]
    assert (record["TTL"], record["ResourceRecords"]) == (fleet.TTL, [{"Value": vpc["address"]}])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[vpc["endpoint"]])


def test_copied_vpc_is_in_sync_and_only_calls_of_functions_count(stage):
    account, table = stage.clients[1], stage.outputs["TableName"]
    (pattern,) = fleet.make(stage, account, 1)
    with stage.function("backfill") as backfill, stage.function("reconcile-records") as reconcile:
        queue = pump.Pump(stage, stage.outputs["QueueUrl"], [reconcile])
        backfill.invoke({"accounts": [account]})
        queue.drain()
        copies = fleet.make(stage, account, 2, available=True, written=True)
        assert fleet.copy_items(stage, table, "pk", pattern, copies) >= 2 * len(copies)
        before = fleet.digest(stage)
        calls.forget(stage)
        stage.client("ec2", account).describe_vpcs()
        backfill.invoke({"accounts": [account]})
        queue.drain()
        counted = calls.of_functions(stage)
    assert fleet.digest(stage) == before
    assert (counted.table_writes(), counted.count("route53", "ChangeResourceRecordSets")) == (0, 0)
    assert counted.count("route53", "ListHostedZonesByVPC") == 1 + len(copies)
    assert counted.count("ec2", "DescribeVpcs") == 0
    ids = [vpc["endpoint"] for vpc in (pattern, *copies)]
    stage.client("ec2", account).delete_vpc_endpoints(VpcEndpointIds=ids)


def test_goal_is_met_missed_or_not_measured_and_the_report_says_which():
    small = {"zip": 3 * goals.MB}
    side = {what: {"median": 1.0, "q1": 1.0, "q3": 1.0, "least": 1.0, "most": 1.0}
            for what in ("init", "answer", "idle", "memory")}
    figure = {"rounds": 1, "sides": {"backfill": {**side, "zip_bytes": small}, "baseline": {**side, "zip_bytes": small}},
              "ratios": {"backfill": {"init": 1 / 20, "answer": 1 / 20, "memory": 1 / 6}}}
    judged = {goal["figure"]: goal["met"] for goal in goals.judge({"start": figure})}
    assert judged["init to first /next, ours : baseline"] is False
    assert judged["peak memory, ours : baseline"] is True
    assert judged["clean make test without its sam build"] is None
    made = {"at": "now", "commit": "abc", "versions": {},
            "machine": {"processor": "", "cores": 2, "memory_gb": 1, "system": "", "load_before": 0}}
    text = report.markdown({"made": made, "command": "make bench", "seconds": {}, "figures": {"start": figure},
                            "goals": goals.judge({"start": figure}), "failures": {"sweep": "it broke"}})
    assert "1 : 20.00" in text and "2.00 times the limit" in text
    assert "It failed: it broke" in text and "Not measured in this run." in text


def test_sam_build_is_no_part_of_make_tests_goal():
    builds = {"make_test": {"command": "make test", "seconds": 1000, "steps": {"sam build": 200, "policies": 5}}}
    [goal] = [goal for goal in goals.judge({"builds": builds}) if goal["figure"].startswith("clean make test")]
    assert goal["value"] == 800 and goal["met"]
    assert "3.3 of sam build" in goal["shown"]

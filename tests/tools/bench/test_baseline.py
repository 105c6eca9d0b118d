"""Claims about the baseline: it does the job that it is measured by."""

import importlib
import json

import pytest

from bench import fleet, pump
from bench.events import envelope


@pytest.fixture(scope="module")
def handler(stage):
    """The baseline in this process, with the environment of its function."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stage.baseline_environment().items():
            # Where this process looks for programs and modules is its own.
            if name not in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH"):
                patch.setenv(name, value)
        yield importlib.import_module("bench.baseline.handler")


@pytest.fixture
def vpc(stage):
    """A VPC with an endpoint that waits, and two zones."""
    (made,) = fleet.make(stage, stage.clients[1], 1, zones=2)
    yield made
    stage.client("ec2", made["account"]).delete_vpc_endpoints(VpcEndpointIds=[made["endpoint"]])


def ask(handler, body):
    """Hand over one message; whether it failed."""
    return bool(handler.handler(pump.event(json.dumps(body)), None)["batchItemFailures"])


def records(stage, vpc):
    """The values in each of the VPC's zones."""
    route53 = stage.client("route53", vpc["account"])
    found = [route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] for zone in vpc["zones"]]
    return [[value["Value"] for record in sets if record["Type"] == "A" for value in record["ResourceRecords"]]
            for sets in found]


def test_new_endpoint_is_accepted_and_published_in_every_zone(stage, handler, vpc):
    assert not ask(handler, envelope("CreateVpcEndpoint", stage, vpc))
    assert records(stage, vpc) == [[vpc["address"]]] * 2


def test_stranger_is_neither_accepted_nor_published(stage, handler, monkeypatch, vpc):
    monkeypatch.setattr(handler, "ALLOWED", set())
    assert not ask(handler, envelope("CreateVpcEndpoint", stage, vpc))
    assert records(stage, vpc) == [[], []]


def test_endpoint_that_is_not_available_comes_back(stage, handler, vpc):
    with stage.local.set(accept_seconds=3600.0):
        assert ask(handler, envelope("CreateVpcEndpoint", stage, vpc))
    assert not ask(handler, {"account": vpc["account"], "endpoints": [vpc["endpoint"]]})
    assert records(stage, vpc) == [[vpc["address"]]] * 2


def test_sweep_accepts_and_its_messages_publish_and_a_second_one_writes_nothing(stage, handler, vpc):
    for expected in (2, 0):
        stage.local.forget_calls()
        assert not ask(handler, {"sweep": True})
        sqs = stage.client("sqs")
        while messages := sqs.receive_message(QueueUrl=stage.baseline_queue).get("Messages"):
            assert handler.handler(pump.batch(messages), None) == {"batchItemFailures": []}
            sqs.delete_message(QueueUrl=stage.baseline_queue, ReceiptHandle=messages[0]["ReceiptHandle"])
        changes = [str(call["parameters"]) for call in stage.local.calls("ChangeResourceRecordSets", vpc["account"])]
        assert sum(any(zone in change for zone in vpc["zones"]) for change in changes) == expected
    assert records(stage, vpc) == [[vpc["address"]]] * 2


def test_deleted_endpoint_takes_its_records_along(stage, handler, vpc):
    assert not ask(handler, envelope("CreateVpcEndpoint", stage, vpc))
    stage.client("ec2", vpc["account"]).delete_vpc_endpoints(VpcEndpointIds=[vpc["endpoint"]])
    assert not ask(handler, envelope("DeleteVpcEndpoints", stage, vpc))
    assert records(stage, vpc) == [[], []]

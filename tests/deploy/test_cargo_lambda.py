"""`cargo lambda watch` and `invoke`: the functions on this machine, beside a stack of the local AWS, with recorded events."""

import json
import re

import pytest

from local_aws import accounts, deploy, processes, state
from stage.client import Client
from stage.provider import EXTERNAL_ID, Provider

from . import tools

EVENTS = state.REPOSITORY / "tests" / "events"


@pytest.fixture(scope="module")
def installed(local):
    """A stack that no event reaches, so that what happens is this machine's doing."""
    provider = Provider(local)
    provider.deploy(AllowedPrincipals=accounts.CLIENT_A, ClientAccounts=accounts.CLIENT_A, ExternalId=EXTERNAL_ID,
                    ConnectionNotifications="false")
    provider.deploy_client(accounts.CLIENT_A)
    with local.set(cloudtrail=False):
        yield provider
    deploy.delete_client(accounts.CLIENT_A, running=local.running)
    deploy.delete_provider(running=local.running)
    local.queues.clear()


@pytest.fixture(scope="module")
def invoke(installed, local):
    """`cargo lambda invoke`, at a `cargo lambda watch` with the environment of the stack's functions."""
    found = tools.environment(local.running)
    variables = installed.local.client("lambda", installed.account).get_function_configuration(
        FunctionName=installed.outputs["ReconcileRecordsFunction"])["Environment"]["Variables"]
    file = state.directory() / "function.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    log = state.directory() / "logs" / "watch.log"
    [port] = processes.free_ports(1)
    address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    watch = processes.start(["cargo", "lambda", "watch", "--ignore-changes", *address, "--env-file", str(file)], found, log)
    try:
        processes.wait_until_answers(watch, f"http://127.0.0.1:{port}", log, 30)

        def run(function, event):
            said = tools.run("cargo", "lambda", "invoke", function, *address, "--data-ascii", json.dumps(event),
                             found=found, within=600)
            return json.loads(said)
        yield run
    finally:
        processes.stop_group(watch.pid)


def recorded(name, installed=None, endpoint=None):
    """A recorded event; of this service and endpoint, if they are given."""
    text = (EVENTS / f"{name}.json").read_text()
    if installed:
        text = re.sub(r"vpce-svc-[0-9a-f]{17}", installed.service, text)
        text = re.sub(r"vpce-[0-9a-f]{17}(?![0-9a-f])", endpoint.id, text)
        text = text.replace("444455556666", endpoint.vpc.client.account)
    return json.loads(text)


def queued(*events):
    """Events as the work queue hands them over."""
    return {"Records": [{"messageId": str(number), "body": json.dumps(event)} for number, event in enumerate(events)]}


def test_sweep_of_this_machine_sees_the_stacks_service(invoke, installed):
    answer = invoke("backfill", {"dry_run": True})
    assert [service["service"] for service in answer["services"]] == [installed.service]


def test_recorded_events_are_answered_as_the_stack_would(invoke):
    for name in ("create_two_subnets", "create_other_service", "delete_one", "sns_connect", "other_source"):
        assert invoke("accept-connections", recorded(name)) is None, name
    answer = invoke("reconcile-records", queued(recorded("create_failed"), recorded("other_source"), {"no": "event"}))
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["2"]


def test_recorded_creation_of_a_real_endpoint_leads_to_its_record(invoke, installed, local):
    vpc = Client(local, accounts.CLIENT_A, installed).vpc(subnets=2)
    zone, endpoint = vpc.zone(), vpc.endpoint()
    local.settled()
    assert endpoint.state == "pendingAcceptance"
    event = recorded("create_two_subnets", installed, endpoint)
    assert invoke("accept-connections", event) is None
    assert endpoint.state == "available"
    assert invoke("reconcile-records", queued(event)) == {"batchItemFailures": []}
    # The intent of the first went to the stack's own queue, so both may be at it.
    local.settled()
    assert zone.addresses() == endpoint.addresses

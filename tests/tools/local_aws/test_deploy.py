"""Stacks, packaging, and the starting and stopping of the local AWS."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from local_aws import accounts, deploy, packaging, processes, stacks, state, up
from stage.local import wait_until

from .probe import running


@pytest.fixture(scope="module")
def local():
    with running.ministack() as started:
        yield started


def test_only_the_code_uri_is_edited(tmp_path):
    for name in ("taker", "worker"):
        (tmp_path / name).write_bytes(b"#!/bin/sh\n")
    uploaded = {}

    def upload(key, content):
        uploaded[key] = content
        return f"s3://bucket/{key}"

    before = packaging.yaml_parse((running.HERE / "template.yaml").read_text())
    after = packaging.yaml_parse(packaging.packaged(running.HERE / "template.yaml", tmp_path, upload))
    for name in ("Taker", "Worker"):
        code_uri = after["Resources"][name]["Properties"].pop("CodeUri")
        before["Resources"][name]["Properties"].pop("CodeUri")
        with zipfile.ZipFile(io.BytesIO(uploaded[code_uri.removeprefix("s3://bucket/")])) as archive:
            assert archive.namelist() == ["bootstrap"]
            assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755
    assert after == before


def test_stack_is_made_updated_and_deleted_with_its_processes(local):
    outputs = local.deploy("life", Accounts=accounts.CLIENT_A)
    assert outputs["Words"] == f"word+{accounts.REGION}"
    assert local.moto.calls[-1]["Action"] == "CreateVpcEndpointConnectionNotification"
    assert local.moto.calls[-1]["account"] == accounts.PROVIDER

    events = local.client("events")
    policy = json.loads(events.describe_event_bus(Name=outputs["Bus"])["Policy"])
    assert [one["Principal"] for one in policy["Statement"]] == [{"AWS": [accounts.CLIENT_A]}]

    assert local.deploy("life", Accounts=accounts.CLIENT_A) == outputs
    changed = local.deploy("life", Accounts=accounts.CLIENT_A, Organization="o-exampleorgid", Word="other")
    assert changed["Words"] == f"other+{accounts.REGION}"
    policy = json.loads(events.describe_event_bus(Name=outputs["Bus"])["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["organization"]
    # ministack may end a process that has just begun when it takes over the change.
    wait_until(lambda: _environment(local, outputs["Taker"]).get("WORD") == f"other-{accounts.PROVIDER}")
    assert _bootstraps(local)

    deploy.delete_provider(running=local.running, stack="life")
    assert local.moto.calls[-1]["Action"] == "DeleteVpcEndpointConnectionNotifications"
    assert local.client("lambda").list_functions()["Functions"] == []
    assert outputs["Bus"] not in [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
    assert not _bootstraps(local)


def _environment(local, function):
    answer = local.client("lambda").invoke(FunctionName=function, Payload='{"do": "environment"}')
    return json.load(answer["Payload"])


def test_accounts_have_stacks_of_their_own(local):
    target = f"arn:aws:events:{accounts.REGION}:{accounts.PROVIDER}:event-bus/default"
    for account in (accounts.CLIENT_A, accounts.CLIENT_C):
        outputs = deploy.deploy_client(account, {"BusArn": target}, running=local.running,
                                       template=running.HERE / "sender.yaml", stack="own")
        assert f"/{account}/" in outputs["DeadLetters"]
    deploy.delete_client(accounts.CLIENT_A, running=local.running, stack="own")
    names = {account: [stack["StackName"] for stack in
                       local.client("cloudformation", account).describe_stacks()["Stacks"]]
             for account in (accounts.CLIENT_A, accounts.CLIENT_C)}
    assert names == {accounts.CLIENT_A: [], accounts.CLIENT_C: ["own"]}


@pytest.mark.parametrize("parameters,words", [
    ({"Accounts": accounts.CLIENT_A, "Word": "UPPER"}, "must be lower case"),
    ({"Accounts": f"{accounts.CLIENT_A},x"}, "Accounts"),
    ({"Word": "taken"}, "The word is taken."),
])
def test_bad_parameters_are_refused_before_anything_is_made(local, parameters, words):
    with pytest.raises(Exception, match=words):
        local.deploy("bad", **parameters)


def test_resource_that_aws_refuses_fails_the_stack(local, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(json.dumps({"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {
        "EventPattern": {"source": ["aws.ec2"]}, "Targets": [{
            "Id": "1", "Arn": f"arn:aws:events:{accounts.REGION}:{accounts.PROVIDER}:event-bus/x"}]}}}}))
    with pytest.raises(stacks.StackFailed, match="RoleArn is required"):
        deploy.deploy_client(accounts.CLIENT_B, template=template, running=local.running, stack="refused")


def test_template_of_the_project_deploys_unchanged(local):
    outputs = deploy.deploy_provider({
        "ServiceId": "vpce-svc-0123456789abcdef0", "RecordName": "*.example.com",
        "ClientAccounts": accounts.CLIENT_A, "ExternalId": "external",
        "SweepState": "DISABLED", "DeletionProtection": "false",
    }, binaries=local.folder / "bin", running=local.running)
    client = deploy.deploy_client(accounts.CLIENT_A, {
        "ProviderAccountId": accounts.PROVIDER, "ProviderBusArn": outputs["BusArn"],
        "ClientRoleName": outputs["ClientRoleName"], "ExternalId": "external",
        "RecordNames": "*.example.com"}, running=local.running)
    assert client["ClientRoleArn"].endswith(f":role/{outputs['ClientRoleName']}")
    local.event("project-1", accounts.CLIENT_A, eventSource="ec2.amazonaws.com",
                eventName="CreateVpcEndpoint", requestParameters={"CreateVpcEndpointRequest": {
                    "ServiceName": outputs["ServiceName"]}})
    local.logged(outputs["AcceptConnectionsFunction"], lambda seen: seen.get("id") == "project-1")
    local.logged(outputs["ReconcileRecordsFunction"], lambda seen: "project-1" in json.dumps(seen))
    deploy.delete_client(accounts.CLIENT_A, running=local.running)
    deploy.delete_provider(running=local.running)
    assert local.client("dynamodb").list_tables()["TableNames"] == [outputs["TableName"]]


def test_retained_table_is_spared_by_the_next_stack(local, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(json.dumps({"Resources": {"Table": {
        "Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": "false"}}},
        "Outputs": {"Name": {"Value": {"Ref": "Table"}}}}))

    def deployed():
        return deploy.deploy_client(accounts.CLIENT_B, template=template, running=local.running,
                                    stack="retained")["Name"]

    dynamodb = local.client("dynamodb", accounts.CLIENT_B)
    first = deployed()
    dynamodb.put_item(TableName=first, Item={"pk": {"S": "kept"}})
    deploy.delete_client(accounts.CLIENT_B, running=local.running, stack="retained")
    second = deployed()
    assert deployed() == second != first
    assert dynamodb.scan(TableName=first)["Count"] == 1
    assert dynamodb.scan(TableName=second)["Count"] == 0
    dynamodb.delete_table(TableName=first)


def test_failed_start_leaves_nothing_running(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_AWS_DIR", str(tmp_path))
    # The second module ends at once; the first one would run for ever.
    monkeypatch.setattr(up, "MODULES", {"ministack": "local_aws.ministack", "moto": "local_aws.accounts"})
    started = []
    start = processes.start
    monkeypatch.setattr(processes, "start", lambda *args: started.append(start(*args)) or started[-1])
    with pytest.raises(processes.StartFailed):
        up.start()
    assert len(started) == 2
    assert not any(processes._members(child.pid) for child in started)
    assert state.read() is None


def test_terminated_start_leaves_nothing_running(tmp_path):
    environment = {**os.environ, "LOCAL_AWS_DIR": str(tmp_path), "PYTHONPATH": str(state.REPOSITORY / "tools")}
    starting = subprocess.Popen([sys.executable, "-m", "local_aws.up"], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    children = _until(lambda: _children(starting.pid))
    starting.send_signal(signal.SIGTERM)
    output, _ = starting.communicate(timeout=20)
    assert starting.returncode != 0, output
    children += [child for child in _children(starting.pid) if child not in children]
    assert not any(processes._members(child) for child in children)
    assert not (tmp_path / "state.json").exists()


def _children(parent):
    shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in shown.stdout.splitlines()]
    return [int(pid) for pid, ppid in rows if int(ppid) == parent]


def _until(look, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
    raise AssertionError("it did not happen")


def _bootstraps(local):
    """The function processes in ministack's group."""
    group = processes._members(local.running["ministack"]["pid"])
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", ",".join(map(str, group))],
                           capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if line.endswith("/bootstrap")]

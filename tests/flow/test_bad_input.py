"""Messages that make no sense: nothing is dropped in silence, and nothing else is held up."""

import json
import pathlib

import pytest

from local_aws import packaging, state


def api_call(account, name, **more):
    """The envelope of an EC2 call, as EventBridge delivers it."""
    return {"version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
            "account": account, "region": "us-west-2", "resources": [], "time": "2026-01-01T00:00:00Z",
            "detail": {"eventSource": "ec2.amazonaws.com", "eventName": name, "eventID": "e-1",
                       "awsRegion": "us-west-2", "recipientAccountId": account, **more}}


@pytest.mark.parametrize("body", [
    '{"intent":"reconcile","account":"2222222',
    '{"version":"0","id":"e-1","detail-type":"AWS API Call via CloudTrail","detail":{"eventNa',
    '{"hello":"world"}',
    '"a text"',
    "[]",
    '{"intent":"explode"}',
    '{"intent":"reconcile","account":"42","cause":"x"}',
    '{"intent":"reconcile","account":"222222222222","cause":"x","vpc_endpoints":["vpce-svc-0123456789abcdef0"]}',
    '{"intent":"reconcile","account":"222222222222","cause":"x","surprise":true}',
], ids=lambda body: body[:40])
def test_message_that_cannot_be_read_ends_in_the_dead_letter_queue(fleet, body):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    fleet.provider.send(body)
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert fleet.provider.dead_letters() == [body]
    assert zone.addresses() == endpoint.addresses, "the sound messages beside it are served"


def test_event_without_an_endpoint_ends_in_the_dead_letter_queue(fleet):
    fleet.provider.send(api_call(fleet.a.account, "ModifyVpcEndpoint", requestParameters={},
                                 responseElements={"ModifyVpcEndpointResponse": {"return": True}}))
    fleet.local.settled()
    assert len(fleet.provider.dead_letters()) == 1
    log = fleet.local.log_of(fleet.provider.outputs["ReconcileRecordsFunction"])
    assert "ModifyVpcEndpoint (\\\"e-1\\\") names no VPC endpoint" in log


def test_event_that_names_another_account_is_not_believed(fleet):
    fleet.provider.send(api_call(fleet.a.account, "DeleteVpcEndpoints", recipientAccountId=fleet.b.account,
                                 requestParameters={"DeleteVpcEndpointsRequest": {
                                     "VpcEndpointId": {"tag": 1, "content": "vpce-0123456789abcdef0"}}}))
    fleet.local.settled()
    assert len(fleet.provider.dead_letters()) == 1


EVENTS = {path.stem: json.loads(path.read_text())
          for path in pathlib.Path(__file__).parents[1].joinpath("events").glob("*.json")}
# Those that say what cannot be so, each with the words of the log.
MALFORMED = {"modify_without_id": "names no VPC endpoint", "forged_account": "came from account 777788889999",
             "records_changed_without_zone": "names neither zone nor VPC"}


def test_event_of_no_kind_ends_in_the_dead_letter_queue_unless_it_is_malformed(fleet):
    events = {name: event for name, event in EVENTS.items() if "detail" in event}
    assert len(events) > 40
    for event in events.values():
        fleet.provider.send(event)
    fleet.local.settled()
    named = {json.dumps(event, sort_keys=True): name for name, event in events.items()}
    letters = {named[json.dumps(json.loads(letter), sort_keys=True)] for letter in fleet.provider.dead_letters()}
    assert letters == set(MALFORMED)
    log = fleet.local.log_of(fleet.provider.outputs["ReconcileRecordsFunction"])
    assert [words for words in MALFORMED.values() if words not in log] == []


@pytest.mark.parametrize("envelope", [
    api_call("222222222222", "RunInstances"),
    api_call("222222222222", "FlyToTheMoon"),
    {**api_call("222222222222", "RunTask"), "source": "aws.ecs"},
    {**api_call("222222222222", "x"), "detail-type": "EC2 Instance State-change Notification"},
    api_call("222222222222", "CreateVpcEndpoint", errorCode="Client.InvalidParameter",
             requestParameters={}, responseElements=None),
    {**api_call("222222222222", "DeleteVpcEndpoints", awsRegion="eu-west-1", requestParameters={
        "DeleteVpcEndpointsRequest": {"VpcEndpointId": {"tag": 1, "content": "vpce-0123456789abcdef0"}}}),
     "region": "eu-west-1"},
], ids=["another call", "unknown call", "another service", "another kind", "failed call", "another region"])
def test_event_that_is_not_ours_is_ignored(fleet, envelope):
    fleet.provider.send(envelope)
    fleet.provider.invoke_later("AcceptConnectionsFunction", envelope)
    fleet.local.settled()
    assert fleet.provider.dead_letters() == []
    assert fleet.table.items() == []


def test_endpoint_of_another_service_is_ignored(fleet):
    other, other_name = fleet.provider.make_service()
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint(other_name)
    fleet.local.settled()
    fleet.provider.sweep()
    assert endpoint.state == "pendingAcceptance"
    assert zone.record() is None
    assert fleet.table.items() == []
    assert fleet.provider.dead_letters() == []


def test_endpoint_of_an_aws_service_is_ignored(fleet):
    vpc = fleet.a.vpc(subnets=2)
    zone = vpc.zone()
    endpoint = vpc.endpoint("com.amazonaws.us-west-2.sqs", SubnetIds=vpc.subnets[:1], PrivateDnsEnabled=False)
    endpoint.add_subnet(vpc.subnets[1])
    fleet.a.delete(endpoint, lingers=False)
    fleet.local.settled()
    assert zone.record() is None
    assert fleet.table.items() == []
    assert fleet.provider.dead_letters() == []


@pytest.mark.parametrize("event, words", [
    ({"hello": 1}, "not an EventBridge event"),
    (api_call("222222222222", "CreateVpcEndpoint", requestParameters={}, responseElements={}),
     "names no VPC endpoint"),
    ({"Records": [{"hello": 1}]}, "not an SNS delivery"),
])
def test_malformed_event_for_accept_connections_is_kept_with_its_error(fleet, event, words):
    fleet.provider.invoke_later("AcceptConnectionsFunction", event)
    fleet.local.settled()
    [letter] = [json.loads(body) for body in fleet.provider.dead_letters()]
    assert letter["requestPayload"] == event
    assert letter["requestContext"]["condition"] == "RetriesExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert words in letter["responsePayload"]["errorMessage"]


def test_notification_without_any_id_still_makes_zonelink_look(fleet):
    with fleet.provider.deaf():
        endpoint = fleet.a.vpc().endpoint()
        fleet.local.client("sns", fleet.provider.account).publish(
            TopicArn=fleet.provider.outputs["TopicArn"], Message="You have been connected.")
        fleet.local.settled()
        assert endpoint.state == "available"
        assert fleet.provider.dead_letters() == []


def test_notification_in_unexpected_words_is_understood_by_its_ids(fleet):
    with fleet.provider.deaf():
        endpoint = fleet.a.vpc().endpoint()
        fleet.local.client("sns", fleet.provider.account).publish(
            TopicArn=fleet.provider.outputs["TopicArn"],
            Message=f"Somebody connected: {endpoint.id} to {fleet.provider.service}!")
        fleet.local.settled()
        assert endpoint.state == "available"


@pytest.mark.parametrize("name", ["accept-connections", "reconcile-records", "backfill"])
def test_function_without_its_variables_names_all_that_are_missing(fleet, name):
    functions = fleet.local.client("lambda", fleet.provider.account)
    code = packaging.bootstrap_zip(state.REPOSITORY / "target" / "debug" / name)
    functions.create_function(
        FunctionName=f"bare-{name}", Runtime="provided.al2023", Handler="bootstrap", Code={"ZipFile": code},
        Role=fleet.provider.outputs["ReconcileRecordsRoleArn"],
        Environment={"Variables": {"SERVICE_ID": "nonsense", "ACCOUNT_ID": "42"}})
    try:
        answer = functions.invoke(FunctionName=f"bare-{name}", Payload=b"{}")
        assert "FunctionError" in answer
        said = answer["Payload"].read().decode() + fleet.local.log_of(f"bare-{name}")
    finally:
        functions.delete_function(FunctionName=f"bare-{name}")
    for words in ("TABLE_NAME is not set", "QUEUE_URL is not set", "CLIENT_ROLE_NAME is not set",
                  "RECORD_NAME is not set", "ACCOUNT_ID:", "SERVICE_ID:"):
        assert words in said

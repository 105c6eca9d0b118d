"""The ministack side by itself: events across accounts, functions, queues, schedules.

It starts a ministack of its own; a stand-in answers for moto.
"""

import json

import pytest
from botocore.exceptions import ClientError

from local_aws import accounts

from .probe import running

ORGANIZATION = "o-exampleorgid"


@pytest.fixture(scope="module")
def local():
    with running.ministack() as started:
        started.outputs = started.deploy(Accounts=f"{accounts.CLIENT_A},{accounts.CLIENT_B}")
        yield started


@pytest.fixture(scope="module")
def sender(local):
    """client-a and client-c both forward to the provider's bus; only client-a may."""
    return {account: local.deploy("sender", "sender.yaml", account, BusArn=local.outputs["BusArn"])
            for account in (accounts.CLIENT_A, accounts.CLIENT_C)}


def body_has(**fields):
    return lambda message: fields.items() <= json.loads(message["Body"]).items()


def put_event(local, source, **detail):
    answer = local.client("events").put_events(Entries=[
        {"Source": source, "DetailType": "probe", "Detail": json.dumps(detail)}])
    assert answer["FailedEntryCount"] == 0


def test_aws_sources_are_refused_at_the_front_and_malformed_envelopes_at_the_door(local):
    answer = local.client("events").put_events(Entries=[
        {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"}])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert local.post("/_local/events", {"id": "x"})[0] == 400
    assert local.event("x", 44444444444)[0] == 400


def test_event_of_a_client_reaches_the_provider_as_it_was(local, sender):
    local.event("crossing-1", accounts.CLIENT_A, eventName="CreateVpcEndpoint")
    message = local.received(local.outputs["Seen"], body_has(id="crossing-1"))
    event = json.loads(message["Body"])
    assert event["account"] == accounts.CLIENT_A
    assert event["source"] == "aws.ec2"
    assert event["time"] == "2026-01-02T03:04:05Z"
    assert event["detail"] == {"eventName": "CreateVpcEndpoint"}
    assert message["Attributes"]["MessageGroupId"] == "fair"
    (entry,) = local.logged(local.outputs["Taker"], lambda seen: seen.get("id") == "crossing-1")
    assert entry["event"] == event


def test_event_of_an_unnamed_account_ends_in_its_own_dead_letter_queue(local, sender):
    local.event("refused-1", accounts.CLIENT_C)
    message = local.received(sender[accounts.CLIENT_C]["DeadLetters"], body_has(id="refused-1"),
                             account=accounts.CLIENT_C)
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert attributes["TARGET_ARN"] == local.outputs["BusArn"]
    assert ":rule/" in attributes["RULE_ARN"]


def test_organization_grant_admits_members_only(local, sender):
    outputs = local.deploy("members", Organization=ORGANIZATION)
    for account in (accounts.CLIENT_A, accounts.CLIENT_C):
        sender_outputs = local.deploy("to-members", "sender.yaml", account, BusArn=outputs["BusArn"])
        local.event(f"member-{account}", account)
    local.received(outputs["Seen"], body_has(id=f"member-{accounts.CLIENT_A}"))
    local.received(sender_outputs["DeadLetters"], body_has(id=f"member-{accounts.CLIENT_C}"),
                   account=accounts.CLIENT_C)


def test_forwarded_event_is_not_forwarded_again(local, sender):
    events, sqs = local.client("events"), local.client("sqs")
    onward = f"arn:aws:events:{accounts.REGION}:{accounts.CLIENT_B}:event-bus/default"
    queue = sqs.create_queue(QueueName="third")["QueueUrl"]
    arn = f"arn:aws:sqs:{accounts.REGION}:{accounts.PROVIDER}:third"
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": arn}]})})
    events.put_rule(Name="onward", EventBusName=local.outputs["Bus"],
                    EventPattern='{"source": ["aws.ec2"]}')
    events.put_targets(Rule="onward", EventBusName=local.outputs["Bus"], Targets=[{
        "Id": "1", "Arn": onward, "RoleArn": f"arn:aws:iam::{accounts.PROVIDER}:role/any",
        "DeadLetterConfig": {"Arn": arn}}])
    local.event("third-1", accounts.CLIENT_A)
    message = local.received(queue, body_has(id="third-1"))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "THIRD_ACCOUNT_HOP_DETECTED"


@pytest.mark.parametrize("number,detail,matches", [
    (1, {"kind": "pre-x", "name": "yes", "deep": {"er": 2}}, True),
    (2, {"kind": "pre-x", "name": "yes", "list": ["other", "wanted"]}, True),
    (3, {"kind": "x", "name": "yes", "list": ["wanted"]}, False),
    (4, {"kind": "pre-x", "name": "never", "list": ["wanted"]}, False),
    (5, {"kind": "pre-x", "name": "yes", "list": ["wanted"], "error": "e"}, False),
    (6, {"kind": "pre-x", "name": "yes", "list": ["other"]}, False),
])
def test_patterns_match_as_on_aws(local, number, detail, matches):
    # The second event always matches: when it is there, the first one would be too.
    put_event(local, "probe", number=number, **detail)
    put_event(local, "probe", number=-number, kind="pre-", name="yes", list=["wanted"])
    first = local.received(local.outputs["Seen"], lambda message: abs(
        json.loads(message["Body"])["detail"].get("number", 0)) == number)
    assert (json.loads(first["Body"])["detail"]["number"] == number) is matches


def test_target_without_permission_leaves_its_event_in_the_dead_letter_queue(local):
    put_event(local, "probe.unpermitted", number=1)
    message = local.received(local.outputs["DeadLetters"], body_has(source="probe.unpermitted"))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_failing_asynchronous_invocation_is_retried_and_recorded(local):
    event = {"do": "fail", "mark": "async-1"}
    local.client("lambda").invoke(FunctionName=local.outputs["Taker"], InvocationType="Event",
                                  Payload=json.dumps(event))
    message = local.received(local.outputs["DeadLetters"], lambda one: "async-1" in one["Body"])
    record = json.loads(message["Body"])
    assert set(record) == {"version", "timestamp", "requestContext", "requestPayload",
                           "responseContext", "responsePayload"}
    assert record["version"] == "1.0"
    assert record["requestPayload"] == event
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestContext"]["functionArn"].endswith(f":{local.outputs['Taker']}:$LATEST")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST",
                                         "functionError": "Unhandled"}
    assert record["responsePayload"]["errorMessage"] == "told to fail"
    attempts = local.logged(local.outputs["Taker"], lambda seen: seen == event, count=2)
    assert {entry["request_id"] for entry in attempts} == {record["requestContext"]["requestId"]}


def test_notification_of_a_topic_invokes_its_function(local):
    local.client("sns").publish(TopicArn=local.outputs["Topic"], Message="sns-1")
    (entry,) = local.logged(local.outputs["Taker"], lambda seen: "Records" in seen
                            and seen["Records"][0]["Sns"]["Message"] == "sns-1")
    assert entry["event"]["Records"][0]["Sns"]["TopicArn"] == local.outputs["Topic"]


def test_new_schedule_runs_at_once_and_fills_in_its_context(local):
    def is_sweep(seen):
        return seen.get("sweep", "").endswith(f":schedule/default/{local.outputs['Sweep']}")

    (first,) = local.logged(local.outputs["Taker"], is_sweep)
    assert first["event"]["at"].endswith("Z")
    assert local.post("/_local/schedules/fire", {"account": accounts.PROVIDER, "region": accounts.REGION,
                                                 "name": local.outputs["Sweep"]})[0] == 200
    local.logged(local.outputs["Taker"], is_sweep, count=2)
    assert local.post("/_local/schedules/fire", {"account": accounts.CLIENT_A, "region": accounts.REGION,
                                                 "name": local.outputs["Sweep"]})[0] == 400


def test_poisoned_message_alone_goes_to_the_dead_letter_queue(local):
    sqs, work = local.client("sqs"), local.outputs["Work"]
    sqs.send_message_batch(QueueUrl=work, Entries=[
        {"Id": "1", "MessageBody": "good", "MessageGroupId": accounts.CLIENT_A},
        {"Id": "2", "MessageBody": "poison"}])
    message = local.received(local.outputs["DeadLetters"], lambda one: one["Body"] == "poison", seconds=15)
    assert int(message["Attributes"]["ApproximateReceiveCount"]) >= 2
    counts = sqs.get_queue_attributes(QueueUrl=work, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == counts["ApproximateNumberOfMessagesNotVisible"] == "0"
    records = [record for entry in local.logged(local.outputs["Worker"], lambda seen: True)
               for record in entry["event"]["Records"]]
    assert [record["body"] for record in records].count("good") == 1
    (good,) = [record for record in records if record["body"] == "good"]
    assert good["attributes"]["MessageGroupId"] == accounts.CLIENT_A


def test_released_queue_gives_its_delayed_messages_now(local):
    seen = local.outputs["Seen"]
    local.client("sqs").send_message(QueueUrl=seen, MessageBody="released", DelaySeconds=600)
    name = seen.rsplit("/", 1)[-1]
    answer = local.post("/_local/queues/release", {"account": accounts.PROVIDER,
                                                   "region": accounts.REGION, "name": name})
    assert answer[0] == 200 and answer[1]["Released"] >= 1
    local.received(seen, lambda one: one["Body"] == "released")
    assert local.post("/_local/queues/release", {"name": name})[0] == 400


def test_delayed_message_waits(local):
    sqs, seen = local.client("sqs"), local.outputs["Seen"]
    sqs.send_message(QueueUrl=seen, MessageBody="late", DelaySeconds=2)
    with pytest.raises(AssertionError):
        local.received(seen, lambda one: one["Body"] == "late", seconds=1)
    local.received(seen, lambda one: one["Body"] == "late", seconds=4)


def test_function_sees_its_own_account_and_role_and_both_emulators(local):
    answer = local.client("lambda").invoke(FunctionName=local.outputs["Worker"],
                                           Payload='{"do": "environment"}')
    environment = json.load(answer["Payload"])
    assert environment["AWS_ACCESS_KEY_ID"] == accounts.PROVIDER
    assert environment["AWS_SESSION_TOKEN"] == f"role:{local.outputs['WorkerRole']}"
    assert environment["AWS_ENDPOINT_URL"] == local.running["ministack"]["url"]
    for service in ("EC2", "ROUTE_53", "STS", "ORGANIZATIONS", "ELASTIC_LOAD_BALANCING_V2"):
        assert environment[f"AWS_ENDPOINT_URL_{service}"] == local.moto.url
    assert environment["WORD"] == f"word-{accounts.PROVIDER}"
    assert environment["AWS_REGION"] == accounts.REGION
    assert environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert not {"PYTHONPATH", "LOCAL_AWS_MINISTACK_URL", "GATEWAY_PORT"} & environment.keys()


def test_log_lines_reach_cloudwatch_logs_and_metrics(local):
    taker = local.outputs["Taker"]
    local.client("lambda").invoke(FunctionName=taker, Payload='{"do": "metric"}')
    logged = local.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{taker}")
    assert any('"metric"' in event["message"] for event in logged["events"])
    metrics = local.client("cloudwatch").list_metrics(Namespace="probe")["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["seen"]
    assert metrics[0]["Dimensions"] == [{"Name": "kind", "Value": "test"}]


def test_conditional_writes_tell_what_stood_in_the_way(local):
    table, dynamodb = local.outputs["Table"], local.client("dynamodb")
    item = {"pk": {"S": "one"}, "version": {"N": "1"}}
    dynamodb.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError) as refused:
        dynamodb.update_item(
            TableName=table, Key={"pk": item["pk"]}, UpdateExpression="SET version = :two",
            ConditionExpression="version = :two", ExpressionAttributeValues={":two": {"N": "2"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refused.value.response["Item"] == item
    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(TransactItems=[
            {"Put": {"TableName": table, "Item": {"pk": {"S": "two"}}}},
            {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)",
                     "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}])
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == item
    assert "Item" not in dynamodb.get_item(TableName=table, Key={"pk": {"S": "two"}})
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}

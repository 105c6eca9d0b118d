"""What each kind of dead letter looks like, as docs/RUNBOOK.md tells them apart."""

import contextlib
import json

from stage.local import wait_until


@contextlib.contextmanager
def without(take, give_back):
    """Something is taken away for a while."""
    take()
    try:
        yield
    finally:
        give_back()


def letter(watch):
    """The one message in the dead-letter queue, which is taken off it."""
    sqs, url = watch.local.client("sqs", watch.provider.account), watch.provider.outputs["DeadLetterQueueUrl"]

    def received():
        return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"]).get("Messages")

    [message] = wait_until(received)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"]), set(message.get("MessageAttributes", ())), set(message["Attributes"])


def test_message_that_reconcile_records_gave_up(watch):
    watch.provider.send({"intent": "explode"})
    watch.local.settled()
    body, _, attributes = letter(watch)
    assert "intent" in body and "DeadLetterQueueSourceArn" in attributes


@contextlib.contextmanager
def not_permitted(watch, principal):
    """Whoever invokes accept-connections for a service principal may not."""
    functions = watch.local.client("lambda", watch.provider.account)
    name = watch.provider.outputs["AcceptConnectionsFunction"]
    statements = [one for one in json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
                  if one["Principal"] == {"Service": principal}]
    assert statements

    def take():
        for one in statements:
            functions.remove_permission(FunctionName=name, StatementId=one["Sid"])

    def give_back():
        for one in statements:
            [source] = [arn for condition in one["Condition"].values() for arn in condition.values()]
            functions.add_permission(FunctionName=name, StatementId=one["Sid"], Action=one["Action"],
                                     Principal=principal, SourceArn=source)

    with without(take, give_back):
        yield


def test_event_that_eventbridge_could_not_deliver(watch):
    watch.provider.update(ConnectionNotifications="false")
    with not_permitted(watch, "events.amazonaws.com"):
        watch.fleet.a.vpc().endpoint()
        body, attributes, _ = letter(watch)
    assert body["detail"]["eventName"] == "CreateVpcEndpoint"
    assert attributes >= {"RULE_ARN", "TARGET_ARN", "ERROR_CODE"}


def test_notification_that_sns_could_not_deliver(watch):
    with watch.local.set(cloudtrail=False), not_permitted(watch, "sns.amazonaws.com"):
        watch.fleet.a.vpc().endpoint()
        body, _, _ = letter(watch)
    assert body["Type"] == "Notification"


def test_event_that_a_function_failed_on(watch):
    watch.provider.invoke_later("AcceptConnectionsFunction", {"hello": 1})
    body, _, _ = letter(watch)
    assert body.keys() >= {"requestContext", "requestPayload", "responsePayload"}
    assert body["requestPayload"] == {"hello": 1}


def test_sweep_that_the_schedule_could_not_begin(watch):
    iam = watch.local.client("iam", watch.provider.account)
    [role] = [one["RoleName"] for page in iam.get_paginator("list_roles").paginate() for one in page["Roles"]
              if "-SweepRole-" in one["RoleName"]]
    policy = iam.get_role_policy(RoleName=role, PolicyName="InvokeBackfill")["PolicyDocument"]
    smaller = {**policy, "Statement": [one for one in policy["Statement"] if one["Action"] != "lambda:InvokeFunction"]}

    def put(document):
        iam.put_role_policy(RoleName=role, PolicyName="InvokeBackfill", PolicyDocument=json.dumps(document))

    with without(lambda: put(smaller), lambda: put(policy)):
        watch.local.fire_schedule(watch.provider.account, watch.provider.schedule)
        body, attributes, _ = letter(watch)
    assert body == {"requested_by": "schedule"} and "SCHEDULE_ARN" in attributes

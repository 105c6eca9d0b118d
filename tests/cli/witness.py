"""A queue of the tests' own that hears what a client account's event bus hears."""

import json

from stage.local import wait_until

_NAME = "scenario-witness"


class Witness:
    """The EC2 calls that reach an account's default bus, as EventBridge delivers them."""

    def __init__(self, local, account):
        self._events, self._sqs = local.client("events", account), local.client("sqs", account)
        rule = self._events.put_rule(Name=_NAME, EventPattern=json.dumps({"source": ["aws.ec2"]}))["RuleArn"]
        self._url = self._sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}]})})
        self._events.put_targets(Rule=_NAME, Targets=[{"Id": "witness", "Arn": arn}])
        self._heard = []

    def event(self, name, about):
        """The event of a call, once it has arrived, that says something of an endpoint."""
        def found():
            messages = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            self._heard += [json.loads(message["Body"]) for message in messages]
            return next((event for event in self._heard
                         if event["detail"]["eventName"] == name and about in json.dumps(event)), None)
        return wait_until(found)

    def leave(self):
        """Take rule and queue away."""
        self._events.remove_targets(Rule=_NAME, Ids=["witness"])
        self._events.delete_rule(Name=_NAME)
        self._sqs.delete_queue(QueueUrl=self._url)

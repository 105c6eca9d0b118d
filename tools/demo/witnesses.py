"""Queues of the demo's own that hear what zonelink's functions hear.

A rule on each account's default bus, and a subscription to the topic of connection
notifications. They take nothing away: a bus and a topic deliver to all who asked.
"""

import json
from datetime import datetime, timezone

from local_aws import accounts, state

from .moments import Moment

_NAME = "demo-witness"
_PATTERN = {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]}


class CloudTrail:
    """The EC2 calls that reach the accounts' default buses."""

    def __init__(self, running, names, clients):
        self._names = names
        self._queues = {}
        for client in clients:
            account = accounts.number(client)
            rule = state.client("events", client, running).put_rule(
                Name=_NAME, EventPattern=json.dumps(_PATTERN))["RuleArn"]
            queue = _Queue(state.client("sqs", client, running), "events.amazonaws.com", rule)
            state.client("events", client, running).put_targets(
                Rule=_NAME, Targets=[{"Id": "witness", "Arn": queue.arn}])
            self._queues[account] = queue

    def look(self):
        """The events that arrived since the last look."""
        for account, queue in self._queues.items():
            for at, body in queue.receive():
                detail = json.loads(body)["detail"]
                ids = self._names.known_in(json.dumps([detail["requestParameters"],
                                                       detail.get("responseElements")]), "endpoint")
                yield Moment(at, "CloudTrail", f"{self._names[account]}: {detail['eventName']} "
                             f"({', '.join(ids) or 'no endpoint'}) is on the account's event bus")


class Notifications:
    """What the endpoint service says of its connections through SNS."""

    def __init__(self, running, names, topic):
        self._names = names
        self._queue = _Queue(state.client("sqs", "provider", running), "sns.amazonaws.com", topic)
        state.client("sns", "provider", running).subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self._queue.arn,
            Attributes={"RawMessageDelivery": "true"})

    def look(self):
        """The notifications that arrived since the last look."""
        for at, body in self._queue.receive():
            message = json.loads(body)
            yield Moment(at, "SNS", f"provider: notification {message['event']} of "
                         f"{self._names[message['vpcEndpointId']]}")


class _Queue:
    def __init__(self, sqs, service, source):
        self._sqs = sqs
        self._url = sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage",
            "Resource": self.arn, "Condition": {"ArnEquals": {"aws:SourceArn": source}}}]}
        sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)})

    def receive(self):
        """All messages that wait: when each was sent, and its body."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, AttributeNames=["SentTimestamp"])
            if not answer.get("Messages"):
                return
            for message in answer["Messages"]:
                self._sqs.delete_message(QueueUrl=self._url,
                                         ReceiptHandle=message["ReceiptHandle"])
                milliseconds = int(message["Attributes"]["SentTimestamp"])
                yield datetime.fromtimestamp(milliseconds / 1000, timezone.utc), message["Body"]

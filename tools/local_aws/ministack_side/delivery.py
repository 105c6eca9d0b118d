"""Sending to a queue or a topic from inside ministack, with the checks of the API."""

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import sns, sqs


class Undeliverable(Exception):
    """A delivery that trying again would not help. `code` is EventBridge's own word."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def send_to_queue(queue_arn, body, group=None, attributes=None):
    """SendMessage, so that size, delay and FIFO rules hold as for any sender."""
    spec = parse_arn(queue_arn)
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        raise Undeliverable("NO_RESOURCE", f"queue {queue_arn} does not exist")
    request = {"MessageBody": body, "MessageAttributes": {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (attributes or {}).items()
    }}
    if group:
        request["MessageGroupId"] = group
    with request_scope(spec.account_id, spec.region):
        url = sqs._queue_name_to_url.get(spec.resource) or sqs._queue_url(spec.resource)
        request["QueueUrl"] = url
        try:
            sqs._act_send_message(request, url)
        except sqs._Err as refused:
            raise Undeliverable("SDK_CLIENT_ERROR", f"{queue_arn}: {refused}") from refused


def publish_to_topic(topic_arn, message, subject):
    """Publish as a service does."""
    try:
        published = sns.publish_internal(topic_arn, message, subject)
    except sns.SnsPublishError as refused:
        raise Undeliverable("SDK_CLIENT_ERROR", f"{topic_arn}: {refused}") from refused
    if published is None:
        raise Undeliverable("NO_RESOURCE", f"topic {topic_arn} does not exist")

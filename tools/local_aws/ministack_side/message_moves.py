"""SQS's redrive: StartMessageMoveTask and ListMessageMoveTasks.

A task is over when the call returns. As on AWS the source has to be some queue's dead-letter queue, and only what is
visible is moved; without a destination a message goes back to the queue that gave it up.
"""

import time

from ministack.core.concurrency import esm_wake
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import sqs

# By the source's ARN, the newest first.
_tasks = {}


def install():
    """Add the two actions to ministack's SQS."""
    sqs._HANDLERS.update({"StartMessageMoveTask": _start, "ListMessageMoveTasks": _list})


def _start(request, _url):
    arn = request.get("SourceArn", "")
    source = _queue(arn, "SourceArn")
    if not any(arn in str(queue["attributes"].get("RedrivePolicy", "")) for queue in _queues()):
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    wanted = request.get("DestinationArn")
    if wanted:
        _queue(wanted, "DestinationArn")
    now = time.time()
    moved, kept = [], []
    for message in source["messages"]:
        destination = wanted or message["sys"].get("DeadLetterQueueSourceArn")
        here = message["visible_at"] > now or not destination
        (kept if here else moved).append((message, destination))
    source["messages"] = [message for message, _ in kept]
    for message, destination in moved:
        # To the queue it is a new message: it has been received never, and sent now.
        system = {name: value for name, value in message["sys"].items() if name != "DeadLetterQueueSourceArn"}
        _queue(destination, "DestinationArn")["messages"].append(
            {**message, "sys": system, "receipt_handle": None, "receive_count": 0, "first_receive_at": None,
             "sent_at": now, "visible_at": now})
    esm_wake.set()
    task = {"TaskHandle": new_uuid(), "Status": "COMPLETED", "SourceArn": arn, "StartedTimestamp": int(now * 1000),
            "ApproximateNumberOfMessagesMoved": len(moved), "ApproximateNumberOfMessagesToMove": len(moved)}
    _tasks.setdefault(arn, []).insert(0, task | ({"DestinationArn": wanted} if wanted else {}))
    return {"TaskHandle": task["TaskHandle"]}


def _list(request, _url):
    arn = request.get("SourceArn", "")
    _queue(arn, "SourceArn")
    shown = [{name: value for name, value in task.items() if name != "TaskHandle"} for task in _tasks.get(arn, [])]
    return {"Results": shown[:int(request.get("MaxResults") or 1)]}


def _queues():
    scope = (get_account_id(), get_region())
    return [queue for key, queue in list(sqs._queues._data.items()) if key[:2] == scope]


def _queue(arn, field):
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException",
                       f"The resource that you specified for the {field} parameter doesn't exist.")
    return queue

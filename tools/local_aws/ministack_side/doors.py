"""The doors under /_local: events that AWS itself sends, and hands on the clock.

PutEvents refuses the sources that begin with "aws.", here as on AWS. An emulator of EC2
or Route 53 therefore posts the envelope it wants delivered. The envelope's own id, time
and account are kept: they are what a consumer dedupes and checks on.

    POST /_local/events             one envelope, delivered to the default bus
    POST /_local/schedules/fire     {"account", "region", "name", "group"?}: it runs now
    POST /_local/queues/release     {"account", "region", "name"}: what is delayed or in
                                    flight is visible now, as if its time had passed
    POST /_local/time               {"seconds"}: metrics' data and queues' messages are as much older, and
                                    alarms have been looked at each minute
    GET  /_local/asked              what IAM would have been asked: see ledger
    GET  /_local/activity           {"background": n, "queues": {"account/name": {"visible", "in_flight", "delayed"}}}:
                                    how many deliveries and invocations run or wait for their next
                                    attempt, and what stands in the queues
    GET, DELETE /_local/calls       how many calls, and whose: see call_counts
"""

import json
import logging
import re
import threading
import time

import ministack.app
from ministack.core.concurrency import active_counts, esm_wake
from ministack.core.responses import request_scope
from ministack.services import eventbridge as events
from ministack.services import sqs

from .. import ledger
from . import alarms, call_counts, schedules

logger = logging.getLogger("local_aws.doors")

_ACCOUNT = re.compile(r"\d{12}")
_REQUIRED = ("id", "detail-type", "source", "account", "time", "region", "detail")


class Refused(Exception):
    """What was posted cannot be used; the message says why."""


def install():
    """Put the doors in front of ministack's application."""
    ministack_application = ministack.app.app

    async def application(scope, receive, send):
        route = _ROUTES.get((scope.get("method"), scope.get("path")))
        if scope["type"] != "http" or route is None:
            await ministack_application(scope, receive, send)
            return
        body = await _body(receive)
        try:
            status, answer = 200, route(json.loads(body) if body else {})
        except (Refused, json.JSONDecodeError) as error:
            status, answer = 400, {"message": str(error)}
        await _answer(send, status, answer)

    ministack.app.app = application


def deliver(envelope):
    """Put an envelope on the default bus of its own account and region."""
    missing = [name for name in _REQUIRED if name not in envelope]
    if missing:
        raise Refused(f"the envelope lacks {', '.join(missing)}")
    account, region = envelope["account"], envelope["region"]
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise Refused(f"account {account!r} is not a string of twelve digits")
    record = {
        "Version": envelope.get("version", "0"),
        "EventId": envelope["id"],
        "Source": envelope["source"],
        "DetailType": envelope["detail-type"],
        "Detail": json.dumps(envelope["detail"]),
        "EventBusName": "default",
        "Time": envelope["time"],
        "Resources": envelope.get("resources", []),
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        events._ensure_default_bus()
        events._events_log_list().append(record)
        view = events._pattern_event_view(record)
        events._dispatch_event(record, view)
        events._archive_event(record, view)
    logger.info("%s %s of account %s", record["Source"],
                envelope["detail"].get("eventName", record["DetailType"]), account)
    return {"EventId": record["EventId"]}


def _fire(request):
    name = request.get("name")
    with request_scope(request.get("account", ""), request.get("region", "")):
        if not schedules.fire(name, request.get("group", "default")):
            raise Refused(f"there is no schedule {name} in that account and region")
    return {"Fired": name}


def _release(request):
    arn = f"arn:aws:sqs:{request.get('region')}:{request.get('account')}:{request.get('name')}"
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise Refused(f"there is no queue {arn}")
    now = time.time()
    waiting = [message for message in queue["messages"] if message["visible_at"] > now]
    for message in waiting:
        message["visible_at"] = now
    esm_wake.set()
    return {"Released": len(waiting)}


def _pass(request):
    seconds = request.get("seconds")
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= 7 * 86400:
        raise Refused(f"seconds is {seconds!r}, and has to be a number up to that of a week")
    alarms.let_time_pass(seconds)
    return {"Passed": seconds}


def _activity(_):
    # SNS starts a bare thread for a Lambda subscriber, which ministack's own count does not hold.
    notifying = sum(thread.name.endswith("(run)") for thread in threading.enumerate())
    background = active_counts()["background"] + notifying
    # After the deliveries: what has left them stands in a queue.
    return {"background": background, "queues": {
        "/".join(queue["attributes"]["QueueArn"].split(":")[4:]): _counts(queue) for _, queue in sqs._queues.all_items()}}


def _counts(queue):
    sqs._refresh_counts(queue)
    counts = {"visible": "", "in_flight": "NotVisible", "delayed": "Delayed"}
    return {name: int(queue["attributes"][f"ApproximateNumberOfMessages{kind}"]) for name, kind in counts.items()}


_ROUTES = {
    ("GET", "/_local/calls"): call_counts.counts,
    ("DELETE", "/_local/calls"): call_counts.forget,
    ("GET", "/_local/asked"): lambda _: ledger.entries(),
    ("GET", "/_local/activity"): _activity,
    ("POST", "/_local/events"): deliver,
    ("POST", "/_local/schedules/fire"): _fire,
    ("POST", "/_local/queues/release"): _release,
    ("POST", "/_local/time"): _pass,
}


async def _body(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send, status, answer):
    content = json.dumps(answer).encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]})
    await send({"type": "http.response.body", "body": content})

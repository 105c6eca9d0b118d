"""Every call of DynamoDB, SQS and the like that came in, counted: who made it, and what it was about.

    GET    /_local/calls   [{"account", "role", "service", "action", "about", "count"}]
    DELETE /_local/calls   start anew

`role` is the function's role, or empty for a call of somebody who is no function. `about` tells the writes of
DynamoDB apart: the part of the partition key before the first `#`.
"""

import collections
import json
import re
import threading

import ministack.app

_CREDENTIAL = re.compile(rb"Credential=([^/,\s]+)/")
# The services that name their action in a header: DynamoDB_20120810.Query, AmazonSQS.SendMessage.
_SERVICES = {"DynamoDB": "dynamodb", "AmazonSQS": "sqs"}

_guard = threading.Lock()
_counts = collections.Counter()


def install():
    """Look at each request before ministack does."""
    inner = ministack.app.app

    async def application(scope, receive, send):
        headers = dict(scope.get("headers", ())) if scope["type"] == "http" else {}
        name, _, action = headers.get(b"x-amz-target", b"").decode().partition(".")
        service = _SERVICES.get(name.split("_")[0])
        if service is None:
            await inner(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        account = _CREDENTIAL.search(headers.get(b"authorization", b""))
        role = headers.get(b"x-amz-security-token", b"").decode().rpartition("/")[2]
        about = _about(action, body) if service == "dynamodb" else ""
        with _guard:
            _counts[account[1].decode() if account else "", role, service, action, about] += 1
        await inner(scope, _again(body, receive), send)

    ministack.app.app = application


def counts(_):
    """What was counted since the start or the last `forget`."""
    names = ("account", "role", "service", "action", "about")
    with _guard:
        return [{**dict(zip(names, key, strict=True)), "count": count} for key, count in _counts.items()]


def forget(_):
    """Start counting anew."""
    with _guard:
        _counts.clear()
    return {}


def _again(body, receive):
    """What the application reads: the body as one piece, then whatever comes."""
    sent = []

    async def replay():
        if sent:
            return await receive()
        sent.append(True)
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _about(action, body):
    """The kind of item that a write is about; one call counts once, by the first item that it writes."""
    if action not in ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"):
        return ""
    request = json.loads(body)
    if action == "TransactWriteItems":
        request = next(iter((request.get("TransactItems") or [{}])[0].values()), {})
    key = (request.get("Item") or request.get("Key") or {}).get("pk", {}).get("S", "")
    return key.partition("#")[0]

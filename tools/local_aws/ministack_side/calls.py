"""The API calls of functions: whose they are, and what IAM would be asked for them.

A function signs with its account's number and says its role in the session token. Calls without a role, those of
tests and of people, are not of interest.
"""

import json
import re

import ministack.app

from .. import ledger

_SCOPE = re.compile(rb"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/")
_ROLE = b"role:"
_PATHS = {("GET", "/2015-03-31/functions"): "ListFunctions"}


def install():
    """Look at each request before ministack does."""
    ministack_application = ministack.app.app

    async def application(scope, receive, send):
        headers = dict(scope.get("headers") or ())
        token = headers.get(b"x-amz-security-token", b"")
        signed = _SCOPE.search(headers.get(b"authorization", b""))
        if token.startswith(_ROLE) and signed:
            body = await _body(receive)
            _note(token.removeprefix(_ROLE).decode(), signed, scope["method"], scope["path"].rstrip("/"), headers, body)
            receive = _again(body, receive)
        await ministack_application(scope, receive, send)

    ministack.app.app = application


def _note(role, signed, method, path, headers, body):
    region, service = (part.decode() for part in signed.groups())
    # DynamoDB_20120810.PutItem, AmazonSQS.SendMessage; Lambda's API has paths.
    action = headers.get(b"x-amz-target", b"").decode().rpartition(".")[2] or _PATHS.get((method, path), f"{method} {path}")
    parameters = json.loads(body) if body and b"json" in headers.get(b"content-type", b"") else {}
    ledger.add_call(role, service, action, parameters, region, granted=True)


async def _body(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body, receive):
    """What the application reads: the body in one piece, then whatever comes."""
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed():
        return first.pop() if first else await receive()

    return replayed

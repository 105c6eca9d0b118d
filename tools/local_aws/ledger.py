"""What IAM would have been asked since the start, once for each kind of question.

Each emulator keeps a ledger in its own process and shows it at `GET /_local/asked`. Neither asks IAM: tests/iam
does, afterwards, with the policies that were deployed.
"""

import json
import re
import threading
import time
from typing import Any

from .authorization import Asked, UnknownCall, asked

# Two calls that differ in nothing but such ids ask the same thing of every policy that can be written beforehand.
_IDS = re.compile(r"\b(vpce-svc|vpce|vpc|eni|subnet)-[0-9a-f]{8,}|\bZ[0-9A-Z]{10,}|(?<=#).+")

_guard = threading.Lock()
_entries: dict[str, dict[str, Any]] = {}


def add_call(principal: str, service: str, action: str, parameters: dict[str, Any], region: str, **more: Any) -> None:
    """Note what a call asks for that the role `principal` made."""
    account = principal.split(":")[4]
    try:
        questions = asked(service, action, parameters, account, region)
    except (UnknownCall, KeyError, TypeError, ValueError) as unknown:
        # The call itself goes on: that nobody can say what it asks for is told by the one who judges.
        add(principal, Asked(f"{service}:{action}", f"unknown: {unknown!r}", account), **more)
        return
    for question in questions:
        add(principal, question, **more)


def add(principal: str, question: Asked, **more: Any) -> None:
    """Note one question; `more` is what the one who asks wants to know of it later."""
    # A copy: a policy in it may change, or go with its resource, before anybody reads this.
    entry = json.loads(json.dumps({"principal": principal, **vars(question), **more}))
    kind = json.dumps(_masked(entry), sort_keys=True)
    with _guard:
        known = _entries.setdefault(kind, {**entry, "at": time.time(), "times": 0, "keys": 0})
        known["times"] += 1
        # How many keys of DynamoDB all these calls named: what reading them costs.
        known["keys"] += len(question.context.get("dynamodb:LeadingKeys", ()))


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        # As many ids of one kind as there may be, they are of one kind.
        masked = [_masked(one) for one in value]
        return [one for at, one in enumerate(masked) if one not in masked[:at]]
    return _IDS.sub("…", value) if isinstance(value, str) else value


def entries() -> list[dict[str, Any]]:
    with _guard:
        return [dict(entry) for entry in _entries.values()]

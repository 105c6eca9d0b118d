"""Every API call since the start, for tests that count calls or look at their parameters."""

import collections
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from . import settings


@dataclass(frozen=True)
class Call:
    """One API call as it came in."""

    at: str
    account: str
    service: str
    action: str
    parameters: dict[str, Any]
    # The ARN of who made it.
    caller: str = ""

    @classmethod
    def now(cls, account: str, service: str, action: str, parameters: dict[str, Any], caller: str) -> "Call":
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return cls(at, account, service, action, parameters, caller)


_guard = threading.Lock()
_entries: list[dict[str, Any]] = []


def add(call: Call, status: int, error: str | None) -> None:
    """A call that a fault answered counts like any other: the caller did send it."""
    with _guard:
        _entries.append({**vars(call), "status": status, "error": error})


def entries() -> list[dict[str, Any]]:
    with _guard:
        return list(_entries)


def counts() -> list[dict[str, Any]]:
    """How many calls of each kind: for so many calls that nobody wants to look at each."""
    names = ("account", "caller", "service", "action", "error")
    with _guard:
        counted = collections.Counter(tuple(entry[name] for name in names) for entry in _entries)
    return [{**dict(zip(names, key, strict=True)), "count": count} for key, count in counted.items()]


@settings.on_reset
def clear() -> None:
    with _guard:
        _entries.clear()

"""Calls that fail on purpose: a list of faults, each used up after so many matching calls."""

import threading
from dataclasses import asdict, dataclass, fields
from typing import Any

from . import settings
from .call_log import Call


@dataclass
class Fault:
    """What to answer instead of the truth, and how often."""

    service: str
    action: str
    account: str | None = None
    # Without a code the call is only delayed and then answered as ever.
    code: str | None = None
    message: str = "injected by the local AWS"
    status: int = 400
    times: int = 1
    # Held back this long before the answer, as a slow or congested service would.
    delay_seconds: float = 0.0
    # The call takes effect and only its answer is lost: what a client sees when the connection breaks.
    applied: bool = False

    def matches(self, call: Call) -> bool:
        return (
            self.times > 0
            and self.service == call.service
            and self.action == call.action
            and self.account in (None, call.account)
        )


_guard = threading.Lock()
_faults: list[Fault] = []


def replace(wanted: list[dict[str, Any]]) -> None:
    """Put a new list in the place of the old one."""
    known = {field.name for field in fields(Fault)}
    for fault in wanted:
        if unknown := sorted(set(fault) - known):
            raise ValueError(f"a fault has no {', '.join(unknown)}")
        if not {"service", "action"} <= set(fault):
            raise ValueError("a fault needs a service and an action")
    with _guard:
        _faults[:] = [Fault(**fault) for fault in wanted]


def remaining() -> list[dict[str, Any]]:
    with _guard:
        return [asdict(fault) for fault in _faults if fault.times > 0]


def take(call: Call) -> Fault | None:
    """The first fault that matches, one use of it spent."""
    with _guard:
        for fault in _faults:
            if fault.matches(call):
                fault.times -= 1
                return fault
    return None


@settings.on_reset
def clear() -> None:
    with _guard:
        _faults.clear()

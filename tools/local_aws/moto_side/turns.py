"""Route 53 works on one change batch of a zone at a time, and refuses the one that comes meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .call_log import Call
from .errors import AwsError
from .settings import SETTINGS

_guard = threading.Lock()
# The zones whose batch is being worked on.
_busy: set[str] = set()


@contextmanager
def of(call: Call) -> Iterator[AwsError | None]:
    """Gives what refuses this call, if anything does. A batch keeps its zone for `change_seconds`, and is answered
    after them, so that two batches overlap only if the second is sent before the first is answered."""
    zone = str(call.parameters.get("HostedZoneId", "")).split("/")[-1]
    if (call.service, call.action) != ("route53", "ChangeResourceRecordSets") or not SETTINGS.change_seconds:
        yield None
        return
    with _guard:
        taken = zone in _busy
        _busy.add(zone)
    if taken:
        words = "The request was rejected because Route 53 was still processing a prior request."
        yield AwsError("PriorRequestNotComplete", words)
        return
    try:
        time.sleep(SETTINGS.change_seconds)
        yield None
    finally:
        with _guard:
            _busy.discard(zone)

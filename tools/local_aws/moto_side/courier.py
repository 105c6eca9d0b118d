"""Deliveries to the other emulator: after a delay, in the background, tried again when they fail."""

import heapq
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import settings

# Each retry waits twice as long as the one before, the first a quarter of a second: about 8 seconds in all.
_ATTEMPTS = 6
_FIRST_WAIT = 0.25


def ministack_url() -> str | None:
    """Where the other emulator listens; without it nothing is delivered and trust policies are not read."""
    return os.environ.get("LOCAL_AWS_MINISTACK_URL", "").rstrip("/") or None


@dataclass(order=True)
class _Delivery:
    due: float
    number: int
    what: str = field(compare=False)
    send: Callable[[], None] = field(compare=False)
    epoch: int = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Courier:
    """One thread keeps the time and a few workers send, since a receiver may answer only after a Lambda ran."""

    def __init__(self) -> None:
        self._queue: list[_Delivery] = []
        self._wake = threading.Condition()
        self._numbers = itertools.count()
        self._epoch = 0
        self._unfinished = 0
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="courier")
        self._clock: threading.Thread | None = None

    def send_later(self, seconds: float, what: str, send: Callable[[], None]) -> None:
        """Call `send` after that long; `what` names the delivery when it has to be reported."""
        with self._wake:
            if self._clock is None:
                self._clock = threading.Thread(target=self._keep_time, name="courier-clock", daemon=True)
                self._clock.start()
            self._unfinished += 1
            self._push(_Delivery(time.monotonic() + seconds, next(self._numbers), what, send, self._epoch))

    def unfinished(self) -> int:
        """How many deliveries are still to come, those under way included."""
        with self._wake:
            return self._unfinished

    def forget(self) -> None:
        """Drop what is queued: a reset must not be followed by events of the time before it."""
        with self._wake:
            self._epoch += 1
            self._unfinished -= len(self._queue)
            self._queue.clear()

    def _push(self, delivery: _Delivery) -> None:
        heapq.heappush(self._queue, delivery)
        self._wake.notify()

    def _keep_time(self) -> None:
        while True:
            with self._wake:
                while not self._queue or self._queue[0].due > time.monotonic():
                    self._wake.wait(self._queue[0].due - time.monotonic() if self._queue else None)
                delivery = heapq.heappop(self._queue)
            self._workers.submit(self._deliver, delivery)

    def _deliver(self, delivery: _Delivery) -> None:
        try:
            delivery.send()
        except Exception as failure:
            self._failed(delivery, failure)
            return
        with self._wake:
            self._unfinished -= 1

    def _failed(self, delivery: _Delivery, failure: Exception) -> None:
        last = delivery.attempt >= _ATTEMPTS
        words = f"{delivery.what} was not delivered (attempt {delivery.attempt} of {_ATTEMPTS}): {failure}"
        print(words + ("; given up" if last else ""), file=sys.stderr, flush=True)
        with self._wake:
            if last or delivery.epoch != self._epoch:
                self._unfinished -= 1
                return
            delivery.due = time.monotonic() + _FIRST_WAIT * 2 ** (delivery.attempt - 1)
            delivery.attempt += 1
            self._push(delivery)


COURIER = Courier()
settings.on_reset(COURIER.forget)

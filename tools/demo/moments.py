"""Showing what happens while it happens, from sources that only look."""

import time
from dataclasses import dataclass
from datetime import datetime, timezone

from . import screen

_SECONDS_BETWEEN_LOOKS = 0.1
# Sources learn of things a little late; within this time moments are put into order.
_SECONDS_HELD_BACK = 0.7


@dataclass(frozen=True)
class Moment:
    """Something that happened."""

    at: datetime
    source: str
    text: str


class Watch:
    """Looks at all sources in turn, and shows what is new in the order in which it happened."""

    def __init__(self, sources):
        self._sources = sources
        self._held_back = []
        self._start = now()

    def begin(self):
        """Count seconds from here on."""
        self._start = now()
        screen.head()

    def note(self, source, text):
        """Something that the demo does itself, now."""
        self._held_back.append(Moment(now(), source, text))

    def until(self, condition, seconds):
        """Watch until the condition holds, and say whether it did in time."""
        deadline = time.monotonic() + seconds
        while True:
            self._look()
            held = condition()
            if held or time.monotonic() > deadline:
                # What led to it may have been noted after the last look.
                self._look()
                self._show(everything=True)
                return held
            self._show()
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _look(self):
        for source in self._sources:
            self._held_back.extend(source.look())

    def _show(self, everything=False):
        self._held_back.sort(key=lambda moment: moment.at)
        ripe = now().timestamp() - _SECONDS_HELD_BACK
        while self._held_back and (everything or self._held_back[0].at.timestamp() < ripe):
            moment = self._held_back.pop(0)
            screen.moment((moment.at - self._start).total_seconds(), moment.source, moment.text)


def now():
    """The clock that all sources share: everything runs on this machine."""
    return datetime.now(timezone.utc)


def moment_of(text):
    """An instant as AWS and the journal write it, which may have nanoseconds."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{fraction[:6]:0<6}+00:00")

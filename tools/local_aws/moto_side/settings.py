"""The knobs of the local AWS, the lock over its state, and what a reset must clear."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

# moto's state is plain dictionaries without locks of their own. Every call that reads or changes it runs under
# this one lock; the interpreter runs one thread at a time anyway, so nothing is lost by it.
LOCK = threading.RLock()


@dataclass
class Settings:
    """Changed at run time through PUT /_local/settings."""

    # How long an endpoint stays `pending` once accepted or modified, and `deleting` once deleted.
    accept_seconds: float = 1.0
    # How long after the call its CloudTrail event reaches EventBridge. AWS needs seconds to minutes.
    cloudtrail_seconds: float = 0.3
    # CloudTrail is best effort; false loses every event.
    cloudtrail: bool = True
    # Which share of the events is lost, and which share of the others comes twice: 0 to 1.
    cloudtrail_lost: float = 0.0
    cloudtrail_doubled: float = 0.0
    # EC2 and Route 53 may answer an empty page that carries a token; true makes every listing begin with one.
    empty_first_page: bool = False
    # The most items on a page, whatever the caller asked for; null leaves the caller's own limit.
    page_size: int | None = None
    # How long a Route 53 change stays PENDING.
    insync_seconds: float = 0.5
    # How long Route 53 works on a change batch; one of the same zone that comes meanwhile is refused. 0 refuses none.
    change_seconds: float = 0.0
    # ListHostedZonesByVPC for a VPC of somebody else: InvalidVPCId instead of AccessDenied. Nobody knows which it is.
    foreign_vpc_is_invalid: bool = False
    # Route 53's requests a second in each account, and how many at once; AWS has 10 and 50, 0 means no quota.
    route53_per_second: float = 0.0
    route53_burst: float = 50.0

    def update(self, changes: dict[str, Any]) -> None:
        """Set some of the knobs; an unknown name or a value of the wrong kind changes nothing."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"no such setting: {', '.join(unknown)}")
        for name, value in changes.items():
            kind = type(getattr(Settings, name))
            if kind is bool and not isinstance(value, bool):
                raise ValueError(f"{name} is true or false")
            if kind is float and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
                raise ValueError(f"{name} is a number of seconds")
            if name == "page_size" and not (value is None or (type(value) is int and value > 0)):
                raise ValueError("page_size is a positive number or null")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


SETTINGS = Settings()

_resets: list[Callable[[], None]] = []


def on_reset(clear: Callable[[], None]) -> Callable[[], None]:
    """Register what POST /_local/reset must clear besides moto's own state."""
    _resets.append(clear)
    return clear


@on_reset
def _defaults() -> None:
    SETTINGS.update(asdict(Settings()))


def reset() -> None:
    """Back to the state after the launch: no resources, no calls, no faults, the settings' defaults."""
    from moto.moto_api._internal.models import moto_api_backend

    with LOCK:
        moto_api_backend.reset()
        for clear in _resets:
            clear()

"""Route 53's request quota: one token bucket for each account."""

import threading
import time

from .settings import SETTINGS, on_reset

_LOCK = threading.Lock()
# By account: tokens left, and when that was counted.
_buckets: dict[str, tuple[float, float]] = {}


def refuses(service: str, account: str) -> bool:
    """Whether a call comes when its account has used up its requests; if not, it uses up one."""
    rate = SETTINGS.route53_per_second
    if service != "route53" or rate == 0:
        return False
    now = time.monotonic()
    with _LOCK:
        left, counted = _buckets.get(account, (SETTINGS.route53_burst, now))
        left = min(SETTINGS.route53_burst, left + (now - counted) * rate)
        _buckets[account] = (left - 1 if left >= 1 else left, now)
        return left < 1


def fill() -> None:
    """Start anew: a change of the quota, or a reset."""
    with _LOCK:
        _buckets.clear()


on_reset(fill)

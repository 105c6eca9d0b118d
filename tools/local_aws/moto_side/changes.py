"""Route 53's changes: PENDING until every name server has it, then INSYNC."""

import secrets
import time
from datetime import datetime, timezone
from typing import Any

from . import settings
from .errors import AwsError

# change id -> the account that made it, what was answered, and when it was made.
_changes: dict[str, tuple[str, dict[str, Any], float]] = {}
settings.on_reset(_changes.clear)


def begin(account: str, comment: str | None = None) -> dict[str, Any]:
    """The ChangeInfo of a new change."""
    change_id = "C" + secrets.token_hex(10).upper()
    info = {
        "Id": f"/change/{change_id}",
        "Status": "PENDING",
        "SubmittedAt": datetime.now(timezone.utc).replace(tzinfo=None),
        "Comment": comment,
    }
    _changes[change_id] = (account, info, time.monotonic())
    return info


def info_of(account: str, change_id: str) -> dict[str, Any]:
    """The ChangeInfo as it is now."""
    bare = change_id.split("/")[-1]
    owner, info, begun = _changes.get(bare, ("", {}, 0.0))
    if owner != account:
        raise AwsError("NoSuchChange", f"A change with the id {bare} could not be found.", 404)
    done = time.monotonic() - begun >= settings.SETTINGS.insync_seconds
    return info | {"Status": "INSYNC" if done else "PENDING"}

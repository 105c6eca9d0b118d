"""The control plane under /_local: settings, faults, the call log, fleets, sessions, reset. AWS has nothing like it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from .. import ledger
from . import accounts, call_log, faults, fleet, profiles
from .courier import COURIER
from .settings import SETTINGS, reset

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_STATUS = {200: "200 OK", 400: "400 Bad Request", 404: "404 Not Found"}


def with_control(application: Wsgi) -> Wsgi:
    """Answer what begins with /_local and leave the rest to moto."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/_local/"):
            return application(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(length) if length else b""
        status, result = _route(environ["REQUEST_METHOD"], path, sent)
        body = json.dumps(result).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(_STATUS[status], headers)
        return [body]

    return answer


def _route(method: str, path: str, sent: bytes) -> tuple[int, Any]:
    action = _ROUTES.get((method, path))
    if action is None:
        return 404, {"error": f"no {method} {path}", "routes": sorted(" ".join(route) for route in _ROUTES)}
    try:
        return 200, action(json.loads(sent) if sent else None)
    except (ValueError, TypeError, KeyError) as mistake:
        return 400, {"error": str(mistake)}


def _put_settings(sent: Any) -> Any:
    SETTINGS.update(sent)
    return SETTINGS.as_json()


def _put_faults(sent: Any) -> Any:
    faults.replace(sent)
    return faults.remaining()


def _delete_calls(_: Any) -> Any:
    call_log.clear()
    return {}


def _delete_faults(_: Any) -> Any:
    faults.clear()
    return {}


def _post_reset(_: Any) -> Any:
    reset()
    return {}


def _post_sessions(sent: Any) -> Any:
    """Keys for a role as an AWS service gets them for its function: without AssumeRole by anybody's account."""
    session = accounts.open_session(sent["role_arn"], sent.get("session_name", "local"))
    return {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": "local",
        "SessionToken": "local",
        "Arn": session.arn,
    }


_ROUTES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("GET", "/_local/health"): lambda _: {"status": "ok"},
    ("GET", "/_local/calls"): lambda _: call_log.entries(),
    ("GET", "/_local/calls/counts"): lambda _: call_log.counts(),
    ("DELETE", "/_local/calls"): _delete_calls,
    ("POST", "/_local/fleet"): fleet.make,
    ("GET", "/_local/asked"): lambda _: ledger.entries(),
    ("GET", "/_local/settings"): lambda _: SETTINGS.as_json(),
    ("PUT", "/_local/settings"): _put_settings,
    ("GET", "/_local/faults"): lambda _: faults.remaining(),
    ("PUT", "/_local/faults"): _put_faults,
    ("DELETE", "/_local/faults"): _delete_faults,
    ("PUT", "/_local/profiles"): profiles.replace,
    ("GET", "/_local/deliveries"): lambda _: {"unfinished": COURIER.unfinished()},
    ("POST", "/_local/sessions"): _post_sessions,
    ("POST", "/_local/reset"): _post_reset,
}

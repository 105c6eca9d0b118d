"""Route 53 Profiles, which moto does not have: whom they serve and which zones they bring, as far as reads show.

There are no calls to make them. PUT /_local/profiles says what there is:

    [{"account": "222222222222", "vpc": "vpc-…", "profile": "rp-…", "zones": ["Z…"]}]
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from . import settings

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_CREDENTIAL = re.compile(r"Credential=(?:ASIA)?(\d{12})[^/]*/\d{8}/[^/]+/route53profiles/")
_RESOURCES = re.compile(r"/profileresourceassociations/profileid/([^/]+)")
_FIELDS = {"account", "vpc", "profile", "zones"}

_profiles: list[dict[str, Any]] = []
settings.on_reset(_profiles.clear)


def replace(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put a new list in the place of the old one."""
    for one in wanted:
        if set(one) != _FIELDS:
            raise ValueError(f"a profile has {', '.join(sorted(_FIELDS))}")
    _profiles[:] = wanted
    return _profiles


def with_profiles(application: Wsgi) -> Wsgi:
    """Answer what is signed for this service and leave the rest to moto."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return application(environ, start_response)
        status, result = _answer(signed[1], environ)
        body = json.dumps(result).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _answer(account: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    path, query = environ.get("PATH_INFO", ""), parse_qs(environ.get("QUERY_STRING", ""))
    ours = [one for one in _profiles if one["account"] == account]
    if path == "/profileassociations":
        wanted = query.get("resourceId", [None])[0]
        found = [one for one in ours if wanted in (None, one["vpc"])]
        return "200 OK", {"ProfileAssociations": [
            {"ProfileId": one["profile"], "ResourceId": one["vpc"], "Status": "COMPLETE"} for one in found]}
    if match := _RESOURCES.fullmatch(path):
        found = [one for one in ours if one["profile"] == match[1]]
        if not found:
            return "404 Not Found", {"__type": "ResourceNotFoundException", "Message": f"no profile {match[1]}"}
        return "200 OK", {"ProfileResourceAssociations": [
            {"ProfileId": match[1], "ResourceArn": f"arn:aws:route53:::hostedzone/{zone}", "Status": "COMPLETE",
             "ResourceType": "HOSTED_ZONE"} for zone in found[0]["zones"]]}
    return "400 Bad Request", {"__type": "ValidationException", "Message": f"not emulated: {path}"}

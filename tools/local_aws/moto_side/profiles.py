"""Route 53 Profiles, which moto does not have: whom they serve and which zones they bring, as far as reads show.

There are no calls to make them. PUT /_local/profiles says what there is, and optionally which associations are not
COMPLETE:

    [{"account": "222222222222", "vpc": "vpc-…", "profile": "rp-…", "zones": ["Z…"], "status": "DELETING"}]

The form of requests and answers is botocore's (route53profiles 2018-05-10). What a request must not have is refused as
AWS refuses it.
"""

import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.route53.models import route53_backends

from .. import ledger
from . import accounts, call_log, faults, paging, settings
from .errors import AwsError

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Items = list[dict[str, Any]]

_SIGNED = re.compile(r"/route53profiles/aws4_request")
_REGION = re.compile(r"/\d{8}/([^/]+)/route53profiles/")
_RESOURCES = re.compile(r"/profileresourceassociations/profileid/([^/]+)")
_FIELDS = {"account", "vpc", "profile", "zones"}
_MOST = 100
_LONGEST_ID = 64
# What a request may ask with.
_ASKED = {
    "ListProfileAssociations": {"resourceId", "profileId", "maxResults", "nextToken"},
    "ListProfileResourceAssociations": {"resourceType", "maxResults", "nextToken"},
}

_profiles: list[dict[str, Any]] = []
settings.on_reset(_profiles.clear)


def replace(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put a new list in the place of the old one."""
    for one in wanted:
        if set(one) - {"status"} != _FIELDS:
            raise ValueError(f"a profile has {', '.join(sorted(_FIELDS))}, and perhaps a status")
    _profiles[:] = wanted
    return _profiles


def with_profiles(application: Wsgi) -> Wsgi:
    """Answer what is signed for this service and leave the rest to moto."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        caller = accounts.caller_of(authorization, environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))
        if caller is None or not _SIGNED.search(authorization):
            return application(environ, start_response)
        action, parameters = _read(environ)
        call = call_log.Call.now(caller.account, "route53profiles", action, parameters, caller.arn)
        status, result = _answer(call)
        call_log.add(call, status, result.get("__type"))
        if caller.session:
            region = _REGION.search(authorization)
            ledger.add_call(caller.principal_arn, call.service, action, parameters, region[1] if region else "",
                            granted=True)
        body = json.dumps(result).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if "__type" in result:
            headers.append(("x-amzn-ErrorType", result["__type"]))
        start_response(f"{status} {'OK' if status < 400 else 'Refused'}", headers)
        return [body]

    return answer


def _read(environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The action and what it asks with."""
    path = unquote(environ.get("PATH_INFO", ""))
    asked = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if environ.get("REQUEST_METHOD") == "GET" and path == "/profileassociations":
        return "ListProfileAssociations", asked
    match = _RESOURCES.fullmatch(path)
    if environ.get("REQUEST_METHOD") == "GET" and match:
        return "ListProfileResourceAssociations", asked | {"ProfileId": match[1]}
    return f"{environ.get('REQUEST_METHOD')} {path}", asked


def _answer(call: call_log.Call) -> tuple[int, dict[str, Any]]:
    fault = faults.take(call)
    if fault and fault.delay_seconds:
        time.sleep(fault.delay_seconds)
    try:
        if fault and fault.code:
            raise AwsError(fault.code, fault.message, fault.status)
        return 200, _listed(call)
    except AwsError as refused:
        return refused.status, {"__type": refused.code, "Message": refused.message}


def _listed(call: call_log.Call) -> dict[str, Any]:
    asked = call.parameters
    _check(call.action, asked)
    # Shared ones are seen by those with whom they are shared.
    ours = [one for one in _profiles if one["account"] == call.account]
    if call.action == "ListProfileAssociations":
        wanted = [one for one in ours if asked.get("resourceId") in (None, one["vpc"])]
        wanted = [one for one in wanted if asked.get("profileId") in (None, one["profile"])]
        return _page("ProfileAssociations", [_association(one) for one in wanted], asked)
    found = [one for one in ours if one["profile"] == asked["ProfileId"]]
    if not found:
        raise AwsError("ResourceNotFoundException", f"no profile {asked['ProfileId']}", 404)
    zones = found[0]["zones"] if asked.get("resourceType") in (None, "HOSTED_ZONE") else []
    return _page("ProfileResourceAssociations", [_resource(found[0], zone) for zone in zones], asked)


def _check(action: str, asked: dict[str, Any]) -> None:
    if action not in _ASKED:
        raise AwsError("ValidationException", f"not emulated: {action}", 400)
    if unknown := sorted(set(asked) - _ASKED[action] - {"ProfileId"}):
        raise AwsError("ValidationException", f"{action} has no {', '.join(unknown)}", 400)
    for name in {"resourceId", "profileId", "ProfileId"} & set(asked):
        if not 1 <= len(asked[name]) <= _LONGEST_ID:
            raise AwsError("ValidationException", f"{name} has 1 to {_LONGEST_ID} letters", 400)
    most = asked.get("maxResults", "1")
    if not most.isdigit() or not 1 <= int(most) <= _MOST:
        raise AwsError("ValidationException", f"maxResults is 1 to {_MOST}", 400)


def _association(one: dict[str, Any]) -> dict[str, Any]:
    return {"Id": f"rpassoc-{one['profile'].removeprefix('rp-')}", "Name": "local", "OwnerId": one["account"],
            "ProfileId": one["profile"], "ResourceId": one["vpc"], "Status": one.get("status", "COMPLETE")}


def _resource(one: dict[str, Any], zone: str) -> dict[str, Any]:
    return {"Id": f"rpr-{zone.lower()}", "Name": "local", "OwnerId": _owner(zone) or one["account"],
            "ProfileId": one["profile"], "ResourceArn": f"arn:aws:route53:::hostedzone/{zone}",
            "ResourceType": "HOSTED_ZONE", "Status": "COMPLETE"}


def _owner(zone: str) -> str | None:
    """The account that owns a zone: it alone can put it into a Profile (believed: a private zone cannot be shared)."""
    with settings.LOCK:
        owners = [account for account, backends in route53_backends.items() if zone in backends["aws"].zones]
    return owners[0] if owners else None


def _page(name: str, items: Items, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        start = paging.decode(asked["nextToken"]) if "nextToken" in asked else 0
    except ValueError:
        raise AwsError("InvalidNextTokenException", "the token is invalid", 400) from None
    end = start + paging.page_limit(int(asked["maxResults"]) if "maxResults" in asked else None, _MOST)
    return {name: items[start:end]} | ({"NextToken": paging.encode(end)} if end < len(items) else {})

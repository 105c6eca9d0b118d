"""Pages for EC2's Describe calls, which moto mostly answers whole, and the empty first page that AWS permits.

A page may be empty and still carry a token: EC2 cuts pages before it applies the filters. A client that stops at
an empty page therefore misses things, and `empty_first_page` makes that mistake visible on every listing.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import botocore.session
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ec2.responses import EC2Response

from .errors import AwsError
from .settings import SETTINGS

_MOST = 1000
_LEAST = {"DescribeVpcEndpointConnections": 5, "DescribeNetworkInterfaces": 5}

# Listings that are cut at an id rather than at a number, so that what is created or deleted between two pages
# neither hides an item nor shows it twice.
_BY_ID = {
    "DescribeVpcEndpoints": ("VpcEndpointId", "id"),
    "DescribeVpcEndpointConnections": ("VpcEndpointId", "id"),
    "DescribeNetworkInterfaces": ("NetworkInterfaceId", "id"),
}


def encode(position: Any) -> str:
    """A token that the caller is not meant to read."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def decode(token: str) -> Any:
    """The position in a token; ValueError for one that we never gave out."""
    return json.loads(base64.urlsafe_b64decode(token.encode()))


def page_limit(asked: int | None, most: int) -> int:
    """How many items this page may have."""
    return min(asked or most, most, SETTINGS.page_size or most)


def _paged(action: str, result_key: str, method: Callable[[EC2Response], ActionResult]) -> Callable[..., ActionResult]:
    def describe(self: EC2Response) -> ActionResult:
        token = self.params.pop("NextToken", None)
        # moto's own paging, where it has one, must not cut what is cut here.
        asked = self.params.pop("MaxResults", None)
        if asked is not None and int(asked) < _LEAST.get(action, 1):
            words = f"Value ({asked}) for parameter maxResults is invalid. Expecting a value greater than or equal to"
            raise AwsError("InvalidParameterValue", f"{words} {_LEAST.get(action, 1)}.")
        if action == "DescribeNetworkInterfaces" and asked and self.params.get("NetworkInterfaceIds"):
            words = "The parameter networkInterfaceIds cannot be used with the parameter maxResults"
            raise AwsError("InvalidParameterCombination", words)
        answer = method(self)
        whole = answer.result
        if not isinstance(whole, dict):
            return answer
        items = list(whole.get(result_key) or [])
        position = _position(action, token)
        if token is None and SETTINGS.empty_first_page:
            return ActionResult(whole | {result_key: [], "NextToken": encode({"of": action, "after": None})})
        page, last = _cut(action, items, position, page_limit(int(asked) if asked else None, _MOST))
        next_token = None if last is None else encode({"of": action, "after": last})
        return ActionResult(whole | {result_key: page, "NextToken": next_token})

    describe.__name__ = method.__name__
    return describe


def _position(action: str, token: str | None) -> Any:
    if token is None:
        return None
    try:
        position = decode(token)
        if position["of"] == action:
            return position["after"]
    except (ValueError, KeyError, TypeError):
        pass
    raise AwsError("InvalidNextToken", f"The token '{token}' is invalid")


def _cut(action: str, items: list[Any], after: Any, limit: int) -> tuple[list[Any], Any]:
    """One page, and the position to go on from if something is left."""
    if action not in _BY_ID:
        start = after or 0
        end = start + limit
        return items[start:end], (end if end < len(items) else None)
    names = _BY_ID[action]

    def key(item: Any) -> str:
        return item[names[0]] if isinstance(item, dict) else getattr(item, names[1])

    rest = sorted((item for item in items if after is None or key(item) > after), key=key)
    page = rest[:limit]
    return page, (key(page[-1]) if len(rest) > limit else None)


def install() -> None:
    """Wrap every Describe that botocore says can be paged and that moto has."""
    model = botocore.session.get_session().get_service_model("ec2")
    paginators = botocore.session.get_session().get_paginator_model("ec2")
    for action in model.operation_names:
        method = getattr(EC2Response, camelcase_to_underscores(action), None)
        if not action.startswith("Describe") or method is None:
            continue
        try:
            result_key = paginators.get_paginator(action)["result_key"]
        except ValueError:
            continue
        # A few calls give two lists; they come in step, and the first one decides where a page ends.
        if isinstance(result_key, str):
            setattr(EC2Response, camelcase_to_underscores(action), _paged(action, result_key, method))

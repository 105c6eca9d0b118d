"""How CloudTrail writes the requests and answers of EC2 and Route 53 into a record.

EC2 speaks a query protocol with XML answers, and the record shows the marks of that: every action is wrapped in a
key of its own name, a list of one element collapses to the element, an empty list is an empty string, and values
that look like a number or a truth value become one. The owner's account is therefore a JSON number, and one with
a leading zero arrives damaged.
"""

import re
from typing import Any
from xml.etree import ElementTree

_NUMBER = re.compile(r"-?\d{1,18}")
_EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


def coerce(text: str) -> Any:
    """The value an XML-to-JSON converter makes of an element's text."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if _NUMBER.fullmatch(text) else text


def ec2_request(action: str, query: dict[str, str]) -> dict[str, Any]:
    """requestParameters: the query's own names, `SubnetId.1` and `SubnetId.2` gathered under `SubnetId`."""
    tree: dict[str, Any] = {}
    for name, value in query.items():
        if name in ("Action", "Version"):
            continue
        *path, last = name.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[last] = value
    return {f"{action}Request": {name: _request_value(value) for name, value in tree.items()}}


def _request_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return coerce(value)
    if not all(name.isdigit() for name in value):
        return {name: _request_value(item) for name, item in value.items()}
    items = [_request_item(int(number), value[number]) for number in sorted(value, key=int)]
    return items[0] if len(items) == 1 else items


def _request_item(number: int, value: Any) -> dict[str, Any]:
    """Every element carries its place in the list as `tag`, a plain one its value as `content`."""
    if isinstance(value, dict):
        return {name: _request_value(item) for name, item in value.items()} | {"tag": number}
    return {"tag": number, "content": coerce(value)}


def ec2_response(action: str, body: str) -> dict[str, Any]:
    """responseElements: the XML answer turned into JSON element by element."""
    root = ElementTree.fromstring(body)
    return {f"{action}Response": {"xmlns": _EC2_NAMESPACE, **(_element(root) or {})}}


def _element(element: ElementTree.Element) -> Any:
    children = list(element)
    if not children:
        return coerce(element.text or "")
    found: dict[str, list[Any]] = {}
    for child in children:
        found.setdefault(child.tag.split("}")[-1], []).append(_element(child))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def route53_request(parameters: Any) -> Any:
    """Route 53's records keep the API's structure; only the first letter of each name is lower, hence `tTL`, `vPC`."""
    if isinstance(parameters, dict):
        return {name[:1].lower() + name[1:]: route53_request(value) for name, value in parameters.items()}
    if isinstance(parameters, list):
        return [route53_request(value) for value in parameters]
    return parameters


def route53_response(body: str) -> Any:
    return route53_request(_element(ElementTree.fromstring(body)))

"""A value as the XML that a service answers, after the model of its operation."""

import functools
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

# A member that no model has: services gain members at any time.
UNKNOWN = "notYetKnown"


@functools.cache
def model(service: str) -> ServiceModel:
    """EC2's takes seconds to read."""
    return botocore.session.get_session().get_service_model(service)


class Absent:
    """Stands for a member that an answer leaves out."""


def answer(service: str, operation: str, given: dict[str, Any]) -> str:
    """The body of an operation's answer: what is given, and for all other members a value of their kind."""
    root = f"{operation}Response"
    namespace = {"ec2": "http://ec2.amazonaws.com/doc/2016-11-15/", "route53": "https://route53.amazonaws.com/doc/2013-04-01/"}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{namespace[service]}">']
    if service == "ec2":
        lines.append(" <requestId>00000000-1111-2222-3333-444444444444</requestId>")
    lines += _members(model(service).operation_model(operation).output_shape, given, " ")
    return "\n".join([*lines, f"</{root}>", ""])


def _members(shape: StructureShape, given: dict[str, Any], indent: str) -> list[str]:
    if strange := set(given) - set(shape.members):
        raise ValueError(f"{shape.name} has no {', '.join(sorted(strange))}")
    lines: list[str] = []
    for name, member in shape.members.items():
        value = given.get(name, default(name, member))
        if value is not Absent:
            lines += _element(member.serialization.get("name", name), member, value, indent)
    return [*lines, f"{indent}<{UNKNOWN}><deeper>1</deeper></{UNKNOWN}>"]


def _element(tag: str, shape: Shape, value: Any, indent: str) -> list[str]:
    if isinstance(shape, StructureShape):
        inner = _members(shape, value, indent + " ")
    elif isinstance(shape, ListShape):
        item = shape.member.serialization.get("name", "member")
        inner = [line for one in value for line in _element(item, shape.member, one, indent + " ")]
        if not inner:
            return [f"{indent}<{tag}/>"]
    else:
        return [f"{indent}<{tag}>{escape(str(value))}</{tag}>"]
    return [f"{indent}<{tag}>", *inner, f"{indent}</{tag}>"]


def default(name: str, shape: Shape) -> Any:
    """A value of a member's kind, for members about which a test says nothing."""
    if isinstance(shape, StructureShape):
        return {}
    if isinstance(shape, ListShape):
        return [default(name, shape.member)]
    plain = {"boolean": "true", "integer": 1, "long": 1, "timestamp": "2026-01-02T03:04:05.678Z"}
    words = getattr(shape, "enum", None)
    return words[0] if words else plain.get(shape.type_name, f"some {name}")


def words(service: str, shape: str) -> list[str]:
    """The values that the model knows of an enumeration."""
    return list(model(service).shape_for(shape).enum)

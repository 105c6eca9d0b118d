"""EC2's request filters: all of them must match, one value of each is enough, `*` and `?` stand for anything."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from moto.core.responses import BaseResponse

from .errors import AwsError

T = TypeVar("T")


def requested(response: BaseResponse) -> dict[str, list[str]]:
    """The call's filters by name. One without values restricts nothing, as on AWS."""
    filters: dict[str, list[str]] = {}
    for entry in response._get_param("Filters", []):
        values = [str(value) for value in entry.get("Values", [])]
        if values:
            filters[entry.get("Name", "")] = values
        else:
            filters.setdefault(entry.get("Name", ""), [])
    return filters


def select(
    items: Iterable[T],
    filters: dict[str, list[str]],
    facts: dict[str, Callable[[T], Any]],
    tags: Callable[[T], dict[str, str]],
) -> list[T]:
    """The items that pass. `facts` names the filters that exist and how to read their value off an item."""
    for name in filters:
        if name not in facts and name != "tag-key" and not name.startswith("tag:"):
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")

    def passes(item: T) -> bool:
        return all(not wanted or _matches(_value(item, name), wanted) for name, wanted in filters.items())

    def _value(item: T, name: str) -> Any:
        if name == "tag-key":
            return list(tags(item))
        if name.startswith("tag:"):
            return tags(item).get(name.removeprefix("tag:"))
        return facts[name](item)

    return [item for item in items if passes(item)]


def _matches(value: Any, wanted: list[str]) -> bool:
    if value is None:
        return False
    values = value if isinstance(value, list) else [value]
    return any(_pattern(want).fullmatch(str(one)) for want in wanted for one in values)


def _pattern(text: str) -> re.Pattern[str]:
    """Filter values are case-sensitive; a backslash takes the meaning from a `*` or `?`."""
    parts, escaped = [], False
    for char in text:
        if escaped or char not in "*?\\":
            parts.append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append(".*" if char == "*" else ".")
    return re.compile("".join(parts), re.DOTALL)

"""EC2's request filters: all of them must match, one value of each is enough, `*` and `?` stand for anything."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from moto.core.responses import BaseResponse

from .errors import AwsError

T = TypeVar("T")

# FilterLimitExceeded: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_MOST_VALUES = 200


def requested(response: BaseResponse) -> dict[str, list[str]]:
    """The call's filters by name. One without values restricts nothing, as on AWS."""
    filters: dict[str, list[str]] = {}
    for entry in response._get_param("Filters", []):
        values = [str(value) for value in entry.get("Values", [])]
        if values:
            filters[entry.get("Name", "")] = values
        else:
            filters.setdefault(entry.get("Name", ""), [])
    # AWS does not say whether it counts each filter's alone; the stricter reading is the safer one.
    if sum(map(len, filters.values())) > _MOST_VALUES:
        raise AwsError("FilterLimitExceeded", f"A call takes {_MOST_VALUES} filter values at most")
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

    read = {name: _Wanted(wanted) for name, wanted in filters.items() if wanted}

    def passes(item: T) -> bool:
        return all(wanted.matches(_value(item, name)) for name, wanted in read.items())

    def _value(item: T, name: str) -> Any:
        if name == "tag-key":
            return list(tags(item))
        if name.startswith("tag:"):
            return tags(item).get(name.removeprefix("tag:"))
        return facts[name](item)

    return [item for item in items if passes(item)]


class _Wanted:
    """The values of one filter, read once for all items: a hundred ids are looked up, not tried one by one."""

    def __init__(self, values: list[str]):
        self.plain = {value for value in values if not set(value) & set("*?\\")}
        self.patterns = [_pattern(value) for value in values if value not in self.plain]

    def matches(self, value: Any) -> bool:
        if value is None:
            return False
        texts = [str(one) for one in (value if isinstance(value, list) else [value])]
        return any(one in self.plain or any(want.fullmatch(one) for want in self.patterns) for one in texts)


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

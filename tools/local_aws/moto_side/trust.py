"""Whether a role's trust policy lets a principal assume it. No I/O.

Statements, principals, conditions and their operators are read as IAM reads them, as far as trust policies use
them. What is not known here never matches, so that a policy too new for this file denies rather than grants.
"""

import re
from typing import Any

from .accounts import Caller

Policy = dict[str, Any]
Context = dict[str, str]


def allows(policy: Policy, caller: Caller, context: Context) -> bool:
    """An explicit Deny wins; without an Allow the answer is no."""
    effects = {
        statement.get("Effect")
        for statement in _list(policy.get("Statement"))
        if _covers_action(statement) and _names(statement, caller) and _conditions_hold(statement, context)
    }
    return "Allow" in effects and "Deny" not in effects


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _covers_action(statement: Policy) -> bool:
    return any(_like(action, "sts:AssumeRole", ignore_case=True) for action in _list(statement.get("Action")))


def _names(statement: Policy, caller: Caller) -> bool:
    """An account, written as its number or its root's ARN, stands for every principal of the account."""
    principal = statement.get("Principal")
    named = ["*"] if principal == "*" else _list((principal or {}).get("AWS"))
    ours = {"*", caller.account, f"arn:aws:iam::{caller.account}:root", caller.principal_arn, caller.arn}
    return any(name in ours for name in named)


def _conditions_hold(statement: Policy, context: Context) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    return all(
        _holds(operator, lowered.get(key.lower()), [str(one) for one in _list(wanted)])
        for operator, tests in (statement.get("Condition") or {}).items()
        for key, wanted in tests.items()
    )


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    # All keys of a trust policy have one value, so the words for sets of values change only the missing case.
    if operator.startswith("ForAllValues:") and value is None:
        return True
    operator = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
    if operator == "Null":
        return (value is None) == (wanted[0].lower() == "true")
    if operator.endswith("IfExists"):
        if value is None:
            return True
        operator = operator.removesuffix("IfExists")
    positive = operator.replace("Not", "")
    if positive not in _OPERATORS:
        return False
    if value is None:
        # A key that the request does not carry equals nothing.
        return positive != operator
    return any(_OPERATORS[positive](want, value) for want in wanted) == (positive == operator)


def _like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), value, re.IGNORECASE if ignore_case else 0) is not None


def _arn_like(pattern: str, value: str) -> bool:
    """Wildcards do not reach across the colons of an ARN, except in its last part."""
    wanted, parts = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(parts) and all(_like(want, part) for want, part in zip(wanted, parts, strict=True))


_OPERATORS = {
    "StringEquals": lambda want, value: want == value,
    "StringEqualsIgnoreCase": lambda want, value: want.lower() == value.lower(),
    "StringLike": _like,
    # For ARNs the two operators are the same to IAM.
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda want, value: want.lower() == value.lower(),
}

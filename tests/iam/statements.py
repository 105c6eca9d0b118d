"""The statements that are deployed, each action of each by itself, whatever account and suffix the stack gave it."""

import fnmatch
import json
import re

# The functions' roles, by what is left of their names.
FUNCTIONS = ("zonelink-AcceptConnectionsRole", "zonelink-ReconcileRecordsRole", "zonelink-BackfillRole")
_SUFFIX = re.compile(r"-([0-9A-F]{13}|[0-9a-f]{8})$")


def kind_of(arn):
    """A role's or resource's name without account and without what CloudFormation adds to it."""
    return _SUFFIX.sub("", re.split("[:/]", arn)[-1])


def deployed(evidence):
    """(where, which policy, which statement, which action) of all that the stacks wrote."""
    found = set()
    for arn, versions in _items(evidence["roles"]):
        for version in versions:
            for name, policy in {**version["policies"], "trust": version["trust"]}.items():
                found |= _statements(kind_of(arn), name, policy)
    for arn, policy in _items(evidence["resources"]):
        found |= _statements(kind_of(arn), "resource", policy)
    return found


def _items(of_workers):
    return [item for of_worker in of_workers for item in of_worker.items()]


def _statements(where, name, policy):
    document = json.loads(policy) if isinstance(policy, str) else policy
    return {(where, name, _SUFFIX.sub("", statement.get("Sid") or str(index)), action)
            for index, statement in enumerate(document["Statement"]) for action in _list(statement["Action"])}


def _list(value):
    return value if isinstance(value, list) else [value]


def decisive(entry, answer):
    """The statements by which a question was decided, for its action."""
    used = {(kind_of(entry["principal"]), one["policy"], one["statement"]) for one in answer["statements"]["identity"]}
    name = "trust" if entry["action"] == "sts:AssumeRole" else "resource"
    used |= {(kind_of(entry["resource"]), name, one["statement"]) for one in answer["statements"]["resource"]}
    return {(where, policy, _SUFFIX.sub("", statement), entry["action"]) for where, policy, statement in used}


def unused(everything, used):
    """What of `everything` is not among `used`; an action may be a pattern."""
    actions = {}
    for *statement, action in used:
        actions.setdefault(tuple(statement), set()).add(action)
    return {(*statement, action) for *statement, action in everything
            if not any(fnmatch.fnmatchcase(one, action) for one in actions.get(tuple(statement), ()))}

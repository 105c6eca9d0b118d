"""Event buses across accounts: their policies, and forwarding to them.

AWS lets an event make one step to another account (or region) and no second one. The
forwarded event keeps its source, id, time and the account it came from.
"""

import json
import logging

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    request_scope,
)
from ministack.services import eventbridge as events

from . import policies
from .delivery import Undeliverable

logger = logging.getLogger("local_aws.event_buses")

_HOPS = "_LocalHops"


def install():
    """Store bus policies in IAM's own form, whichever API wrote them."""
    events._put_permission = _put_permission


def forward(spec, target, event, rule):
    """Deliver an event to the event bus that `spec` names."""
    bus = spec.resource.removeprefix("event-bus/")
    abroad = (spec.account_id, spec.region) != (get_account_id(), get_region())
    if abroad:
        _may_cross(spec, bus, target, event, rule)
    if not events._event_buses.contains_scoped(spec.account_id, spec.region, bus):
        raise Undeliverable("NO_RESOURCE", f"event bus {target['Arn']} does not exist")

    here = f"{get_account_id()}:{get_region()}:{events._rule_key(rule['Name'], rule['EventBusName'])}"
    if here in event.get(_HOPS, ()):
        logger.warning("rule %s sends its own event round in a circle; dropped", rule["Arn"])
        return
    forwarded = dict(event, EventBusName=bus)
    forwarded[_HOPS] = (*event.get(_HOPS, ()), here)
    if abroad:
        forwarded["_LocalCrossed"] = True
    with request_scope(spec.account_id, spec.region):
        events._events_log_list().append(forwarded)
        view = events._pattern_event_view(forwarded)
        events._dispatch_event(forwarded, view)
        events._archive_event(forwarded, view)
    logger.info("%s %s of account %s reached %s", event["Source"], event["DetailType"],
                event["Account"], target["Arn"])


def _may_cross(spec, bus, target, event, rule):
    """Check everything AWS checks before an event leaves the account or region."""
    if event.get("_LocalCrossed"):
        raise Undeliverable("THIRD_ACCOUNT_HOP_DETECTED",
                            "an event that was forwarded once is not forwarded again")
    role = target.get("RoleArn")
    if not role:
        raise Undeliverable("NO_PERMISSIONS", f"the target {target['Arn']} has no RoleArn")
    problem = policies.role_problem(role, "events.amazonaws.com", "events:PutEvents", target["Arn"],
                                    rule["Arn"])
    if problem:
        raise Undeliverable("NO_PERMISSIONS", problem)
    if spec.account_id == get_account_id():
        return
    policy = events._event_bus_policies.get_scoped(spec.account_id, spec.region, bus)
    if not policies.account_may_put_events(policy, target["Arn"], role, get_account_id(),
                                           event["Source"], event["DetailType"]):
        raise Undeliverable("NO_PERMISSIONS", f"the policy of {target['Arn']} does not let "
                                              f"account {get_account_id()} put {event['Source']} "
                                              f"{event['DetailType']}")


def put_statement(bus, statement_id, statement):
    """Add a statement to a bus's policy in place of the one of the same id."""
    policy = events._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
    others = [old for old in policy["Statement"] if old.get("Sid") != statement_id]
    events._event_bus_policies[bus] = {
        **policy, "Statement": [*others, {**statement, "Sid": statement_id}]}


def remove_statement(bus, statement_id):
    """Take one statement out of a bus's policy, and the policy when it was the last."""
    policy = events._event_bus_policies.get(bus)
    if policy is None:
        return
    left = [old for old in policy["Statement"] if old.get("Sid") != statement_id]
    if left:
        events._event_bus_policies[bus] = {**policy, "Statement": left}
    else:
        events._event_bus_policies.pop(bus, None)


def statement_of(bus, principal, action, condition):
    """The statement that PutPermission's short form stands for."""
    statement = {
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": action or "events:PutEvents",
        "Resource": f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{bus}",
    }
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _put_permission(data):
    bus = data.get("EventBusName", "default")
    if bus not in events._event_buses:
        return error_response_json("ResourceNotFoundException",
                                   f"Event bus {bus} does not exist.", 400)
    if data.get("Policy"):
        events._event_bus_policies[bus] = json.loads(data["Policy"])
        return json_response({})
    put_statement(bus, data.get("StatementId") or new_uuid(),
                  statement_of(bus, data.get("Principal", "*"), data.get("Action"),
                               data.get("Condition")))
    return json_response({})

"""Delivery of a matched event to a rule's target.

AWS delivers as the service principal events.amazonaws.com and is refused when the
target's own policy does not name it. A refused or impossible delivery is not tried again:
it goes to the target's dead-letter queue at once, or is dropped. Both are logged.
"""

import json
import logging

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge as events
from ministack.services import lambda_svc, sqs

from . import event_buses, policies, schedules
from .delivery import Undeliverable, send_to_queue

logger = logging.getLogger("local_aws.event_targets")

SERVICE = "events.amazonaws.com"


def install():
    """Replace ministack's delivery for Lambda, SQS and event bus targets."""
    by_ministack = events._invoke_target

    def invoke_target(target, event, rule, view=None):
        if schedules.is_schedule(rule):
            schedules.deliver(target, rule)
            return
        view = view or events._pattern_event_view(event)
        try:
            spec = parse_arn(target.get("Arn", ""))
        except ArnParseError:
            _undelivered(target, rule, view, Undeliverable("NO_RESOURCE", "the ARN is malformed"))
            return
        if spec.service not in _DELIVERIES or spec.resource.startswith("api-destination/"):
            by_ministack(target, event, rule, view)
            return
        try:
            _DELIVERIES[spec.service](spec, target, event, rule, view)
        except Undeliverable as problem:
            _undelivered(target, rule, view, problem)

    events._invoke_target = invoke_target


def payload_of(target, rule, view):
    """The text a target receives: the whole event, a part of it, or what the rule says."""
    if target.get("InputTransformer"):
        return events._apply_input_transformer(target["InputTransformer"], rule, view)
    if target.get("Input"):
        return target["Input"]
    event = view.event_with_detail()
    if target.get("InputPath"):
        part = event
        for name in filter(None, target["InputPath"].lstrip("$").split(".")):
            if not isinstance(part, dict) or name not in part:
                return json.dumps(event)
            part = part[name]
        return json.dumps(part)
    return json.dumps(event)


def _deliver_to_lambda(spec, target, event, rule, view):
    _same_region(spec)
    arn = target["Arn"]
    with request_scope(spec.account_id, spec.region):
        function, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            raise Undeliverable("NO_RESOURCE", f"function {arn} does not exist")
        if not policies.service_may(function.get("policy"), SERVICE, "lambda:InvokeFunction", arn,
                                    rule["Arn"], rule["Arn"].split(":")[4]):
            raise Undeliverable("NO_PERMISSIONS",
                                f"the policy of {arn} does not let {SERVICE} invoke it "
                                f"for {rule['Arn']}: AWS::Lambda::Permission is missing")
        record = lambda_svc._execution_record_for_config(function, config)
        try:
            payload = json.loads(payload_of(target, rule, view))
        except json.JSONDecodeError as error:
            raise Undeliverable("INVALID_JSON", f"the input made for {arn} is not JSON") from error
        lambda_svc.invoke_async_with_retry(record, payload)


def _deliver_to_sqs(spec, target, event, rule, view):
    _same_region(spec)
    _may_send(target["Arn"], rule)
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    send_to_queue(target["Arn"], payload_of(target, rule, view), group=group)


def _deliver_to_bus(spec, target, event, rule, view):
    event_buses.forward(spec, target, event, rule)


_DELIVERIES = {
    "lambda": _deliver_to_lambda,
    "sqs": _deliver_to_sqs,
    "events": _deliver_to_bus,
}


def _same_region(spec):
    if spec.region != get_region():
        raise Undeliverable("NO_RESOURCE", f"a target in {spec.region} cannot be reached "
                                           f"from {get_region()}")


def _may_send(queue_arn, rule):
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        raise Undeliverable("NO_RESOURCE", f"queue {queue_arn} does not exist")
    if not policies.service_may(queue["attributes"].get("Policy"), SERVICE, "sqs:SendMessage",
                                queue_arn, rule["Arn"], rule["Arn"].split(":")[4]):
        raise Undeliverable("NO_PERMISSIONS", f"the policy of {queue_arn} does not let {SERVICE} "
                                              f"send for {rule['Arn']}: AWS::SQS::QueuePolicy is missing")


def _undelivered(target, rule, view, problem):
    """Log a failed delivery and keep the event in the target's dead-letter queue."""
    arn = target.get("Arn", "")
    logger.error("rule %s of account %s cannot deliver to %s: %s: %s",
                 rule.get("Name"), get_account_id(), arn, problem.code, problem)
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    try:
        _may_send(queue_arn, rule)
        send_to_queue(queue_arn, json.dumps(view.event_with_detail()), attributes={
            "RULE_ARN": rule["Arn"],
            "TARGET_ARN": arn,
            "ERROR_CODE": problem.code,
            "ERROR_MESSAGE": str(problem),
        })
    except Undeliverable as second:
        logger.error("the event is lost, its dead-letter queue fails too: %s: %s",
                     second.code, second)

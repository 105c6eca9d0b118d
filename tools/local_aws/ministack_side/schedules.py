"""EventBridge Scheduler: when a schedule first runs, what it sends, and as whom.

A rate-based schedule without a StartDate invokes its target at once and then at its rate
(Scheduler user guide, "Schedule types"); ministack waits one interval first. The target's
Input may hold context attributes in angle brackets, and the call is made with the
target's role.
"""

import datetime
import json
import logging

from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import lambda_svc, scheduler

from . import policies
from .delivery import Undeliverable, send_to_queue

logger = logging.getLogger("local_aws.schedules")

_TICK_SECONDS = 1
SERVICE = "scheduler.amazonaws.com"


def install():
    """Look at the schedules each second, and let a new one run at once."""
    scheduler._SCHEDULE_TICK_INTERVAL = _TICK_SECONDS
    tick = scheduler._tick_schedules

    def tick_with_first_run():
        for key, schedule in list(scheduler._schedules._data.items()):
            if schedule["ScheduleExpression"].startswith("rate(") and not schedule.get("StartDate"):
                scheduler._schedule_last_fired.setdefault(key, 0)
        for key in list(scheduler._schedule_last_fired):
            # A schedule made anew under an old name starts anew.
            if key not in scheduler._schedules._data:
                scheduler._schedule_last_fired.pop(key, None)
        tick()

    scheduler._tick_schedules = tick_with_first_run


def is_schedule(rule):
    """Whether ministack hands a schedule, and not a rule, to the delivery of targets."""
    return "Target" in rule and "FlexibleTimeWindow" in rule


def fire(name, group):
    """Run a schedule of the current account and region now, whatever its expression."""
    schedule = scheduler._schedules.get(f"{group}/{name}")
    if schedule is None:
        return False
    deliver(schedule["Target"], schedule)
    return True


def deliver(target, schedule):
    """Invoke a schedule's target with the target's role."""
    payload = _payload(target, schedule)
    try:
        _invoke(target, payload, schedule)
    except Undeliverable as problem:
        logger.error("schedule %s of account %s cannot invoke %s: %s: %s", schedule["Name"],
                     get_account_id(), target["Arn"], problem.code, problem)
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            _keep(queue, target, schedule, payload, problem)


def _invoke(target, payload, schedule):
    arn = target["Arn"]
    service, account, region = arn.split(":")[2], arn.split(":")[4], arn.split(":")[3]
    action = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage"}.get(service)
    if action is None:
        raise Undeliverable("NOT_MODELLED", "only Lambda and SQS targets are modelled")
    problem = policies.role_problem(target["RoleArn"], SERVICE, action, arn, _group_arn(schedule))
    if problem:
        raise Undeliverable("AccessDeniedException", problem)
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        send_to_queue(arn, payload, group=group)
        return
    with request_scope(account, region):
        function, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            raise Undeliverable("ResourceNotFoundException", f"function {arn} does not exist")
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _payload(target, schedule):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not target.get("Input"):
        return json.dumps({
            "version": "0",
            "id": new_uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": get_account_id(),
            "time": now,
            "region": get_region(),
            "resources": [schedule["Arn"]],
            "detail": "{}",
        })
    text = target["Input"]
    for name, value in (
        ("schedule-arn", schedule["Arn"]),
        ("scheduled-time", now),
        ("execution-id", new_uuid()),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _keep(queue, target, schedule, payload, problem):
    problem_of_role = policies.role_problem(target["RoleArn"], SERVICE, "sqs:SendMessage", queue,
                                             _group_arn(schedule))
    if problem_of_role:
        logger.error("the schedule's payload is lost: %s", problem_of_role)
        return
    try:
        send_to_queue(queue, payload, attributes={
            "SCHEDULE_ARN": schedule["Arn"],
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": problem.code,
            "ERROR_MESSAGE": str(problem),
        })
    except Undeliverable as second:
        logger.error("the schedule's payload is lost: %s", second)


def _group_arn(schedule):
    """What Scheduler names as aws:SourceArn: the schedule's group, never the schedule."""
    return scheduler._group_arn(schedule["GroupName"])

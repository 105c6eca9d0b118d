"""CloudFormation properties that ministack takes and forgets, and mistakes it lets pass.

A property that is accepted and then forgotten is worse than a refused one: the stack is
green and the system is not the one the template describes.
"""

import json

from ministack.core.responses import new_uuid
from ministack.services import dynamodb, lambda_svc, scheduler, sqs
from ministack.services import eventbridge as events
from ministack.services.cloudformation import provisioners

from . import policies

_HANDLERS = provisioners._RESOURCE_HANDLERS


def install():
    """Wrap the handlers of the types concerned."""
    for resource_type, check in (
        ("AWS::Events::Rule", _check_rule),
        ("AWS::Lambda::Function", _check_code),
        ("AWS::Lambda::EventSourceMapping", _check_event_source),
        ("AWS::Lambda::Permission", _check_permission),
    ):
        _before(resource_type, check)
    for resource_type, finish in (
        ("AWS::Events::EventBus", _finish_bus),
        ("AWS::Lambda::Function", _finish_function),
        ("AWS::DynamoDB::Table", _finish_table),
    ):
        _after(resource_type, finish)
    _spare_retained_tables()
    _HANDLERS["AWS::Scheduler::Schedule"].update(create=_schedule_create, update=_schedule_update)


def _before(resource_type, check):
    """Run `check(props)` before a resource is created or updated."""
    handler = _HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def checked_create(logical_id, props, stack_name):
        check(props)
        return create(logical_id, props, stack_name)

    def checked_update(physical_id, old_props, new_props, *rest):
        check(new_props)
        return update(physical_id, old_props, new_props, *rest)

    handler.update(create=checked_create, update=checked_update)


def _after(resource_type, finish):
    """Run `finish(physical_id, props)` after a resource is created or updated."""
    handler = _HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def finished_create(logical_id, props, stack_name):
        result = create(logical_id, props, stack_name)
        finish(result[0], props)
        return result

    def finished_update(physical_id, old_props, new_props, *rest):
        result = update(physical_id, old_props, new_props, *rest)
        finish(result[0], new_props)
        return result

    handler.update(create=finished_create, update=finished_update)


# What AWS refuses when the resource is made.

def _check_rule(props):
    bus = provisioners._eb_rule_bus_name(props)
    events._ensure_default_bus()
    if bus not in events._event_buses:
        raise ValueError(f"Event bus {bus} does not exist.")
    pattern = props.get("EventPattern")
    if not pattern and not props.get("ScheduleExpression"):
        raise ValueError("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    problem = events._event_pattern_error(json.dumps(pattern)) if pattern else None
    if problem:
        raise ValueError(f"Event pattern is not valid. Reason: {problem}")
    for target in props.get("Targets", []):
        refusal = events._validate_target_arn(target)
        if refusal:
            raise ValueError(json.loads(refusal[2])["message"])


def _check_code(props):
    code = props.get("Code", {})
    if code.get("S3Key") and lambda_svc._fetch_code_from_s3(
            code["S3Bucket"], code["S3Key"], version_id=code.get("S3ObjectVersion")) is None:
        raise ValueError("Error occurred while GetObject. S3 Error Code: NoSuchKey. "
                         f"s3://{code['S3Bucket']}/{code['S3Key']}")


def _check_event_source(props):
    arn = props.get("EventSourceArn", "")
    name = lambda_svc._resolve_name(props.get("FunctionName", ""))
    function = lambda_svc._functions.get(name)
    if function is None:
        raise ValueError(f"Function does not exist: {name}")
    if not arn.startswith("arn:aws:sqs:"):
        return
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        if policies.role_problem(function["config"]["Role"], "lambda.amazonaws.com", f"sqs:{action}", arn):
            raise ValueError("The provided execution role does not have permissions to call "
                             f"{action} on SQS")
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise ValueError(f"The queue {arn} does not exist")
    visible, timeout = int(queue["attributes"]["VisibilityTimeout"]), function["config"]["Timeout"]
    if visible < timeout:
        raise ValueError(f"Queue visibility timeout: {visible} seconds is less than Function "
                         f"timeout: {timeout} seconds")


def _check_permission(props):
    if provisioners._lambda_function_for_cfn_ref(props.get("FunctionName", ""))[0] is None:
        raise ValueError(f"Function not found: {props.get('FunctionName')}")


# What ministack takes and forgets.

def _finish_bus(physical_id, props):
    bus = events._event_buses[physical_id]
    for name in ("DeadLetterConfig", "LogConfig", "KmsKeyIdentifier"):
        if name in props:
            bus[name] = props[name]
    if "Policy" in props:
        policy = props["Policy"]
        events._event_bus_policies[physical_id] = json.loads(policy) if isinstance(policy, str) else policy


def _finish_function(physical_id, props):
    function = lambda_svc._functions[physical_id]
    reserved = props.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
    function["recursive_loop"] = props.get("RecursiveLoop", "Terminate")
    function["config"].pop("DeadLetterConfig", None)
    if props.get("DeadLetterConfig"):
        function["config"]["DeadLetterConfig"] = props["DeadLetterConfig"]


def _finish_table(physical_id, props):
    table = dynamodb._tables[physical_id]
    # A parameter's "false" is a string, and DeleteTable would take it for true.
    table["DeletionProtectionEnabled"] = provisioners._cfn_bool(
        props.get("DeletionProtectionEnabled", False))
    expiry = props.get("TimeToLiveSpecification")
    if expiry and provisioners._cfn_bool(expiry.get("Enabled")):
        dynamodb._ttl_settings[physical_id] = {
            "TimeToLiveStatus": "ENABLED", "AttributeName": expiry["AttributeName"]}
    else:
        dynamodb._ttl_settings.pop(physical_id, None)
    recovery = props.get("PointInTimeRecoverySpecification") or {}
    dynamodb._update_continuous_backups({
        "TableName": physical_id,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": provisioners._cfn_bool(
            recovery.get("PointInTimeRecoveryEnabled", False))},
    })


def _spare_retained_tables():
    """Give a new stack's table a name of its own, as AWS does with each generated name.

    ministack makes the same name from the same stack and logical id again, and would put
    an empty table over the one that an earlier stack retained.
    """
    handler = _HANDLERS["AWS::DynamoDB::Table"]
    create = handler["create"]

    def create_beside(logical_id, props, stack_name):
        name = provisioners._physical_name(stack_name, logical_id, max_len=255)
        if "TableName" not in props and name in dynamodb._tables:
            provisioners._NAME_SEED.set(new_uuid()[:8])
        return create(logical_id, props, stack_name)

    handler["create"] = create_beside


def _schedule_create(logical_id, props, stack_name):
    name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
    status, _headers, body = scheduler._create_schedule(name, props)
    if status >= 400:
        raise ValueError(f"{name}: {body!r}")
    return name, {"Arn": scheduler._schedule_arn(props.get("GroupName", "default"), name)}


def _schedule_update(physical_id, old_props, new_props, stack_name):
    moved = any(old_props.get(name) != new_props.get(name) for name in ("Name", "GroupName"))
    if moved:
        created = _schedule_create(physical_id, new_props, stack_name)
        provisioners._delete_predecessor(provisioners._scheduler_schedule_delete, physical_id, old_props)
        return created
    status, _headers, body = scheduler._update_schedule(physical_id, new_props)
    if status >= 400:
        raise ValueError(f"{physical_id}: {body!r}")
    return physical_id, {"Arn": scheduler._schedule_arn(new_props.get("GroupName", "default"), physical_id)}

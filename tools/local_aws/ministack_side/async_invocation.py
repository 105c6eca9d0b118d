"""Lambda's asynchronous invocations, as EventBridge, SNS and `--invocation-type Event` make them.

A failed invocation is run again up to MaximumRetryAttempts times (two, unless the
function's EventInvokeConfig says otherwise). What still fails is sent to the OnFailure
destination as an invocation record and to the dead-letter queue as the bare event.
AWS waits one and then two minutes between attempts; here the wait is
LOCAL_AWS_ASYNC_RETRY_SECONDS (0.2).
"""

import contextvars
import datetime
import json
import logging
import os
import time

from ministack.core.concurrency import spawn_background
from ministack.core.responses import new_uuid, request_scope
from ministack.services import lambda_svc, sns, sqs

from . import policies
from .delivery import Undeliverable, publish_to_topic, send_to_queue

logger = logging.getLogger("local_aws.async_invocation")

_RETRY_SECONDS = float(os.environ.get("LOCAL_AWS_ASYNC_RETRY_SECONDS", "0.2"))
SNS = "sns.amazonaws.com"

_DEFAULT_RETRIES = 2
_DEFAULT_AGE_SECONDS = 6 * 60 * 60

# All attempts at one event carry one request id, on AWS and here.
_request_id = contextvars.ContextVar("local_aws_request_id", default=None)


def install():
    """Replace ministack's asynchronous path and let SNS use it too."""
    dispatch = lambda_svc._execute_function_dispatch

    def with_one_request_id(function, config, event, request_id, started):
        return dispatch(function, config, event, _request_id.get() or request_id, started)

    lambda_svc._execute_function_dispatch = with_one_request_id
    lambda_svc.invoke_async_with_retry = invoke_async
    sns._deliver_to_lambda = _deliver_notification


def invoke_async(function, event):
    """Queue an event for a function and return at once."""
    config = function.get("config") or function
    account, region = lambda_svc._account_region_from_function_config(config)
    name = config["FunctionName"]
    _, _, qualifier = config["FunctionArn"].partition(f":function:{name}:")
    spawn_background(_run, function, config, event, account, region, qualifier or "$LATEST",
                     thread_name=f"async-{name}")


def _run(function, config, event, account, region, qualifier):
    with request_scope(account, region):
        settings = _settings(config["FunctionName"], qualifier)
        request_id = new_uuid()
        _request_id.set(request_id)
        retries = settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES)
        expires = time.time() + settings.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)
        attempts, condition = 0, "RetriesExhausted"
        while True:
            result = lambda_svc._execute_function(_as_reserved_now(function, config["FunctionName"]), event)
            # A throttled attempt did not run, and AWS does not count it.
            attempts += 0 if result.get("throttle") else 1
            if not result.get("error"):
                _to_destination("OnSuccess", "Success", settings, config, qualifier, event, result,
                                request_id, attempts)
                return
            if attempts > retries:
                break
            if time.time() + _RETRY_SECONDS > expires:
                condition = "EventAgeExceeded"
                break
            time.sleep(_RETRY_SECONDS)
        logger.error("%s failed %d times on an asynchronous event: %s", config["FunctionName"],
                     attempts, json.dumps(result.get("body"), default=str))
        _to_destination("OnFailure", condition, settings, config, qualifier, event, result,
                        request_id, attempts)
        _to_dead_letter_queue(config, event, result, request_id)


def _as_reserved_now(function, name):
    """The function with the concurrency that is reserved for it at this attempt, and not when the event came."""
    present = lambda_svc._functions.get(name)
    return {**function, "concurrency": present.get("concurrency")} if present else function


def _settings(name, qualifier):
    """The EventInvokeConfig that holds for an unqualified or a qualified invocation."""
    stored = (lambda_svc._functions.get(name) or {}).get("event_invoke_configs") or {}
    return stored.get(qualifier) or (stored.get("") if qualifier == "$LATEST" else None) or {}


def _to_destination(which, condition, settings, config, qualifier, event, result, request_id, attempts):
    destination = ((settings.get("DestinationConfig") or {}).get(which) or {}).get("Destination")
    if not destination:
        return
    context = {"statusCode": 200, "executedVersion": config.get("Version", "$LATEST")}
    if result.get("error"):
        context["functionError"] = result.get("function_error") or "Unhandled"
    record = {
        "version": "1.0",
        "timestamp": _now(),
        "requestContext": {
            "requestId": request_id,
            "functionArn": _qualified(config["FunctionArn"], qualifier),
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": context,
        "responsePayload": result.get("body"),
    }
    _send(config, destination, json.dumps(record))


def _to_dead_letter_queue(config, event, result, request_id):
    target = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if not target:
        return
    body = result.get("body")
    message = body.get("errorMessage", "") if isinstance(body, dict) else str(body)
    _send(config, target, json.dumps(event), {
        "RequestID": request_id, "ErrorCode": "200", "ErrorMessage": message[:1024] or "Unhandled"})


def _send(config, arn, body, attributes=None):
    """Send as the function's own role, which needs the permission for it."""
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}.get(arn.split(":")[2])
    if action is None:
        logger.error("a destination of this kind is not modelled: %s", arn)
        return
    problem = policies.role_problem(config["Role"], "lambda.amazonaws.com", action, arn)
    if problem:
        logger.error("the record of %s is lost: %s", config["FunctionName"], problem)
        return
    try:
        if action == "sqs:SendMessage":
            send_to_queue(arn, body, attributes=attributes)
        else:
            publish_to_topic(arn, body, "AWS Lambda")
    except Undeliverable as failure:
        logger.error("the record of %s is lost: %s", config["FunctionName"], failure)


def _deliver_notification(endpoint, envelope, topic_arn, subscription_arn, _message_id,
                          _message, _attributes):
    """An SNS notification for a Lambda subscriber. ministack calls this in a thread."""
    account = topic_arn.split(":")[4]
    function, config, _name = lambda_svc._get_func_record_for_ref(endpoint)
    if not function or not config:
        problem = "the function does not exist"
    elif not policies.service_may(function.get("policy"), SNS, "lambda:InvokeFunction", endpoint,
                                  topic_arn, account):
        problem = f"its policy does not let {SNS} invoke it: AWS::Lambda::Permission is missing"
    else:
        invoke_async(lambda_svc._execution_record_for_config(function, config), {"Records": [{
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "EventSource": "aws:sns",
            "Sns": json.loads(envelope),
        }]})
        return
    logger.error("%s cannot notify %s: %s", topic_arn, endpoint, problem)
    _keep_notification(subscription_arn, topic_arn, envelope, account)


def _keep_notification(subscription_arn, topic_arn, envelope, account):
    """Send an undelivered notification to the subscription's dead-letter queue."""
    subscription = sns._find_subscription(topic_arn, subscription_arn) or {}
    redrive = subscription.get("attributes", {}).get("RedrivePolicy")
    if not redrive:
        return
    queue_arn = (json.loads(redrive) if isinstance(redrive, str) else redrive)["deadLetterTargetArn"]
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None or not policies.service_may(queue["attributes"].get("Policy"), SNS,
                                                 "sqs:SendMessage", queue_arn, topic_arn, account):
        logger.error("the notification is lost: %s does not take it from %s", queue_arn, SNS)
        return
    send_to_queue(queue_arn, envelope)


def _qualified(arn, qualifier):
    return arn if arn.endswith(f":{qualifier}") else f"{arn}:{qualifier}"


def _now():
    moment = datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

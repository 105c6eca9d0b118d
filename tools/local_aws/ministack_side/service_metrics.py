"""What SQS and Lambda tell CloudWatch of themselves: AWS/SQS and AWS/Lambda.

ministack counts only what is invoked through Lambda's API, and nothing of queues. Here every invocation counts,
whoever makes it, and each queue is looked at once in a minute.
"""

import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, lambda_svc, sqs


def install():
    """Count invocations where they run, and those that are throttled where they are refused."""
    dispatch = lambda_svc._execute_function_dispatch

    def counted(function, config, event, request_id, started):
        result = dispatch(function, config, event, request_id, started)
        name = {"FunctionName": config["FunctionName"]}
        if result.get("throttle"):
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", name)
            return result
        cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", name)
        cloudwatch.record_metric("AWS/Lambda", "Errors", int(bool(result.get("error"))), "Count", name)
        cloudwatch.record_metric("AWS/Lambda", "Throttles", 0, "Count", name)
        cloudwatch.record_metric("AWS/Lambda", "Duration", (time.time() - started) * 1000, "Milliseconds", name)
        return result

    lambda_svc._execute_function_dispatch = counted
    lambda_svc._emit_lambda_metrics = _refused


def _refused(function_name, duration_ms, error, throttle):
    """ministack tells of a refused invocation twice: without a duration where it is refused, then with one."""
    del error
    if throttle and not duration_ms:
        cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function_name})


def sample_queues(now):
    """Record what each queue of every account holds, as of a moment."""
    for (account, region, _), queue in list(sqs._queues._data.items()):
        dimensions = {"QueueName": queue["name"]}
        with request_scope(account, region):
            for metric, value, unit in _of(queue, now):
                key = ("AWS/SQS", metric, cloudwatch._dims_key(dimensions))
                cloudwatch._metric_bucket(key).append(
                    {"Timestamp": now, "Value": float(value), "Unit": unit, "Dimensions": dimensions})


def _of(queue, now):
    sqs._refresh_counts(queue)
    for kind in ("", "NotVisible", "Delayed"):
        value = queue["attributes"][f"ApproximateNumberOfMessages{kind}"]
        yield f"ApproximateNumberOfMessages{kind or 'Visible'}", int(value), "Count"
    # Without a message there is no oldest one, and no value.
    if queue["messages"]:
        oldest = min(message["sent_at"] for message in queue["messages"])
        yield "ApproximateAgeOfOldestMessage", max(0.0, now - oldest), "Seconds"

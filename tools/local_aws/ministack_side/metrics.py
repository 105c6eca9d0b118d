"""Embedded metric format: the metrics a function writes into its log.

CloudWatch reads every log line that is a JSON object with `_aws.CloudWatchMetrics` and
makes the metrics it declares. Alarms and dashboards of the templates depend on that.
"""

import json
import logging

from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

logger = logging.getLogger("local_aws.metrics")


def install():
    """Read each function's output as it is written: ministack reads it when the function has answered, and what comes late
    only with the next answer.
    """
    by_ministack = lambda_runtime.ProvidedWorker._pump_output

    def pump(worker, stream, log_queue):
        _, _, _, region, account, *_ = worker.config["FunctionArn"].split(":")
        by_ministack(worker, _Read(stream, account, region), log_queue)

    lambda_runtime.ProvidedWorker._pump_output = pump


class _Read:
    """A child's output, whose metrics are made as it is read."""

    def __init__(self, stream, account, region):
        self._stream = stream
        self._scope = account, region

    def readline(self):
        line = self._stream.readline()
        if b'"_aws"' in line:
            with request_scope(*self._scope):
                _record(line)
        return line

    def close(self):
        self._stream.close()


def _record(line):
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return
    directives = (entry.get("_aws") or {}).get("CloudWatchMetrics") if isinstance(entry, dict) else None
    for directive in directives or ():
        for dimensions in directive.get("Dimensions") or [[]]:
            values = {name: str(entry[name]) for name in dimensions if name in entry}
            for metric in directive.get("Metrics", ()):
                _put(directive["Namespace"], metric, values, entry.get(metric["Name"]))


def _put(namespace, metric, dimensions, value):
    if value is None:
        logger.warning("metric %s is declared, but the log line has no value", metric["Name"])
        return
    for one in value if isinstance(value, list) else [value]:
        cloudwatch.record_metric(namespace, metric["Name"], one, metric.get("Unit", "None"), dimensions)

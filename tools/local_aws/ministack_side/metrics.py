"""Embedded metric format: the metrics a function writes into its log.

CloudWatch reads every log line that is a JSON object with `_aws.CloudWatchMetrics` and
makes the metrics it declares. Alarms and dashboards of the templates depend on that.
"""

import json
import logging

from ministack.services import cloudwatch, lambda_svc

logger = logging.getLogger("local_aws.metrics")


def install():
    """Read each function's log as it is written."""
    by_ministack = lambda_svc._emit_lambda_logs

    def emit(function, request_id, log_text, error, duration_ms, *, log_source=None):
        by_ministack(function, request_id, log_text, error, duration_ms, log_source=log_source)
        for line in (log_text or "").splitlines():
            if '"_aws"' in line:
                _record(line)

    lambda_svc._emit_lambda_logs = emit


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

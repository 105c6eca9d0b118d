"""CloudWatch's alarms, looked at as CloudWatch does.

ministack compares one value over all dimensions of a metric, knows no missing data and no M out of N, and looks only
when somebody puts data. Here each alarm has its own dimensions, its periods end now, what is missing is treated as
the alarm says, and a sum over several metrics (`SUM(METRICS())`) is the one expression that is known.
"""

import logging
import threading
import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from . import service_metrics

logger = logging.getLogger("local_aws.alarms")

_MINUTE = 60
_SUM = "SUM(METRICS())"
_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
# One look at a time: by the clock, and by the door that lets time pass.
_looking = threading.RLock()
# How far a look is behind the clock, while time that has passed is gone through.
_behind = 0.0
# Values come nearly in order; those that come later than this are not found any more.
_DISORDER = 600


def install():
    """Replace ministack's evaluation, let templates sum up metrics, and look at everything each minute."""
    cloudwatch._evaluate_alarm = _look_at
    by_ministack = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = lambda name, props: _record(by_ministack, name, props)
    threading.Thread(target=_watch, daemon=True, name="local-aws-alarms").start()


def look():
    """Sample what services tell each minute, and look at all alarms."""
    with _looking:
        service_metrics.sample_queues(_now())
        for (account, region, _), alarm in list(cloudwatch._alarms._data.items()):
            with request_scope(account, region):
                _look_at(alarm)


def let_time_pass(seconds):
    """Make all data, and all messages of queues, as much older; look once in each minute of it."""
    global _behind
    with _looking:
        _age(seconds)
        _behind = seconds
        try:
            while _behind > 0:
                _behind = max(0.0, _behind - _MINUTE)
                look()
        finally:
            _behind = 0.0


def _now():
    return time.time() - _behind


def _age(seconds):
    for points in list(cloudwatch._metrics._data.values()):
        for point in list(points):
            point["Timestamp"] -= seconds
    for queue in list(service_metrics.sqs._queues._data.values()):
        for message in list(queue["messages"]):
            message["sent_at"] -= seconds


def _watch():
    while True:
        time.sleep(_MINUTE)
        try:
            look()
        except Exception:  # It has to look again in a minute, whatever was the matter now.
            logger.exception("the alarms could not be looked at")


def _record(by_ministack, name, props):
    """What is kept of a template's alarm; ministack refuses those with an expression."""
    if not props.get("Metrics"):
        return by_ministack(name, props)
    _summands(props["Metrics"])
    record = by_ministack(name, {**props, "Metrics": None, "MetricName": _SUM, "Namespace": _SUM})
    for field in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"):
        del record[field]
    return {**record, "Metrics": props["Metrics"]}


def _summands(metrics):
    """The metrics that are summed up; anything else is refused, which is better than an alarm that never fires."""
    shown = [one for one in metrics if str(one.get("ReturnData", True)).lower() == "true"]
    if len(shown) != 1 or shown[0].get("Expression") != _SUM:
        raise ValueError(f"of metric math only {_SUM} is modelled here")
    return [one["MetricStat"] for one in metrics if one is not shown[0]]


def _look_at(alarm):
    values = _values(alarm)
    state, reason = _state(alarm, values)
    before = alarm["StateValue"]
    if state is None or state == before:
        return
    logger.info("%s is %s: %s", alarm["AlarmName"], state, reason)
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _values(alarm):
    """The value of each period, the newest first; None where there is none."""
    periods = int(alarm["EvaluationPeriods"])
    if alarm.get("Metrics"):
        series = [_series(stat["Metric"], stat["Stat"], int(stat["Period"]), periods)
                  for stat in _summands(alarm["Metrics"])]
        together = [[value for value in values if value is not None] for values in zip(*series)]
        return [sum(values) if values else None for values in together]
    return _series(alarm, alarm.get("ExtendedStatistic") or alarm["Statistic"], int(alarm["Period"]), periods)


def _series(metric, statistic, period, periods):
    dimensions = cloudwatch._dims_key({one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()})
    points = cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], dimensions)) or []
    now, by_period = _now(), {}
    for point in reversed(list(points)):
        seconds = now - point["Timestamp"]
        if 0 <= seconds < period * periods:
            by_period.setdefault(int(seconds // period), []).append(point)
        elif seconds > period * periods + _DISORDER:
            break
    return [cloudwatch._stat_value(cloudwatch._calc_stats(by_period[age]), statistic, by_period[age])
            if age in by_period else None for age in range(periods)]


def _state(alarm, values):
    """The state that follows from the values, and why; None where it stays as it is."""
    treatment = alarm.get("TreatMissingData", "missing")
    there = [value for value in values if value is not None]
    if not there and treatment in ("missing", "ignore"):
        return (None, "") if treatment == "ignore" else ("INSUFFICIENT_DATA", "there is no data")
    breaches = [value for value in there if _COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])]
    number = len(breaches) + (len(values) - len(there) if treatment == "breaching" else 0)
    needed = int(alarm.get("DatapointsToAlarm") or len(values))
    if treatment in ("missing", "ignore"):
        needed = min(needed, len(there))
    shown = ", ".join("none" if value is None else f"{value:g}" for value in values[:6])
    reason = f"{number} of {len(values)} periods breach {alarm['ComparisonOperator']} {alarm['Threshold']:g}: {shown}"
    return ("ALARM" if number >= needed else "OK"), reason

"""What watching costs in a month: alarms, the dashboard, and the metrics that the functions tell."""

import collections
import json
import time

from local_aws import state
from terraform import cloudformation

from . import prices
from .month import line


def told(local, provider):
    """How many values each metric of the stack has; each name with each set of dimensions is a metric."""
    cloudwatch, now = local.client("cloudwatch", provider.account), time.time()
    found = collections.Counter()
    for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace="zonelink"):
        for one in page["Metrics"]:
            points = cloudwatch.get_metric_statistics(
                Namespace="zonelink", MetricName=one["MetricName"], Dimensions=one["Dimensions"], Period=86400,
                StartTime=now - 86400, EndTime=now + 60, Statistics=["SampleCount"])["Datapoints"]
            found[json.dumps([one["MetricName"], one["Dimensions"]])] = sum(point["SampleCount"] for point in points)
    return found


def watched():
    """How many metrics the template's alarms look at, and how many dashboards it makes."""
    resources = cloudformation.read(state.REPOSITORY / "template.yaml")["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    # An alarm on an expression is paid for by the metrics in it.
    looked_at = sum(sum("MetricStat" in one for one in alarm.get("Metrics", ())) or 1 for alarm in alarms)
    return looked_at, sum(one["Type"] == "AWS::CloudWatch::Dashboard" for one in resources)


def show(of_a_sweep, of_everything):
    """Print the table of docs/COST.md."""
    looked_at, dashboards = watched()
    rows = {
        "alarms": (looked_at, looked_at * prices.ALARM_METRIC),
        "the dashboard": (dashboards, dashboards * prices.DASHBOARD),
        "metrics that every sweep tells": (len(of_a_sweep), len(of_a_sweep) * prices.METRIC),
        "metrics of changes and holds, if there are some in each hour": (
            len(of_everything - of_a_sweep), len(of_everything - of_a_sweep) * prices.METRIC),
    }
    print(line("", "number", "a month"))
    print(line("---", "---:", "---:"))
    for what, (number, dollars) in rows.items():
        print(line(what, str(number), f"${dollars:.2f}"))
    print(line("together", "", f"${sum(dollars for _, dollars in rows.values()):.2f}"))

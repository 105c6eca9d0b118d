"""The alarms, the dashboard, the runbook and the code name the same things. Nothing runs for this."""

import json
import re

import pytest

from local_aws import state
from terraform import cloudformation

from .runbook import FIRST, PAGE, blocks, sections

TEMPLATE = cloudformation.read(state.REPOSITORY / "template.yaml")
# What AWS publishes of itself, as far as it is used.
OF_AWS = {
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible",
                "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"},
    "AWS/Lambda": {"Errors", "Throttles", "Duration"},
}


def rendered(**more):
    """The template's resources with their parameters' defaults, or others."""
    given = {"ServiceId": "vpce-svc-0123456789abcdef0", "RecordName": "*.example.com",
             "AlarmActions": "arn:aws:sns:::x", **more}
    return cloudformation.Rendered(TEMPLATE, given, lambda name: f"<{name}>").resources()


def alarms(**more):
    """The properties of each alarm, by its name without the stack's."""
    found = {logical: one["Properties"] for logical, one in rendered(**more).items()
             if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert {f"<AWS::StackName>-{logical.removesuffix('Alarm')}" for logical in found} == {
        alarm["AlarmName"] for alarm in found.values()}
    return {logical.removesuffix("Alarm"): alarm for logical, alarm in found.items()}


def metrics_of(alarm):
    """(namespace, metric, dimensions by name) of each metric of an alarm."""
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
    return [(one["Namespace"], one["MetricName"], {pair["Name"]: pair["Value"] for pair in one["Dimensions"]})
            for one in stats]


def emitted():
    """What the functions' code emits: each metric with the dimension that it has besides the stack."""
    code = (state.REPOSITORY / "shared" / "src" / "metrics.rs").read_text()
    names = re.findall(r"Metric::(\w+)", re.search(r"const ALL: .*? = \[(.*?)\];", code, re.DOTALL)[1])
    found = dict.fromkeys(names)
    for several, dimension in re.findall(r"((?:\s*\|?\s*Metric::\w+)+) => Some\(\"(\w+)\"\)", code):
        found.update(dict.fromkeys(re.findall(r"Metric::(\w+)", several), dimension))
    return found


def shown():
    """The metrics of the dashboard as those of an alarm; a search is the metric with its dimension."""
    found = []
    for widget in json.loads(rendered()["Dashboard"]["Properties"]["DashboardBody"])["widgets"]:
        for row in widget["properties"].get("metrics", ()):
            if isinstance(row[0], dict):
                namespace, dimension, name = re.match(
                    r"SEARCH\('\{(\w+),Stack,(\w+)\} MetricName=\"(\w+)\" Stack=\"<AWS::StackName>\"', '\w+', \d+\)$",
                    row[0]["expression"]).groups()
                found.append((namespace, name, {"Stack": "<AWS::StackName>", dimension: None}))
            else:
                plain = [part for part in row if isinstance(part, str)]
                found.append((plain[0], plain[1], dict(zip(plain[2::2], plain[3::2]))))
    return found


def test_every_metric_that_is_looked_at_is_one_that_somebody_emits():
    known = emitted()
    assert len(known) > 10 and known["HoldsStanding"] == "Reason"
    for namespace, name, dimensions in [one for alarm in alarms().values() for one in metrics_of(alarm)] + shown():
        if namespace == "zonelink":
            assert name in known
            assert dimensions.pop("Stack") == "<AWS::StackName>"
            assert set(dimensions) <= {known[name]}, name
        else:
            assert name in OF_AWS[namespace]
            assert set(dimensions) == {{"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName"}[namespace]}


def test_every_metric_that_is_emitted_is_on_the_dashboard():
    assert {name for namespace, name, _ in shown() if namespace == "zonelink"} == set(emitted())


def test_reasons_of_holds_that_are_looked_for_exist():
    code = (state.REPOSITORY / "shared" / "src" / "model" / "hold_reason.rs").read_text()
    looked_for = {dimensions["Reason"] for alarm in alarms().values() for _, _, dimensions in metrics_of(alarm)
                  if "Reason" in dimensions}
    assert looked_for and all(re.search(rf"^    {reason}\b", code, re.MULTILINE) for reason in looked_for)


@pytest.mark.parametrize("more", [{}, {"SweepState": "DISABLED"}, {"SweepOverdueMinutes": 0}], ids=str)
def test_the_dashboard_shows_every_alarm_that_is_made(more):
    [widget] = [one for one in json.loads(rendered(**more)["Dashboard"]["Properties"]["DashboardBody"])["widgets"]
                if one["type"] == "alarm"]
    assert [arn.split(":alarm:")[1] for arn in widget["properties"]["alarms"]] == [
        alarm["AlarmName"] for alarm in alarms(**more).values()]
    assert ("SweepMissing" in alarms(**more)) == (not more)


def test_every_alarm_has_its_section_and_its_row_and_says_where():
    page = PAGE.read_text()
    assert [heading for heading in sections() if heading != FIRST] == list(alarms())
    rows = dict(re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \|", page, re.MULTILINE))
    assert list(rows) == list(alarms())
    for name, alarm in alarms().items():
        urgency, words = alarm["AlarmDescription"].split(". ", 1)
        assert urgency in ("Urgent", "Soon") and rows[name] == urgency.lower()
        assert sections()[name].strip().startswith(f"**{urgency}.**")
        assert words.endswith(f" See {name} in docs/RUNBOOK.md.")
        assert f"(#{name.lower()})" in page


@pytest.mark.parametrize("name", alarms())
def test_every_section_says_how_to_see_and_to_know_that_it_is_over(name):
    assert blocks(name, "See") and blocks(name, "Over")
    assert re.search(r"^\*\*Mend\.\*\*", sections()[name], re.MULTILINE)


def test_every_command_of_the_runbook_exists():
    """Outputs and parameters by their names; what zonelink is told is run by the drills."""
    page = PAGE.read_text()
    outputs = set(re.findall(r"output `?(?:\"\$)?([A-Z]\w+)", page)) - {"FUNCTION"}
    assert outputs and outputs <= set(TEMPLATE["Outputs"])
    named = set(re.findall(r"`([A-Z]\w+)`(?: \(\d+\))", page)) | set(re.findall(r"--parameter-overrides (\w+)=", page))
    assert named and named <= set(TEMPLATE["Parameters"])


@pytest.mark.parametrize("overdue", [TEMPLATE["Parameters"]["SweepOverdueMinutes"][end] for end in ("MinValue", "MaxValue")])
def test_alarms_look_at_something_and_no_further_than_cloudwatch_does(overdue):
    for name, alarm in alarms(SweepOverdueMinutes=overdue).items():
        stats = [one["MetricStat"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
        longest = max(one["Period"] for one in stats)
        assert 0 < longest * alarm["EvaluationPeriods"] <= (86400 if longest < 3600 else 7 * 86400), name


def test_every_alarm_tells_when_it_begins_and_when_it_is_over():
    for alarm in alarms().values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == ["arn:aws:sns:::x"]
        assert alarm["TreatMissingData"] in ("breaching", "notBreaching", "ignore")


def test_all_that_can_be_given_up_ends_in_the_dead_letter_queue():
    """Or the alarm on it would miss something."""
    queue, made = "<DeadLetterQueue.Arn>", rendered()
    for name, one in made.items():
        properties = one["Properties"]
        if one["Type"] == "AWS::Events::Rule":
            assert {target["DeadLetterConfig"]["Arn"] for target in properties["Targets"]} == {queue}, name
        elif one["Type"] == "AWS::Scheduler::Schedule":
            assert properties["Target"]["DeadLetterConfig"]["Arn"] == queue
        elif one["Type"] in ("AWS::SNS::Subscription", "AWS::SQS::Queue") and name != "DeadLetterQueue":
            assert properties["RedrivePolicy"]["deadLetterTargetArn"] == queue
        elif one["Type"] == "AWS::Serverless::Function" and name != "ReconcileRecords":
            assert properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"] == queue

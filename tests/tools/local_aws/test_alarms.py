"""CloudWatch's alarms on the ministack side: dimensions, periods, missing data, sums, actions; SQS's redrive."""

import json

import pytest
from botocore.exceptions import ClientError

from local_aws import accounts, stacks

from .probe import running


@pytest.fixture(scope="module")
def local():
    with running.ministack() as started:
        started.outputs = started.deploy()
        yield started


@pytest.fixture
def alarms(local):
    """Alarms on a metric of nobody else, made by `make`; `states` are those after some minutes."""
    cloudwatch, made = local.client("cloudwatch"), []

    def make(**properties):
        name = f"alarm-{len(made)}"
        cloudwatch.put_metric_alarm(**{
            "AlarmName": name, "Namespace": "probe", "MetricName": "heat", "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5.0, **properties})
        made.append(name)
        return name

    def put(value, **dimensions):
        cloudwatch.put_metric_data(Namespace="probe", MetricData=[{"MetricName": "heat", "Value": value, "Dimensions": [
            {"Name": name, "Value": value} for name, value in dimensions.items()]}])

    def states(seconds=1):
        assert local.post("/_local/time", {"seconds": seconds})[0] == 200
        found = cloudwatch.describe_alarms(AlarmNames=made)["MetricAlarms"]
        return [{alarm["AlarmName"]: alarm["StateValue"] for alarm in found}[name] for name in made]

    local.post("/_local/time", {"seconds": 86400})
    yield type("Alarms", (), {"make": staticmethod(make), "put": staticmethod(put), "states": staticmethod(states)})
    cloudwatch.delete_alarms(AlarmNames=made)


def test_an_alarm_sees_its_own_dimensions_only(alarms):
    alarms.make()
    alarms.make(Dimensions=[{"Name": "side", "Value": "left"}])
    alarms.make(Dimensions=[{"Name": "side", "Value": "right"}])
    alarms.put(1)
    alarms.put(9, side="left")
    alarms.put(2, side="right")
    assert alarms.states() == ["OK", "ALARM", "OK"]


@pytest.mark.parametrize("treatment, expected", [
    ("missing", ["INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"]), ("notBreaching", ["OK", "ALARM", "OK"]),
    ("breaching", ["ALARM", "ALARM", "ALARM"]), ("ignore", ["INSUFFICIENT_DATA", "ALARM", "ALARM"])])
def test_missing_data_is_treated_as_the_alarm_says(alarms, treatment, expected):
    alarms.make(TreatMissingData=treatment)
    seen = alarms.states()
    alarms.put(9)
    assert [*seen, *alarms.states(), *alarms.states(120)] == expected


def test_so_many_periods_of_so_many_have_to_breach(alarms):
    alarms.make(EvaluationPeriods=4, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    alarms.make(EvaluationPeriods=2, TreatMissingData="notBreaching")
    alarms.put(9)
    assert alarms.states(70) == ["OK", "OK"]
    alarms.put(1)
    assert alarms.states(60) == ["OK", "OK"]
    alarms.put(9)
    assert alarms.states() == ["ALARM", "OK"], "two of the last four minutes, and not the last two"
    alarms.put(9)
    assert alarms.states(60) == ["ALARM", "OK"]
    alarms.put(9)
    assert alarms.states() == ["ALARM", "ALARM"]
    assert alarms.states(300) == ["OK", "OK"]


def test_a_statistic_is_of_the_values_of_its_period(alarms, local):
    alarms.make(Period=300)
    local.client("cloudwatch").put_metric_alarm(
        AlarmName="half", Namespace="probe", MetricName="heat", ExtendedStatistic="p50", Period=300,
        EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Threshold=5.0)
    for value in (1, 1, 9):
        alarms.put(value)
    assert alarms.states() == ["ALARM"]
    [half] = local.client("cloudwatch").describe_alarms(AlarmNames=["half"])["MetricAlarms"]
    assert half["StateValue"] == "OK"
    assert alarms.states(240) == ["ALARM"], "it stands while the period has the value"
    assert alarms.states(120) == ["INSUFFICIENT_DATA"]
    local.client("cloudwatch").delete_alarms(AlarmNames=["half"])


def test_functions_and_queues_are_told_of(local):
    cloudwatch, taker = local.client("cloudwatch"), local.outputs["Taker"]
    local.client("sqs").send_message(QueueUrl=local.outputs["Seen"], MessageBody="x")
    local.client("lambda").invoke(FunctionName=taker, Payload='{"do": "fail"}')
    local.client("lambda").invoke(FunctionName=taker, Payload="{}")
    local.post("/_local/time", {"seconds": 120})

    def statistic(namespace, name, wanted, **dimensions):
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, StartTime=0, EndTime=4102444800, Period=86400, Statistics=[wanted],
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()])["Datapoints"]
        return max(point[wanted] for point in points)

    # Once, beside much other work, a third one was counted; whose is not known.
    assert statistic("AWS/Lambda", "Invocations", "Sum", FunctionName=taker) in (2, 3)
    assert statistic("AWS/Lambda", "Errors", "Sum", FunctionName=taker) == 1
    queue = local.outputs["Seen"].rsplit("/", 1)[1]
    assert statistic("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName=queue) >= 1
    assert statistic("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName=queue) >= 60


def test_templates_sum_metrics_up_and_nothing_else(local):
    def template(expression):
        stats = [{"Id": side, "ReturnData": False, "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {
            "Namespace": "probe", "MetricName": "parts", "Dimensions": [{"Name": "side", "Value": side}]}}}
            for side in ("a", "b")]
        return json.dumps({"Resources": {
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                "AlarmName": "parts", "EvaluationPeriods": 1, "Threshold": 5,
                "ComparisonOperator": "GreaterThanThreshold",
                "Metrics": [{"Id": "together", "Expression": expression}, *stats]}},
            "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {
                "DashboardName": "board",
                "DashboardBody": {"Fn::Sub": '{"widgets": [], "start": "${AWS::Region}"}'}}}}})

    cloudformation, cloudwatch = local.client("cloudformation"), local.client("cloudwatch")
    with pytest.raises(stacks.StackFailed, match="SUM"):
        stacks.deploy(cloudformation, "sums", {"TemplateBody": template("a / b")}, {}, [])
    stacks.delete(cloudformation, "sums")
    stacks.deploy(cloudformation, "sums", {"TemplateBody": template("SUM(METRICS())")}, {}, [])
    cloudwatch.put_metric_data(Namespace="probe", MetricData=[
        {"MetricName": "parts", "Value": 3, "Dimensions": [{"Name": "side", "Value": side}]} for side in ("a", "b")])
    local.post("/_local/time", {"seconds": 1})
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["parts"])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM" and len(alarm["Metrics"]) == 3
    assert json.loads(cloudwatch.get_dashboard(DashboardName="board")["DashboardBody"])["start"] == accounts.REGION
    stacks.delete(cloudformation, "sums")
    assert cloudwatch.describe_alarms(AlarmNames=["parts"])["MetricAlarms"] == []
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_time_goes_forward_only(local):
    for seconds in (0, -1, "x", None, 10_000_000):
        assert local.post("/_local/time", {"seconds": seconds})[0] == 400


def test_dead_letters_are_moved_where_they_came_from_or_elsewhere(local):
    sqs = local.client("sqs")
    names = ("dead", "work", "other")
    urls = {name: sqs.create_queue(QueueName=f"move-{name}")["QueueUrl"] for name in names}
    arns = {name: f"arn:aws:sqs:{accounts.REGION}:{accounts.PROVIDER}:move-{name}" for name in names}

    def bodies(name):
        found = sqs.receive_message(QueueUrl=urls[name], MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(message["Body"] for message in found.get("Messages", []))

    with pytest.raises(ClientError, match="Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arns["dead"])
    sqs.set_queue_attributes(QueueUrl=urls["work"], Attributes={"RedrivePolicy": json.dumps(
        {"deadLetterTargetArn": arns["dead"], "maxReceiveCount": 1})})
    sqs.send_message(QueueUrl=urls["work"], MessageBody="given up")
    assert bodies("work") == ["given up"] and bodies("work") == []
    sqs.send_message(QueueUrl=urls["dead"], MessageBody="sent there")
    assert bodies("dead") == ["given up", "sent there"]
    sqs.start_message_move_task(SourceArn=arns["dead"])
    assert bodies("dead") == ["sent there"], "nobody knows where it came from"
    assert bodies("work") == ["given up"]
    sqs.start_message_move_task(SourceArn=arns["dead"], DestinationArn=arns["other"])
    assert bodies("other") == ["sent there"]
    [task] = sqs.list_message_move_tasks(SourceArn=arns["dead"])["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    with pytest.raises(ClientError, match="exist"):
        sqs.start_message_move_task(SourceArn=arns["dead"], DestinationArn=arns["other"] + "-not")

"""A fleet whose alarms notify a topic, and a shell in which the runbook is followed."""

import datetime
import json
import re

import pytest

from .runbook import PAGE, Shell


class Watch:
    """The alarms of the stack, and what the topic was told of them."""

    def __init__(self, fleet):
        self.fleet, self.local, self.provider = fleet, fleet.local, fleet.provider
        self.cloudwatch = self.local.client("cloudwatch", self.provider.account)
        self.shell = Shell(self.local)
        self._sqs = self.local.client("sqs", self.provider.account)
        self._sns = self.local.client("sns", self.provider.account)
        self.topic = self._sns.create_topic(Name="on-duty")["TopicArn"]
        self._inbox = self._subscribe("inbox")
        # Who is woken by the urgent ones only, as the runbook says it.
        [policy] = re.findall(r"`(\{\"AlarmDescription.*?\})`", PAGE.read_text())
        self._pager = self._subscribe("pager", FilterPolicy=policy, FilterPolicyScope="MessageBody")

    def _subscribe(self, name, **attributes):
        """A queue that takes what the topic says."""
        self._sns.subscribe(TopicArn=self.topic, Protocol="sqs", Attributes=attributes,
                            Endpoint=self.topic.replace(":sns:", ":sqs:").replace("on-duty", name))
        return self._sqs.create_queue(QueueName=name)["QueueUrl"]

    def state(self, name):
        """The state of one alarm."""
        [alarm] = self.cloudwatch.describe_alarms(AlarmNames=[f"zonelink-{name}"])["MetricAlarms"]
        return alarm["StateValue"]

    def pass_minutes(self, minutes):
        """Let time pass for metrics, messages and alarms."""
        self.local.let_time_pass(minutes)

    def told(self, pager=False):
        """What the topic was told since it was asked last: alarm and new state, in order; all, or what wakes."""
        found, queue = [], self._pager if pager else self._inbox
        while messages := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                said = json.loads(json.loads(message["Body"])["Message"])
                found.append((said["AlarmName"].removeprefix("zonelink-"), said["NewStateValue"]))
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def fired(self, name):
        """The alarm stands, and whoever is on duty was told so."""
        assert self.state(name) == "ALARM"
        assert (name, "ALARM") in self.told()
        [alarm] = self.cloudwatch.describe_alarms(AlarmNames=[f"zonelink-{name}"])["MetricAlarms"]
        is_urgent = alarm["AlarmDescription"].startswith("Urgent")
        assert ((name, "ALARM") in self.told(pager=True)) == is_urgent

    def over(self, name):
        """The alarm is over, and whoever is on duty was told so."""
        assert self.state(name) == "OK"
        assert (name, "OK") in self.told()

    def metric(self, name, statistic="Sum", **dimensions):
        """What a metric of the last hours comes to, or None."""
        now = datetime.datetime.now(datetime.timezone.utc)
        namespace = "AWS/Lambda" if "FunctionName" in dimensions else "zonelink"
        points = self.cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=86400, Statistics=[statistic],
            StartTime=now - datetime.timedelta(hours=12), EndTime=now + datetime.timedelta(minutes=1),
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()])["Datapoints"]
        return max((point[statistic] for point in points), default=None)


@pytest.fixture
def watch(fleet, monkeypatch):
    """Quiet alarms: what earlier tests have measured is long ago."""
    watch = Watch(fleet)
    # It stays through every update that a drill makes.
    monkeypatch.setitem(fleet.provider.parameters, "AlarmActions", watch.topic)
    fleet.provider.update()
    watch.pass_minutes(7 * 60)
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.told()
    watch.told(pager=True)
    return watch

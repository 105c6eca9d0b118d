"""What the functions count and measure, as it stands in CloudWatch."""

import datetime
import json

import pytest

from stage.client import NAME
from stage.local import wait_until
from stage.provider import STACK


class CloudWatch:
    """The stack's metrics since the test began."""

    def __init__(self, fleet):
        self._client = fleet.local.client("cloudwatch", fleet.provider.account)
        self._stack = {"Name": "Stack", "Value": STACK}
        self._before = self.all()

    def all(self):
        """Sum, number and greatest of the values of each metric, by its name and its own dimension."""
        pages = self._client.get_paginator("list_metrics").paginate(Namespace="zonelink", Dimensions=[self._stack])
        found = [one for page in pages for one in page["Metrics"]]
        return {_key(one): self._statistics(one) for one in found}

    def sum(self, name, second=None):
        """By how much a metric has grown."""
        return self._grown(name, second)[0]

    def values(self, name, second=None):
        """How many values have come."""
        return self._grown(name, second)[1]

    def _grown(self, name, second):
        before, now = (of.get((name, second), (0, 0)) for of in (self._before, self.all()))
        return tuple(after - first for after, first in zip(now, before))

    def _statistics(self, metric):
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
        points = self._client.get_metric_statistics(
            Namespace="zonelink", MetricName=metric["MetricName"], Dimensions=metric["Dimensions"], Period=60,
            StartTime=end - datetime.timedelta(hours=3), EndTime=end, Statistics=["Sum", "SampleCount"])["Datapoints"]
        return sum(point["Sum"] for point in points), sum(point["SampleCount"] for point in points)


def _key(metric):
    second = [one["Value"] for one in metric["Dimensions"] if one["Name"] != "Stack"]
    return metric["MetricName"], second[0] if second else None


@pytest.fixture
def watched(fleet):
    fleet.cloudwatch = CloudWatch(fleet)
    return fleet


def test_new_endpoint_gives_the_time_to_its_record_and_one_change(watched):
    vpc = watched.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    watched.local.settled()
    assert zone.addresses() == endpoint.addresses
    metrics = watched.cloudwatch
    assert (metrics.sum("RecordChanges"), metrics.sum("RecordChanges", "CREATE")) == (1, 1)
    assert metrics.values("TimeToRecord") == 1
    # CloudTrail tells whole seconds.
    assert 0 < metrics.sum("TimeToRecord") < 60_000
    assert metrics.sum("ConnectionsAccepted") == 1
    assert metrics.sum("DriftRepaired") == metrics.sum("ChangesFoundBySweep") == 0


def test_change_and_removal_are_counted_by_what_was_done(watched):
    vpc = watched.a.vpc(subnets=2)
    zone, endpoint = vpc.zone(), vpc.endpoint(SubnetIds=[vpc.subnets[0]])
    watched.local.settled()
    endpoint.add_subnet(vpc.subnets[1])
    watched.local.settled()
    endpoint.delete()
    watched.local.settled()
    assert zone.record() is None
    actions = ("CREATE", "REPLACE", "DELETE")
    assert [watched.cloudwatch.sum("RecordChanges", action) for action in actions] == [1, 1, 1]
    assert watched.cloudwatch.values("TimeToRecord") == 3


def test_edit_by_hand_that_a_sweep_repairs_is_drift_that_no_event_told_of(watched):
    vpc = watched.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    watched.local.settled()
    zone.put("10.9.9.9")
    watched.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    metrics = watched.cloudwatch
    assert (metrics.sum("DriftRepaired"), metrics.sum("ChangesFoundBySweep")) == (1, 1)
    assert metrics.sum("RecordChanges", "REPLACE") == 1
    assert metrics.values("TimeToRecord") == 1, "a sweep has no event to count from"
    # In sync, a sweep says that it has found nothing, and that nothing is on its way.
    known = metrics.values("ChangesFoundBySweep"), metrics.values("PendingAge")
    watched.provider.sweep()
    assert (metrics.values("ChangesFoundBySweep"), metrics.values("PendingAge")) == (known[0] + 1, known[1] + 1)
    assert (metrics.sum("ChangesFoundBySweep"), metrics.sum("PendingAge")) == (1, 0)


def test_backfill_by_hand_is_no_sweep_that_found_what_events_missed(watched):
    with watched.provider.deaf():
        vpc = watched.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        watched.provider.backfill()
        watched.local.settled()
        assert zone.addresses() == endpoint.addresses
    metrics = watched.cloudwatch
    assert metrics.sum("RecordChanges", "CREATE") == 1
    assert metrics.values("ChangesFoundBySweep") == metrics.values("TimeToRecord") == 0


def test_stranger_is_a_hold_that_is_placed_once_and_stands_in_each_sweep(watched):
    endpoint = watched.c.vpc().endpoint()
    watched.local.settled()
    metrics = watched.cloudwatch
    assert (metrics.sum("HoldsPlaced"), metrics.sum("HoldsPlaced", "NotAllowed")) == (1, 1)
    for number in (1, 2):
        watched.provider.sweep()
        assert (metrics.sum("HoldsStanding"), metrics.sum("HoldsStanding", "NotAllowed")) == (number, number)
    assert metrics.sum("HoldsPlaced") == 1
    endpoint.delete()
    watched.provider.sweep()
    assert (metrics.sum("HoldsStanding"), metrics.values("HoldsStanding")) == (2, 3), "0 is told, too"


def test_answers_that_throttle_are_counted_by_service_and_what_waits_for_room_too(watched):
    read = {"service": "route53", "action": "ListHostedZonesByVPC", "code": "Throttling", "message": "Rate exceeded"}
    vpc = watched.a.vpc()
    zone = vpc.zone()
    watched.local.faults({**read, "times": 1})
    endpoint = vpc.endpoint()
    watched.local.settled()
    assert zone.addresses() == endpoint.addresses
    metrics = watched.cloudwatch
    assert (metrics.sum("Throttles"), metrics.sum("Throttles", "Route 53")) == (1, 1)
    assert metrics.sum("BucketWaits") == metrics.values("BucketWaitTime") >= 1
    assert metrics.sum("BucketWaitTime") > 0


def test_throttling_that_the_sdk_gets_over_by_itself_is_counted(watched):
    described = {"service": "ec2", "action": "DescribeNetworkInterfaces", "code": "RequestLimitExceeded",
                 "message": "slow down", "status": 503, "times": 2}
    vpc = watched.a.vpc()
    zone = vpc.zone()
    watched.local.faults(described)
    endpoint = vpc.endpoint()
    watched.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert watched.cloudwatch.sum("Throttles", "EC2") == 2


def test_sweeps_are_counted_and_the_next_one_tells_the_age_of_the_last(watched):
    watched.provider.sweep()
    metrics = watched.cloudwatch
    assert (metrics.sum("SweepsStarted"), metrics.sum("SweepsCompleted")) == (1, 1)
    assert metrics.values("SweepAge") == 0, "there was none before"
    watched.provider.backfill(services=[watched.provider.service])
    watched.local.settled()
    assert (metrics.sum("SweepsStarted"), metrics.values("HoldsStanding")) == (1, 1), "one service is no whole sweep"
    watched.provider.sweep()
    assert (metrics.sum("SweepsStarted"), metrics.sum("SweepsCompleted")) == (2, 2)
    assert metrics.values("SweepAge") == 1


def test_sweep_that_fails_is_not_complete(watched):
    watched.local.faults({"service": "ec2", "action": "DescribeVpcEndpointConnections", "code": "InternalError",
                          "message": "oh", "status": 500, "times": 4})
    watched.provider.sweep()
    metrics = watched.cloudwatch
    assert metrics.sum("SweepsStarted") > metrics.sum("SweepsCompleted")


def test_refused_definition_is_told_by_each_sweep_until_it_is_gone(watched):
    watched.table.put({"pk": "service", "sk": "vpce-svc-0fffffffffffffff1", "definition": {"service": "nonsense"}})
    watched.provider.sweep()
    assert watched.cloudwatch.sum("RefusedDefinitions") == 1
    watched.table.delete("service", "vpce-svc-0fffffffffffffff1")
    watched.provider.sweep()
    assert watched.cloudwatch.sum("RefusedDefinitions") == 1
    # A sweep that failed before is tried again meanwhile.
    assert watched.cloudwatch.values("RefusedDefinitions") >= 2


def test_change_that_is_never_answered_grows_old(watched):
    with watched.provider.deaf():
        vpc = watched.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        watched.local.faults({"service": "route53", "action": "ChangeResourceRecordSets", "code": "InternalFailure",
                              "message": "try again", "status": 500, "times": 1})
        watched.provider.backfill()
        watched.local.at_rest()
        assert watched.cloudwatch.sum("RecordChanges") == 0
        # As if nobody had looked for a month.
        watched.table.let_pending_changes_expire()
        watched.provider.sweep()
        wait_until(lambda: watched.cloudwatch.sum("PendingAge") > 3600, within=60)
    assert zone.addresses() == endpoint.addresses
    assert watched.cloudwatch.sum("RecordChanges", "CREATE") == 1


def test_rejection_is_counted_when_aws_has_done_it(watched):
    endpoint = watched.c.vpc().endpoint()
    watched.local.settled()
    watched.provider.update(AllowedPrincipals=watched.a.account, Disallowed="reject")
    watched.provider.backfill(dry_run=True)
    assert watched.cloudwatch.sum("ConnectionsRejected") == 0
    watched.provider.backfill()
    assert endpoint.state == "rejected"
    assert watched.cloudwatch.sum("ConnectionsRejected") == 1


def test_metrics_stand_in_the_log_beside_the_request_that_they_are_of(watched):
    vpc = watched.a.vpc()
    vpc.zone()
    vpc.endpoint()
    watched.local.settled()
    log = watched.local.log_of(watched.provider.outputs["ReconcileRecordsFunction"]).splitlines()
    lines = [json.loads(line) for line in log if line.startswith("{")]
    written = [line for line in lines if line.get("message") == "applied" and line.get("vpc") == vpc.id
               and line.get("name") == NAME]
    # The event's own message and that of its acceptance may be at it at once: one of them is first.
    [done] = [line for line in written if line["outcome"] == "done"]
    request = done["spans"][0]["requestId"]
    counted = [line for line in lines if line.get("message") == "metrics" and line["spans"][0]["requestId"] == request]
    assert any("TimeToRecord" in line for line in counted)

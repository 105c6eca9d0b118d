"""Doing everything again changes nothing: no record, no item, no acceptance."""

import contextlib
import json
import random

import pytest

from local_aws import accounts


@contextlib.contextmanager
def recorded(local, *names):
    """Every event that the accounts' default buses carry, as a list that fills up when the block ends."""
    events, rules = [], []
    for account in names:
        sqs, bus = local.client("sqs", account), local.client("events", account)
        url = sqs.create_queue(QueueName="recorder")["QueueUrl"]
        arn = f"arn:aws:sqs:{accounts.REGION}:{account}:recorder"
        rule = bus.put_rule(Name="recorder", EventPattern='{"source":["aws.ec2"]}')["RuleArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage", "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}]})})
        bus.put_targets(Rule="recorder", Targets=[{"Id": "1", "Arn": arn}])
        rules.append((sqs, bus, url))
    yield events
    for sqs, bus, url in rules:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            events += [json.loads(message["Body"]) for message in messages]
        bus.remove_targets(Rule="recorder", Ids=["1"])
        bus.delete_rule(Name="recorder")
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def busy(fleet):
    """Two clients after a change each, a stranger, a held zone, and all events that led there."""
    owners = [client.account for client in (fleet.a, fleet.b, fleet.c, fleet.provider)]
    with recorded(fleet.local, *owners) as events:
        vpcs = [fleet.a.vpc(subnets=3), fleet.b.vpc(subnets=2)]
        fleet.zones = [vpc.zone() for vpc in vpcs] + [vpcs[0].zone("example.com")]
        held = fleet.b.vpc()
        held.zone().put("192.0.2.1")
        held.endpoint()
        fleet.endpoints = [vpc.endpoint(SubnetIds=vpc.subnets[:1]) for vpc in vpcs]
        fleet.c.vpc().endpoint()
        fleet.local.settled()
        fleet.endpoints[0].add_subnet(vpcs[0].subnets[1])
        fleet.local.settled()
    fleet.events = events
    assert {event["detail"]["eventName"] for event in events} == {
        "CreateVpcEndpoint", "ModifyVpcEndpoint", "AcceptVpcEndpointConnections"}
    assert len(fleet.table.holds()) == 2
    fleet.before = fleet.table.items()
    fleet.records = [zone.record() for zone in fleet.zones]
    assert all(fleet.records)
    fleet.local.forget_calls()
    return fleet


def assert_nothing_changed(fleet):
    fleet.local.settled()
    assert fleet.local.calls("ChangeResourceRecordSets") == []
    assert fleet.local.calls("AcceptVpcEndpointConnections") == []
    assert fleet.table.items() == fleet.before
    assert [zone.record() for zone in fleet.zones] == fleet.records
    assert fleet.provider.dead_letters() == []


def test_second_and_third_backfill_change_nothing(busy):
    busy.provider.backfill()
    busy.local.settled()
    busy.provider.backfill()
    assert_nothing_changed(busy)


def test_replayed_events_change_nothing(busy):
    for event in busy.events:
        busy.local.deliver(event)
    for endpoint in busy.endpoints:
        busy.provider.notify("Connect", endpoint)
    assert_nothing_changed(busy)


def test_doubled_and_shuffled_events_change_nothing(busy):
    doubled = busy.events * 3
    random.Random(7).shuffle(doubled)
    for event in doubled:
        busy.local.deliver(event)
    assert_nothing_changed(busy)


def test_old_create_event_does_not_bring_back_what_was_deleted(busy):
    for endpoint in busy.endpoints:
        endpoint.vpc.client.delete(endpoint)
    busy.local.settled()
    assert busy.table.claims() == {}
    busy.local.forget_calls()
    for event in busy.events:
        busy.local.deliver(event)
    busy.local.settled()
    assert busy.local.calls("ChangeResourceRecordSets") == []
    assert [zone.record() for zone in busy.zones] == [None] * 3
    assert busy.table.claims() == {}


def test_everything_at_once_and_in_any_order_ends_right(fleet):
    vpcs = [fleet.a.vpc(subnets=3) for _ in range(4)]
    zones = [vpc.zone() for vpc in vpcs]
    endpoints = [vpc.endpoint(SubnetIds=vpc.subnets[:1]) for vpc in vpcs]
    for vpc, endpoint in zip(vpcs, endpoints):
        endpoint.add_subnet(vpc.subnets[1])
        endpoint.add_subnet(vpc.subnets[2])
        endpoint.remove_subnet(vpc.subnets[0])
        fleet.provider.backfill()
    fleet.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    assert fleet.provider.dead_letters() == []
    assert fleet.table.holds() == {}

"""Endpoints that take their time: one chain of messages each, until they come or half an hour is over."""

import datetime
import time

import pytest

from stage.local import wait_until


@pytest.fixture
def pending(fleet):
    """An accepted endpoint that stays `pending` until accept_seconds is set to zero."""
    fleet.local.settings(accept_seconds=3600.0)
    fleet.vpc = fleet.a.vpc()
    fleet.zone = fleet.vpc.zone()
    fleet.endpoint = fleet.vpc.endpoint()
    fleet.local.at_rest()
    assert fleet.endpoint.state == "pending"
    return fleet


def due_now(fleet, **changes):
    """Let the next look of the endpoint's chain be due, and its message arrive."""
    wait = fleet.table.waits()[fleet.endpoint.id]
    fleet.table.put({**wait, "due": int(time.time()) - 1, **changes})
    fleet.local.release(fleet.provider.outputs["QueueUrl"])
    return fleet.local.at_rest()


def test_pending_endpoint_has_one_chain_and_one_message(pending):
    assert set(pending.table.waits()) == {pending.endpoint.id}
    assert pending.local.at_rest() == 1
    wait = pending.table.waits()[pending.endpoint.id]
    assert wait["delay_seconds"] == 10
    assert pending.zone.record() is None
    assert pending.table.holds() == {}


def test_more_events_start_no_second_chain(pending):
    before = pending.table.waits()
    for _ in range(4):
        pending.provider.notify("Accept", pending.endpoint)
    pending.provider.backfill()
    pending.provider.backfill()
    assert pending.local.at_rest() == 1
    assert pending.table.waits() == before


def test_looks_are_more_rare_the_longer_an_endpoint_is_waited_for(pending):
    delays = []
    for minutes in (1, 4, 8, 12):
        assert due_now(pending, deadline=int(time.time()) + 60 * (30 - minutes)) == 1
        delays.append(int(pending.table.waits()[pending.endpoint.id]["delay_seconds"]))
    assert delays == [10, 20, 30, 60]
    assert pending.provider.dead_letters() == []


def test_record_is_written_once_the_endpoint_is_available(pending):
    pending.local.settings(accept_seconds=0.0)
    assert due_now(pending) == 0
    assert pending.zone.addresses() == pending.endpoint.addresses
    assert pending.table.waits() == {}
    assert pending.table.holds() == {}


def test_chain_brings_the_record_by_its_own_clock(fleet):
    fleet.local.settings(accept_seconds=1.0)
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.at_rest()
    wait_until(zone.record, within=25)
    assert zone.addresses() == endpoint.addresses


def test_endpoint_that_stays_pending_is_held_as_stalled_and_no_message_is_lost(pending):
    assert due_now(pending, deadline=int(time.time()) - 1) == 0
    subject = f"{pending.vpc.id}/{pending.endpoint.id}"
    assert pending.table.holds() == {subject: {"reason": "Stalled", "state": "pending"}}
    assert pending.provider.dead_letters() == []
    before = pending.table.items()
    pending.provider.backfill()
    assert pending.local.at_rest() == 0, "no new chain for an endpoint that is held"
    assert pending.table.items() == before

    pending.local.settings(accept_seconds=0.0)
    pending.provider.sweep()
    assert pending.zone.addresses() == pending.endpoint.addresses
    assert pending.table.holds() == {}
    assert pending.table.waits() == {}


def test_modified_endpoint_keeps_its_record_while_it_is_pending(fleet):
    vpc = fleet.a.vpc(subnets=2)
    zone = vpc.zone()
    endpoint = vpc.endpoint(SubnetIds=vpc.subnets[:1])
    fleet.local.settled()
    before = zone.addresses()
    fleet.local.settings(accept_seconds=3600.0)
    endpoint.add_subnet(vpc.subnets[1])
    assert fleet.local.at_rest() == 1
    assert endpoint.state == "pending"
    assert zone.addresses() == before

    fleet.endpoint = endpoint
    fleet.local.settings(accept_seconds=0.0)
    due_now(fleet)
    assert zone.addresses() == endpoint.addresses
    assert len(zone.addresses()) == 2


def test_endpoint_that_fails_while_it_is_waited_for_ends_the_chain(pending):
    pending.provider.ec2.reject_vpc_endpoint_connections(
        ServiceId=pending.provider.service, VpcEndpointIds=[pending.endpoint.id])
    pending.local.settled()
    assert pending.table.waits() == {}
    assert pending.zone.record() is None


def test_announced_endpoint_that_nobody_knows_is_waited_for_and_then_held(fleet):
    unknown = "vpce-0123456789abcdef0"
    fleet.provider.send({"intent": "reconcile", "account": fleet.a.account, "vpc_endpoints": [unknown],
                         "announced": True, "cause": "a test"})
    assert fleet.local.at_rest() == 1
    wait = fleet.table.waits()[unknown]
    past = int(time.time()) - 1
    fleet.table.put({**wait, "due": past, "deadline": past})
    fleet.local.release(fleet.provider.outputs["QueueUrl"])
    assert fleet.local.at_rest() == 0
    assert fleet.table.holds()[f"{fleet.a.account}/{unknown}"]["reason"] == "Stalled"
    assert fleet.provider.dead_letters() == []


def test_unknown_endpoint_in_an_event_of_deletion_is_nothing_to_wait_for(fleet):
    unknown = "vpce-0123456789abcdef0"
    fleet.local.deliver({
        "version": "0", "id": "e1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
        "account": fleet.a.account, "region": "us-west-2", "resources": [],
        "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "DeleteVpcEndpoints", "eventID": "e1",
                   "awsRegion": "us-west-2", "recipientAccountId": fleet.a.account,
                   "requestParameters": {"DeleteVpcEndpointsRequest": {
                       "VpcEndpointId": {"tag": 1, "content": unknown}}},
                   "responseElements": {"DeleteVpcEndpointsResponse": {"unsuccessful": ""}}}})
    assert fleet.local.at_rest() == 0
    assert fleet.table.items() == []
    assert fleet.provider.dead_letters() == []


def test_unknown_id_among_known_ones_does_not_stop_them(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        fleet.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
        fleet.provider.send({"intent": "reconcile", "account": fleet.a.account, "cause": "a test",
                             "vpc_endpoints": ["vpce-0123456789abcdef0", endpoint.id]})
        fleet.local.settled()
        assert zone.addresses() == endpoint.addresses
        assert fleet.provider.dead_letters() == []

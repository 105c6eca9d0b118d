"""Status: every endpoint with its word, from EC2 and the table, in a handful of calls."""

import collections
import resource
import time

import pytest

from .command import check
from .fleets import remembered, write
from .passage import Passage


@pytest.fixture
def mixed(zonelink):
    """An active endpoint, one on a foreign record, one without a zone, and a stranger's."""
    zonelink.vpcs = {name: client.vpc() for name, client in
                     (("active", zonelink.a), ("foreign", zonelink.a), ("zoneless", zonelink.b), ("stranger", zonelink.c))}
    zonelink.vpcs["active"].zone()
    foreign = zonelink.vpcs["foreign"].zone()
    foreign.put("192.0.2.1")
    zonelink.endpoints = {name: vpc.endpoint() for name, vpc in zonelink.vpcs.items()}
    zonelink.local.settled()
    return zonelink


def words(said):
    """The status of each endpoint."""
    return {one["vpc_endpoint"]: one["status"] for one in said.json["endpoints"]}


def test_mixed_fleet_is_shown_with_what_is_held_and_what_helps(mixed):
    said = mixed.run("status", "--output", "json")
    assert said.code == 3
    assert words(said) == {mixed.endpoints[name].id: word for name, word in (
        ("active", "active"), ("foreign", "held"), ("zoneless", "held"), ("stranger", "held"))}
    assert said.json["totals"] == {"active": 1, "held": 3}
    reasons = {hold["reason"] for hold in said.json["holds"]}
    assert reasons == {"ForeignRecord", "NoZone", "NotAllowed"}
    assert all(hold["remedy"] and hold["since"] for hold in said.json["holds"])


def test_one_account_reads_as_it_did(mixed):
    check("status", mixed.run("status", "--vpc", mixed.vpcs["active"].id),
          mixed.run("status", "--account", mixed.b.account), mixed.run("status", "--account", mixed.c.account))


def test_selections_leave_out_the_rest(mixed):
    def shown(*arguments):
        said = mixed.run("status", *arguments, "--output", "json")
        return set(words(said)), {hold["reason"] for hold in said.json["holds"]}

    ids = {name: endpoint.id for name, endpoint in mixed.endpoints.items()}
    assert shown("--account", mixed.a.account) == ({ids["active"], ids["foreign"]}, {"ForeignRecord"})
    assert shown("--vpc", mixed.vpcs["zoneless"].id) == ({ids["zoneless"]}, {"NoZone"})
    assert shown("--held")[0] == set(ids.values()) - {ids["active"]}
    assert shown("--service", mixed.provider.service)[0] == set(ids.values())
    other, _ = mixed.provider.make_service()
    mixed.table.define(other, names=["*.other.example.com"])
    assert shown("--service", other) == (set(), set())


def test_endpoint_is_followed_through_its_life(zonelink):
    def word():
        [found] = words(zonelink.run("status", "--output", "json")).values()
        return found

    with zonelink.provider.deaf():
        vpc = zonelink.a.vpc()
        vpc.zone()
        endpoint = vpc.endpoint()
        assert word() == "pending"
        zonelink.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=zonelink.provider.service, VpcEndpointIds=[endpoint.id])
        assert endpoint.state == "available" and word() == "not configured".replace(" ", "_")
        zonelink.provider.sweep()
        assert word() == "active"
        endpoint.delete(lingers=False)
        assert word() == "deleting", "its record still stands"
        zonelink.local.settings(accept_seconds=0.0)
    with zonelink.provider.deaf():
        vpc = zonelink.b.vpc()
        second = vpc.endpoint()
        zonelink.provider.ec2.reject_vpc_endpoint_connections(
            ServiceId=zonelink.provider.service, VpcEndpointIds=[second.id])
        assert words(zonelink.run("status", "--output", "json"))[second.id] == "rejected"


def test_account_that_cannot_be_read_shows_at_each_of_its_endpoints(mixed):
    mixed.table.put({"pk": "hold", "sk": f"{mixed.a.account}/", "subject": f"{mixed.a.account}/", "reason": {
        "reason": "NoAccess", "account": mixed.a.account, "operation": "sts:AssumeRole", "message": "AccessDenied for x"},
        "since": "2026-01-01T00:00:00Z"})
    found = {one["vpc_endpoint"]: [hold["reason"] for hold in one["holds"]]
             for one in mixed.run("status", "--output", "json").json["endpoints"]}
    assert found[mixed.endpoints["active"].id] == ["NoAccess"]
    assert "NoAccess" not in found[mixed.endpoints["zoneless"].id]


def test_item_that_cannot_be_read_is_named_and_hides_nothing(mixed):
    mixed.table.put({"pk": "hold", "sk": "strange", "reason": 7})
    said = mixed.run("status", "--output", "json")
    assert len(said.json["endpoints"]) == 4
    [unreadable] = said.json["unreadable"]
    assert unreadable.startswith("table item hold / strange cannot be read")
    assert "Not readable by this version:" in mixed.run("status").out


def test_thousand_endpoints_cost_a_handful_of_calls(zonelink, capsys):
    service, account = zonelink.provider.service, zonelink.a.account
    items = [item for number in range(1, 1001) for item in remembered(service, account, number)]
    write(zonelink, items)
    try:
        zonelink.local.forget_calls()
        with Passage(zonelink.local.running["ministack"]["url"]) as table:
            said = zonelink.run("status", "--output", "json", AWS_ENDPOINT_URL_DYNAMODB=table.url)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        shown = zonelink.run("status")
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        write(zonelink, items, delete=True)
    assert said.json["totals"] == {"deleting": 1000}, "EC2 lists none of them, and records still have them"
    assert len(shown.out.splitlines()) > 1000
    calls = collections.Counter(table.calls)
    # Ten batches of a hundred claims; pages of a megabyte of the index, the service's endpoints and the definitions.
    assert calls["BatchGetItem"] == 10
    assert calls["Query"] <= 10
    assert set(calls) == {"BatchGetItem", "Query"}
    assert len(zonelink.local.calls("DescribeVpcEndpointConnections")) == 2, "one for each of the two runs"
    with capsys.disabled():
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"\nstatus of 1,000 endpoints: {seconds:.2f} s, of them {own:.2f} s its own work; {sum(calls.values())} calls of DynamoDB, 1 of EC2")

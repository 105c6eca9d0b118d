"""One account alone: service, endpoints and zones in it, and template.yaml without any client stack."""

import types

import pytest

from local_aws import deploy
from stage.client import Client
from stage.local import QUICK
from stage.provider import Provider

from .fixtures import empty

ACCOUNT = "055555555555"


@pytest.fixture(scope="module")
def alone(local):
    """The account with its stack; its endpoint was made before the stack."""
    local.faults()
    local.settings(**QUICK)
    provider = Provider(local, ACCOUNT)
    client = Client(local, ACCOUNT, provider)
    vpc = client.vpc(subnets=2)
    made = types.SimpleNamespace(local=local, provider=provider, client=client, vpc=vpc,
                                 zone=vpc.zone(), endpoint=vpc.endpoint())
    local.settled()
    provider.deploy(AllowedPrincipals=ACCOUNT)
    yield made
    deploy.delete_provider(running=local.running, account=ACCOUNT)
    local.queues = {url: account for url, account in local.queues.items() if account != ACCOUNT}


def test_endpoint_made_before_the_stack_is_brought_in_by_one_backfill(alone):
    alone.local.settled()
    assert alone.endpoint.state == "pendingAcceptance"
    summary = alone.provider.backfill()
    alone.local.settled()
    assert summary["services"][0]["accepted"] == 1
    assert alone.zone.addresses() == alone.endpoint.addresses
    assert alone.provider.table.holds() == {}


def test_own_endpoint_is_accepted_and_gets_its_record_by_events(alone):
    empty(alone.local, alone.provider)
    vpc = alone.client.vpc(subnets=2)
    zones = [vpc.zone(), vpc.zone("example.com")]
    endpoint = vpc.endpoint(SubnetIds=vpc.subnets[:1])
    alone.local.settled()
    assert endpoint.state == "available"
    endpoint.add_subnet(vpc.subnets[1])
    alone.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses] * 2
    assert alone.local.calls("AssumeRole") == []
    endpoint.delete()
    alone.local.settled()
    assert [zone.record() for zone in zones] == [None, None]
    assert alone.provider.dead_letters() == []


def test_zone_that_leaves_the_vpc_loses_the_record(alone):
    empty(alone.local, alone.provider)
    vpc, other = alone.client.vpc(), alone.client.vpc()
    zone = other.zone()
    vpc.joins(zone)
    endpoint = vpc.endpoint()
    alone.local.settled()
    assert zone.addresses() == endpoint.addresses
    vpc.leaves(zone)
    alone.provider.sweep()
    assert zone.record() is None


def test_zone_of_a_profile_of_the_own_account_is_held_by_its_name(alone):
    empty(alone.local, alone.provider)
    vpc, brought = alone.client.vpc(), alone.client.vpc().zone()
    alone.local.profiles({"account": ACCOUNT, "vpc": vpc.id, "profile": "rp-0123456789abcdef", "zones": [brought.id]})
    vpc.endpoint()
    alone.local.settled()
    [hold] = alone.provider.table.holds().values()
    assert (hold["reason"], hold["zone"]) == ("ProfileZone", brought.id)
    alone.local.profiles()


def test_other_account_is_not_let_in(alone):
    empty(alone.local, alone.provider)
    endpoint = Client(alone.local, "222222222222", alone.provider).vpc().endpoint()
    alone.local.settled()
    alone.provider.sweep()
    assert endpoint.state == "pendingAcceptance"
    assert list(alone.provider.table.holds().values()) == [{"reason": "NotAllowed", "owner": "222222222222"}]


def test_own_account_is_not_let_in_unless_it_is_listed(alone):
    empty(alone.local, alone.provider)
    alone.provider.allow("222222222222")
    endpoint = alone.client.vpc().endpoint()
    alone.local.settled()
    alone.provider.sweep()
    assert endpoint.state == "pendingAcceptance"
    assert list(alone.provider.table.holds().values()) == [{"reason": "NotAllowed", "owner": ACCOUNT}]

"""A client of somebody else's service: the same template without acceptance, for accounts of its own."""

import types

import pytest

from local_aws import deploy
from stage.client import Client
from stage.local import QUICK
from stage.provider import EXTERNAL_ID, Provider

from .fixtures import empty

# Whose service it is; nothing of zonelink runs there.
OWNER = "088888888888"
# Runs zonelink, and has endpoints too.
HOME = "066666666666"
BRANCH = "077777777777"
# In no way connected with the stack, and as good a client of the service.
OTHER = "044444444444"


@pytest.fixture(scope="module")
def installed(local):
    """The stack of the client, and a client stack in its second account."""
    local.faults()
    local.settings(**QUICK)
    owner, home = Provider(local, OWNER), Provider(local, HOME)
    home.service, home.service_name = owner.service, owner.service_name
    home.deploy(AllowedPrincipals=f"{HOME},{BRANCH}", ConnectionNotifications="false",
                ClientAccounts=BRANCH, ExternalId=EXTERNAL_ID)
    home.deploy_client(BRANCH)
    yield types.SimpleNamespace(local=local, owner=owner, home=home)
    deploy.delete_client(BRANCH, running=local.running)
    deploy.delete_provider(running=local.running, account=HOME)
    local.queues = {url: account for url, account in local.queues.items() if account != HOME}


@pytest.fixture
def clients(installed):
    """Both accounts of the client, with nothing left of the tests before."""
    empty(installed.local, installed.home)
    made = {name: Client(installed.local, account, installed.home)
            for name, account in (("at_home", HOME), ("branch", BRANCH), ("other", OTHER))}
    return types.SimpleNamespace(**vars(installed), table=installed.home.table, **made)


def accepts(clients, *endpoints):
    """The service's owner accepts, in an account that tells us nothing."""
    clients.owner.ec2.accept_vpc_endpoint_connections(
        ServiceId=clients.owner.service, VpcEndpointIds=[endpoint.id for endpoint in endpoints])


def decisions(clients):
    """The calls by which zonelink decides on connections, in its own account."""
    return [call for action in ("AcceptVpcEndpointConnections", "RejectVpcEndpointConnections")
            for call in clients.local.calls(action, HOME)]


def test_endpoints_get_their_records_by_events_once_the_owner_has_accepted_them(clients):
    vpcs = [clients.at_home.vpc(subnets=2), clients.branch.vpc(subnets=2)]
    zones, endpoints = [vpc.zone() for vpc in vpcs], [vpc.endpoint() for vpc in vpcs]
    clients.local.at_rest()
    assert [endpoint.state for endpoint in endpoints] == ["pendingAcceptance"] * 2
    assert set(clients.table.waits()) == {endpoint.id for endpoint in endpoints}
    accepts(clients, *endpoints)
    clients.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    endpoints[1].delete()
    clients.local.settled()
    assert zones[1].record() is None
    assert clients.table.holds() == {}
    assert decisions(clients) == []
    assert clients.home.dead_letters() == []


def test_sweep_finds_what_no_event_told(clients):
    with clients.local.set(cloudtrail=False):
        vpcs = [clients.at_home.vpc(), clients.branch.vpc(), clients.other.vpc()]
        zones, endpoints = [vpc.zone() for vpc in vpcs], [vpc.endpoint() for vpc in vpcs]
        accepts(clients, *endpoints)
    clients.home.sweep()
    assert [zone.addresses() for zone in zones[:2]] == [endpoint.addresses for endpoint in endpoints[:2]]
    assert zones[2].record() is None
    clients.home.sweep()
    assert clients.table.holds() == {}
    with clients.local.set(cloudtrail=False):
        endpoints[0].delete()
        zones[1].put("10.9.9.9")
    clients.home.sweep()
    assert zones[0].record() is None
    assert zones[1].addresses() == endpoints[1].addresses
    assert decisions(clients) == []
    assert clients.home.dead_letters() == []


def test_sweep_in_sync_looks_at_each_vpc_once(clients):
    vpc = clients.branch.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    accepts(clients, endpoint)
    clients.local.settled()
    assert zone.addresses() == endpoint.addresses
    clients.local.forget_calls()
    before = clients.table.claims()
    clients.home.sweep()
    assert len(clients.local.calls("ListHostedZonesByVPC")) == 1
    assert clients.table.claims() == before


def test_service_is_held_as_not_found_until_there_is_an_endpoint(clients):
    summary = clients.home.backfill()
    clients.local.settled()
    assert [held["subject"] for held in summary["services"][0]["held"]] == [f"{clients.owner.service}/"]
    vpc = clients.branch.vpc()
    endpoint = vpc.endpoint()
    accepts(clients, endpoint)
    clients.local.settled()
    assert clients.home.backfill()["services"][0]["held"] == []
    clients.local.settled()
    assert [hold["reason"] for hold in clients.table.holds().values()] == ["NoZone"]


def test_account_that_does_not_let_zonelink_in_is_held(clients):
    # Named and never entered: a function keeps a role's credentials for their hour.
    newcomer = "700000009001"
    clients.home.allow(HOME, newcomer)
    clients.home.sweep()
    assert clients.table.holds()[f"{newcomer}/"]["reason"] == "NoAccess"
    clients.home.deploy_client(newcomer)
    clients.home.sweep()
    assert f"{newcomer}/" not in clients.table.holds()
    deploy.delete_client(newcomer, running=clients.local.running)

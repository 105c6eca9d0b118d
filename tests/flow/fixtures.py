"""One local AWS for all of these tests, deployed once, and emptied before each test.

It runs on ports of its own and keeps its files in a folder of its own below .local, so that it, those of other suites and of
other workers, and one started by `python -m local_aws.up` know nothing of each other.
"""

import types

import pytest

from local_aws import accounts, deploy, state, up
from stage.client import Client
from stage.local import QUICK, wait_until
from stage.provider import EXTERNAL_ID, Provider

from .evidence import Watched

# The suites that share what stands here.
SUITES = ("flow", "cli", "drills", "remedies")

# The accounts that the provider's stack names as clients; of them client-c is a stranger to the service.
CLIENTS = (accounts.CLIENT_A, accounts.CLIENT_B, accounts.CLIENT_C)


@pytest.fixture(scope="session")
def local(request):
    """The emulators, running. What the flows asked of them is written down at the end, for tests/iam."""
    asked = {item.path.parent.name for item in request.session.items}
    suites = [suite for suite in SUITES if suite in asked]
    with up.apart(state.own_folder("-".join(suites))) as running:
        found = Watched(running)
        yield found
        if suites == ["flow"]:
            found.evidence.write()


@pytest.fixture(scope="session")
def deployed(local):
    """The provider's stack, and a client stack in each client account."""
    local.settings(**QUICK)
    provider = Provider(local)
    provider.deploy(AllowedPrincipals=f"{accounts.CLIENT_A},{accounts.CLIENT_B}",
                    ClientAccounts=",".join(CLIENTS), ExternalId=EXTERNAL_ID,
                    OperatorPrincipals=f"arn:aws:iam::{accounts.PROVIDER}:root", ReadOrganizations="true")
    for account in CLIENTS:
        # Zones that two of them share are a hub's; tests/flow/test_consent.py has accounts of its own.
        # Of the clients, one lets zones be made and deleted.
        provider.deploy_client(account, ServesVpcsOf=",".join(other for other in CLIENTS if other != account),
                               **dict.fromkeys(("MayCreateZones", "MayDeleteZones"),
                                               "true" if account == accounts.CLIENT_A else "false"))
    return provider


@pytest.fixture(scope="module")
def reader(deployed):
    """The role that infra/organizations.yaml makes in the management account, for the provider's roles alone."""
    where = {"running": deployed.local.running, "stack": "zonelink-organizations"}
    with deployed.local.deployment(deployed.account):
        made = deploy.deploy_client(
            deployed.account, {"ProviderAccountId": deployed.account, "ExternalId": EXTERNAL_ID},
            template=state.REPOSITORY / "infra" / "organizations.yaml", **where)
    yield made["OrganizationsRoleArn"]
    deploy.delete_client(deployed.account, **where)


@pytest.fixture
def fleet(local, deployed):
    """The provider and three clients, with nothing left of the tests before."""
    empty(local, deployed)
    clients = {name: Client(local, account, deployed) for name, account in
               zip(("a", "b", "c"), CLIENTS)}
    return types.SimpleNamespace(local=local, provider=deployed, table=deployed.table, **clients)


def empty(local, provider):
    """Delete all endpoints, zones and items, drain the queues, and turn every knob back."""
    local.faults()
    local.settings(**QUICK | {"cloudtrail": False})
    # What is still on its way would write a record into a zone that is being emptied.
    local.settled()
    for account in local.accounts:
        _delete_endpoints(local.client("ec2", account))
    # A notification of that leads to records once more, and would repair those that are deleted below.
    local.settled()
    for account in local.accounts:
        _delete_zones(local.client("route53", account))
    # Each test names the accounts that it uses by making clients of them.
    local.accounts = {provider.account}
    local.settled()
    for url in (provider.outputs["QueueUrl"], provider.outputs["DeadLetterQueueUrl"]):
        local.client("sqs", provider.account).purge_queue(QueueUrl=url)
    _delete_other_services(provider)
    provider.update()
    provider.table.clear()
    local.settings(**QUICK)
    local.forget_calls()


def _delete_endpoints(ec2):
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate()
    found = [one["VpcEndpointId"] for page in pages for one in page["VpcEndpoints"]
             if one["State"] != "deleting"]
    if found:
        ec2.delete_vpc_endpoints(VpcEndpointIds=found)


def _delete_zones(route53):
    for page in route53.get_paginator("list_hosted_zones").paginate():
        for zone in page["HostedZones"]:
            # A worker whose message was given to another one too may still be at it when the queue is empty.
            wait_until(lambda: _is_deleted(route53, zone["Id"]))


def _is_deleted(route53, zone):
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    changes = [{"Action": "DELETE", "ResourceRecordSet": one} for one in found if one["Type"] not in ("NS", "SOA")]
    if changes:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    try:
        route53.delete_hosted_zone(Id=zone)
    except route53.exceptions.HostedZoneNotEmpty:
        return False
    return True


def _delete_other_services(provider):
    found = provider.ec2.describe_vpc_endpoint_service_configurations()["ServiceConfigurations"]
    others = [one["ServiceId"] for one in found if one["ServiceId"] != provider.service]
    if others:
        provider.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=others)

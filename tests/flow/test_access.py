"""Accounts that zonelink may not enter: held with the account's id, while all others go on."""

import itertools

import pytest

from stage.client import NAME, Client

# A function keeps a role's credentials for their hour, so each test about a role has an account of its own.
_accounts = (f"{number:012}" for number in itertools.count(700000000001))


@pytest.fixture
def newcomer(fleet):
    """An allowed account in which no client stack was deployed, so that notifications alone tell of it."""
    account = next(_accounts)
    fleet.provider.allow(fleet.a.account, account)
    return Client(fleet.local, account, fleet.provider)


def test_account_without_the_role_is_accepted_and_held(fleet, newcomer):
    vpc = newcomer.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    other = fleet.a.vpc()
    other_zone, other_endpoint = other.zone(), other.endpoint()
    fleet.local.settled()
    assert endpoint.state == "available"
    assert zone.record() is None
    hold = fleet.table.holds()[f"{newcomer.account}/"]
    assert (hold["reason"], hold["account"], hold["operation"]) == (
        "NoAccess", newcomer.account, "sts:AssumeRole")
    assert other_zone.addresses() == other_endpoint.addresses
    assert fleet.provider.dead_letters() == []


def test_hold_ends_once_the_client_stack_is_there(fleet, newcomer):
    vpc = newcomer.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    assert fleet.table.holds()
    fleet.provider.deploy_client(newcomer.account)
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}
    reasons = [entry["reason"].split(":")[0] for entry in fleet.table.journal(f"{newcomer.account}/")]
    assert (reasons[0], reasons[-1]) == ("held", "no longer held")


def test_wrong_external_id_is_held_and_nothing_reaches_the_dead_letter_queue(fleet, newcomer):
    fleet.provider.deploy_client(newcomer.account, ExternalId="somebody-elses")
    vpc = newcomer.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    fleet.provider.sweep()
    assert zone.record() is None
    assert fleet.table.holds()[f"{newcomer.account}/"]["reason"] == "NoAccess"
    assert fleet.provider.dead_letters() == []


def test_role_that_trusts_another_stack_is_held(fleet, newcomer):
    fleet.provider.deploy_client(newcomer.account, ProviderStackName="another")
    newcomer.vpc().endpoint()
    fleet.local.settled()
    assert fleet.table.holds()[f"{newcomer.account}/"]["reason"] == "NoAccess"
    assert fleet.provider.dead_letters() == []


def test_zone_of_a_third_account_without_role_is_held_and_the_others_go_on(fleet):
    third = Client(fleet.local, next(_accounts), fleet.provider)
    closed = third.vpc().zone()
    vpc = fleet.a.vpc()
    vpc.joins(closed)
    own, endpoint = vpc.zone("example.com"), vpc.endpoint()
    fleet.local.settled()
    assert own.addresses() == endpoint.addresses
    assert closed.record() is None
    hold = fleet.table.holds()[f"{vpc.id}/{closed.id}/{NAME}"]
    assert (hold["reason"], hold["account"]) == ("NoAccess", third.account)
    assert fleet.provider.dead_letters() == []

    fleet.provider.deploy_client(third.account, ServesVpcsOf=fleet.a.account)
    fleet.provider.sweep()
    assert closed.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


@pytest.mark.parametrize("service, action, code", [
    ("ec2", "DescribeVpcEndpoints", "UnauthorizedOperation"),
    ("ec2", "DescribeNetworkInterfaces", "UnauthorizedOperation"),
    ("route53", "ListHostedZonesByVPC", "AccessDenied"),
    ("route53", "ListResourceRecordSets", "AccessDenied"),
    ("route53", "ChangeResourceRecordSets", "AccessDenied"),
])
def test_call_that_the_role_may_not_make_is_held_and_deletes_nothing(fleet, service, action, code):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    addresses = zone.addresses()
    if action == "ChangeResourceRecordSets":
        zone.remove()
        addresses = set()
    claims = fleet.table.claims()
    fleet.local.faults({"service": service, "action": action, "account": fleet.a.account, "code": code,
                        "message": "denied by a test", "status": 403, "times": 1000})
    fleet.provider.sweep()
    assert {(hold["reason"], hold["account"], hold["operation"]) for hold in fleet.table.holds().values()} == {
        ("NoAccess", fleet.a.account, f"{service}:{action}")}
    fleet.local.faults()
    assert zone.addresses() == addresses
    assert set(fleet.table.claims()) == set(claims)
    assert fleet.provider.dead_letters() == []

    fleet.table.let_pending_changes_expire()
    if action == "ChangeResourceRecordSets":
        # By itself a denied write is tried again after an hour; one who asks for a run has it tried at once.
        fleet.provider.backfill()
        fleet.local.settled()
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


def test_unreadable_account_keeps_its_records_when_an_endpoint_goes(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    fleet.local.faults({"service": "ec2", "action": "DescribeVpcEndpoints", "account": fleet.a.account,
                        "code": "UnauthorizedOperation", "status": 403, "times": 1000})
    endpoint.delete()
    fleet.provider.sweep()
    assert zone.record(), "what cannot be seen is not taken for gone"
    fleet.local.faults()
    fleet.provider.sweep()
    assert zone.record() is None
    assert fleet.table.claims() == {}

"""infra/route53-events.yaml: changes of zones are seen at once, and nobody sweeps."""

import pytest

from local_aws import accounts, deploy
from stage.client import NAME, Client

# Of the provider and two clients; client-c forwards nothing.
FORWARDING = (accounts.PROVIDER, accounts.CLIENT_A, accounts.CLIENT_B)


@pytest.fixture(scope="module", autouse=True)
def forwarded(deployed):
    """The stack in us-east-1 of some accounts, for the length of these tests."""
    for account in FORWARDING:
        deployed.deploy_route53_events(account)
    yield
    for account in FORWARDING:
        deploy.delete_route53_events(account, running=deployed.local.running)


def looks(fleet):
    """How often a VPC was looked at."""
    return len([call for call in fleet.local.calls("DescribeVpcEndpoints") if "Filters" in call["parameters"]])


def test_zone_made_after_the_endpoint_gets_its_record(fleet):
    vpc = fleet.a.vpc()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert fleet.table.holds()[f"{vpc.id}/{NAME}"]["reason"] == "NoZone"
    zone = vpc.zone()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}
    assert [entry for entry in fleet.table.journal(zone.id) if "CreateHostedZone event" in entry["cause"]]


def test_more_specific_zone_associated_later_gets_its_record_too(fleet):
    vpc = fleet.a.vpc()
    parent, endpoint = vpc.zone("example.com"), vpc.endpoint()
    other = Client(fleet.local, accounts.CLIENT_B, fleet.provider).vpc()
    child = other.zone()
    fleet.local.settled()
    assert parent.addresses() == endpoint.addresses
    vpc.joins(child)
    fleet.local.settled()
    assert child.addresses() == endpoint.addresses


def test_zone_that_leaves_the_vpc_loses_the_record(fleet):
    vpc, other = fleet.a.vpc(), fleet.a.vpc()
    zone = other.zone()
    vpc.joins(zone)
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    vpc.leaves(zone)
    fleet.local.settled()
    assert zone.record() is None
    assert fleet.table.claims() == {}


def test_zone_that_is_gone_is_released(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    with fleet.local.set(cloudtrail=False):
        zone.remove()
    fleet.a.route53.delete_hosted_zone(Id=zone.id)
    fleet.local.settled()
    assert fleet.table.claims() == {}
    assert fleet.table.holds()[f"{vpc.id}/{NAME}"]["reason"] == "NoZone"


@pytest.mark.parametrize("edit", [
    lambda zone: zone.put("10.9.9.9"),
    lambda zone: zone.remove(),
], ids=["overwritten", "deleted"])
def test_record_edited_by_hand_is_repaired(fleet, edit):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    edit(zone)
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses


def test_foreign_record_that_goes_makes_room_at_once(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    zone.put("somewhere.example.net", kind="CNAME")
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert fleet.table.holds()[f"{vpc.id}/{zone.id}/{NAME}"]["reason"] == "IncompatibleRecord"
    zone.remove(kind="CNAME")
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}


def test_edit_in_a_zone_of_another_account_leads_to_the_vpcs_that_it_serves(fleet):
    owner, vpc = fleet.b.vpc(), fleet.a.vpc()
    zone = owner.zone()
    vpc.joins(zone)
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    zone.remove()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses


def test_zones_of_the_provider_account_itself_are_seen(fleet):
    fleet.provider.allow(fleet.provider.account)
    own = Client(fleet.local, fleet.provider.account, fleet.provider)
    vpc = own.vpc()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    zone = vpc.zone()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses


def test_own_change_comes_back_once_and_leads_to_nothing(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    fleet.local.forget_calls()
    zone.remove()
    fleet.local.settled()
    # The first is the removal by hand; the repair is the second, and it raises the only event besides.
    assert len(fleet.local.calls("ChangeResourceRecordSets")) == 2
    assert looks(fleet) == 1
    log = fleet.local.log_of(fleet.provider.outputs["ReconcileRecordsFunction"])
    assert "ChangeResourceRecordSets is our own call" in log
    assert fleet.provider.dead_letters() == []


def test_own_change_in_the_own_account_leads_to_nothing_either(fleet):
    fleet.provider.allow(fleet.provider.account)
    vpc = Client(fleet.local, fleet.provider.account, fleet.provider).vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    fleet.local.forget_calls()
    zone.remove()
    fleet.local.settled()
    assert zone.record()
    assert (len(fleet.local.calls("ChangeResourceRecordSets")), looks(fleet)) == (2, 1)


def test_edit_of_another_name_is_none_of_ours(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone("example.com")
    vpc.endpoint()
    fleet.local.settled()
    fleet.local.forget_calls()
    zone.put("192.0.2.7", name="www.example.com")
    zone.put("a text", kind="TXT", name="aws-us-west-2.byoc.example.com")
    fleet.local.settled()
    assert looks(fleet) == 0


def test_zone_of_a_vpc_that_the_table_does_not_know_makes_nobody_enter_its_account(fleet):
    vpc = fleet.a.vpc()
    fleet.local.forget_calls()
    zone = vpc.zone()
    zone.put("10.9.9.9")
    fleet.local.settled()
    assert looks(fleet) == 0
    assert zone.addresses() == {"10.9.9.9"}
    assert fleet.table.items() == []
    assert fleet.provider.dead_letters() == []


def test_public_zone_is_ignored(fleet):
    fleet.a.public_zone("example.com")
    fleet.local.settled()
    assert looks(fleet) == 0
    assert fleet.provider.dead_letters() == []

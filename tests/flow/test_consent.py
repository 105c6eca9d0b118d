"""A zone of another account: its owner says whose VPCs are written there, and its own come first."""

import itertools

import pytest

from stage.client import NAME, Client

MERGED = "*.merged.example.com"

# A consent is believed for as long as a role is, so each test has an owner of its own.
_accounts = (f"{number:012}" for number in itertools.count(710000000001))


@pytest.fixture
def hub(fleet):
    """A zone that answers a VPC of client a too. The stack in its owner's account serves nobody else's."""
    fleet.owner = Client(fleet.local, next(_accounts), fleet.provider)
    fleet.provider.allow(fleet.a.account, fleet.owner.account)
    fleet.provider.deploy_client(fleet.owner.account)
    fleet.guest, fleet.own = fleet.a.vpc(), fleet.owner.vpc()
    fleet.zone = fleet.own.zone()
    fleet.guest.joins(fleet.zone)
    return fleet


def hold_on(hub, name=NAME, zone=None):
    return hub.table.holds().get(f"{hub.guest.id}/{(zone or hub.zone).id}/{name}")


def without_consent(hub, account=None):
    return {"reason": "ZoneOwnerConsent", "zone_account": account or hub.owner.account,
            "vpc_account": hub.a.account}


def serves_what_is_held(hub, hold):
    """Do what the hold's remedy says: deploy the owner's stack with ServesVpcsOf."""
    hub.provider.deploy_client(hold["zone_account"], ServesVpcsOf=hold["vpc_account"])


def test_guest_that_comes_first_is_held_and_the_owners_endpoint_gets_the_record(hub):
    guest = hub.guest.endpoint()
    hub.local.settled()
    assert guest.state == "available"
    assert hub.zone.record() is None
    assert hold_on(hub) == without_consent(hub)
    assert hub.table.claims() == {}
    own = hub.own.endpoint()
    hub.local.settled()
    assert hub.zone.addresses() == own.addresses
    hub.provider.sweep()
    assert hub.zone.addresses() == own.addresses
    assert hub.table.holds() == {f"{hub.guest.id}/{hub.zone.id}/{NAME}": without_consent(hub)}
    assert hub.provider.dead_letters() == []


def test_guest_is_written_once_the_owner_has_done_what_the_hold_says(hub):
    guest = hub.guest.endpoint()
    hub.local.settled()
    serves_what_is_held(hub, hold_on(hub))
    hub.provider.sweep()
    assert hub.zone.addresses() == guest.addresses
    assert hub.table.holds() == {}
    assert {call["account"] for call in hub.local.calls("ChangeResourceRecordSets")} == {hub.owner.account}


def test_owner_and_guest_stand_side_by_side_where_the_definition_merges_and_the_owner_consents(hub):
    service, service_name = hub.provider.make_service()
    hub.table.define(service, names=[MERGED], shared_zones="merge",
                     allowed_principals=[hub.a.account, hub.owner.account])
    zone = hub.own.zone("example.com")
    hub.guest.joins(zone)
    guest = hub.guest.endpoint(service_name)
    hub.local.settled()
    own = hub.own.endpoint(service_name)
    # Nobody tells of it: the owner's account sends no events, and this service no notifications.
    hub.provider.sweep()
    assert zone.addresses(name=MERGED) == own.addresses
    serves_what_is_held(hub, hold_on(hub, MERGED, zone))
    hub.provider.sweep()
    assert zone.addresses(name=MERGED) == own.addresses | guest.addresses
    assert hub.table.holds() == {}


def test_owners_endpoint_takes_the_record_from_a_guest_at_once_and_gives_it_back(hub):
    hub.provider.deploy_client(hub.owner.account, ServesVpcsOf=hub.a.account)
    guest = hub.guest.endpoint()
    hub.local.settled()
    assert hub.zone.addresses() == guest.addresses
    own = hub.own.endpoint()
    hub.local.settled()
    assert hub.zone.addresses() == own.addresses
    assert hold_on(hub) == {"reason": "SharedZone", "vpc": hub.own.id}
    own.delete()
    hub.local.settled()
    assert hub.zone.addresses() == guest.addresses
    assert hub.table.holds() == {}


def test_one_guest_is_served_and_another_is_not(hub):
    hub.provider.deploy_client(hub.owner.account, ServesVpcsOf=hub.b.account)
    hub.guest.endpoint()
    hub.local.settled()
    assert hub.zone.record() is None
    assert hold_on(hub) == without_consent(hub)


def test_zone_of_the_provider_serves_whom_the_stack_names(hub):
    provider = Client(hub.local, hub.provider.account, hub.provider)
    zone = provider.vpc().zone("example.com")
    hub.guest.leaves(hub.zone)
    hub.guest.joins(zone)
    guest = hub.guest.endpoint()
    hub.local.settled()
    assert zone.record() is None
    assert hold_on(hub, zone=zone) == without_consent(hub, provider.account)
    hub.provider.update(ServesVpcsOf=hub.a.account)
    hub.provider.sweep()
    assert zone.addresses() == guest.addresses
    assert hub.table.holds() == {}


def test_zones_of_ones_own_account_cost_no_question(hub):
    own = hub.own.endpoint()
    hub.local.settled()
    assert hub.zone.addresses() == own.addresses
    asked = [call for call in hub.local.calls("AssumeRole") if call["parameters"]["RoleArn"].endswith("-guests")]
    assert asked == []


@pytest.fixture
def leaving(hub):
    """A guest of its own account, whose address stands beside the owner's: the owner consents, and all is known for
    long."""
    hub.leaver = Client(hub.local, next(_accounts), hub.provider)
    hub.allowed = (hub.a.account, hub.owner.account, hub.leaver.account)
    hub.provider.allow(*hub.allowed)
    hub.provider.deploy_client(hub.leaver.account)
    hub.provider.deploy_client(hub.owner.account, ServesVpcsOf=hub.leaver.account)
    service, service_name = hub.provider.make_service()
    hub.table.define(service, names=[MERGED], shared_zones="merge",
                     allowed_principals=[hub.leaver.account, hub.owner.account])
    hub.shared, vpc = hub.own.zone("example.com"), hub.leaver.vpc()
    vpc.joins(hub.shared)
    hub.gone, hub.kept = vpc.endpoint(service_name), hub.own.endpoint(service_name)
    hub.local.settled()
    hub.provider.sweep()
    hub.theirs, hub.ours = hub.gone.addresses, hub.kept.addresses
    assert hub.shared.addresses(name=MERGED) == hub.ours | hub.theirs
    assert hub.table.holds() == {}
    is_known_for_long(hub, hub.gone)
    return hub


def is_known_for_long(hub, endpoint):
    hub.table.put({**hub.table.endpoint(endpoint), "first_seen": "2026-01-01T00:00:00Z"})


def closes_its_role(hub):
    """Its client stack is deleted, and no function has credentials from before."""
    hub.provider.delete_client(hub.leaver.account)
    hub.allowed = hub.allowed[::-1]
    hub.provider.allow(*hub.allowed)


def test_account_that_closed_its_role_leaves_no_dead_address_in_a_zone_of_another(leaving):
    hub = leaving
    hub.gone.delete(lingers=False)
    closes_its_role(hub)
    hub.provider.sweep()
    assert hub.shared.addresses(name=MERGED) == hub.ours
    assert set(hub.table.claims()[hub.shared.id]["contributions"]) == {hub.kept.id}
    reasons = [entry["reason"] for entry in hub.table.journal(f"{hub.shared.id}/{MERGED}")]
    assert any(reason.startswith("its provider shows the endpoint no more") for reason in reasons), reasons
    # Nothing of the account is left: the next sweep says so, and it is the last to write.
    hub.provider.sweep()
    assert hub.table.holds() == {}
    before = hub.table.items()
    hub.provider.sweep()
    assert hub.table.items() == before
    assert hub.shared.addresses(name=MERGED) == hub.ours
    assert hub.provider.dead_letters() == []


def test_endpoint_that_its_provider_shows_as_connected_stays_though_its_account_is_closed(leaving):
    hub = leaving
    closes_its_role(hub)
    hub.provider.sweep()
    assert hub.shared.addresses(name=MERGED) == hub.ours | hub.theirs
    assert [hold["reason"] for hold in hub.table.holds().values()] == ["NoAccess"]


def test_event_that_says_that_an_endpoint_of_a_closed_account_is_gone_is_not_believed(leaving):
    hub = leaving
    closes_its_role(hub)
    event = {"version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
             "account": hub.leaver.account, "time": "2026-03-02T09:15:00Z", "region": "us-west-2",
             "gone": {"seen": "2099-01-01T00:00:00Z", "vpc_endpoints": [hub.gone.id]},
             "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "DeleteVpcEndpoints",
                        "awsRegion": "us-west-2", "eventID": "1", "recipientAccountId": hub.leaver.account,
                        "userIdentity": {"accountId": hub.leaver.account},
                        "requestParameters": {"DeleteVpcEndpointsRequest": {
                            "VpcEndpointId": {"tag": 1, "content": hub.gone.id}}},
                        "responseElements": {"DeleteVpcEndpointsResponse": {"unsuccessful": ""}}}}
    hub.provider.send(event)
    hub.local.settled()
    assert hub.shared.addresses(name=MERGED) == hub.ours | hub.theirs

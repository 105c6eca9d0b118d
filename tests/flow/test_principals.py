"""Principals of whom only AWS can tell: an organization, its units, the service's own permissions."""

import pytest

from stage.provider import ORGANIZATION

DENIED = {"service": "organizations", "action": "ListParents", "code": "AccessDeniedException", "times": 1000}


class Units:
    """The organization's units, made by its management account; client-a and client-b stand below its root."""

    def __init__(self, client):
        self.client = client
        self.root = client.list_roots()["Roots"][0]["Id"]
        self.paths = {self.root: f"{ORGANIZATION}/{self.root}/"}

    def make(self, parent=None):
        """A unit below another one, or below the root. Returns its id."""
        made = self.client.create_organizational_unit(ParentId=parent or self.root, Name=f"unit {len(self.paths)}")
        unit = made["OrganizationalUnit"]["Id"]
        self.paths[unit] = f"{self.paths[parent or self.root]}{unit}/"
        return unit

    def move(self, account, unit):
        """Let an account stand in a unit."""
        parent = self.client.list_parents(ChildId=account)["Parents"][0]["Id"]
        self.client.move_account(AccountId=account, SourceParentId=parent, DestinationParentId=unit)


@pytest.fixture
def units(fleet):
    """The units, with both members back below the root afterwards."""
    units = Units(fleet.local.client("organizations", fleet.provider.account))
    yield units
    fleet.local.faults()
    for client in (fleet.a, fleet.b):
        units.move(client.account, units.root)


def reasons(fleet):
    """Why each service, allow list or connection is held, without the details."""
    return {subject: hold["reason"] for subject, hold in fleet.table.held_of_services().items()}


def test_member_of_the_organization_is_let_in_without_a_wait_and_others_are_held(fleet):
    fleet.provider.allow(ORGANIZATION)
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    stranger = fleet.c.vpc().endpoint()
    # Nothing that is delayed is hurried: as for an account that is listed, the record needs no waiting chain.
    fleet.local.at_rest()
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses
    assert stranger.state == "pendingAcceptance"
    assert reasons(fleet) == {f"{fleet.provider.service}/{stranger.id}": "NotAllowed"}
    told = [entry["reason"] for entry in fleet.table.journal(fleet.provider.service)]
    assert f"their owners are allowed by {ORGANIZATION}" in told
    assert fleet.provider.dead_letters() == []


def test_unit_lets_in_itself_and_all_below_it_and_no_sibling(fleet, units):
    unit, sibling = units.make(), units.make()
    below = units.make(unit)
    units.move(fleet.a.account, below)
    units.move(fleet.b.account, sibling)
    fleet.provider.allow(f"{units.paths[unit]}*")
    endpoints = [client.vpc().endpoint() for client in (fleet.a, fleet.b, fleet.c)]
    fleet.local.settled()
    assert [endpoint.state for endpoint in endpoints] == ["available", "pendingAcceptance", "pendingAcceptance"]
    assert {hold["owner"] for hold in fleet.table.held_of_services().values()} == {fleet.b.account, fleet.c.account}

    units.move(fleet.b.account, unit)
    fleet.provider.sweep()
    assert endpoints[1].state == "available", "an answer that does not allow is never remembered"
    assert [hold["owner"] for hold in fleet.table.held_of_services().values()] == [fleet.c.account]


def test_member_who_leaves_the_unit_is_found_by_a_later_sweep(fleet, units):
    unit = units.make()
    units.move(fleet.a.account, unit)
    fleet.provider.allow(units.paths[unit])
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    units.move(fleet.a.account, units.root)
    # A new process remembers nothing, as after five minutes.
    fleet.provider.update(AllowedPrincipals=units.paths[unit], RecordTtl="61")
    fleet.provider.sweep()
    assert endpoint.state == "available"
    assert reasons(fleet) == {f"{fleet.provider.service}/{endpoint.id}": "Revoked"}


def test_short_pages_and_empty_ones_hide_no_parent(fleet, units):
    unit = units.make()
    units.move(fleet.a.account, unit)
    fleet.provider.allow(units.paths[unit])
    with fleet.local.set(page_size=1, empty_first_page=True):
        endpoint = fleet.a.vpc().endpoint()
        fleet.local.settled()
        assert endpoint.state == "available"


def test_organization_that_cannot_be_read_lets_nobody_in_and_rejects_nobody(fleet):
    connected = fleet.b.vpc().endpoint()
    fleet.local.settled()
    fleet.local.faults(DENIED)
    fleet.provider.update(AllowedPrincipals=f"{ORGANIZATION},{fleet.c.account}", Disallowed="reject",
                          RevocationGrace="0")
    member, listed = fleet.a.vpc().endpoint(), fleet.c.vpc().endpoint()
    fleet.local.settled()
    fleet.provider.sweep()
    assert [one.state for one in (member, listed, connected)] == ["pendingAcceptance", "available", "available"]
    service = fleet.provider.service
    why = "organizations:ListParents: AccessDeniedException"
    unreadable = {"reason": "AllowListUnreadable", "why": why}
    assert fleet.table.held_of_services() == {
        f"{service}/{member.id}": unreadable, f"{service}/allowed_principals": unreadable}
    assert fleet.local.calls("RejectVpcEndpointConnections") == []
    assert fleet.provider.dead_letters() == []

    fleet.local.faults()
    fleet.provider.sweep()
    assert [one.state for one in (member, listed, connected)] == ["available"] * 3
    assert fleet.table.held_of_services() == {}


def test_account_that_is_refused_once_is_not_asked_for_again_in_that_review(fleet):
    with fleet.provider.deaf(AllowedPrincipals=ORGANIZATION):
        for client in (fleet.a, fleet.b, fleet.c):
            client.vpc().endpoint()
        fleet.local.faults(DENIED)
        fleet.local.forget_calls()
        told = fleet.provider.backfill()["services"][0]["held"]
        assert len(fleet.local.calls("ListParents")) == 1
        assert [one["reason"].split(":")[0] for one in told] == ["AllowListUnreadable"] * 4


def test_definition_without_organizations_asks_none(fleet):
    fleet.a.vpc().endpoint()
    fleet.c.vpc().endpoint()
    fleet.local.settled()
    fleet.provider.sweep()
    for action in ("DescribeOrganization", "ListParents", "DescribeVpcEndpointServicePermissions"):
        assert fleet.local.calls(action) == []


def test_member_is_asked_for_once_in_a_while(fleet):
    fleet.provider.allow(ORGANIZATION)
    fleet.a.vpc().endpoint()
    fleet.local.settled()
    fleet.provider.backfill()
    fleet.local.forget_calls()
    fleet.provider.backfill()
    assert fleet.local.calls("ListParents") == []


def test_organization_is_read_with_the_role_that_is_named(fleet, reader):
    fleet.provider.update(AllowedPrincipals=ORGANIZATION, OrganizationsRoleArn=reader)
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    assert endpoint.state == "available"
    fleet.provider.backfill()
    callers = " ".join(call["caller"] for call in fleet.local.calls("AssumeRole")
                       if call["parameters"]["RoleArn"] == reader)
    assert "AcceptConnections" in callers and "Backfill" in callers, callers


def test_role_that_cannot_be_assumed_makes_the_list_unreadable(fleet):
    role = f"arn:aws:iam::{fleet.provider.account}:role/nobody"
    fleet.provider.update(AllowedPrincipals=ORGANIZATION, OrganizationsRoleArn=role)
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    assert endpoint.state == "pendingAcceptance"
    assert {hold["why"] for hold in fleet.table.held_of_services().values()} == {"sts:AssumeRole: AccessDenied"}


@pytest.fixture
def mirrored(fleet):
    """A service that anybody finds, whose definition mirrors its permissions; `permit` replaces these."""
    fleet.service, name = fleet.provider.make_service()
    fleet.table.define(fleet.service, names=["*.second.example.com"], allowed_principals=["service-permissions"])
    fleet.endpoints = [client.vpc().endpoint(name) for client in (fleet.a, fleet.c)]
    fleet.local.settled()

    def permit(*principals):
        ec2 = fleet.provider.ec2
        there = ec2.describe_vpc_endpoint_service_permissions(ServiceId=fleet.service)["AllowedPrincipals"]
        ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=fleet.service, AddAllowedPrincipals=list(principals),
            RemoveAllowedPrincipals=[one["Principal"] for one in there if one["Principal"] not in principals])
        fleet.provider.sweep()
        return [endpoint.state for endpoint in fleet.endpoints]

    fleet.permit = permit
    return fleet


def root(client):
    return f"arn:aws:iam::{client.account}:root"


def test_permitted_accounts_are_let_in_and_permissions_of_more_or_less_are_reported(mirrored):
    everybody = {"reason": "UncheckablePrincipals", "principals": ["*"]}
    subject = f"{mirrored.service}/allowed_principals"
    assert [endpoint.state for endpoint in mirrored.endpoints] == ["pendingAcceptance"] * 2
    assert mirrored.table.held_of_services()[subject] == everybody

    role = f"arn:aws:iam::{mirrored.c.account}:role/App"
    assert mirrored.permit(root(mirrored.a), role) == ["available", "pendingAcceptance"]
    assert mirrored.table.held_of_services()[subject] == {"reason": "UncheckablePrincipals", "principals": [role]}
    told = [entry["reason"] for entry in mirrored.table.journal(mirrored.service)]
    assert f"their owners are allowed by service-permissions: {root(mirrored.a)}" in told

    assert mirrored.permit(root(mirrored.a), root(mirrored.c)) == ["available"] * 2
    assert mirrored.table.held_of_services() == {}


def test_permissions_that_turn_empty_reject_nobody(mirrored):
    mirrored.table.define(mirrored.service, names=["*.second.example.com"], disallowed="reject", revocation_grace=0,
                          allowed_principals=["service-permissions"])
    mirrored.permit(root(mirrored.a), root(mirrored.c))
    assert mirrored.permit() == ["available"] * 2
    assert set(reasons(mirrored).values()) == {"AllowListEmpty", "Revoked"}
    assert mirrored.local.calls("RejectVpcEndpointConnections") == []

    assert mirrored.permit(root(mirrored.a)) == ["available", "rejected"]
    assert mirrored.table.held_of_services() == {}


def test_permissions_that_cannot_be_read_reject_nobody(mirrored):
    mirrored.table.define(mirrored.service, names=["*.second.example.com"], disallowed="reject", revocation_grace=0,
                          allowed_principals=["service-permissions", mirrored.a.account])
    mirrored.local.faults({"service": "ec2", "action": "DescribeVpcEndpointServicePermissions", "times": 100,
                           "code": "UnauthorizedOperation", "status": 403})
    mirrored.provider.sweep()
    assert [endpoint.state for endpoint in mirrored.endpoints] == ["available", "pendingAcceptance"]
    assert set(reasons(mirrored).values()) == {"AllowListUnreadable"}


def test_service_without_acceptance_gives_no_stranger_a_first_record_unless_all_connected_may(fleet):
    service, name = fleet.provider.make_service(acceptance_required=False)
    domain, record = "second.example.com", "*.second.example.com"
    fleet.table.define(service, names=[record], allowed_principals=[fleet.a.account])
    vpcs = [client.vpc() for client in (fleet.a, fleet.c)]
    zones, endpoints = [vpc.zone(domain) for vpc in vpcs], [vpc.endpoint(name) for vpc in vpcs]
    fleet.local.settled()
    fleet.provider.sweep()
    assert [endpoint.state for endpoint in endpoints] == ["available"] * 2, "AWS connects both"
    assert [zone.addresses(name=record) for zone in zones] == [endpoints[0].addresses, set()]
    stranger = {"reason": "NotAllowed", "owner": fleet.c.account}
    held = f"{vpcs[1].id}/{endpoints[1].id}"
    assert fleet.table.holds()[held] == stranger
    assert reasons(fleet) == {f"{service}/{endpoints[1].id}": "Revoked"}

    fleet.table.define(service, names=[record], allowed_principals=["connected"])
    fleet.provider.sweep()
    assert [zone.addresses(name=record) for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    assert held not in fleet.table.holds()
    assert fleet.table.held_of_services() == {}
    assert fleet.provider.dead_letters() == []

    fleet.table.define(service, names=[record], allowed_principals=[fleet.a.account])
    fleet.provider.sweep()
    assert zones[1].addresses(name=record) == endpoints[1].addresses, "what has a record keeps it"

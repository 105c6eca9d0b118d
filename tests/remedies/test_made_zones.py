"""What ends a hold on a zone that zonelink makes, as it is printed."""

import pytest

from flow.test_made_zones import CREATE, zones
from stage.client import DOMAIN, NAME, Client

from .rows import follow, row, rows_of


def bare(fleet, client=None, **parameters):
    """The name of a VPC without any zone, where zones are made, and the VPC; an endpoint has just come."""
    fleet.provider.update(Zones="create", **parameters)
    vpc = (client or fleet.a).vpc(subnets=2)
    vpc.endpoint()
    fleet.local.settled()
    return f"{vpc.id}/{NAME}", vpc


@row("ProviderVpc", "to make the zone by hand")
def vpc_of_the_account_of_the_services(fleet):
    account = fleet.provider.account
    subject, _ = bare(fleet, Client(fleet.local, account, fleet.provider), AllowedPrincipals=account)
    yield subject


@row("TooManyZones", "to let ten more be made")
def more_zones_than_may_live_in_an_account(fleet):
    bare(fleet, MaxZones="1")
    subject, _ = bare(fleet, MaxZones="1")
    yield subject


@row("ZoneQuota")
def account_that_may_have_no_more_zones(fleet):
    fleet.local.faults({**CREATE, "code": "TooManyHostedZones", "message": "This account has 500 hosted zones.",
                        "status": 400, "times": 1000})
    subject, _ = bare(fleet)
    yield subject
    # AWS raises the quota.
    fleet.local.faults()


def somebody_deletes(fleet, vpc):
    [zone] = zones(vpc)
    zone.remove()
    vpc.client.route53.delete_hosted_zone(Id=zone.id)
    fleet.provider.sweep()


@row("ZoneTakenAway", "to make the zone by hand")
def zone_that_is_deleted_twice(fleet):
    subject, vpc = bare(fleet)
    somebody_deletes(fleet, vpc)
    somebody_deletes(fleet, vpc)
    yield subject


@row("ZoneDisassociated", "to give the VPC that zone again")
def zone_from_which_somebody_takes_the_vpc(fleet):
    subject, vpc = bare(fleet)
    [zone] = zones(vpc)
    # Route 53 lets the last VPC of a zone not go.
    fleet.a.vpc(subnets=0).joins(zone)
    vpc.leaves(zone)
    fleet.provider.sweep()
    yield subject


@row("TooManyDeletes", "where they are meant to be gone")
def zone_beyond_what_a_run_may_remove(fleet):
    parameters = {"Zones": "create", "UnneededZones": "delete"}
    fleet.provider.update(**parameters)
    vpc = fleet.a.vpc(subnets=2)
    endpoint = vpc.endpoint()
    fleet.local.settled()
    with fleet.provider.deaf(**parameters, MaxDeletes="1"):
        known = fleet.table.endpoint(endpoint)
        fleet.table.put({**known, "first_seen": "2026-01-01T00:00:00Z"})
        endpoint.delete()
        fleet.provider.sweep()
        yield f"{vpc.id}/{DOMAIN}"


@pytest.mark.parametrize("name", rows_of(__name__))
def test_what_is_printed_ends_the_hold(fleet, name):
    follow(fleet, name)

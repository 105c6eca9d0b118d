"""What is held of records and zones ends by the commands that are printed with it, run as they stand."""

import itertools

import pytest

from cli.command import Command
from stage.client import DOMAIN, NAME, Client

from .rows import follow, row, rows_of

PARENT = "example.com"
MARK = '"heritage=external-dns,external-dns/owner=blue,external-dns/resource=ingress/default/web"'

# A consent is believed for as long as a role is, so each test has an owner of its own.
_accounts = (f"{number:012}" for number in itertools.count(720000000001))


def record(vpc, zone):
    """The subject of a hold on our name in a zone."""
    return f"{vpc.id}/{zone.id}/{NAME}"


def beside(fleet, *values, **more):
    """A VPC with a zone in which somebody else's record set stands, and an endpoint."""
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    zone.put(*values, **more)
    vpc.endpoint()
    fleet.local.settled()
    return vpc, zone


@row("NoZone", "to give the VPC a zone")
def no_zone(fleet):
    vpc = fleet.a.vpc()
    vpc.endpoint()
    fleet.local.settled()
    yield f"{vpc.id}/{NAME}"


@row("ProfileZone", "to give the VPC a zone of its own")
def zone_that_only_a_profile_brings(fleet):
    vpc, brought = fleet.a.vpc(), fleet.b.vpc().zone()
    fleet.local.profiles({"account": fleet.a.account, "vpc": vpc.id, "profile": "rp-0123456789abcdef",
                          "zones": [brought.id]})
    try:
        vpc.endpoint()
        fleet.local.settled()
        yield f"{vpc.id}/{NAME}"
    finally:
        fleet.local.profiles()


@row("ShadowedByPrivateDns", "to turn off the private DNS that brings the zone")
def private_dns_of_another_endpoint(fleet):
    service, service_name = fleet.provider.make_service(acceptance_required=False)
    fleet.provider.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, PrivateDnsName="*.byoc.example.com")
    vpc = fleet.a.vpc()
    vpc.zone(PARENT)
    vpc.endpoint()
    other = vpc.endpoint(service_name)
    fleet.local.settled()
    fleet.a.ec2.modify_vpc_endpoint(VpcEndpointId=other.id, PrivateDnsEnabled=True)
    fleet.provider.sweep()
    yield f"{vpc.id}/{NAME}"


@row("CloudMapZone", "where Cloud Map's zone is of a parent domain, to give the VPC a closer one")
def zone_of_cloud_map(fleet):
    vpc = fleet.a.vpc()
    cloud_map = fleet.local.client("servicediscovery", fleet.a.account)
    cloud_map.create_private_dns_namespace(Name=PARENT, Vpc=vpc.id)
    [namespace] = cloud_map.list_namespaces()["Namespaces"]
    try:
        vpc.endpoint()
        fleet.local.settled()
        yield f"{vpc.id}/{namespace['Properties']['DnsProperties']['HostedZoneId']}/{NAME}"
    finally:
        cloud_map.delete_namespace(Id=namespace["Id"])


@row("ForeignRecord", "to hand it over to zonelink")
def foreign_record_that_is_handed_over(fleet):
    yield record(*beside(fleet, "192.0.2.1", ttl=300))


@row("ForeignRecord", "to remove it")
def foreign_record_that_is_removed(fleet):
    yield record(*beside(fleet, "192.0.2.1", ttl=300))


@row("ForeignController", "once external-dns writes it no longer, to remove its mark")
def record_of_external_dns(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        zone.put(*vpc.endpoint().addresses, ttl=300)
        zone.put(MARK, kind="TXT")
        zone.put(MARK, kind="TXT", name=f"a-{NAME}")
        zone.put('"v=spf1 -all"', kind="TXT", name="mail.aws-us-west-2.byoc.example.com")
        fleet.provider.sweep()
        yield record(vpc, zone)
        yield
        assert zone.addresses("TXT", "mail.aws-us-west-2.byoc.example.com"), "texts of others stay"


@row("IncompatibleRecord", "to remove it")
def cname_at_the_name(fleet):
    yield record(*beside(fleet, "elsewhere.example.net", kind="CNAME"))


def contended(fleet):
    """A record of ours that somebody else has written as often as is put up with."""
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    for host in range(1, 6):
        zone.put(f"192.0.2.{host}")
        fleet.provider.sweep()
    return vpc, zone


@row("Contended", "to leave it to them", becomes=("Released",))
def contended_record_that_is_left_to_others(fleet):
    yield record(*contended(fleet))


@row("Contended")
def contended_record_that_nobody_else_writes_any_more(fleet):
    vpc, zone = contended(fleet)
    yield record(vpc, zone)
    # An hour passes.
    claim = fleet.table.claims()[zone.id]
    fleet.table.put({**claim, "repairs": [{**one, "at": "2026-01-01T00:00:00Z"} for one in claim["repairs"]]})


def two_vpcs(fleet, domain):
    """A zone of client a that serves a VPC of client b too, and an endpoint in each, a's first."""
    first, second = fleet.a.vpc(), fleet.b.vpc()
    zone = first.zone(domain)
    second.joins(zone)
    for vpc in (first, second):
        vpc.endpoint()
        fleet.local.settled()
    return record(second, zone)


@row("SharedZone", "first, where the shared zone is named", "to give the VPC a zone of its own")
def shared_zone_of_the_very_domain(fleet):
    yield two_vpcs(fleet, DOMAIN)


@row("SharedZone", "to give the VPC a zone of its own")
def shared_zone_of_a_parent_domain(fleet):
    yield two_vpcs(fleet, PARENT)


@row("SharedZone", "where the VPCs are routed to each other")
def shared_zone_that_is_merged(fleet):
    yield two_vpcs(fleet, DOMAIN)


def guest(fleet, owner):
    """A zone of an account that answers a VPC of client a, whom its stack does not serve."""
    vpc = fleet.a.vpc()
    zone = owner.vpc().zone()
    vpc.joins(zone)
    vpc.endpoint()
    fleet.local.settled()
    return vpc, zone


@row("ZoneOwnerConsent", "to serve the VPCs of")
def zone_whose_owner_has_not_consented(fleet):
    owner = Client(fleet.local, next(_accounts), fleet.provider)
    fleet.provider.deploy_client(owner.account)
    vpc, zone = guest(fleet, owner)
    yield record(vpc, zone)


@row("ZoneOwnerConsent", "to serve the VPCs of")
def zone_whose_owner_serves_another(fleet):
    owner = Client(fleet.local, next(_accounts), fleet.provider)
    fleet.provider.deploy_client(owner.account, ServesVpcsOf=fleet.b.account)
    vpc, zone = guest(fleet, owner)
    yield record(vpc, zone)
    yield
    stacks = fleet.local.client("cloudformation", owner.account).describe_stacks(StackName="zonelink-client")["Stacks"]
    [served] = [one["ParameterValue"] for one in stacks[0]["Parameters"] if one["ParameterKey"] == "ServesVpcsOf"]
    assert served == f"{fleet.b.account},{fleet.a.account}", "whom it served it still serves"


@row("ZoneOwnerConsent", "to serve the VPCs of")
def zone_of_the_provider(fleet):
    vpc, zone = guest(fleet, Client(fleet.local, fleet.provider.account, fleet.provider))
    yield record(vpc, zone)


@row("Route53Refused", "once what Route 53 says is mended")
def change_that_route_53_refuses(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        vpc.endpoint()
        fleet.local.faults({"service": "route53", "action": "ChangeResourceRecordSets", "code": "InvalidChangeBatch",
                            "message": "the zone is full", "times": 100})
        fleet.provider.sweep()
        yield record(vpc, zone)
        fleet.local.faults()
        # Still deaf.
        yield


@row("TooManyDeletes", "where they are meant to be gone")
def removal_beyond_the_limit(fleet):
    vpc = fleet.a.vpc()
    vpc.zone()
    parent = vpc.zone(PARENT)
    vpc.endpoint()
    fleet.local.settled()
    fleet.provider.update(Write="answering", MaxDeletes="0")
    fleet.provider.sweep()
    yield record(vpc, parent)


@row("Released", "to hand it over to zonelink")
def record_that_was_taken_back(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    assert Command(fleet.local.running)("release", f"{zone.id}/{NAME}", "--yes").code == 0
    fleet.provider.sweep()
    yield record(vpc, zone)


@pytest.mark.parametrize("name", rows_of(__name__))
def test_what_is_printed_ends_the_hold(fleet, name):
    follow(fleet, name)

"""Of the zones of a VPC one is asked for a name: what that means for the others, and when nobody may write there."""

import pytest

from cli.command import Command
from stage.client import DOMAIN, NAME

PARENT = "example.com"


def changes(fleet):
    """The zones whose record sets somebody asked Route 53 to change."""
    return [call["parameters"]["HostedZoneId"].split("/")[-1]
            for call in fleet.local.calls("ChangeResourceRecordSets")]


def codes(fleet):
    return [hold["reason"] for hold in fleet.table.holds().values()]


@pytest.fixture
def three(fleet):
    """Three VPCs, each with a zone of its own and an endpoint, and one parent zone that all of them share."""
    fleet.vpcs = [fleet.a.vpc(), fleet.a.vpc(), fleet.b.vpc()]
    fleet.zones = [vpc.zone() for vpc in fleet.vpcs]
    fleet.parent = fleet.vpcs[0].zone(PARENT)
    for vpc in fleet.vpcs[1:]:
        vpc.joins(fleet.parent)
    fleet.endpoints = [vpc.endpoint() for vpc in fleet.vpcs]
    fleet.local.settled()
    return fleet


def test_vpcs_with_zones_of_their_own_and_one_shared_parent_are_in_order(three):
    for vpc, zone, endpoint in zip(three.vpcs, three.zones, three.endpoints):
        assert zone.addresses() == vpc.resolves() == endpoint.addresses
    assert three.parent.addresses() in [endpoint.addresses for endpoint in three.endpoints]
    assert three.table.holds() == {}
    status = Command(three.local.running)("status")
    assert (status.code, "SharedZone" in status.out) == (0, False)
    before = three.table.items()
    three.provider.sweep()
    assert three.table.items() == before


def test_parent_that_is_asked_once_the_closer_zone_is_gone_holds_the_vpc(three):
    keeper = next(place for place, endpoint in enumerate(three.endpoints)
                  if three.parent.addresses() == endpoint.addresses)
    loser = (keeper + 1) % 3
    three.zones[loser].remove()
    three.vpcs[loser].client.route53.delete_hosted_zone(Id=three.zones[loser].id)
    three.provider.sweep()
    assert three.table.holds() == {f"{three.vpcs[loser].id}/{three.parent.id}/{NAME}": {
        "reason": "SharedZone", "vpc": three.vpcs[keeper].id}}


def test_answering_leaves_the_parent_by_sweeps_as_far_as_they_may_remove(three):
    three.provider.update(Write="answering", MaxDeletes="0")
    three.provider.sweep()
    assert three.parent.record() is not None
    assert codes(three) == ["TooManyDeletes"]
    # An event of that VPC removes nothing of it either.
    keeper = next(endpoint for endpoint in three.endpoints if three.parent.addresses() == endpoint.addresses)
    subnet = keeper.vpc.add_subnet()
    keeper.add_subnet(subnet)
    three.local.settled()
    assert three.parent.record() is not None
    assert codes(three) == ["TooManyDeletes"]
    three.provider.backfill(allow_deletes=1)
    three.local.settled()
    assert three.parent.record() is None
    assert three.table.holds() == {}
    for zone, endpoint in zip(three.zones, three.endpoints):
        assert zone.addresses() == endpoint.addresses
    assert set(three.table.claims()) == {zone.id for zone in three.zones}


def test_parent_that_answering_leaves_goes_at_once_to_the_vpc_that_asks_it(three):
    needy = three.b.vpc()
    needy.joins(three.parent)
    endpoint = needy.endpoint()
    three.local.settled()
    assert codes(three) == ["SharedZone"]
    three.provider.update(Write="answering")
    three.provider.sweep()
    assert three.parent.addresses() == needy.resolves() == endpoint.addresses
    assert three.table.holds() == {}


@pytest.fixture
def shadowed(fleet):
    """A VPC whose wide zone has the record, and an endpoint to another service, whose private DNS answers instead."""
    service, service_name = fleet.provider.make_service(acceptance_required=False)
    fleet.provider.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, PrivateDnsName="*.byoc.example.com")
    fleet.vpc = fleet.a.vpc()
    fleet.zone, fleet.endpoint = fleet.vpc.zone(PARENT), fleet.vpc.endpoint()
    fleet.local.settled()
    fleet.other = fleet.vpc.endpoint(service_name)
    fleet.local.settled()
    fleet.a.ec2.modify_vpc_endpoint(VpcEndpointId=fleet.other.id, PrivateDnsEnabled=True)
    return fleet


def test_private_dns_that_answers_is_held_until_it_is_turned_off(shadowed):
    shadowed.local.forget_calls()
    shadowed.provider.sweep()
    [(subject, hold)] = shadowed.table.holds().items()
    assert subject == f"{shadowed.vpc.id}/{NAME}"
    assert (hold["reason"], hold["service"]) == ("ShadowedByPrivateDns", "vpce.amazonaws.com")
    assert shadowed.zone.addresses() == shadowed.endpoint.addresses, "what stands there stays"
    assert changes(shadowed) == []
    status = Command(shadowed.local.running)("status", "--held")
    assert status.code == 3
    assert "--no-private-dns-enabled --vpc-endpoint-id" in status.out
    # What the remedy says.
    shadowed.a.ec2.modify_vpc_endpoint(VpcEndpointId=shadowed.other.id, PrivateDnsEnabled=False)
    shadowed.provider.sweep()
    assert shadowed.table.holds() == {}
    assert changes(shadowed) == []


@pytest.fixture
def cloud_map(fleet):
    """A VPC to which AWS Cloud Map brings a zone."""
    fleet.vpc = fleet.a.vpc()
    fleet.cloud_map = fleet.local.client("servicediscovery", fleet.a.account)

    def brings(name):
        fleet.cloud_map.create_private_dns_namespace(Name=name, Vpc=fleet.vpc.id)
        namespace = fleet.cloud_map.list_namespaces()["Namespaces"][-1]
        fleet.namespace = namespace["Id"]
        return namespace["Properties"]["DnsProperties"]["HostedZoneId"]

    fleet.brings = brings
    yield fleet
    for namespace in fleet.cloud_map.list_namespaces()["Namespaces"]:
        fleet.cloud_map.delete_namespace(Id=namespace["Id"])


def test_zone_of_cloud_map_is_held_in_awss_words_and_written_once(cloud_map):
    zone = cloud_map.brings(DOMAIN)
    cloud_map.vpc.endpoint()
    cloud_map.local.settled()
    [hold] = cloud_map.table.holds().values()
    assert hold["reason"] == "CloudMapZone"
    assert f"The resource hostedzone/{zone} can only be managed through AWS Cloud Map" in hold["message"]
    assert set(changes(cloud_map)) == {zone}
    cloud_map.local.forget_calls()
    before = cloud_map.table.items()
    for _ in range(2):
        cloud_map.provider.sweep()
    cloud_map.vpc.client.ec2.modify_vpc_endpoint(
        VpcEndpointId=next(iter(cloud_map.a.endpoints())), AddSecurityGroupIds=[])
    cloud_map.local.settled()
    assert changes(cloud_map) == []
    assert cloud_map.table.items() == before
    cloud_map.cloud_map.delete_namespace(Id=cloud_map.namespace)
    cloud_map.provider.sweep()
    assert codes(cloud_map) == ["NoZone"]


def test_zone_of_cloud_map_behind_a_closer_zone_is_no_hold_and_is_written_once(cloud_map):
    own = cloud_map.vpc.zone()
    zone = cloud_map.brings(PARENT)
    endpoint = cloud_map.vpc.endpoint()
    cloud_map.local.settled()
    assert own.addresses() == endpoint.addresses
    assert codes(cloud_map) == ["Shadowed"], "a note, and no hold"
    assert set(changes(cloud_map)) == {own.id, zone}
    status = Command(cloud_map.local.running)("status")
    assert (status.code, "Shadowed" in status.out) == (0, False)
    cloud_map.local.forget_calls()
    cloud_map.provider.sweep()
    assert changes(cloud_map) == []


def test_denied_write_is_sent_again_after_an_hour_and_not_before(fleet):
    vpc = fleet.a.vpc()
    fleet.local.faults({"service": "route53", "action": "ChangeResourceRecordSets", "account": fleet.a.account,
                        "code": "AccessDenied", "message": "denied by a test", "status": 403, "times": 1000})
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    [(subject, hold)] = fleet.table.holds().items()
    assert (hold["reason"], hold["message"]) == ("NoAccess", "AccessDenied: denied by a test")
    fleet.local.faults()
    fleet.local.forget_calls()
    fleet.provider.sweep()
    assert changes(fleet) == [] and len(fleet.table.holds()) == 1
    [item] = [item for item in fleet.table.items() if item["pk"] == "hold"]
    tried = {name: "2026-01-01T00:00:00Z" for name in ("first", "last")}
    fleet.table.put({**item, "reason": {**item["reason"], "tried": tried}})
    fleet.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}, subject

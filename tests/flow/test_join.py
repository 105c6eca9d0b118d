"""infra/join.yaml: one stack for each VPC of a client account that infra/client.yaml stands in."""

import contextlib

import pytest

from local_aws import accounts, deploy, stacks, state
from stage.client import DOMAIN, Endpoint, Zone

STACK = "zonelink-join-orders"
PORT = 19530


class Joined:
    """A VPC that nobody has prepared, and the stack for it."""

    def __init__(self, fleet):
        self.fleet, self.local = fleet, fleet.local
        self.vpc = fleet.a.vpc(subnets=3)
        self.ec2, self.route53 = fleet.a.ec2, fleet.a.route53
        self.range = self.ec2.describe_vpcs(VpcIds=[self.vpc.id])["Vpcs"][0]["CidrBlock"]
        self.cloudformation = self.local.client("cloudformation", fleet.a.account)
        self.parameters = {"ServiceName": fleet.provider.service_name, "Port": PORT, "VpcId": self.vpc.id,
                           "SubnetIds": ",".join(self.vpc.subnets[:2]), "ClientRange": self.range}

    def deploy(self, **more):
        """Make the stack, or change it, and let everything settle."""
        self.parameters |= more
        with self.local.deployment(self.fleet.a.account):
            self.outputs = deploy.deploy_client(
                self.fleet.a.account, self.parameters, running=self.local.running, stack=STACK,
                template=state.REPOSITORY / "infra" / "join.yaml")
        self.endpoint = Endpoint(self.vpc, self.outputs["VpcEndpointId"])
        self.local.settled()

    def delete(self):
        """Delete it as docs/DEPLOY.md says: AWS deletes no zone with a record, which goes while the endpoint is deleted."""
        for _ in range(2):
            with contextlib.suppress(stacks.StackFailed), self.local.set(accept_seconds=3.0), \
                    self.local.deployment(self.fleet.a.account):
                stacks.delete(self.cloudformation, STACK)
            self.local.settled()

    def rules(self, direction="IpPermissions"):
        """What the group lets in, or out: ports and ranges."""
        [group] = self.ec2.describe_security_groups(GroupIds=[self.outputs["SecurityGroupId"]])["SecurityGroups"]
        return {(one["IpProtocol"], one.get("FromPort"), one.get("ToPort"), place["CidrIp"])
                for one in group[direction] for place in one["IpRanges"]}

    def zones(self):
        """The ids of the private hosted zones of the VPC."""
        found = self.route53.list_hosted_zones_by_vpc(VPCId=self.vpc.id, VPCRegion=accounts.REGION)
        return [one["HostedZoneId"] for one in found["HostedZoneSummaries"]]


@pytest.fixture
def joined(fleet):
    """Ready to deploy; deleted at the end, if a test has not."""
    made = Joined(fleet)
    yield made
    made.delete()


def test_one_stack_brings_endpoint_group_zone_and_record_and_takes_them_along(joined):
    joined.deploy(ZoneName=DOMAIN)
    zone = Zone(joined.fleet.a, joined.outputs["HostedZoneId"])
    assert joined.zones() == [zone.id]
    assert zone.addresses() == joined.endpoint.addresses
    assert len(joined.endpoint.addresses) == 2 and joined.vpc.resolves() == joined.endpoint.addresses
    assert joined.rules() == {("tcp", PORT, PORT, joined.range)}
    assert joined.rules("IpPermissionsEgress") == {("-1", None, None, "127.0.0.1/32")}
    assert joined.fleet.table.holds() == {}

    joined.delete()
    assert joined.zones() == [] and joined.fleet.a.endpoints() == set()
    assert joined.fleet.table.claims() == {}
    assert joined.fleet.table.holds() == {}


def test_stack_without_a_zone_leaves_it_to_zonelink(joined):
    joined.fleet.provider.update(Zones="create")
    joined.deploy()
    assert "HostedZoneId" not in joined.outputs
    [zone] = joined.zones()
    assert Zone(joined.fleet.a, zone).addresses() == joined.endpoint.addresses


def test_changed_subnets_ports_and_ranges_keep_the_endpoint_and_its_record(joined):
    joined.deploy(ZoneName=DOMAIN)
    zone, before = Zone(joined.fleet.a, joined.outputs["HostedZoneId"]), joined.endpoint.id
    joined.deploy(SubnetIds=",".join(joined.vpc.subnets), LastPort=PORT + 1, SecondClientRange="100.64.0.0/16")
    assert joined.endpoint.id == before
    assert len(zone.addresses()) == 3 and zone.addresses() == joined.endpoint.addresses
    assert joined.rules() == {("tcp", PORT, PORT + 1, joined.range), ("tcp", PORT, PORT + 1, "100.64.0.0/16")}


@pytest.mark.parametrize("wrong, says", [
    ({"ClientRange": "10.0.0.0"}, "ClientRange"),
    ({"ServiceName": "com.amazonaws.us-west-2.s3"}, "ServiceName"),
    ({"ZoneName": "*.example.com"}, "ZoneName"),
    ({"Port": 0}, "Port"),
])
def test_parameter_that_cannot_be_right_is_refused_before_anything_is_made(joined, wrong, says):
    with pytest.raises(Exception, match=says):
        joined.deploy(**wrong)
    assert joined.fleet.a.endpoints() == set()


def test_command_of_the_outputs_lets_the_vpc_answer_from_private_zones(joined):
    joined.deploy()
    command = joined.outputs["DnsCommand"]
    assert command.count(f"--vpc-id {joined.vpc.id}") == 2 and "\n" not in command
    assert "--enable-dns-support" in command and "--enable-dns-hostnames" in command

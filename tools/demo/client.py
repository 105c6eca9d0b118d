"""What a client account does: VPCs with private zones, and one call for an endpoint."""

import uuid
from dataclasses import dataclass, field

from local_aws import state

from . import screen
from .installation import RECORD_NAME

ZONE = RECORD_NAME.removeprefix("*.")
PARENT = ZONE.split(".", 1)[1]
UNRELATED = "intranet.example.com"

_KINDS = {ZONE: "zone", PARENT: "parent zone", UNRELATED: "other zone"}


@dataclass
class ClientVpc:
    """One VPC of a client, with what was made in it."""

    label: str
    client: str
    number: int
    running: dict
    names: object
    vpc: str = ""
    subnets: list = field(default_factory=list)
    zones: dict = field(default_factory=dict)
    endpoint: str = ""

    @property
    def ec2(self):
        """EC2 as the client."""
        return state.client("ec2", self.client, self.running)

    @property
    def route53(self):
        """Route 53 as the client."""
        return state.client("route53", self.client, self.running)

    def build(self, subnets, zones):
        """Make the VPC, its subnets and its private hosted zones."""
        vpc = self.ec2.create_vpc(CidrBlock=f"10.{self.number}.0.0/16")["Vpc"]["VpcId"]
        self.vpc = self.names.give(vpc, f"VPC {self.label}")
        for _ in range(subnets):
            self.add_subnet()
        for name in zones:
            made = self.route53.create_hosted_zone(
                Name=name, CallerReference=str(uuid.uuid4()),
                VPC={"VPCRegion": self.running["region"], "VPCId": vpc})
            zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
            self._keep(name, zone)
        screen.fact(self.client, f"VPC {self.label} = {vpc}, {subnets} subnets in 10.{self.number}.0.0/16"
                    + ("" if zones else ", and no private zone"))
        for name, zone in self.zones.items():
            screen.fact("", f"{self.names[zone]} = {zone}, private, {name}")
        return self

    def find_zone(self):
        """Whether somebody has made a zone of the service's domain for the VPC."""
        found = self.route53.list_hosted_zones_by_vpc(VPCId=self.vpc, VPCRegion=self.running["region"])
        for one in found["HostedZoneSummaries"]:
            if one["Name"].rstrip(".") == ZONE:
                self._keep(ZONE, one["HostedZoneId"])
        return bool(self.zones)

    def _keep(self, name, zone):
        self.zones[name] = self.names.give(zone, f"{_KINDS[name]} {self.label}")

    def add_subnet(self):
        """One more subnet, in the next availability zone."""
        number = len(self.subnets)
        made = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.{self.number}.{number + 1}.0/24",
            AvailabilityZone=self.running["region"] + "abcd"[number])
        self.subnets.append(made["Subnet"]["SubnetId"])
        return self.subnets[-1]

    def join(self, service):
        """Create the endpoint: the one call that a client makes."""
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", ServiceName=service.name, VpcId=self.vpc,
            SubnetIds=self.subnets)
        self.endpoint = self.names.give(made["VpcEndpoint"]["VpcEndpointId"], f"endpoint {self.label}")

    def join_command(self, service):
        """The same as a command."""
        return (f"aws --profile {self.client} ec2 create-vpc-endpoint --vpc-endpoint-type Interface "
                f"--service-name {service.name} --vpc-id {self.vpc} "
                f"--subnet-ids {' '.join(self.subnets)}")

    def endpoint_state(self):
        """The endpoint's state, as EC2 has it now."""
        found = self.ec2.describe_vpc_endpoints(
            Filters=[{"Name": "vpc-endpoint-id", "Values": [self.endpoint]}])["VpcEndpoints"]
        return found[0]["State"] if found else "gone"

    def interface_addresses(self):
        """The addresses of the endpoint's network interfaces: what the record has to hold."""
        found = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[self.endpoint])["VpcEndpoints"][0]
        interfaces = self.ec2.describe_network_interfaces(
            NetworkInterfaceIds=found["NetworkInterfaceIds"])["NetworkInterfaces"]
        return sorted(one["PrivateIpAddress"] for one in interfaces)

    def record(self, zone_name):
        """The record set of the service's name in a zone, or None."""
        for found in self.record_sets(zone_name):
            if found["Name"].replace("\\052", "*").rstrip(".") == RECORD_NAME:
                return found
        return None

    def addresses(self, zone_name):
        """What the record answers; nothing when there is none."""
        record = self.record(zone_name)
        return sorted(value["Value"] for value in record["ResourceRecords"]) if record else []

    def record_sets(self, zone_name):
        """All record sets of a zone."""
        return self.route53.list_resource_record_sets(
            HostedZoneId=self.zones[zone_name])["ResourceRecordSets"]

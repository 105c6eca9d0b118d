"""What client accounts make: VPCs, private hosted zones and endpoints, each in one line."""

import itertools
import time

import dns.name
from local_aws import accounts
from resolver import reading
from resolver.answer import answer

NAME = "*.aws-us-west-2.byoc.example.com"
# The names of further services, defined in the table: as on AWS, nothing may be written that the stacks do not name.
MORE_NAMES = ("*.second.example.com", "*.third.example.com", "db.example.com", "*.merged.example.com",
              "*.renamed.example.com", "*.commotion.example.com")
# The most specific zone that can hold the name.
DOMAIN = "aws-us-west-2.byoc.example.com"
# A host of the data plane, under the wildcard.
HOST = f"in01.{DOMAIN}"

_networks = itertools.count(1)
_references = itertools.count(1)


class Client:
    """One account, seen through its own rights."""

    def __init__(self, local, account, provider):
        self.local = local
        self.account = account
        self.provider = provider
        local.accounts.add(account)
        self.ec2 = local.client("ec2", account)
        self.route53 = local.client("route53", account)

    def vpc(self, subnets=1, ipv6=False):
        """A VPC with that many subnets, each in a zone of its own."""
        vpc = Vpc(self, ipv6)
        for _ in range(subnets):
            vpc.add_subnet()
        return vpc

    def public_zone(self, name):
        """A public hosted zone, which serves no VPC."""
        made = self.route53.create_hosted_zone(Name=name, CallerReference=_reference())
        return Zone(self, made["HostedZone"]["Id"])

    def endpoints(self):
        """The ids of all its endpoints."""
        pages = self.ec2.get_paginator("describe_vpc_endpoints").paginate()
        return {one["VpcEndpointId"] for page in pages for one in page["VpcEndpoints"]}

    def delete(self, *endpoints, lingers=True):
        """Delete endpoints. As on AWS they are seen `deleting` for a while: until somebody sets
        accept_seconds to zero again. Or they vanish at once."""
        self.local.settings(accept_seconds=3600.0 if lingers else 0.0)
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint.id for endpoint in endpoints])


class Vpc:
    """A VPC with subnets."""

    def __init__(self, client, ipv6):
        self.client = client
        self._network = f"10.{next(_networks) % 250 + 1}"
        vpc = client.ec2.create_vpc(CidrBlock=f"{self._network}.0.0/16",
                                    AmazonProvidedIpv6CidrBlock=ipv6)["Vpc"]
        self.id = vpc["VpcId"]
        self.subnets = []
        self._ipv6 = None
        if ipv6:
            described = client.ec2.describe_vpcs(VpcIds=[self.id])["Vpcs"][0]
            block = described["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            self._ipv6 = block.replace("00::/56", "")

    def add_subnet(self):
        """One more subnet, in the next availability zone. Returns its id."""
        number = len(self.subnets)
        more = {"Ipv6CidrBlock": f"{self._ipv6}{number:02x}::/64"} if self._ipv6 else {}
        made = self.client.ec2.create_subnet(
            VpcId=self.id, CidrBlock=f"{self._network}.{number}.0/24",
            AvailabilityZone=f"{accounts.REGION}{'abcd'[number]}", **more)
        self.subnets.append(made["Subnet"]["SubnetId"])
        return self.subnets[-1]

    def zone(self, name=DOMAIN, made_by=None):
        """A new private hosted zone for this VPC, owned by its account or by an AWS service."""
        config = {"Comment": f"made by {made_by}"} if made_by else {}
        made = self.client.route53.create_hosted_zone(
            Name=name, CallerReference=_reference(), HostedZoneConfig=config,
            VPC={"VPCId": self.id, "VPCRegion": accounts.REGION})
        return Zone(self.client, made["HostedZone"]["Id"])

    def joins(self, zone):
        """Associate this VPC with a zone, of another account too."""
        vpc = {"VPCId": self.id, "VPCRegion": accounts.REGION}
        if zone.owner.account != self.client.account:
            zone.owner.route53.create_vpc_association_authorization(HostedZoneId=zone.id, VPC=vpc)
        self.client.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone.id, VPC=vpc)

    def leaves(self, zone):
        """End that association."""
        self.client.route53.disassociate_vpc_from_hosted_zone(
            HostedZoneId=zone.id, VPC={"VPCId": self.id, "VPCRegion": accounts.REGION})

    def resolves(self, name=HOST, kind="A"):
        """What a machine in this VPC resolves: a set of addresses, or the code of DNS that says there are none."""
        known = reading.known(self.client.local.running, self.client.account, self.id)
        given = answer(known, dns.name.from_text(name), kind)
        return given.values or given.rcode.name

    def endpoint(self, service_name=None, **more):
        """An interface endpoint to the service, in all subnets unless told otherwise."""
        made = self.client.ec2.create_vpc_endpoint(**{
            "VpcEndpointType": "Interface", "VpcId": self.id, "SubnetIds": self.subnets,
            "ServiceName": service_name or self.client.provider.service_name, **more})
        return Endpoint(self, made["VpcEndpoint"]["VpcEndpointId"])


class Endpoint:
    """An interface endpoint, read anew whenever it is asked."""

    def __init__(self, vpc, endpoint_id):
        self.vpc = vpc
        self.id = endpoint_id
        self._ec2 = vpc.client.ec2

    def _described(self):
        pages = self._ec2.get_paginator("describe_vpc_endpoints").paginate(VpcEndpointIds=[self.id])
        return next(one for page in pages for one in page["VpcEndpoints"])

    @property
    def state(self):
        """As its owner sees it."""
        return self._described()["State"]

    @property
    def addresses(self):
        """The IPv4 addresses of its interfaces."""
        return {one["PrivateIpAddress"] for interface in self._interfaces()
                for one in interface["PrivateIpAddresses"]}

    @property
    def ipv6_addresses(self):
        """The IPv6 addresses of its interfaces."""
        return {one["Ipv6Address"] for interface in self._interfaces()
                for one in interface["Ipv6Addresses"]}

    def _interfaces(self):
        ids = self._described()["NetworkInterfaceIds"]
        if not ids:
            return []
        pages = self._ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "network-interface-id", "Values": ids}])
        return [one for page in pages for one in page["NetworkInterfaces"]]

    def add_subnet(self, subnet):
        self._ec2.modify_vpc_endpoint(VpcEndpointId=self.id, AddSubnetIds=[subnet])

    def remove_subnet(self, subnet):
        self._ec2.modify_vpc_endpoint(VpcEndpointId=self.id, RemoveSubnetIds=[subnet])

    def delete(self, lingers=True):
        """Delete it; see Client.delete."""
        self.vpc.client.delete(self, lingers=lingers)


class Zone:
    """A hosted zone, seen with the rights of its owner."""

    def __init__(self, owner, zone_id):
        self.owner = owner
        self.id = zone_id.removeprefix("/hostedzone/")

    def record(self, kind="A", name=NAME):
        """The record set of a kind at the name, or None."""
        pages = self.owner.route53.get_paginator("list_resource_record_sets")
        for page in pages.paginate(HostedZoneId=self.id):
            for found in page["ResourceRecordSets"]:
                if found["Name"] == f"{name}.".replace("*", "\\052") and found["Type"] == kind:
                    return found
        return None

    def addresses(self, kind="A", name=NAME):
        """The values at the name; empty when there is no such record set."""
        found = self.record(kind, name) or {"ResourceRecords": []}
        return {value["Value"] for value in found["ResourceRecords"]}

    def put(self, *values, kind="A", name=NAME, ttl=60):
        """Write a record set by hand, whatever stood there."""
        self._change("UPSERT", {"Name": name, "Type": kind, "TTL": ttl,
                                "ResourceRecords": [{"Value": value} for value in values]})

    def remove(self, kind="A", name=NAME):
        """Delete a record set by hand."""
        self._change("DELETE", self.record(kind, name))

    def _change(self, action, record_set):
        self.owner.route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={
            "Changes": [{"Action": action, "ResourceRecordSet": record_set}]})


def _reference():
    return f"stage-{time.time_ns()}-{next(_references)}"

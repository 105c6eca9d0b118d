"""An endpoint service, and zonelink installed for it: what the demo and `make up` begin with."""

import os
import pathlib
from dataclasses import dataclass

from local_aws import accounts, deploy, state, trails

RECORD_NAME = "*.aws-us-west-2.byoc.vectordb.zillizcloud.com"
ALLOWED = ("client-a", "client-b")
# A stranger: the endpoint service lets it ask, and zonelink's allow list does not name it.
STRANGER = "client-c"
CLIENTS = (*ALLOWED, STRANGER)
# It lets zonelink make zones, which the definition says too, in the demo.
MAKER = "client-b"

# What the name resolves to for everybody who has no private zone: an address for documentation (RFC 5737).
PUBLIC = "203.0.113.10"

# The data plane's port.
PORT = 19530
EXTERNAL_ID = "zonelink-example-1"
_ZONES = "abcd"


@dataclass(frozen=True)
class Service:
    """An endpoint service as its clients know it."""

    id: str
    name: str


def publish(running):
    """Publish an endpoint service behind a network load balancer in the provider's account."""
    ec2, elbv2 = (state.client(name, "provider", running) for name in ("ec2", "elbv2"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24",
                                 AvailabilityZone=running["region"] + zone)["Subnet"]["SubnetId"]
               for number, zone in enumerate(_ZONES)]
    balancer = elbv2.create_load_balancer(Name="data-plane", Type="network", Scheme="internal",
                                          Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    _listen(elbv2, balancer, vpc)
    made = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancer], AcceptanceRequired=True)["ServiceConfiguration"]
    ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=made["ServiceId"],
        AddAllowedPrincipals=[f"arn:aws:iam::{accounts.number(name)}:root" for name in CLIENTS])
    _publish_name(running)
    return Service(made["ServiceId"], made["ServiceName"])


def _listen(elbv2, balancer, vpc):
    """The data plane behind the load balancer: one target, which the local AWS calls healthy, and a listener."""
    group = elbv2.create_target_group(
        Name="data-plane", Protocol="TCP", Port=PORT, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.10", "Port": PORT}])
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=PORT,
                          DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])


def _publish_name(running):
    """The public zone of the vendor's domain, with the record that everybody else resolves."""
    route53 = state.client("route53", "provider", running)
    zone = route53.create_hosted_zone(Name=RECORD_NAME.split(".", 2)[2], CallerReference="public")["HostedZone"]
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": [{
        "Action": "CREATE", "ResourceRecordSet": {
            "Name": RECORD_NAME, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": PUBLIC}]}}]})


def install_provider(running, service, parameters=None):
    """Deploy template.yaml with the binaries that cargo built; returns the stack's outputs."""
    return deploy.deploy_provider({
        "ServiceId": service.id,
        "RecordName": RECORD_NAME,
        "AllowedPrincipals": ",".join(map(accounts.number, ALLOWED)),
        # The stranger's events reach the bus all the same: an event is a hint and grants nothing.
        "ClientAccounts": ",".join(map(accounts.number, CLIENTS)),
        "ExternalId": EXTERNAL_ID,
        "DeletionProtection": "false",
        # Whoever may assume this role can see what zonelink sees, in all accounts.
        "OperatorPrincipals": f"arn:aws:iam::{accounts.PROVIDER}:root",
        **(parameters or {}),
    }, binaries=binaries(), running=running)


def install_client(running, client, outputs, parameters=None):
    """Deploy infra/client.yaml into a client account, which has a trail."""
    trails.make(running, accounts.number(client))
    return deploy.deploy_client(accounts.number(client), {
        "ProviderAccountId": accounts.PROVIDER,
        "ProviderBusArn": outputs["BusArn"],
        "ClientRoleName": outputs["ClientRoleName"],
        "ExternalId": EXTERNAL_ID,
        "RecordNames": RECORD_NAME,
        **(parameters or {}),
    }, running=running)


def binaries():
    """Where cargo's dev profile puts its binaries."""
    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    return pathlib.Path(state.REPOSITORY, target) / "debug"

"""Claims about the moto side: endpoints of every type, and the names of services in every partition."""

import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from .moto_harness import CLIENT_A, PROVIDER, REGION, SETTLE, MotoSide, Network, eventually, launched, refusal

TYPES = botocore.session.get_session().get_service_model("ec2").shape_for("VpcEndpointType").enum
LATTICE = f"arn:aws:vpc-lattice:{REGION}:{PROVIDER}"


@pytest.fixture(scope="module")
def process() -> Iterator[MotoSide]:
    with launched() as moto:
        yield moto


@pytest.fixture
def moto(process: MotoSide) -> MotoSide:
    process.local("POST", "reset")
    process.local("PUT", "settings", {"accept_seconds": SETTLE, "cloudtrail": False})
    return process


def balanced(moto: MotoSide, kind: str, region: str = REGION) -> str:
    """The name of an endpoint service behind a load balancer of that kind, in a region of the provider."""
    ec2 = moto.client("ec2", PROVIDER, region)
    network = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.8.0.0/24", AvailabilityZone=f"{region}a")["Subnet"]["SubnetId"]
    balancer = moto.client("elbv2", PROVIDER, region).create_load_balancer(
        Name=f"lb-{time.monotonic_ns()}", Type=kind, Subnets=[subnet])["LoadBalancers"][0]["LoadBalancerArn"]
    arns = {f"{kind.capitalize()}LoadBalancerArns": [balancer]}
    made = ec2.create_vpc_endpoint_service_configuration(AcceptanceRequired=False, **arns)["ServiceConfiguration"]
    ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=made["ServiceId"], AddAllowedPrincipals=[f"arn:aws:iam::{CLIENT_A}:root"])
    return made["ServiceName"]


def leads_to(moto: MotoSide, kind: str) -> dict[str, Any]:
    """What a request for an endpoint of this type names."""
    resource = {"ResourceConfigurationArn": f"{LATTICE}:resourceconfiguration/rcfg-0a1b2c3d4e5f60718"}
    return {
        "Gateway": {"ServiceName": f"com.amazonaws.{REGION}.s3"},
        "GatewayLoadBalancer": {"ServiceName": balanced(moto, "gateway")} if kind == "GatewayLoadBalancer" else {},
        "Interface": {"ServiceName": f"com.amazonaws.{REGION}.ec2"},
        "Resource": resource,
        "ServiceNetwork": {"ServiceNetworkArn": f"{LATTICE}:servicenetwork/sn-0a1b2c3d4e5f60718"},
        "Tunnel": resource,
    }[kind]


@pytest.mark.parametrize("kind", TYPES)
def test_endpoint_of_each_type_is_made_listed_and_deleting_before_it_is_gone(moto: MotoSide, kind: str) -> None:
    client = Network(moto, CLIENT_A)
    named = leads_to(moto, kind)
    made = client.ec2.create_vpc_endpoint(VpcId=client.vpc_id, VpcEndpointType=kind, **named)["VpcEndpoint"]
    assert (made["VpcEndpointType"], made["OwnerId"]) == (kind, CLIENT_A)
    assert {name: made[name] for name in named} == named
    assert made["State"] == ("available" if kind == "Gateway" else "pending")
    endpoint_id = made["VpcEndpointId"]
    eventually(lambda: client.state(endpoint_id) == "available")

    def listed(**more: str) -> list[str]:
        filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in more.items()]
        return [one["VpcEndpointId"] for one in client.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]

    assert listed(vpc_endpoint_type=kind) == listed(vpc_endpoint_state="available") == [endpoint_id]
    delete = lambda: client.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])["Unsuccessful"]
    assert delete() == [] and client.state(endpoint_id) == "deleting" and delete() == []
    assert listed(vpc_endpoint_state="deleting") == [endpoint_id]
    eventually(lambda: listed() == [])
    assert refusal(lambda: client.state(endpoint_id))[0] == "InvalidVpcEndpointId.NotFound"
    assert delete()[0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_type_decides_what_a_request_must_name(moto: MotoSide) -> None:
    client = Network(moto, CLIENT_A)
    create = lambda **named: client.ec2.create_vpc_endpoint(VpcId=client.vpc_id, **named)
    for kind in TYPES:
        assert refusal(lambda kind=kind: create(VpcEndpointType=kind))[0] == "MissingParameter"
    assert refusal(lambda: create(VpcEndpointType="Wormhole", ServiceName="x"))[0] == "InvalidParameterValue"
    for kind in ("Gateway", "GatewayLoadBalancer"):
        service = balanced(moto, "network")
        assert refusal(lambda kind=kind: create(VpcEndpointType=kind, ServiceName=service))[0] == "InvalidParameter"


def test_route_tables_of_a_gateway_endpoint_are_modified(moto: MotoSide) -> None:
    client = Network(moto, CLIENT_A)
    table = client.ec2.create_route_table(VpcId=client.vpc_id)["RouteTable"]["RouteTableId"]
    made = client.ec2.create_vpc_endpoint(VpcId=client.vpc_id, ServiceName=f"com.amazonaws.{REGION}.s3")["VpcEndpoint"]
    client.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddRouteTableIds=[table])
    shown = client.ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    assert shown["RouteTableIds"] == [table] and shown["State"] == "available"


@pytest.mark.parametrize(("region", "prefix"), [
    ("us-west-2", "com.amazonaws"), ("us-gov-west-1", "com.amazonaws"), ("cn-northwest-1", "cn.com.amazonaws")])
def test_names_of_services_begin_with_their_partitions_own_words(moto: MotoSide, region: str, prefix: str) -> None:
    name = balanced(moto, "network", region)
    assert name.startswith(f"{prefix}.vpce.{region}.vpce-svc-")
    ec2 = moto.client("ec2", CLIENT_A, region)
    network = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.7.0.0/24", AvailabilityZone=f"{region}a")["Subnet"]["SubnetId"]
    made = ec2.create_vpc_endpoint(VpcId=network, ServiceName=name, VpcEndpointType="Interface", SubnetIds=[subnet])
    assert made["VpcEndpoint"]["ServiceName"] == name

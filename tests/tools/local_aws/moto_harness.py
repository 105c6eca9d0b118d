"""What the tests of the moto side share: the launched process, a stand-in for the other emulator, small worlds."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws import state

REGION = "us-west-2"
PROVIDER, CLIENT_A, CLIENT_B, CLIENT_C = "111111111111", "222222222222", "333333333333", "044444444444"
WILDCARD = "*.aws-us-west-2.byoc.example.com."
ESCAPED = "\\052.aws-us-west-2.byoc.example.com."
# Short enough for a quick test, long enough for the state in between to be seen.
SETTLE = 0.3


class StandIn(BaseHTTPRequestHandler):
    """The other emulator as far as the moto side talks to it: the door for events, IAM's GetRole, SNS's Publish."""

    events: list[dict[str, Any]] = []
    published: list[dict[str, str]] = []
    roles: dict[str, dict[str, Any]] = {}
    refuse_next = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        account = self.headers.get("Authorization", "").partition("Credential=")[2][:12]
        if self.path == "/_local/events":
            if StandIn.refuse_next:
                StandIn.refuse_next -= 1
                return self._answer(503, "")
            StandIn.events.append(json.loads(body))
            return self._answer(200, "{}")
        query = {name: values[0] for name, values in parse_qs(body).items()}
        if query["Action"] == "Publish":
            StandIn.published.append(query | {"account": account})
            result = "<PublishResult><MessageId>1</MessageId></PublishResult>"
            return self._answer(200, f"<PublishResponse>{result}</PublishResponse>")
        return self._get_role(account, query["RoleName"])

    def _get_role(self, account: str, name: str) -> None:
        arn = f"arn:aws:iam::{account}:role/{name}"
        if arn not in StandIn.roles:
            error = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>"
            return self._answer(404, error)
        policy = quote(json.dumps(StandIn.roles[arn]))
        role = (
            f"<Path>/</Path><RoleName>{name}</RoleName><RoleId>AROALOCALROLE00000001</RoleId><Arn>{arn}</Arn>"
            "<CreateDate>2026-01-01T00:00:00Z</CreateDate>"
            f"<AssumeRolePolicyDocument>{policy}</AssumeRolePolicyDocument>"
        )
        self._answer(200, f"<GetRoleResponse><GetRoleResult><Role>{role}</Role></GetRoleResult></GetRoleResponse>")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class MotoSide:
    """The launched process."""

    def __init__(self, url: str):
        self.url = url
        self._clients: dict[tuple[str, ...], Any] = {}

    def client(self, service: str, account: str, region: str = REGION) -> Any:
        """A client that signs with the account's number. It never retries, so that one call is one call."""
        if (service, account, region) not in self._clients:
            session = boto3.session.Session(account, "local", region_name=region)
            config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
            client = session.client(service, endpoint_url=self.url, config=config)
            self._clients[service, account, region] = client
        return self._clients[service, account, region]

    def local(self, method: str, path: str, body: Any = None) -> Any:
        """The control plane."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_local/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def events(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """The CloudTrail events of one kind, once that many have come."""


        def found() -> list[dict[str, Any]]:
            come = [event for event in StandIn.events if event["detail"]["eventName"] == name]
            return come if len(come) >= count else []

        return eventually(found)


@contextmanager
def launched() -> Iterator[MotoSide]:
    stand_in = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=stand_in.serve_forever, daemon=True).start()
    environment = os.environ | {
        "PYTHONPATH": str(state.REPOSITORY / "tools"),
        "LOCAL_AWS_MINISTACK_URL": f"http://127.0.0.1:{stand_in.server_port}",
    }
    command = [sys.executable, "-m", "local_aws.moto", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield MotoSide(process.stdout.readline().split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=10)
        stand_in.shutdown()


def eventually(look: Callable[[], Any], seconds: float = 5) -> Any:
    """What `look` finds once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def refusal(call: Callable[[], Any]) -> tuple[str, str, int]:
    """The code, the words and the HTTP status with which a call is refused."""
    try:
        call()
    except ClientError as error:
        answer = error.response
        return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call was not refused")


class Network:
    """A VPC of one account with a subnet in each of two zones."""

    def __init__(self, moto: MotoSide, account: str, cidr: str = "10.0"):
        self.ec2 = moto.client("ec2", account)
        self.account = account
        vpc = self.ec2.create_vpc(CidrBlock=f"{cidr}.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
        self.vpc_id = vpc["VpcId"]
        described = self.ec2.describe_vpcs(VpcIds=[self.vpc_id])["Vpcs"][0]
        self.ipv6 = described["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("00::/56", "")
        self.subnets = [
            self.subnet(f"{cidr}.{number}.0/24", f"{REGION}{zone}", number) for number, zone in enumerate("ab")
        ]

    def subnet(self, cidr: str, zone: str, number: int) -> str:
        made = self.ec2.create_subnet(
            VpcId=self.vpc_id,
            CidrBlock=cidr,
            AvailabilityZone=zone,
            Ipv6CidrBlock=f"{self.ipv6}{number:02x}::/64",
        )
        return made["Subnet"]["SubnetId"]

    def endpoint(self, service_name: str, **more: Any) -> dict[str, Any]:
        wanted = {"SubnetIds": self.subnets} | more
        created = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc_id, ServiceName=service_name, VpcEndpointType="Interface", **wanted
        )
        return created["VpcEndpoint"]

    def state(self, endpoint_id: str) -> str:
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]["State"]

    def interfaces(self, endpoint_id: str) -> list[dict[str, Any]]:
        one = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]
        if not one["NetworkInterfaceIds"]:
            return []
        found = self.ec2.describe_network_interfaces(NetworkInterfaceIds=one["NetworkInterfaceIds"])
        return found["NetworkInterfaces"]


class Service:
    """An endpoint service of the provider behind a network load balancer."""

    def __init__(self, moto: MotoSide, allowed: tuple[str, ...] = (CLIENT_A, CLIENT_C), acceptance: bool = True):
        self.network = Network(moto, PROVIDER, "10.9")
        self.ec2 = self.network.ec2
        balancer = moto.client("elbv2", PROVIDER).create_load_balancer(
            Name=f"nlb-{time.monotonic_ns()}", Type="network", Subnets=self.network.subnets
        )["LoadBalancers"][0]
        configuration = self.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]], AcceptanceRequired=acceptance
        )["ServiceConfiguration"]
        self.id, self.name = configuration["ServiceId"], configuration["ServiceName"]
        self.balancer_arn = balancer["LoadBalancerArn"]
        self.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=self.id, AddAllowedPrincipals=[f"arn:aws:iam::{account}:root" for account in allowed]
        )

    def accept(self, *endpoint_ids: str) -> list[dict[str, Any]]:
        answer = self.ec2.accept_vpc_endpoint_connections(ServiceId=self.id, VpcEndpointIds=list(endpoint_ids))
        return answer["Unsuccessful"]

    def connections(self, **filters: str) -> list[dict[str, Any]]:
        wanted = {"service-id": self.id} | {name.replace("_", "-"): value for name, value in filters.items()}
        answer = self.ec2.describe_vpc_endpoint_connections(
            Filters=[{"Name": name, "Values": [value]} for name, value in wanted.items()]
        )
        return answer["VpcEndpointConnections"]


class Zone:
    """A private hosted zone and short forms of the calls on it."""

    def __init__(self, moto: MotoSide, network: Network, name: str = "byoc.example.com"):
        self.route53 = moto.client("route53", network.account)
        made = self.route53.create_hosted_zone(
            Name=name,
            CallerReference=f"{network.vpc_id}-{name}",
            VPC={"VPCRegion": REGION, "VPCId": network.vpc_id},
            HostedZoneConfig={"PrivateZone": True},
        )
        self.id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def change(self, *changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        return self.route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={"Changes": batch})

    def names(self, **start: str) -> list[tuple[str, str]]:
        pages = self.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.id, **start)
        return [(one["Name"], one["Type"]) for page in pages for one in page["ResourceRecordSets"]]

    def record(self, name: str, kind: str = "A") -> dict[str, Any] | None:
        listed = self.route53.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return next((one for one in listed if (one["Name"], one["Type"]) == (name, kind)), None)


def a(*values: str, name: str = WILDCARD, kind: str = "A", ttl: int = 60) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def vpc(network: Network) -> dict[str, str]:
    return {"VPCRegion": REGION, "VPCId": network.vpc_id}

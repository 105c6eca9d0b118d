"""EC2's answers: endpoints, connections, interfaces, services."""

from typing import Any

from .wire import Absent, answer, words

SERVICE = "vpce-svc-0a1b2c3d4e5f60718"
NAME = f"com.amazonaws.vpce.us-west-2.{SERVICE}"
VPC = "vpc-0a1b2c3d4e5f60718"
LAST = {"NextToken": Absent}


def _id(kind: str, number: int) -> str:
    return f"{kind}-{number:017x}"


def _camel(word: str) -> str:
    """A state as EC2 writes it; the model has another spelling."""
    return word[0].lower() + word[1:]


def _endpoint(number: int, **more: Any) -> dict[str, Any]:
    """An interface endpoint in two subnets."""
    pair = (2 * number, 2 * number + 1)
    return {
        "VpcEndpointId": _id("vpce", number),
        "VpcEndpointType": "Interface",
        "VpcId": VPC,
        "ServiceName": NAME,
        "State": "available",
        "SubnetIds": [_id("subnet", one) for one in pair],
        "NetworkInterfaceIds": [_id("eni", one) for one in pair],
        "IpAddressType": "ipv4",
        **more,
    }


def _endpoints(*endpoints: dict[str, Any], token: Any = Absent) -> str:
    return answer("ec2", "DescribeVpcEndpoints", {"VpcEndpoints": endpoints, "NextToken": token})


def endpoints() -> dict[str, str]:
    types = [*words("ec2", "VpcEndpointType"), "Wormhole", Absent]
    states = [*map(_camel, words("ec2", "State")), "hibernating", "Available"]
    families = [*words("ec2", "IpAddressType"), "IPv6", Absent]
    odd = [
        _endpoint(1, VpcId=Absent),
        _endpoint(2, VpcEndpointId="vpce-?"),
        _endpoint(3, SubnetIds=["subnet-?"]),
        _endpoint(4, NetworkInterfaceIds=["eni-?"]),
        _endpoint(5),
    ]
    return {
        "of_every_type": _endpoints(*(_endpoint(n, VpcEndpointType=one) for n, one in enumerate(types))),
        "in_every_state": _endpoints(*(_endpoint(n, State=one) for n, one in enumerate(states))),
        "of_every_family": _endpoints(*(_endpoint(n, IpAddressType=one) for n, one in enumerate(families))),
        "without_subnets": _endpoints(_endpoint(1, SubnetIds=[], NetworkInterfaceIds=[], DnsEntries=[])),
        "page_1": _endpoints(_endpoint(1), token="second"),
        "page_2": _endpoints(token="third"),
        "page_3": _endpoints(_endpoint(2), token=""),
        "none": _endpoints(),
        "odd": _endpoints(*odd),
        "gateway": _endpoints(_endpoint(1, VpcEndpointType="Gateway", SubnetIds=[], NetworkInterfaceIds=[])),
    }


def _connection(number: int, **more: Any) -> dict[str, Any]:
    return {
        "ServiceId": SERVICE,
        "VpcEndpointId": _id("vpce", number),
        "VpcEndpointOwner": "044444444444",
        "VpcEndpointState": "pendingAcceptance",
        "VpcEndpointRegion": "us-west-2",
        **more,
    }


def _connections(*connections: dict[str, Any], token: Any = Absent) -> str:
    given = {"VpcEndpointConnections": connections, "NextToken": token}
    return answer("ec2", "DescribeVpcEndpointConnections", given)


def connections() -> dict[str, str]:
    states = [*map(_camel, words("ec2", "State")), "hibernating"]
    odd = [
        _connection(1, VpcEndpointOwner="vpc-lattice.amazonaws.com"),
        _connection(2, VpcEndpointId="vpce-?"),
        _connection(3, VpcEndpointId=Absent),
        _connection(4, ServiceId="vpce-svc-00000000000000000"),
        _connection(5, VpcEndpointRegion=Absent),
        _connection(6, VpcEndpointRegion="?"),
    ]
    return {
        "in_every_state": _connections(*(_connection(n, VpcEndpointState=one) for n, one in enumerate(states))),
        "page_1": _connections(token="second"),
        "page_2": _connections(_connection(1)),
        "odd": _connections(*odd),
    }


def _interface(number: int, v4: list[str], v6: list[str], **more: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": _id("eni", number),
        "SubnetId": _id("subnet", number),
        "PrivateIpAddresses": [{"PrivateIpAddress": one} for one in v4],
        "Ipv6Addresses": [{"Ipv6Address": one} for one in v6],
        "InterfaceType": "vpc_endpoint",
        **more,
    }


def interfaces() -> dict[str, str]:
    families = [
        _interface(1, ["10.1.0.4"], []),
        _interface(2, ["10.1.1.4", "10.1.1.5"], ["fd00:0:0:0:0:0:0:4"]),
        _interface(3, [], ["fd00::5"], PrivateIpAddress=Absent, Ipv6Native="true"),
        _interface(4, [], [], InterfaceType="somethingNew"),
    ]
    odd = [
        _interface(1, ["10.1.0.444"], []),
        _interface(2, ["10.1.1.4"], [], SubnetId="subnet-?"),
        _interface(3, ["10.1.2.4"], [], NetworkInterfaceId=Absent),
        _interface(4, ["10.1.3.4"], []),
    ]
    described = lambda found, token: answer(  # noqa: E731
        "ec2", "DescribeNetworkInterfaces", {"NetworkInterfaces": found, "NextToken": token})
    return {"of_every_family": described(families, "second"), "odd": described(odd, Absent)}


def services() -> dict[str, str]:
    kinds = [*words("ec2", "PrincipalType"), "Cluster"]
    principals = [{"PrincipalType": kind, "Principal": f"principal {kind}"} for kind in kinds]
    refused = [{"ResourceId": _id("vpce", 1), "Error": {"Code": "InvalidState", "Message": "No & <no>"}}, {"Error": {}}]
    described = {"ServiceConfigurations": [{"ServiceId": SERVICE}, {"ServiceId": "?"}, {"ServiceId": Absent}], **LAST}
    permitted = {"AllowedPrincipals": [*principals, {"Principal": Absent}], **LAST}
    return {
        "configurations": answer("ec2", "DescribeVpcEndpointServiceConfigurations", described),
        "permissions": answer("ec2", "DescribeVpcEndpointServicePermissions", permitted),
        "accepted": answer("ec2", "AcceptVpcEndpointConnections", {"Unsuccessful": []}),
        "partly_accepted": answer("ec2", "AcceptVpcEndpointConnections", {"Unsuccessful": refused}),
    }

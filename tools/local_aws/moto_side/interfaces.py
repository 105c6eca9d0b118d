"""The network interfaces of an endpoint: one per subnet, with addresses of that subnet that nobody uses."""

import ipaddress
import secrets
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.utils import generic_filter

from .errors import AwsError

# AWS keeps the first four addresses of every subnet and the last one.
_RESERVED_AT_START = 4


def create(
    backend: Any,
    subnet: Any,
    endpoint_id: str,
    group_ids: list[str],
    ip_address_type: str,
    ipv4: str | None = None,
    ipv6: str | None = None,
) -> NetworkInterface:
    """Make the interface. An address asked for by name must be free and inside the subnet."""
    v4 = _ipv4(backend, subnet, ipv4) if ip_address_type in ("ipv4", "dualstack") else None
    v6 = _ipv6(backend, subnet, ipv6) if ip_address_type in ("ipv6", "dualstack") else None
    eni = backend.create_network_interface(
        subnet,
        # moto wants an IPv4 address in every interface; the placeholder is taken out again below.
        v4 or "0.0.0.0",
        group_ids=list(group_ids),
        description=f"VPC Endpoint Interface {endpoint_id}",
    )
    if v4 is None:
        eni.private_ip_address = None
        eni.private_ip_addresses = []
        eni.private_dns_name = None
        eni.ipv6_native = True
    eni.ipv6_addresses = [v6] if v6 else []
    eni.interface_type = "vpc_endpoint"
    eni.requester_managed = True
    eni.status = "in-use"
    eni.source_dest_check = False
    return eni


def delete(backend: Any, eni: NetworkInterface) -> None:
    """The address is free again at once, and may go to somebody else."""
    backend.enis.pop(eni.id, None)


def set_groups(backend: Any, eni: NetworkInterface, group_ids: list[str]) -> None:
    eni._group_set = [backend.get_security_group_from_id(group_id) for group_id in group_ids]


def _used(backend: Any, subnet: Any) -> set[str]:
    used = set(subnet._subnet_ips)
    for eni in backend.enis.values():
        if eni.subnet.id == subnet.id:
            used.update(address["PrivateIpAddress"] for address in eni.private_ip_addresses)
            used.update(eni.ipv6_addresses)
    return used


def _ipv4(backend: Any, subnet: Any, wanted: str | None) -> str:
    if not subnet.cidr_block:
        raise AwsError("InvalidParameter", f"The subnet {subnet.id} has no IPv4 CIDR block.")
    network = ipaddress.IPv4Network(subnet.cidr_block, strict=False)
    used = _used(backend, subnet)
    if wanted:
        return _checked(network, used, wanted)
    size = network.num_addresses - _RESERVED_AT_START - 1
    # Go round the subnet rather than take the lowest free address, so that a new endpoint does not by chance get
    # the address of the one just deleted and hide a record that was never corrected.
    start = getattr(subnet, "_endpoint_cursor", 0)
    for step in range(size):
        place = (start + step) % size
        address = str(network.network_address + _RESERVED_AT_START + place)
        if address not in used:
            subnet._endpoint_cursor = place + 1
            return address
    raise AwsError(
        "InsufficientFreeAddressesInSubnet",
        f"The subnet '{subnet.id}' does not have enough free addresses to satisfy the request.",
    )


def _ipv6(backend: Any, subnet: Any, wanted: str | None) -> str:
    blocks = [
        association["ipv6CidrBlock"]
        for association in subnet.ipv6_cidr_block_associations.values()
        if association["ipv6CidrBlockState"]["State"] == "associated"
    ]
    if not blocks:
        raise AwsError("InvalidParameter", f"The subnet {subnet.id} has no IPv6 CIDR block.")
    network = ipaddress.IPv6Network(blocks[0], strict=False)
    used = _used(backend, subnet)
    if wanted:
        return _checked(network, used, wanted)
    while True:
        address = str(network[secrets.randbelow(network.num_addresses - 16) + 8])
        if address not in used:
            return address


def _checked(network: Any, used: set[str], wanted: str) -> str:
    address = ipaddress.ip_address(wanted)
    if address not in network:
        raise AwsError("InvalidParameterValue", f"Address does not fall within the subnet's address range: {wanted}")
    if str(address) in used:
        raise AwsError("InvalidIPAddress.InUse", f"Address {wanted} is in use.")
    return str(address)


def install() -> None:
    """Look interfaces up where a filter names their ids; moto tries each id on each interface of the account."""
    by_trying = NetworkInterfaceBackend.get_all_network_interfaces
    by_id = "network-interface-id"

    def get_all(self: Any, eni_ids: list[str] | None = None, filters: Any = None) -> list[NetworkInterface]:
        wanted = (filters or {}).get(by_id) or []
        if eni_ids or not wanted or any(set(one) & set("*?[") for one in wanted):
            return by_trying(self, eni_ids, filters)
        named = [self.enis[one] for one in dict.fromkeys(wanted) if one in self.enis]
        return generic_filter({name: values for name, values in filters.items() if name != by_id}, named)

    NetworkInterfaceBackend.get_all_network_interfaces = get_all  # type: ignore[method-assign]

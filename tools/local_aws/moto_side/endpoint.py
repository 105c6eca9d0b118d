"""One interface endpoint: its state as time passes, its interfaces, and how each side of it sees it.

    Create, acceptance required ─▶ pendingAcceptance ─Accept─▶ pending ─accept_seconds─▶ available
    Create, none required ──────────────────────────────────▶ pending
    Modify of the subnets, once accepted ───────────────────▶ pending
    Reject, before or after acceptance ─────────────────────▶ rejected
    Delete ─▶ deleting ─accept_seconds─▶ gone

The state is worked out when somebody reads it; no timer changes it. A change of accept_seconds
counts for what is under way too: zero ends it at once.
"""

import json
import secrets
import time
from datetime import datetime, timezone
from typing import Any

from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import random_vpc_ep_id

from . import interfaces, settings
from .errors import AwsError
from .settings import SETTINGS

DEFAULT_POLICY = json.dumps(VPCEndPoint.DEFAULT_POLICY)

# The public zones in which AWS keeps the DNS names of endpoints.
_ENDPOINT_ZONES = {"us-west-2": "Z1YSA3EXCYUU9Z", "us-east-1": "Z7HUB22UULQXV"}


class VpcEndpoint:
    """An endpoint of type Interface."""

    def __init__(self, backend: Any, vpc_id: str, service_name: str, service: Any | None):
        self.id = random_vpc_ep_id()
        self.connection_id = f"vpce-con-{secrets.token_hex(9)[:17]}"
        self.backend = backend
        self.account: str = backend.account_id
        self.region: str = backend.region_name
        self.vpc_id = vpc_id
        self.service_name = service_name
        # None for a service of AWS itself, which nobody has to accept.
        self.service = service
        self.group_ids: list[str] = []
        self.ip_address_type = "ipv4"
        self.private_dns_enabled = False
        # The zone that private DNS brings.
        self.private_zone: str | None = None
        self.policy_document = DEFAULT_POLICY
        self.interfaces: dict[str, Any] = {}
        self.created = datetime.now(timezone.utc).replace(tzinfo=None)
        self._dns_label = f"{self.id}-{secrets.token_hex(4)}"
        self._state = "pendingAcceptance"
        self._next: tuple[float, str] | None = None
        if service is None or not service.acceptance_required:
            self.begin_pending()

    @property
    def state(self) -> str:
        if self._next and time.monotonic() >= self._next[0] + SETTINGS.accept_seconds:
            self._state, self._next = self._next[1], None
        return self._state

    def begin_pending(self) -> None:
        """Accepted, or changed after that: `pending` for a while, then `available`."""
        self._state, self._next = "pending", (time.monotonic(), "available")

    def reject(self) -> None:
        self._state, self._next = "rejected", None

    def delete(self) -> None:
        """The interfaces go at once; the endpoint itself is seen `deleting` for a while."""
        self._state, self._next = "deleting", (time.monotonic(), "deleted")
        for subnet_id in list(self.interfaces):
            self.remove_subnet(subnet_id)

    def add_subnet(self, subnet_id: str, ipv4: str | None = None, ipv6: str | None = None) -> None:
        """One interface in one more subnet, or a new one in place of the old when addresses are given."""
        others = [eni for other_id, eni in self.interfaces.items() if other_id != subnet_id]
        subnet = self.checked_subnet(subnet_id, {eni.subnet.availability_zone for eni in others})
        eni = interfaces.create(self.backend, subnet, self.id, self.group_ids, self.ip_address_type, ipv4, ipv6)
        self.remove_subnet(subnet_id)
        self.interfaces[subnet_id] = eni

    def remove_subnet(self, subnet_id: str) -> None:
        if eni := self.interfaces.pop(subnet_id, None):
            interfaces.delete(self.backend, eni)

    def checked_subnet(self, subnet_id: str, taken_zones: set[str]) -> Any:
        """The subnet, which must lie in the endpoint's VPC and in a zone the endpoint has no other subnet in."""
        subnet = self.backend.get_subnet(subnet_id)
        if subnet.vpc_id != self.vpc_id:
            raise AwsError("InvalidParameter", f"The subnet ID '{subnet_id}' is not in the VPC '{self.vpc_id}'")
        if subnet.availability_zone in taken_zones:
            words = f"Found another VPC endpoint subnet in the availability zone of {subnet_id}"
            raise AwsError("DuplicateSubnetsInSameZone", words)
        return subnet

    def set_groups(self, group_ids: list[str]) -> None:
        self.group_ids = group_ids
        for eni in self.interfaces.values():
            interfaces.set_groups(self.backend, eni, group_ids)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.backend.tags.get(self.id, {}))

    @property
    def dns_entries(self) -> list[dict[str, str]]:
        """The regional name first, then one per zone; an endpoint without subnets has none."""
        if not self.interfaces:
            return []
        suffix = self.service_name.removeprefix(f"com.amazonaws.{self.region}.")
        if self.service is not None:
            suffix = self.service.id
        zones = [eni.subnet.availability_zone for eni in self.interfaces.values()]
        labels = [self._dns_label, *(f"{self._dns_label}-{zone}" for zone in zones)]
        hosted_zone = _ENDPOINT_ZONES.get(self.region, "Z1EXAMPLEENDPT")
        return [
            {"DnsName": f"{label}.{suffix}.{self.region}.vpce.amazonaws.com", "HostedZoneId": hosted_zone}
            for label in labels
        ]

    @property
    def private_entries(self) -> list[dict[str, str]]:
        """The service's private DNS name, as only the endpoint's owner is told it."""
        if self.private_zone is None:
            return []
        return [{"DnsName": self.service.private_dns_name, "HostedZoneId": self.private_zone}]

    def seen_by_owner(self) -> dict[str, Any]:
        """The endpoint as DescribeVpcEndpoints shows it."""
        # moto's own lookup goes through all groups of the account.
        of_vpc = self.backend.groups.get(self.vpc_id, {})
        groups = [of_vpc.get(group_id) for group_id in self.group_ids]
        return {
            "VpcEndpointId": self.id,
            "VpcEndpointType": "Interface",
            "VpcId": self.vpc_id,
            "ServiceName": self.service_name,
            "State": self.state,
            "PolicyDocument": self.policy_document,
            "RouteTableIds": [],
            "SubnetIds": list(self.interfaces),
            "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in groups if group],
            "IpAddressType": self.ip_address_type,
            "DnsOptions": {"DnsRecordIpType": self.ip_address_type},
            "PrivateDnsEnabled": self.private_dns_enabled,
            "RequesterManaged": False,
            "NetworkInterfaceIds": [eni.id for eni in self.interfaces.values()],
            "DnsEntries": self.dns_entries + self.private_entries,
            "CreationTimestamp": self.created,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            "OwnerId": self.account,
            "ServiceRegion": self.service.ec2_backend.region_name if self.service else self.region,
        }

    def seen_by_provider(self) -> dict[str, Any]:
        """The connection as the service's owner sees it: no VPC, no subnets, no interfaces, no addresses."""
        return {
            "ServiceId": self.service.id,
            "VpcEndpointId": self.id,
            "VpcEndpointOwner": self.account,
            "VpcEndpointState": self.state,
            "CreationTimestamp": self.created,
            "DnsEntries": self.dns_entries,
            "NetworkLoadBalancerArns": list(self.service.network_load_balancer_arns),
            "IpAddressType": self.ip_address_type,
            "VpcEndpointConnectionId": self.connection_id,
            "VpcEndpointRegion": self.region,
        }


# By account and region, so that one account's calls are no slower for what the others have.
_endpoints: dict[tuple[str, str], dict[str, VpcEndpoint]] = {}
settings.on_reset(_endpoints.clear)


def add(endpoint: VpcEndpoint) -> None:
    _endpoints.setdefault((endpoint.account, endpoint.region), {})[endpoint.id] = endpoint


def of_account(account: str, region: str) -> dict[str, VpcEndpoint]:
    """What the consumer sees: nobody else's endpoints."""
    own = _endpoints.get((account, region), {})
    for gone in [one for one in own.values() if one.state == "deleted"]:
        gone.backend.tags.pop(gone.id, None)
        del own[gone.id]
    return dict(own)


def of_service(service_id: str) -> list[VpcEndpoint]:
    everybody = [one for place in list(_endpoints) for one in of_account(*place).values()]
    return [one for one in everybody if one.service is not None and one.service.id == service_id]


def unsuccessful(resource_id: str, code: str, message: str) -> dict[str, Any]:
    """One entry of `Unsuccessful`, the failure that comes with HTTP 200."""
    return {"ResourceId": resource_id, "Error": {"Code": code, "Message": message}}

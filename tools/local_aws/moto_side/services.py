"""Endpoint services: who may find them, and the calls of their owner that moto gets wrong."""

import re
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpc_service_configuration import VPCServiceConfiguration
from moto.ec2.responses import EC2Response
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from . import accounts, endpoint, filters
from .accounts import Caller
from .errors import AwsError

_PRINCIPAL = re.compile(r"\*|arn:aws:iam::\d{12}:(root|user/[^/]+|role/[^/]+)|[a-z0-9.-]+\.amazonaws\.com")

# A connection in one of these states keeps its service from being deleted.
LIVE = ("pendingAcceptance", "pending", "available")


def name_prefix(region: str) -> str:
    """What the names of a region's services begin with: its partition's DNS suffix, reversed."""
    return "cn.com.amazonaws" if region.startswith("cn-") else "com.amazonaws"


def all_services() -> Iterator[VPCServiceConfiguration]:
    """The services of every account and region."""
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            yield from list(backend.configurations.values())


def may_connect(service: VPCServiceConfiguration, caller: Caller) -> bool:
    """The owner always may; anybody else when the account, the very user or role, or everybody is listed."""
    if service.ec2_backend.account_id == caller.account:
        return True
    listed = {"*", f"arn:aws:iam::{caller.account}:root", caller.principal_arn}
    return bool(listed & set(service.principals))


def visible(name: str, region: str, service_region: str | None, caller: Caller) -> VPCServiceConfiguration:
    """The service of that name. One that does not exist and one that is not allowed look the same to the caller."""
    for service in all_services():
        home = service.ec2_backend.region_name
        reachable = home == region or (home == service_region and region in service._supported_region_names)
        if service.service_name == name and reachable and may_connect(service, caller):
            return service
    raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")


def owned(response: EC2Response, service_id: str | None) -> VPCServiceConfiguration:
    """A service of the caller's own account and region."""
    if not service_id:
        raise AwsError("MissingParameter", "The request must contain the parameter ServiceId")
    service = response.ec2_backend.configurations.get(service_id)
    if service is None:
        words = f"The VpcEndpointService Id '{service_id}' does not exist"
        raise AwsError("InvalidVpcEndpointServiceId.NotFound", words)
    return service


def describe_vpc_endpoint_service_configurations(self: EC2Response) -> ActionResult:
    """An unknown id fails the call; an unknown id in a filter only finds nothing."""
    ids = self._get_param("ServiceIds", [])
    found = [owned(self, service_id) for service_id in ids] or list(self.ec2_backend.configurations.values())
    facts = {
        "service-id": lambda service: service.id,
        "service-name": lambda service: service.service_name,
        "service-state": lambda service: service.service_state,
    }
    chosen = filters.select(found, filters.requested(self), facts, lambda service: _tags(self, service.id))
    return ActionResult({"ServiceConfigurations": chosen})


def delete_vpc_endpoint_service_configurations(self: EC2Response) -> ActionResult:
    unsuccessful = []
    for service_id in self._get_param("ServiceIds", []):
        live = [one for one in endpoint.of_service(service_id) if one.state in LIVE]
        if service_id not in self.ec2_backend.configurations:
            words = f"The VpcEndpointService Id '{service_id}' does not exist"
            unsuccessful.append(endpoint.unsuccessful(service_id, "InvalidVpcEndpointService.NotFound", words))
        elif live:
            words = f"Service {service_id} has existing active VPC Endpoint connections!"
            unsuccessful.append(endpoint.unsuccessful(service_id, "ExistingVpcEndpointConnections", words))
        else:
            del self.ec2_backend.configurations[service_id]
    return ActionResult({"Unsuccessful": unsuccessful})


def modify_vpc_endpoint_service_permissions(self: EC2Response) -> ActionResult:
    service = owned(self, self._get_param("ServiceId"))
    added = self._get_param("AddAllowedPrincipals", [])
    removed = self._get_param("RemoveAllowedPrincipals", [])
    for principal in added:
        # A role or user with a path is refused too, which is why the pattern allows one name only.
        if not _PRINCIPAL.fullmatch(principal):
            raise AwsError("InvalidPrincipal", f"Invalid Principal: '{principal}'")
    new = [principal for principal in dict.fromkeys(added) if principal not in service.principals]
    service.principals = [one for one in [*service.principals, *new] if one not in removed]
    entries = [_permission(service, principal) for principal in new]
    return ActionResult({"AddedPrincipals": entries, "ReturnValue": True})


def describe_vpc_endpoint_service_permissions(self: EC2Response) -> ActionResult:
    service = owned(self, self._get_param("ServiceId"))
    entries = [_permission(service, principal) for principal in service.principals]
    facts = {
        "principal": lambda entry: entry["Principal"],
        "principal-type": lambda entry: entry["PrincipalType"],
    }
    return ActionResult({"AllowedPrincipals": filters.select(entries, filters.requested(self), facts, lambda _: {})})


def _permission(service: VPCServiceConfiguration, principal: str) -> dict[str, Any]:
    kinds = {"*": "All", ":root": "Account", ":user/": "User", ":role/": "Role"}
    kind = next((kind for mark, kind in kinds.items() if mark in principal), "Service")
    return {"Principal": principal, "PrincipalType": kind, "ServiceId": service.id}


def describe_vpc_endpoint_services(self: EC2Response) -> ActionResult:
    """AWS's own services, the caller's, and those of other accounts that allow the caller."""
    caller = accounts.caller(self)
    details = list(self.ec2_backend._collect_default_endpoint_services(self.current_account, self.region))
    for service in all_services():
        if service.ec2_backend.region_name == self.region and may_connect(service, caller):
            details.append(service.to_dict() | {"ServiceRegion": self.region, "Tags": _tags_list(self, service.id)})
    names = self._get_param("ServiceNames", [])
    for name in names:
        if name not in {detail["ServiceName"] for detail in details}:
            raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    facts = {
        "service-name": lambda detail: detail["ServiceName"],
        "service-type": lambda detail: [kind["ServiceType"] for kind in detail["ServiceType"]],
        "owner": lambda detail: detail["Owner"],
        "service-region": lambda detail: detail.get("ServiceRegion", self.region),
    }
    found = filters.select(
        [detail for detail in details if not names or detail["ServiceName"] in names],
        filters.requested(self),
        facts,
        lambda detail: {tag["Key"]: tag["Value"] for tag in detail.get("Tags", [])},
    )
    found.sort(key=lambda detail: detail["ServiceName"])
    return ActionResult({"ServiceDetails": found, "ServiceNames": [detail["ServiceName"] for detail in found]})


def _zone_ids(service: VPCServiceConfiguration) -> list[str]:
    """The ids of the zones in which the load balancers have a subnet now."""
    backend = elbv2_backends[service.ec2_backend.account_id][service.ec2_backend.region_name]
    balancers = [backend.load_balancers.get(arn) for arn in service.network_load_balancer_arns]
    return sorted({subnet.availability_zone_id for one in balancers if one for subnet in one.subnets})


def _tags(response: EC2Response, resource_id: str) -> dict[str, str]:
    return dict(response.ec2_backend.tags.get(resource_id, {}))


def _tags_list(response: EC2Response, resource_id: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in _tags(response, resource_id).items()]


def install() -> None:
    make = VPCServiceConfiguration.__init__

    def with_long_id(self: VPCServiceConfiguration, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        # AWS's ids have 17 hexadecimal digits, moto's 8; code that checks the form should see the real one.
        region = self.ec2_backend.region_name
        self.id = f"vpce-svc-{mock_random.get_random_hex(length=17)}"
        self.service_name = f"{name_prefix(region)}.vpce.{region}.{self.id}"
        self.endpoint_dns_name = f"{self.id}.{region}.vpce.amazonaws.com"

    # AWS tells the ids of a service's zones besides their names, which are each account's own.
    VPCServiceConfiguration.availability_zone_ids = property(_zone_ids)  # type: ignore[attr-defined]
    VPCServiceConfiguration.__init__ = with_long_id  # type: ignore[method-assign]
    for method in (
        describe_vpc_endpoint_service_configurations,
        delete_vpc_endpoint_service_configurations,
        modify_vpc_endpoint_service_permissions,
        describe_vpc_endpoint_service_permissions,
        describe_vpc_endpoint_services,
    ):
        setattr(EC2Response, method.__name__, method)

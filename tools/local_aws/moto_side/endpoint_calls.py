"""The consumer's calls: Create, Describe, Modify and DeleteVpcEndpoint(s), of every type of endpoint."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from . import accounts, endpoint, filters, notifications, other_endpoints, private_dns, services, settings
from .endpoint import DEFAULT_POLICY, VpcEndpoint
from .errors import AwsError

_moto: dict[str, Any] = {}

# (account, region, client token) -> what was asked and what it made.
_tokens: dict[tuple[str, str, str], tuple[str, VpcEndpoint]] = {}
settings.on_reset(_tokens.clear)


def create_vpc_endpoint(self: EC2Response) -> ActionResult:
    # The API's default is Gateway, so a caller that forgets the type does not get an interface endpoint.
    kind, name = self._get_param("VpcEndpointType", "Gateway"), self._get_param("ServiceName")
    if kind != "Interface":
        return other_endpoints.create(self, kind, _moto["create_vpc_endpoint"])
    if not name:
        raise AwsError("MissingParameter", "The request must contain the parameter ServiceName")
    repeated, asked = _repeated(self)
    if repeated:
        return ActionResult({"VpcEndpoint": repeated.seen_by_owner(), "ClientToken": self._get_param("ClientToken")})
    backend = self.ec2_backend
    backend.get_vpc(self._get_param("VpcId"))
    one = VpcEndpoint(backend, self._get_param("VpcId"), name, _service(self, name))
    one.ip_address_type = self._get_param("IpAddressType", "ipv4")
    one.policy_document = self._get_param("PolicyDocument") or one.policy_document
    with_private_dns = _private_dns(self, one, creating=True)
    one.group_ids = _groups(self, self._get_param("SecurityGroupIds", []), one.vpc_id)
    self.error_on_dryrun()
    _place(self, one)
    _switch(one, with_private_dns)
    for specification in self._get_param("TagSpecifications", []):
        backend.create_tags([one.id], {tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags", [])})
    endpoint.add(one)
    if token := self._get_param("ClientToken"):
        _tokens[one.account, one.region, token] = (asked, one)
    notifications.notify("Connect", one)
    return ActionResult({"VpcEndpoint": one.seen_by_owner(), "ClientToken": self._get_param("ClientToken")})


def _repeated(response: EC2Response) -> tuple[VpcEndpoint | None, str]:
    """The endpoint that an earlier call with this token made, and what this call asks for."""
    asked = repr(sorted((name, value) for name, value in response.querystring.items()))
    token = response._get_param("ClientToken")
    known = _tokens.get((response.current_account, response.region, token)) if token else None
    if known is None or known[1].state == "deleted":
        return None, asked
    if known[0] != asked:
        words = "The client token you have provided was used with different parameters."
        raise AwsError("IdempotentParameterMismatch", words)
    return known[1], asked


def _service(response: EC2Response, name: str) -> Any | None:
    """The endpoint service, or None for one of AWS's own."""
    if ".vpce-svc-" in name:
        service_region = response._get_param("ServiceRegion")
        return services.visible(name, response.region, service_region, accounts.caller(response))
    details = response.ec2_backend._collect_default_endpoint_services(response.current_account, response.region)
    if name not in {detail["ServiceName"] for detail in details}:
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    return None


def _private_dns(response: EC2Response, one: VpcEndpoint, creating: bool) -> bool:
    """Private DNS may be switched on only once the provider has accepted, and only if the service has a name."""
    wanted = response._get_bool_param("PrivateDnsEnabled")
    if one.service is None:
        return True if wanted is None else wanted
    if wanted and not one.service.private_dns_name:
        words = f"Private DNS can't be enabled because the service {one.service_name} does not provide"
        raise AwsError("InvalidParameter", f"{words} a private DNS name.")
    if wanted and creating and one.service.acceptance_required:
        raise AwsError("InvalidParameter", "Private DNS can only be enabled after the endpoint connection is accepted.")
    return bool(wanted)


def _switch(one: VpcEndpoint, on: bool) -> None:
    """A zone comes and goes with the private DNS of an endpoint to a service that has a name; AWS's own are not made."""
    private_dns.switch(one, on)
    one.private_dns_enabled = on


def _groups(response: EC2Response, wanted: list[str], vpc_id: str) -> list[str]:
    backend = response.ec2_backend
    for group_id in wanted:
        group = backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc_id:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    return wanted or [backend.get_default_security_group(vpc_id).id]


def _place(response: EC2Response, one: VpcEndpoint) -> None:
    """Make the interfaces, all or none: a refused call must leave nothing behind."""
    wanted = {subnet_id: {} for subnet_id in response._get_param("SubnetIds", [])} | _configurations(response)
    try:
        for subnet_id, addresses in wanted.items():
            one.add_subnet(subnet_id, **addresses)
    except Exception:
        for subnet_id in list(one.interfaces):
            one.remove_subnet(subnet_id)
        raise


def _configurations(response: EC2Response) -> dict[str, dict[str, str | None]]:
    return {
        entry["SubnetId"]: {"ipv4": entry.get("Ipv4"), "ipv6": entry.get("Ipv6")}
        for entry in response._get_param("SubnetConfigurations", [])
    }


def describe_vpc_endpoints(self: EC2Response) -> ActionResult:
    """One unknown id fails the whole call; an unknown id in a filter only finds nothing."""
    found: list[Any] = [*_own(self).values(), *other_endpoints.of_account(self)]
    by_id = {one.id: one for one in found}
    if ids := self._get_param("VpcEndpointIds", []):
        for unknown in (wanted for wanted in ids if wanted not in by_id):
            raise _not_found(unknown)
        found = [by_id[wanted] for wanted in dict.fromkeys(ids)]
    facts = {
        "vpc-endpoint-id": lambda one: one.id,
        "vpc-id": lambda one: one.vpc_id,
        "service-name": lambda one: one.service_name,
        "vpc-endpoint-state": lambda one: one.state,
        "vpc-endpoint-type": lambda one: "Interface" if isinstance(one, VpcEndpoint) else one.vpc_endpoint_type,
        "ip-address-type": lambda one: getattr(one, "ip_address_type", "ipv4"),
    }
    tags = lambda one: dict(self.ec2_backend.tags.get(one.id, {}))  # noqa: E731
    chosen = filters.select(found, filters.requested(self), facts, tags)
    return ActionResult(
        {"VpcEndpoints": [one.seen_by_owner() if isinstance(one, VpcEndpoint) else one for one in chosen]}
    )


def modify_vpc_endpoint(self: EC2Response) -> ActionResult:
    one = _own(self).get(self._get_param("VpcEndpointId"))
    if one is None:
        if self._get_param("VpcEndpointId") in {other.id for other in other_endpoints.of_account(self)}:
            return _moto["modify_vpc_endpoint"](self)
        raise _not_found(self._get_param("VpcEndpointId"))
    if one.state not in services.LIVE:
        words = f"The VPC endpoint '{one.id}' is in the state {one.state} and cannot be modified."
        raise AwsError("IncorrectState", words)
    self.error_on_dryrun()
    added, removed = self._get_param("AddSubnetIds", []), self._get_param("RemoveSubnetIds", [])
    replaced = _configurations(self)
    wanted_type = self._get_param("IpAddressType")
    groups = [group for group in one.group_ids if group not in self._get_param("RemoveSecurityGroupIds", [])]
    groups += [group for group in self._get_param("AddSecurityGroupIds", []) if group not in groups]
    groups = _groups(self, groups, one.vpc_id)
    with_private_dns = one.private_dns_enabled
    if self._get_param("PrivateDnsEnabled") is not None:
        with_private_dns = _private_dns(self, one, creating=one.state == "pendingAcceptance")
    _check_subnets(one, added, removed)
    _switch(one, with_private_dns)
    one.set_groups(groups)
    if self._get_bool_param("ResetPolicy"):
        one.policy_document = DEFAULT_POLICY
    one.policy_document = self._get_param("PolicyDocument") or one.policy_document
    if wanted_type and wanted_type != one.ip_address_type:
        one.ip_address_type = wanted_type
        replaced = {subnet_id: {} for subnet_id in one.interfaces if subnet_id not in removed} | replaced
    for subnet_id in removed:
        one.remove_subnet(subnet_id)
    new = [subnet_id for subnet_id in added if subnet_id not in one.interfaces]
    for subnet_id, addresses in ({subnet_id: {} for subnet_id in new} | replaced).items():
        one.add_subnet(subnet_id, **addresses)
    # AWS is believed to show `pending` while it changes the interfaces; groups and policies change nothing there.
    if (added or removed or replaced) and one.state != "pendingAcceptance":
        one.begin_pending()
    return ActionResult({"Return": True})


def _check_subnets(one: VpcEndpoint, added: list[str], removed: list[str]) -> None:
    """Refuse before anything changed. A zone whose subnet leaves in the same call is free for another."""
    zones = {eni.subnet.availability_zone for subnet_id, eni in one.interfaces.items() if subnet_id not in removed}
    for subnet_id in (wanted for wanted in added if wanted not in one.interfaces):
        zones.add(one.checked_subnet(subnet_id, zones).availability_zone)


def delete_vpc_endpoints(self: EC2Response) -> ActionResult:
    ids = self._get_param("VpcEndpointIds", [])
    if not ids:
        raise AwsError("MissingParameter", "The request must contain the parameter VpcEndpointId")
    self.error_on_dryrun()
    own, others, unsuccessful = _own(self), {one.id: one for one in other_endpoints.of_account(self)}, []
    for wanted in ids:
        if wanted in others:
            other_endpoints.delete(self, others[wanted])
        elif wanted not in own:
            words = f"The Vpc Endpoint Id '{wanted}' does not exist"
            unsuccessful.append(endpoint.unsuccessful(wanted, "InvalidVpcEndpoint.NotFound", words))
        elif own[wanted].state != "deleting":
            _switch(own[wanted], False)
            own[wanted].delete()
            notifications.notify("Delete", own[wanted])
    return ActionResult({"Unsuccessful": unsuccessful})


def _own(response: EC2Response) -> dict[str, VpcEndpoint]:
    return endpoint.of_account(response.current_account, response.region)


def _not_found(endpoint_id: str) -> AwsError:
    return AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")


def install() -> None:
    for method in (create_vpc_endpoint, describe_vpc_endpoints, modify_vpc_endpoint, delete_vpc_endpoints):
        _moto[method.__name__] = getattr(EC2Response, method.__name__)
        setattr(EC2Response, method.__name__, method)

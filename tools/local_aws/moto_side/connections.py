"""The provider's calls: describe, accept and reject the connections to its endpoint services."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from . import endpoint, filters, notifications, services
from .endpoint import VpcEndpoint
from .errors import AwsError


def describe_vpc_endpoint_connections(self: EC2Response) -> ActionResult:
    """The connections to every service of the caller; without a filter that is all of them."""
    found = [one for service_id in self.ec2_backend.configurations for one in endpoint.of_service(service_id)]
    facts: dict[str, Callable[[VpcEndpoint], Any]] = {
        "service-id": lambda one: one.service.id,
        "vpc-endpoint-id": lambda one: one.id,
        "vpc-endpoint-owner": lambda one: one.account,
        "vpc-endpoint-region": lambda one: one.region,
        "vpc-endpoint-state": lambda one: one.state,
        "ip-address-type": lambda one: one.ip_address_type,
    }
    # The tags here would be those of the connection on the provider's side, of which there are none yet.
    chosen = filters.select(found, filters.requested(self), facts, lambda _: {})
    return ActionResult({"VpcEndpointConnections": [one.seen_by_provider() for one in chosen]})


def accept_vpc_endpoint_connections(self: EC2Response) -> ActionResult:
    return _decide(self, "Accept", ("pendingAcceptance",), VpcEndpoint.begin_pending)


def reject_vpc_endpoint_connections(self: EC2Response) -> ActionResult:
    """A provider may also reject what it accepted before; that is its only way to cut a consumer off."""
    return _decide(self, "Reject", services.LIVE, VpcEndpoint.reject)


def _decide(
    response: EC2Response,
    event: str,
    states: tuple[str, ...],
    change: Callable[[VpcEndpoint], None],
) -> ActionResult:
    """Change the connections that are in one of the states. The others fail one by one, under HTTP 200."""
    service = services.owned(response, response._get_param("ServiceId"))
    ids = response._get_param("VpcEndpointIds", [])
    if not ids:
        raise AwsError("MissingParameter", "The request must contain the parameter VpcEndpointId")
    response.error_on_dryrun()
    connections = {one.id: one for one in endpoint.of_service(service.id)}
    unsuccessful = []
    for wanted in ids:
        one = connections.get(wanted)
        if one is None:
            words = f"The Vpc Endpoint Id '{wanted}' does not exist"
            unsuccessful.append(endpoint.unsuccessful(wanted, "InvalidVpcEndpointId.NotFound", words))
        elif one.state not in states:
            # What AWS answers for an endpoint in another state is not documented, neither code nor words.
            words = f"The Vpc Endpoint '{wanted}' is in the state {one.state}"
            unsuccessful.append(endpoint.unsuccessful(wanted, "InvalidState", words))
        else:
            change(one)
            notifications.notify(event, one)
    return ActionResult({"Unsuccessful": unsuccessful})


def install() -> None:
    for method in (
        describe_vpc_endpoint_connections,
        accept_vpc_endpoint_connections,
        reject_vpc_endpoint_connections,
    ):
        setattr(EC2Response, method.__name__, method)

"""Endpoints of every type but Interface. moto keeps them; how they come and go is added here.

    Gateway ─▶ available        the others ─▶ pending ─accept_seconds─▶ available
    Delete ─▶ deleting ─accept_seconds─▶ gone

They have no interfaces, no DNS names and no connection that a provider would see.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidRouteError
from moto.ec2.responses import EC2Response

from . import accounts, services, settings
from .errors import AwsError
from .settings import SETTINGS

# What a request names for each type, as the API's parameters say.
_NAMED = {
    "Gateway": "ServiceName",
    "GatewayLoadBalancer": "ServiceName",
    "Resource": "ResourceConfigurationArn",
    "ServiceNetwork": "ServiceNetworkArn",
    "Tunnel": "ResourceConfigurationArn",
}

# Endpoint id -> since when it is in its state, and in which it will be next.
_next: dict[str, tuple[float, str]] = {}
settings.on_reset(_next.clear)


def create(response: EC2Response, kind: str, by_moto: Callable[[EC2Response], ActionResult]) -> ActionResult:
    if kind not in _NAMED:
        raise AwsError("InvalidParameterValue", f"Value ({kind}) for parameter VpcEndpointType is invalid.")
    if not response._get_param(_NAMED[kind]):
        raise AwsError("MissingParameter", f"The request must contain the parameter {_NAMED[kind]}")
    _check_service(response, kind)
    answer = by_moto(response)
    one = answer.result["VpcEndpoint"]  # type: ignore[index]
    # moto keeps the type as it was given, and stumbles over its absence when the endpoint is deleted.
    one.vpc_endpoint_type = kind
    one.resource_configuration_arn = response._get_param("ResourceConfigurationArn")
    one.service_network_arn = response._get_param("ServiceNetworkArn")
    if kind != "Gateway":
        one.state = "pending"
        _next[one.id] = (time.monotonic(), "available")
    return answer


def _check_service(response: EC2Response, kind: str) -> None:
    """An endpoint service of somebody can be reached by Interface and by GatewayLoadBalancer endpoints alone."""
    name = response._get_param("ServiceName") or ""
    if ".vpce-svc-" not in name:
        return
    caller = accounts.caller(response)
    balanced = kind == "GatewayLoadBalancer" and (
        services.visible(name, response.region, response._get_param("ServiceRegion"), caller).gateway_load_balancer_arns
    )
    if not balanced:
        words = f"The VPC endpoint service {name} does not support the endpoint type of the request."
        raise AwsError("InvalidParameter", words)


def of_account(response: EC2Response) -> list[Any]:
    """Those of the caller's account and region, each in the state in which it is by now."""
    known = response.ec2_backend.vpc_end_points
    for one in list(known.values()):
        since, state = _next.get(one.id, (0.0, one.state))
        if one.id in _next and time.monotonic() >= since + SETTINGS.accept_seconds:
            del _next[one.id]
            one.state = state
        if one.state == "deleted":
            del known[one.id]
    return list(known.values())


def delete(response: EC2Response, one: Any) -> None:
    """Its routes go at once; the endpoint itself is seen `deleting` for a while."""
    if one.state == "deleting":
        return
    tables, one.route_table_ids = one.route_table_ids or [], []
    for table in tables:
        # A table that joined later has no route in moto, which takes that for an error.
        with contextlib.suppress(InvalidRouteError):
            response.ec2_backend.delete_route(table, one.destination_prefix_list_id)
    response.ec2_backend.delete_vpc_endpoints([one.id])
    one.state = "deleting"
    _next[one.id] = (time.monotonic(), "deleted")

"""Many VPCs at once, made in process: thousands of API calls would take longer than what they prepare.

Each VPC has one subnet, its private hosted zones, and one endpoint of the service. What is made is what the API
calls would have made; only the checks that hold of new things by themselves are left out.
"""

import itertools
from typing import Any

from moto.ec2.models import ec2_backends
from moto.route53.models import route53_backends

from . import endpoint, services, settings, zones
from .endpoint import VpcEndpoint
from .records import RecordSet, stored_name

_VPC, _SUBNET = "10.1.0.0/16", "10.1.0.0/24"
_references = itertools.count(1)


def make(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """{"account", "region", "service", "vpcs": how many, "zones": [names],
    "available": whether the endpoints were accepted, "record": {"name", "ttl"} to write it into each zone}"""
    account, region = wanted["account"], wanted["region"]
    found = [one for one in services.all_services() if one.id == wanted["service"]]
    if not found:
        raise ValueError(f"there is no endpoint service {wanted['service']}")
    with settings.LOCK:
        backend = ec2_backends[account][region]
        return [_vpc(backend, found[0], wanted) for _ in range(wanted["vpcs"])]


def _vpc(backend: Any, service: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    vpc = backend.create_vpc(_VPC)
    subnet = _subnet(backend, vpc)
    one = VpcEndpoint(backend, vpc.id, service.service_name, service)
    one.group_ids = [backend.get_default_security_group(vpc.id).id]
    one.add_subnet(subnet.id)
    if wanted.get("available"):
        one.begin_pending()
    endpoint.add(one)
    eni = one.interfaces[subnet.id]
    route53 = route53_backends[backend.account_id]["aws"]
    place = {"VPCId": vpc.id, "VPCRegion": backend.region_name}
    made = [
        zones.make(route53, stored_name(name), place, f"fleet-{next(_references)}") for name in wanted.get("zones", [])
    ]
    if record := wanted.get("record"):
        name, values = stored_name(record["name"]), (eni.private_ip_address,)
        for zone in made:
            zone.rrsets.append(RecordSet(name, "A", ttl=record["ttl"], values=values))
    return {
        "account": backend.account_id,
        "vpc": vpc.id,
        "subnet": subnet.id,
        "endpoint": one.id,
        "interface": eni.id,
        "address": eni.private_ip_address,
        "zones": [zone.resource_id for zone in made],
    }


def _subnet(backend: Any, vpc: Any) -> Any:
    """The first subnet of a VPC. moto looks for overlapping ones through all of the account's; there are none."""
    backend.describe_subnets = lambda **_: []
    try:
        return backend.create_subnet(vpc.id, _SUBNET, availability_zone=f"{backend.region_name}a")
    finally:
        del backend.describe_subnets

"""AWS Cloud Map's private namespaces: each has a hosted zone in the caller's account that only Cloud Map may edit.

    CreatePrivateDnsNamespace ─▶ a zone with a LinkedService ─▶ the event CreateServiceLinkedPrivateHostedZone
"""

import json
from typing import Any

from moto.route53.models import FakeZone, route53_backends
from moto.servicediscovery.models import Namespace
from moto.servicediscovery.responses import ServiceDiscoveryResponse
from moto.utilities.utils import get_partition

from . import accounts, trail, zones
from .records import stored_name

_PRINCIPAL = "servicediscovery.amazonaws.com"
_moto_delete = ServiceDiscoveryResponse.delete_namespace


def create_private_dns_namespace(self: ServiceDiscoveryResponse) -> str:
    """Answers the id of an operation, which is done already; on AWS it takes a while."""
    asked, backend = json.loads(self.body), self.servicediscovery_backend
    name, place = stored_name(asked["Name"]), {"VPCId": asked["Vpc"], "VPCRegion": self.region}
    zones.refuse_conflict(name, place)
    dns = {**(asked.get("Properties") or {}).get("DnsProperties", {})}
    namespace = Namespace(
        account_id=backend.account_id, region=self.region, name=asked["Name"], ns_type="DNS_PRIVATE",
        creator_request_id=asked.get("CreatorRequestId"), description=asked.get("Description"), dns_properties=dns,
        http_properties={}, vpc=asked["Vpc"],
    )
    route53 = route53_backends[backend.account_id][get_partition(self.region)]
    comment = f"Created by AWS Cloud Map namespace with ARN {namespace.arn}"
    zone = zones.make(route53, name, place, f"cloud-map-{namespace.id}", comment)
    zone.linked_service = {"ServicePrincipal": _PRINCIPAL, "Description": namespace.arn}  # type: ignore[attr-defined]
    dns["HostedZoneId"] = zone.resource_id
    backend.namespaces[namespace.id] = namespace
    trail.record_linked_zone(accounts.caller(self), _requested(zone, place), _made(zone, place))
    operation = backend._create_operation("CREATE_NAMESPACE", targets={"NAMESPACE": namespace.id})
    return json.dumps({"OperationId": operation})


def delete_namespace(self: ServiceDiscoveryResponse) -> str:
    """The zone goes with its namespace."""
    namespace = self.servicediscovery_backend.get_namespace(json.loads(self.body)["Id"])
    route53 = route53_backends[self.servicediscovery_backend.account_id][get_partition(self.region)]
    for zone in list(route53.zones.values()):
        if getattr(zone, "linked_service", {}).get("Description") == namespace.arn:
            zones.unmake(route53, zone)
    return str(_moto_delete(self))


def _requested(zone: FakeZone, place: zones.Vpc) -> dict[str, Any]:
    return {
        "name": zone.name.rstrip("."),
        "vPC": _in_camel_case(place),
        "callerReference": zone.caller_reference,
        "hostedZoneConfig": {"comment": zone.comment, "privateZone": False},
        "linkedServiceDescription": zone.linked_service["Description"],  # type: ignore[attr-defined]
        "validRRSetAliasTarget": True,
    }


def _made(zone: FakeZone, place: zones.Vpc) -> dict[str, Any]:
    linked = zone.linked_service  # type: ignore[attr-defined]
    return {
        "hostedZone": {
            "id": zone.id,
            "name": zone.name,
            "callerReference": zone.caller_reference,
            "config": {"comment": zone.comment, "privateZone": True},
            "resourceRecordSetCount": len(zone.rrsets),
            "linkedService": {"servicePrincipal": linked["ServicePrincipal"], "description": linked["Description"]},
        },
        "vPC": _in_camel_case(place),
        "location": f"https://route53.amazonaws.com/2015-01-01/hostedzone/{zone.resource_id}",
    }


def _in_camel_case(place: zones.Vpc) -> dict[str, str]:
    return {"vPCRegion": place["VPCRegion"], "vPCId": place["VPCId"]}


def install() -> None:
    ServiceDiscoveryResponse.delete_namespace = delete_namespace  # type: ignore[method-assign]
    method = create_private_dns_namespace
    ServiceDiscoveryResponse.create_private_dns_namespace = method  # type: ignore[method-assign]

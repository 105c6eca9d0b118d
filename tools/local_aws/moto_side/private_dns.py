"""Private DNS of an endpoint to a service that has a private DNS name: a zone of AWS's that answers in the VPC.

    PrivateDnsEnabled on ─▶ a zone of that name, listed with an OwningService     off, or deleted ─▶ the zone goes

The zone of a wildcard name is believed to have the name without it, as those of AWS's own services have. The endpoint's
DNS entries name the zone (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DnsEntry.html).
"""

from moto.route53.models import Route53Backend, route53_backends
from moto.utilities.utils import get_partition

from . import zones
from .endpoint import VpcEndpoint
from .errors import AwsError
from .records import stored_name

_SERVICE = "vpce.amazonaws.com"


def switch(one: VpcEndpoint, on: bool) -> None:
    """Make the zone, or delete it; nothing when it is as wanted."""
    if one.service is None or on == one.private_dns_enabled:
        return
    backend: Route53Backend = route53_backends[one.account][get_partition(one.region)]
    reference = f"private-dns-{one.id}"
    if on:
        name = stored_name(one.service.private_dns_name.removeprefix("*."))
        place = {"VPCId": one.vpc_id, "VPCRegion": one.region}
        _refuse_conflict(name, place)
        made = zones.make(backend, name, place, reference, f"{zones.SERVICE_COMMENT}{_SERVICE}")
        one.private_zone = made.resource_id
    else:
        for zone in [zone for zone in backend.zones.values() if zone.caller_reference == reference]:
            zones.unmake(backend, zone)
        one.private_zone = None
    one.private_dns_enabled = on


def _refuse_conflict(name: str, place: zones.Vpc) -> None:
    try:
        zones.refuse_conflict(name, place)
    except AwsError:
        words = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name}"
        raise AwsError("InvalidParameter", f"{words} in the VPC {place['VPCId']}") from None

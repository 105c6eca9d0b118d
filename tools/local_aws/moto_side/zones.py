"""Private hosted zones and the VPCs they serve, across accounts.

A zone belongs to one account and may serve VPCs of others: its owner authorises the VPC, then the VPC's owner
associates it. The owner of a VPC can list the zones that serve it, whoever owns them.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import ec2_backends
from moto.route53.models import FakeZone, Route53Backend, route53_backends
from moto.route53.responses import Route53
from moto.route53.urls import url_paths

from . import accounts, changes, settings
from .errors import AwsError, access_denied
from .paging import decode, encode, page_limit
from .records import RecordSet, bad_name, stored_name

Vpc = dict[str, str]

# The VPCs that one zone may serve.
_MOST_VPCS = 300

# zone id -> the VPCs its owner lets associate.
_authorised: dict[str, list[Vpc]] = {}
settings.on_reset(_authorised.clear)

# (VPC, region) -> the zones that serve it, each with its owner: who lists them by VPC does not go through all.
_serving: dict[tuple[str, str], dict[str, tuple[str, FakeZone]]] = {}
settings.on_reset(_serving.clear)


def owned(response: Route53, zone_id: str) -> FakeZone:
    """A zone of the caller's account."""
    bare = zone_id.split("/")[-1]
    owner, zone = _find(bare)
    if owner == response.current_account:
        return zone
    # Believed: Route 53 tells a foreign zone from one that does not exist.
    words = f"User: {accounts.caller(response).arn} is not authorized to access this resource"
    raise AwsError("AccessDenied", words, 403)


def editable(response: Route53, zone_id: str) -> FakeZone:
    """A zone of the caller's account that no other service manages."""
    zone = owned(response, zone_id)
    if linked := getattr(zone, "linked_service", None):
        words = f"The resource hostedzone/{zone.resource_id} can only be managed through AWS Cloud Map"
        raise AwsError("AccessDenied", f"{words} ({linked['Description']})", 403)
    return zone


def _find(zone_id: str) -> tuple[str, FakeZone]:
    """A zone of whatever account, and that account."""
    for account, partitions in list(route53_backends.items()):
        backend: Route53Backend
        for backend in list(partitions.values()):
            if zone := backend.zones.get(zone_id):
                return account, zone
    raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)


def _vpc_owner(vpc: Vpc) -> str | None:
    for account, regions in list(ec2_backends.items()):
        if vpc["VPCRegion"] in dict.keys(regions) and vpc["VPCId"] in regions[vpc["VPCRegion"]].vpcs:
            return account
    return None


def _vpc(response: Route53) -> Vpc:
    asked = response._get_param("VPC") or {}
    return {"VPCId": asked.get("VPCId", ""), "VPCRegion": asked.get("VPCRegion", "")}


def _place(vpc: Vpc) -> tuple[str, str]:
    return vpc["VPCId"], vpc["VPCRegion"]


def _zones_of(vpc: Vpc) -> list[tuple[str, FakeZone]]:
    """The zones that serve a VPC, each with its owner."""
    return list(_serving.get(_place(vpc), {}).values())


def _serves(zone: FakeZone, vpc: Vpc) -> bool:
    return zone.resource_id in _serving.get(_place(vpc), {})


def refuse_conflict(name: str, vpc: Vpc) -> None:
    """One VPC cannot be served by two zones of one name, nor twice by the same zone."""
    for _, other in _zones_of(vpc):
        if other.name == name:
            words = (
                f"The VPC {vpc['VPCId']} in region {vpc['VPCRegion']} has already been associated with the hosted"
                f" zone {other.resource_id} with the same domain name."
            )
            raise AwsError("ConflictingDomainExists", words)


def create_hosted_zone(self: Route53) -> ActionResult:
    name, vpc = stored_name(self._get_param("Name")), _vpc(self)
    reference = self._get_param("CallerReference")
    private = bool(vpc["VPCId"])
    if self._get_bool_param("HostedZoneConfig.PrivateZone", False) and not private:
        words = "When you're creating a private hosted zone, you must also specify values for VPCId and VPCRegion."
        raise AwsError("InvalidInput", words)
    if bad := bad_name(name):
        raise AwsError("InvalidDomainName", bad)
    if any(zone.caller_reference == reference for zone in self.backend.zones.values()):
        words = f"A hosted zone has already been created with the specified caller reference {reference}."
        raise AwsError("HostedZoneAlreadyExists", words, 409)
    if private:
        if _vpc_owner(vpc) != self.current_account:
            raise AwsError("InvalidVPCId", f"The VPC ID {vpc['VPCId']} is invalid or not yours.")
        refuse_conflict(name, vpc)
    comment, delegation_set = self._get_param("HostedZoneConfig.Comment"), self._get_param("DelegationSetId")
    zone = make(self.backend, name, vpc if private else None, reference, comment, delegation_set)
    return ActionResult(
        {
            "HostedZone": zone,
            "ChangeInfo": changes.begin(self.current_account),
            "DelegationSet": None if private else zone.delegation_set,
            "VPC": vpc if private else None,
            "Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone.resource_id}",
        }
    )


def make(
    backend: Route53Backend,
    name: str,
    vpc: Vpc | None,
    reference: str,
    comment: str | None = None,
    delegation_set_id: str | None = None,
) -> FakeZone:
    """A new zone, private when it is for a VPC. What speaks against it was looked at before."""
    zone = backend.create_hosted_zone(
        name,
        comment=comment,
        private_zone=vpc is not None,
        caller_reference=reference,
        vpcid=vpc["VPCId"] if vpc else None,
        vpcregion=vpc["VPCRegion"] if vpc else None,
        delegation_set_id=delegation_set_id,
    )
    # AWS's ids begin with a Z, and code that checks the form of an id should see the real one.
    del backend.zones[zone.resource_id]
    zone.resource_id = "Z" + zone.resource_id[1:21]
    backend.zones[zone.resource_id] = zone
    zone.rrsets = [_own_form(rrset) for rrset in zone.rrsets]
    if vpc:
        _serving.setdefault(_place(vpc), {})[zone.resource_id] = (backend.account_id, zone)
    return zone


def unmake(backend: Route53Backend, zone: FakeZone) -> None:
    """Delete a zone, which has to be empty."""
    backend.delete_hosted_zone(zone.resource_id)
    for vpc in zone.vpcs:
        _serving.get((vpc["vpc_id"], vpc.get("vpc_region", "")), {}).pop(zone.resource_id, None)
    _authorised.pop(zone.resource_id, None)


def _own_form(rrset: Any) -> RecordSet:
    """moto makes the zone's NS and SOA record sets; from then on only our form is in the zone."""
    values = tuple(value["Value"] if isinstance(value, dict) else value for value in rrset.records)
    return RecordSet(stored_name(rrset.name), rrset.type, ttl=int(rrset.ttl), values=values)


def get_hosted_zone(self: Route53) -> ActionResult:
    zone = owned(self, self._get_param("Id"))
    vpcs = [{"VPCId": vpc["vpc_id"], "VPCRegion": vpc.get("vpc_region")} for vpc in zone.vpcs]
    delegation = None if zone.private_zone else zone.delegation_set
    return ActionResult({"HostedZone": zone, "DelegationSet": delegation, "VPCs": vpcs if zone.private_zone else None})


def delete_hosted_zone(self: Route53) -> ActionResult:
    unmake(self.backend, editable(self, self._get_param("Id")))
    return ActionResult({"ChangeInfo": changes.begin(self.current_account)})


def associate_vpc_with_hosted_zone(self: Route53) -> ActionResult:
    """The VPC's owner calls; a zone of another account must have authorised the VPC before."""
    zone_id, vpc = self._get_param("HostedZoneId").split("/")[-1], _vpc(self)
    owner, zone = _find(zone_id)
    vpc_owner = _vpc_owner(vpc)
    if vpc_owner is None:
        raise AwsError("InvalidVPCId", f"The VPC ID {vpc['VPCId']} is invalid.")
    if vpc_owner != self.current_account or (owner != vpc_owner and vpc not in _authorised.get(zone_id, [])):
        words = f"The VPC: {vpc['VPCId']} has not authorized to associate with your hosted zone."
        raise AwsError("NotAuthorizedException", words, 401)
    if not zone.private_zone:
        words = "You're trying to associate a VPC with a public hosted zone, which Route 53 doesn't support."
        raise AwsError("PublicZoneVPCAssociation", words)
    refuse_conflict(zone.name, vpc)
    if len(zone.vpcs) >= _MOST_VPCS:
        raise AwsError("LimitsExceeded", "Limits Exceeded: Cannot associate more VPCs to hosted zone.")
    zone.add_vpc(vpc["VPCId"], vpc["VPCRegion"])
    _serving.setdefault(_place(vpc), {})[zone_id] = (owner, zone)
    return ActionResult({"ChangeInfo": changes.begin(self.current_account, self._get_param("Comment"))})


def disassociate_vpc_from_hosted_zone(self: Route53) -> ActionResult:
    """Either side may end the association, except that a private zone keeps its last VPC."""
    zone_id, vpc = self._get_param("HostedZoneId").split("/")[-1], _vpc(self)
    owner, zone = _find(zone_id)
    if self.current_account not in (owner, _vpc_owner(vpc)):
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)
    if not _serves(zone, vpc):
        words = f"The VPC {vpc['VPCId']} is not associated with the hosted zone {zone_id}."
        raise AwsError("VPCAssociationNotFound", words, 404)
    if len(zone.vpcs) == 1:
        words = "The VPC is the last one associated with the private hosted zone and can't be disassociated."
        raise AwsError("LastVPCAssociation", words)
    zone.delete_vpc(vpc["VPCId"])
    _serving.get(_place(vpc), {}).pop(zone_id, None)
    return ActionResult({"ChangeInfo": changes.begin(self.current_account, self._get_param("Comment"))})


def list_hosted_zones_by_vpc(self: Route53) -> ActionResult:
    """Every zone that serves the VPC, of whatever account. Route 53 first looks whether the VPC is the caller's."""
    vpc = {"VPCId": self._get_param("VPCId"), "VPCRegion": self._get_param("VPCRegion")}
    # What AWS answers for a VPC of another account was found in no source; it looks the VPC up on the caller's behalf.
    if _vpc_owner(vpc) != self.current_account:
        if settings.SETTINGS.foreign_vpc_is_invalid:
            raise AwsError("InvalidVPCId", f"The VPC ID {vpc['VPCId']} is invalid or not yours.")
        raise access_denied(accounts.caller(self).arn, "ec2:DescribeVpcs")
    summaries = [
        {"HostedZoneId": zone.resource_id, "Name": zone.name, "Owner": _owner(zone, owner)}
        for owner, zone in _zones_of(vpc)
    ]
    return _page(self, "HostedZoneSummaries", summaries, lambda summary: summary["HostedZoneId"], 100)


# A zone with this comment stands for one that an AWS service made, as for an endpoint with private DNS names.
SERVICE_COMMENT = "made by "


def _owner(zone: Any, account: str) -> dict[str, str]:
    comment = str(zone.comment or "")
    if comment.startswith(SERVICE_COMMENT):
        return {"OwningService": comment.removeprefix(SERVICE_COMMENT)}
    return {"OwningAccount": account}


def create_vpc_association_authorization(self: Route53) -> ActionResult:
    zone, vpc = owned(self, self._get_param("HostedZoneId")), _vpc(self)
    if not zone.private_zone or _vpc_owner(vpc) is None:
        raise AwsError("InvalidVPCId", f"The VPC ID {vpc['VPCId']} is invalid.")
    known = _authorised.setdefault(zone.resource_id, [])
    if vpc not in known:
        known.append(vpc)
    return ActionResult({"HostedZoneId": zone.resource_id, "VPC": vpc})


def list_vpc_association_authorizations(self: Route53) -> ActionResult:
    zone = owned(self, self._get_param("HostedZoneId"))
    answer = _page(self, "VPCs", _authorised.get(zone.resource_id, []), lambda vpc: vpc["VPCId"], 50)
    return ActionResult({"HostedZoneId": zone.resource_id, **answer.result})  # type: ignore[dict-item]


def delete_vpc_association_authorization(self: Route53) -> ActionResult:
    """Takes the permission back; an association that was made with it stays."""
    zone, vpc = owned(self, self._get_param("HostedZoneId")), _vpc(self)
    if vpc not in _authorised.get(zone.resource_id, []):
        words = f"The VPC {vpc['VPCId']} has not been authorized to be associated with the hosted zone."
        raise AwsError("VPCAssociationAuthorizationNotFound", words, 404)
    _authorised[zone.resource_id].remove(vpc)
    return EmptyResult()


def _page(response: Route53, key: str, items: list[Any], identity: Any, most: int) -> ActionResult:
    """One page cut at an id, or an empty first one that only carries a token."""
    token, asked = response._get_param("NextToken"), response._get_int_param("MaxItems")
    after = ""
    if token:
        try:
            after = decode(token)["after"]
        except (ValueError, KeyError, TypeError):
            raise AwsError("InvalidPaginationToken", "The value that you specified for NextToken is invalid.") from None
    limit = page_limit(asked, most)
    if settings.SETTINGS.empty_first_page and not token:
        return ActionResult({key: [], "MaxItems": limit, "NextToken": encode({"after": ""})})
    rest = sorted((item for item in items if identity(item) > after), key=identity)
    last = encode({"after": identity(rest[limit - 1])}) if len(rest) > limit else None
    return ActionResult({key: rest[:limit], "MaxItems": limit, "NextToken": last})


def install() -> None:
    for path in ("authorizevpcassociation", "deauthorizevpcassociation"):
        url_paths[r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/" + path + "$"] = Route53.dispatch
    for method in (
        create_hosted_zone,
        get_hosted_zone,
        delete_hosted_zone,
        associate_vpc_with_hosted_zone,
        disassociate_vpc_from_hosted_zone,
        list_hosted_zones_by_vpc,
        create_vpc_association_authorization,
        list_vpc_association_authorizations,
        delete_vpc_association_authorization,
    ):
        setattr(Route53, method.__name__, method)

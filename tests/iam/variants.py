"""The same call, but for one thing. Each variant is one that must be denied."""

import copy

from local_aws import accounts

# An account that is neither the provider's nor a client's.
STRANGER = "999999999999"
_KEY = "route53:ChangeResourceRecordSets"
# The account whose stack of tests/flow has MayDeleteZones. IAM cannot narrow that right to zones of ours; zonelink does
# so in the session in which it deletes one, which `_of_deleted_zone` proves.
_DELETING = accounts.CLIENT_A


def variants(entry):
    """(what is different, the question) for everything that a recorded question must not be changed to."""
    for of in _BY_ACTION.get(entry["action"], ()):
        yield from of(entry)
    if entry["action"].startswith("dynamodb:"):
        yield from _of_table(entry)
    if entry["action"].startswith("sqs:") and entry["principal"].startswith("arn:"):
        yield from _of_queue(entry)


def _with(entry, what, context=None, without=(), **changes):
    changed = copy.deepcopy(entry) | changes
    changed["context"] |= context or {}
    for key in without:
        changed["context"].pop(key)
    return what, changed


def _of_record(entry):
    names = f"{_KEY}NormalizedRecordNames"
    ours = entry["context"][names]
    for other in ("\\052.elsewhere.example.org", "www.example.com", ours[0].replace("\\052", "*"), f"x.{ours[0]}"):
        if other not in ours:
            yield _with(entry, f"the name {other}", {names: [other]})
            yield _with(entry, f"the name {other} besides", {names: [*ours, other]})
    for kind in ("CNAME", "TXT", "NS", "MX"):
        yield _with(entry, f"type {kind}", {f"{_KEY}RecordTypes": [kind]})
        yield _with(entry, f"type {kind} besides", {f"{_KEY}RecordTypes": ["A", kind]})
    yield _with(entry, "UPSERT", {f"{_KEY}Actions": ["UPSERT"]})
    yield _with(entry, "UPSERT besides", {f"{_KEY}Actions": ["CREATE", "UPSERT"]})
    for part in ("NormalizedRecordNames", "RecordTypes", "Actions"):
        yield _with(entry, f"no {part}", without=[f"{_KEY}{part}"])
    denied = ["route53:AssociateVPCWithHostedZone"]
    if entry["owner"] != _DELETING:
        denied.append("route53:DeleteHostedZone")
    for action in denied:
        yield _with(entry, action, action=action, context={}, without=list(entry["context"]))


def _of_new_zone(entry):
    """A request names one VPC, or none for a public zone."""
    if not entry["granted"]:
        return
    [place] = entry["context"]["route53:VPCs"]
    elsewhere = place.rsplit("=", 1)[0] + "=eu-west-1"
    yield _with(entry, "a public zone", without=["route53:VPCs"])
    yield _with(entry, "a VPC of another region", {"route53:VPCs": [elsewhere]})
    for action in ("route53:AssociateVPCWithHostedZone", "route53:CreateVPCAssociationAuthorization",
                   "route53:UpdateHostedZoneComment"):
        yield _with(entry, action, action=action)


def _of_deleted_zone(entry):
    """The session is narrowed to one zone, and to its deletion."""
    yield _with(entry, "another zone", resource="arn:aws:route53:::hostedzone/Z0ANOTHERZONE0000000")
    for action in ("route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:UpdateHostedZoneComment"):
        yield _with(entry, action, action=action)
    yield _with(entry, "a change of records", {f"{_KEY}NormalizedRecordNames": ["\\052.aws.byoc.example.com"],
                                               f"{_KEY}RecordTypes": ["A"], f"{_KEY}Actions": ["CREATE"]}, action=_KEY)
    yield _with(entry, "a new zone", {"route53:VPCs": ["VPCId=vpc-00000001,VPCRegion=us-west-2"]},
                action="route53:CreateHostedZone", resource="*")


def _of_service(entry):
    service = entry["resource"]
    account = service.split(":")[4]
    for what, other in (("a service of another account", service.replace(account, STRANGER)),
                        ("a service of another region", service.replace(service.split(":")[3], "eu-west-1"))):
        yield _with(entry, what, resource=other, owner=other.split(":")[4])
    yield _with(entry, "deletion", action="ec2:DeleteVpcEndpointServiceConfigurations")
    yield _with(entry, "its permissions", action="ec2:ModifyVpcEndpointServicePermissions")


def _of_role(entry):
    if not entry["principal"].startswith("arn:") or not entry["granted"]:
        return
    provider = entry["principal"].split(":")[4]
    other = f"arn:aws:iam::{entry['owner']}:role/Administrator"
    yield _with(entry, "another role", resource=other)
    if entry["resource"].endswith("-guests"):
        yield _with(entry, "the VPC of an account that is not served", {"sts:RoleSessionName": f"zonelink-{STRANGER}"})
    yield _with(entry, "another external id", {"sts:ExternalId": "somebody-elses"})
    yield _with(entry, "no external id", without=["sts:ExternalId"])
    yield _with(entry, "another role of the provider", principal=f"arn:aws:iam::{provider}:role/Administrator")
    yield _with(entry, "the role's name in another account", principal=entry["principal"].replace(provider, STRANGER))
    yield _with(entry, "the provider's root", principal=f"arn:aws:iam::{provider}:root")


def _of_events(entry):
    yield _with(entry, "another bus", resource=entry["resource"].rsplit("/", 1)[0] + "/default")
    # Within an account the bus's policy is not asked, nor is this said of the event.
    if not entry["granted"] or "events:source" not in entry["context"]:
        return
    yield _with(entry, "another source", {"events:source": "com.example.own"})
    yield _with(entry, "another kind of event", {"events:detail-type": "Scheduled Event"})
    yield _with(entry, "a source besides", {"events:source": ["aws.ec2", "com.example.own"]})
    yield _with(entry, "no source", without=["events:source"])
    yield _with(entry, "no kind of event", without=["events:detail-type"])
    account = entry["principal"].split(":")[4]
    yield _with(entry, "another account", {"aws:PrincipalOrgID": "o-somebodyelse"},
                principal=entry["principal"].replace(account, STRANGER))


def _of_table(entry):
    table, account = entry["resource"], entry["owner"]
    for what, other in (("another table", table.rsplit("/", 1)[0] + "/another"),
                        ("another account", table.replace(account, STRANGER)),
                        ("another region", table.replace(table.split(":")[3], "eu-west-1"))):
        yield _with(entry, what, resource=other, owner=other.split(":")[4])
    if entry["action"] in ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"):
        keys = [*entry["context"]["dynamodb:LeadingKeys"], "service"]
        for action in ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"):
            yield _with(entry, f"{action} of a definition", {"dynamodb:LeadingKeys": ["service"]}, action=action)
            yield _with(entry, f"{action} of a definition besides", {"dynamodb:LeadingKeys": keys}, action=action)
    for action in ("dynamodb:DeleteTable", "dynamodb:UpdateTable"):
        yield _with(entry, action, action=action, without=list(entry["context"]))
    yield _with(entry, "everything at once", action="dynamodb:Scan", without=["dynamodb:LeadingKeys"])


def _of_queue(entry):
    queue, account = entry["resource"], entry["owner"]
    yield _with(entry, "another queue", resource=queue.rsplit(":", 1)[0] + ":another")
    yield _with(entry, "another account", resource=queue.replace(account, STRANGER), owner=STRANGER)
    for action in ("sqs:PurgeQueue", "sqs:SetQueueAttributes"):
        yield _with(entry, action, action=action)


def _of_delivery(entry):
    """A service that acts for something that is not ours."""
    if not entry["granted"] or entry["principal"].startswith("arn:") or "aws:SourceArn" not in entry["context"]:
        return
    source = entry["context"]["aws:SourceArn"]
    other = source.replace(source.split(":")[4], STRANGER)
    yield _with(entry, "for another account", {"aws:SourceArn": other, "aws:SourceAccount": STRANGER})
    yield _with(entry, "for another rule", {"aws:SourceArn": source + "-another"})


def _plain_text(entry):
    if entry.get("policy") and entry["granted"]:
        yield _with(entry, "without TLS", {"aws:SecureTransport": "false"})


_BY_ACTION = {
    "route53:ChangeResourceRecordSets": [_of_record],
    "route53:CreateHostedZone": [_of_new_zone],
    "route53:DeleteHostedZone": [_of_deleted_zone],
    "ec2:AcceptVpcEndpointConnections": [_of_service],
    "ec2:RejectVpcEndpointConnections": [_of_service],
    "sts:AssumeRole": [_of_role, _of_delivery],
    "events:PutEvents": [_of_events],
    "sqs:SendMessage": [_of_delivery, _plain_text],
    "lambda:InvokeFunction": [_of_delivery],
}

"""What is held of services and connections ends by the commands that are printed with it, run as they stand."""

import itertools
import re
import time

import pytest
import yaml

from cli.command import Command
from local_aws import accounts, state
from stage.client import NAME, Client
from stage.provider import ORGANIZATION

from . import rows, test_made_zones, test_records
from .rows import follow, row, rows_of

SECOND = "*.second.example.com"

_accounts = (f"{number:012}" for number in itertools.count(730000000001))

# Without a row. The first two hold nothing that somebody could end.
WITHOUT = {
    "Shadowed": "a note, and no hold",
    "Unknown": "only another version knows what it is",
    "RecordFull": "400 values want hundreds of VPCs; its ways are SharedZone's, as a test in model/remedy says",
}


def stranger(fleet, client):
    """The connection of an account's endpoint, in a VPC that has a zone."""
    vpc = client.vpc()
    vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    return f"{fleet.provider.service}/{endpoint.id}"


@row("NotAllowed", "to allow it")
def stranger_who_is_allowed(fleet):
    yield stranger(fleet, fleet.c)


@row("NotAllowed", "to reject the connection")
def stranger_who_is_rejected(fleet):
    yield stranger(fleet, fleet.c)


def revoked(fleet):
    subject = stranger(fleet, fleet.a)
    fleet.provider.allow(fleet.b.account)
    fleet.provider.sweep()
    return subject


@row("Revoked", "to allow it")
def connected_account_that_is_allowed_again(fleet):
    yield revoked(fleet)


@row("Revoked", "to reject the connection")
def connected_account_that_is_rejected(fleet):
    yield revoked(fleet)


@row("OtherRegion", "to reject the connection")
def connection_of_another_region(fleet):
    region = "us-east-1"
    fleet.provider.ec2.modify_vpc_endpoint_service_configuration(
        ServiceId=fleet.provider.service, AddSupportedRegions=[region])
    ec2 = state.client("ec2", fleet.a.account, fleet.local.running, region)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId=vpc, SubnetIds=[subnet], ServiceName=fleet.provider.service_name,
        ServiceRegion=accounts.REGION)["VpcEndpoint"]["VpcEndpointId"]
    try:
        fleet.provider.sweep()
        yield f"{fleet.provider.service}/{endpoint}"
    finally:
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        fleet.provider.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=fleet.provider.service, RemoveSupportedRegions=[region])


@row("AllowListUnreadable", "where this account may read the organization")
def organization_that_may_not_be_read(fleet):
    fleet.local.faults({"service": "organizations", "action": "ListParents", "code": "AccessDeniedException",
                        "times": 1000})
    fleet.provider.update(AllowedPrincipals=ORGANIZATION, ReadOrganizations="false")
    stranger(fleet, fleet.a)
    yield f"{fleet.provider.service}/allowed_principals"
    # The local AWS denies nothing for want of a right.
    fleet.local.faults()
    yield
    parameters = fleet.local.client("cloudformation", fleet.provider.account).describe_stacks(
        StackName="zonelink")["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "ReadOrganizations", "ParameterValue": "true"} in parameters
    fleet.provider.update(ReadOrganizations="true")


@row("AllowListEmpty", "to reject nobody")
def list_that_is_empty(fleet):
    stranger(fleet, fleet.a)
    fleet.provider.update(AllowedPrincipals="", Disallowed="reject", RevocationGrace="0")
    fleet.provider.sweep()
    yield f"{fleet.provider.service}/allowed_principals"


def mirrored(fleet, *principals):
    """A second service, whose own permissions are the list, and name these."""
    service, _ = fleet.provider.make_service()
    fleet.provider.ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=service, AddAllowedPrincipals=principals, RemoveAllowedPrincipals=["*"])
    fleet.table.define(service, names=[SECOND], allowed_principals=["service-permissions"])
    fleet.provider.sweep()
    return f"{service}/allowed_principals"


@row("UncheckablePrincipals", "to permit the accounts of these in their place")
def permission_of_a_role(fleet):
    yield mirrored(fleet, f"arn:aws:iam::{fleet.a.account}:root", f"arn:aws:iam::{fleet.c.account}:role/App")


@row("UncheckablePrincipals", "to permit these no longer")
def permission_of_everybody(fleet):
    service, _ = fleet.provider.make_service()
    fleet.table.define(service, names=[SECOND], allowed_principals=["service-permissions"])
    fleet.provider.sweep()
    yield f"{service}/allowed_principals"


@row("TooManyRejects", "to reject them all")
def rejections_beyond_the_limit(fleet):
    fleet.provider.update(AllowedPrincipals=fleet.a.account, Disallowed="reject", MaxRejects="0")
    stranger(fleet, fleet.c)
    fleet.provider.sweep()
    yield f"{fleet.provider.service}/"


@row("ServiceNotFound", "to drop its definition")
def service_that_is_not_there(fleet):
    missing = "vpce-svc-0123456789abcdef0"
    fleet.table.define(missing, names=[SECOND], allowed_principals=[fleet.a.account])
    fleet.provider.sweep()
    yield f"{missing}/"


def second_service(fleet, **definition):
    """A second service and its definition, and an endpoint of client a with a zone that can hold its name."""
    service, service_name = fleet.provider.make_service()
    vpc = fleet.a.vpc()
    zone = vpc.zone("example.com")
    fleet.table.define(service, **{"names": [SECOND], "allowed_principals": [fleet.a.account], **definition})
    vpc.endpoint(service_name)
    fleet.provider.sweep()
    return service, vpc, zone


def applied(fleet, **definition):
    """Somebody writes the definition in a file, and applies it."""
    said = Command(fleet.local.running)("service", "apply", "-", given=yaml.safe_dump(definition))
    assert said.code == 0, said


@row("InvalidDefinition")
def definition_that_is_refused(fleet):
    service, _, _ = second_service(fleet, ttl=0)
    yield f"definition/{service}"
    applied(fleet, service=service, names=[SECOND], allowed_principals=[fleet.a.account])


@row("NameTaken")
def name_of_another_service(fleet):
    service, vpc, zone = second_service(fleet)
    third, third_name = fleet.provider.make_service()
    fleet.table.define(third, names=[SECOND], allowed_principals=[fleet.a.account])
    vpc.endpoint(third_name)
    fleet.local.settled()
    yield f"{vpc.id}/{zone.id}/{SECOND}"
    applied(fleet, service=third, names=["*.third.example.com"], allowed_principals=[fleet.a.account])


@row("NotDefined")
def definition_that_is_lost(fleet):
    service, vpc, zone = second_service(fleet)
    fleet.table.delete("service", service)
    fleet.provider.sweep()
    yield f"{vpc.id}/{zone.id}/{SECOND}"
    applied(fleet, service=service, names=[SECOND], allowed_principals=[fleet.a.account])


@row("NoAccess", "to let zonelink in")
def account_without_the_role(fleet):
    newcomer = Client(fleet.local, next(_accounts), fleet.provider)
    fleet.provider.update(AllowedPrincipals=newcomer.account)
    vpc = newcomer.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    yield f"{newcomer.account}/"
    yield
    assert zone.addresses() == endpoint.addresses


@row("NoAccess", "to let zonelink in", "then, to try at once")
def write_that_is_denied(fleet):
    fleet.local.faults({"service": "route53", "action": "ChangeResourceRecordSets", "account": fleet.a.account,
                        "code": "AccessDenied", "message": "denied by a test", "status": 403, "times": 1000})
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    fleet.local.settled()
    yield f"{vpc.id}/{zone.id}/{NAME}"
    # The local AWS denies nothing for want of a right.
    fleet.local.faults()


@row("NoSubnet", "to add the first subnet of the VPC")
def endpoint_without_a_subnet(fleet):
    vpc = fleet.a.vpc()
    vpc.zone()
    endpoint = vpc.endpoint(SubnetIds=[])
    fleet.local.settled()
    yield f"{vpc.id}/{endpoint.id}"


@row("Stalled", "to give it up")
def endpoint_that_does_not_become_available(fleet):
    fleet.local.settings(accept_seconds=3600.0)
    vpc = fleet.a.vpc()
    vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.at_rest()
    past = int(time.time()) - 1
    fleet.table.put({**fleet.table.waits()[endpoint.id], "due": past, "deadline": past})
    fleet.local.release(fleet.provider.outputs["QueueUrl"])
    fleet.local.at_rest()
    yield f"{vpc.id}/{endpoint.id}"


@pytest.mark.parametrize("name", rows_of(__name__))
def test_what_is_printed_ends_the_hold(fleet, name):
    follow(fleet, name)


def test_every_reason_has_a_row_or_says_why_not():
    enum = (state.REPOSITORY / "shared" / "src" / "model" / "hold_reason.rs").read_text()
    enum = re.search(r"pub enum HoldReason \{(.*?)\n\}", enum, re.DOTALL)[1]
    reasons = set(re.findall(r"^    ([A-Z]\w*)", enum, re.MULTILINE))
    assert rows_of(test_records.__name__) and rows_of(test_made_zones.__name__)
    ended = {one.reason for one in rows.ROWS.values()}
    assert ended & set(WITHOUT) == set()
    assert ended | set(WITHOUT) == reasons

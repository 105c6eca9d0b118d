"""Claims about the moto side: accounts and roles, CloudTrail's events, the control plane."""

import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from .moto_harness import (
    CLIENT_A,
    CLIENT_B,
    CLIENT_C,
    PROVIDER,
    REGION,
    MotoSide,
    Network,
    Service,
    StandIn,
    eventually,
    launched,
    refusal,
)

ROLE = f"arn:aws:iam::{CLIENT_A}:role/zonelink-client"
FUNCTION_ROLE = f"arn:aws:iam::{PROVIDER}:role/reconcile"


@pytest.fixture(scope="module")
def process() -> Iterator[MotoSide]:
    with launched() as moto:
        yield moto


@pytest.fixture
def moto(process: MotoSide) -> MotoSide:
    process.local("POST", "reset")
    process.local("PUT", "settings", {"accept_seconds": 0.0, "cloudtrail_seconds": 0.0})
    StandIn.events.clear()
    StandIn.roles.clear()
    return process


def trust(principal: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


def session_client(moto: MotoSide, service: str, keys: dict[str, str]) -> Any:
    session = boto3.session.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
    return session.client(service, endpoint_url=moto.url)


def assume(client: Any, **more: str) -> dict[str, Any]:
    return client.assume_role(RoleArn=ROLE, RoleSessionName="test", **more)


def test_twelve_digits_are_an_account(moto: MotoSide) -> None:
    for account in (PROVIDER, CLIENT_C):
        identity = moto.client("sts", account).get_caller_identity()
        assert (identity["Account"], identity["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_assumed_role_acts_in_the_account_of_the_role(moto: MotoSide) -> None:
    StandIn.roles[ROLE] = trust(f"arn:aws:iam::{PROVIDER}:root", StringEquals={"sts:ExternalId": "secret"})
    sts = moto.client("sts", PROVIDER)
    for wrong in ({}, {"ExternalId": "guess"}):
        code, words, status = refusal(lambda wrong=wrong: assume(sts, **wrong))
        assert (code, status) == ("AccessDenied", 403)
        assert words.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {ROLE}")
    keys = assume(sts, ExternalId="secret")["Credentials"]
    identity = session_client(moto, "sts", keys).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{CLIENT_A}:assumed-role/zonelink-client/test"
    network = Network(moto, CLIENT_A)
    assert network.vpc_id in {one["VpcId"] for one in session_client(moto, "ec2", keys).describe_vpcs()["Vpcs"]}


def test_missing_role_and_stranger_are_denied_alike(moto: MotoSide) -> None:
    assert refusal(lambda: assume(moto.client("sts", PROVIDER)))[0] == "AccessDenied"
    StandIn.roles[ROLE] = trust(PROVIDER)
    assert refusal(lambda: assume(moto.client("sts", CLIENT_B)))[0] == "AccessDenied"
    assume(moto.client("sts", PROVIDER))


def test_principal_arn_condition_sees_the_role_behind_a_session(moto: MotoSide) -> None:
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{PROVIDER}:role/reconcile*"}}
    StandIn.roles[ROLE] = trust(f"arn:aws:iam::{PROVIDER}:root", **condition)
    assert refusal(lambda: assume(moto.client("sts", PROVIDER)))[0] == "AccessDenied"
    keys = moto.local("POST", "sessions", {"role_arn": FUNCTION_ROLE, "session_name": "function"})
    assume(session_client(moto, "sts", keys))
    token = {"AccessKeyId": PROVIDER, "SecretAccessKey": "local", "SessionToken": f"role:{FUNCTION_ROLE}"}
    assume(session_client(moto, "sts", token))
    assert refusal(lambda: assume(session_client(moto, "sts", token | {"AccessKeyId": CLIENT_B})))[0] == "AccessDenied"
    other = moto.local("POST", "sessions", {"role_arn": f"arn:aws:iam::{PROVIDER}:role/other"})
    assert refusal(lambda: assume(session_client(moto, "sts", other)))[0] == "AccessDenied"


def test_create_event_has_cloudtrails_shape(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_C)
    one = client.endpoint(service.name)
    [event] = moto.events("CreateVpcEndpoint")
    assert (event["source"], event["account"], event["region"], event["resources"]) == ("aws.ec2", CLIENT_C, REGION, [])
    assert event["detail-type"] == "AWS API Call via CloudTrail"
    detail = event["detail"]
    assert detail["eventSource"] == "ec2.amazonaws.com" and detail["recipientAccountId"] == CLIENT_C
    assert detail["userIdentity"]["arn"] == f"arn:aws:iam::{CLIENT_C}:root" and "errorCode" not in detail
    request = detail["requestParameters"]["CreateVpcEndpointRequest"]
    assert request["SubnetId"] == [{"tag": n, "content": id} for n, id in enumerate(client.subnets, 1)]
    assert request["ServiceName"] == service.name and request["VpcEndpointType"] == "Interface"
    answer = detail["responseElements"]["CreateVpcEndpointResponse"]
    shown = answer["vpcEndpoint"]
    assert answer["xmlns"] == "http://ec2.amazonaws.com/doc/2016-11-15/" and answer["requestId"] == detail["requestID"]
    # A JSON number: the leading zero of the account is lost on the way, as it is on AWS.
    assert shown["ownerId"] == int(CLIENT_C) and shown["state"] == "pendingAcceptance"
    assert shown["subnetIdSet"] == {"item": client.subnets} and shown["routeTableIdSet"] == ""
    assert shown["groupSet"] == {"item": {"groupId": one["Groups"][0]["GroupId"], "groupName": "default"}}
    assert shown["privateDnsEnabled"] is False and len(shown["dnsEntrySet"]["item"]) == 3
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["creationTimestamp"])


def test_one_element_is_an_object_and_none_an_empty_string(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name, SubnetIds=[])["VpcEndpointId"]
    detail = moto.events("CreateVpcEndpoint")[0]["detail"]
    shown = detail["responseElements"]["CreateVpcEndpointResponse"]["vpcEndpoint"]
    assert (shown["subnetIdSet"], shown["networkInterfaceIdSet"], shown["dnsEntrySet"]) == ("", "", "")
    unknown = "vpce-00000000000000000"
    service.accept(one, unknown)
    [event] = moto.events("AcceptVpcEndpointConnections")
    assert event["account"] == PROVIDER
    request = event["detail"]["requestParameters"]["AcceptVpcEndpointConnectionsRequest"]
    assert request == {
        "ServiceId": service.id,
        "VpcEndpointId": [{"tag": 1, "content": one}, {"tag": 2, "content": unknown}],
    }
    answer = event["detail"]["responseElements"]["AcceptVpcEndpointConnectionsResponse"]
    assert answer["unsuccessful"]["item"]["resourceId"] == unknown
    client.ec2.modify_vpc_endpoint(VpcEndpointId=one, AddSubnetIds=client.subnets[:1])
    modify = moto.events("ModifyVpcEndpoint")[0]["detail"]
    assert modify["requestParameters"]["ModifyVpcEndpointRequest"]["AddSubnetId"]["content"] == client.subnets[0]
    assert modify["responseElements"]["ModifyVpcEndpointResponse"]["return"] is True
    client.ec2.delete_vpc_endpoints(VpcEndpointIds=[one])
    delete = moto.events("DeleteVpcEndpoints")[0]["detail"]
    assert delete["requestParameters"]["DeleteVpcEndpointsRequest"] == {"VpcEndpointId": {"tag": 1, "content": one}}
    assert delete["responseElements"]["DeleteVpcEndpointsResponse"]["unsuccessful"] == ""
    assert {event["account"] for event in moto.events("CreateVpcEndpoint")} == {CLIENT_A}


def test_failed_call_raises_an_event_with_the_error(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_B)
    refusal(lambda: client.endpoint(service.name))
    detail = moto.events("CreateVpcEndpoint")[0]["detail"]
    assert detail["errorCode"] == "Client.InvalidServiceName" and detail["responseElements"] is None
    assert service.name in detail["errorMessage"]


def test_refused_delivery_is_tried_again_and_switched_off_trail_is_silent(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    StandIn.refuse_next = 2
    client.endpoint(service.name)
    assert len(moto.events("CreateVpcEndpoint")) == 1
    moto.local("PUT", "settings", {"cloudtrail": False})
    client.endpoint(service.name)
    eventually(lambda: moto.local("GET", "deliveries")["unfinished"] == 0)
    assert len(StandIn.events) == 1


def test_route_53_events_appear_in_us_east_1(moto: MotoSide) -> None:
    network, route53 = Network(moto, CLIENT_A), moto.client("route53", CLIENT_A)
    route53.create_hosted_zone(
        Name="example.com", CallerReference="one", VPC={"VPCRegion": REGION, "VPCId": network.vpc_id}
    )
    [event] = moto.events("CreateHostedZone")
    assert (event["source"], event["region"], event["account"]) == ("aws.route53", "us-east-1", CLIENT_A)
    assert event["detail"]["requestParameters"]["vPC"] == {"vPCRegion": REGION, "vPCId": network.vpc_id}


def test_call_log_holds_every_call_with_its_parameters(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    moto.local("DELETE", "calls")
    one = client.endpoint(service.name)["VpcEndpointId"]
    service.connections()
    refusal(lambda: client.state("vpce-00000000000000000"))
    refusal(lambda: moto.client("route53", CLIENT_A).get_hosted_zone(Id="Z0"))
    create, describe, failed, zone = moto.local("GET", "calls")
    assert (create["account"], create["service"], create["action"]) == (CLIENT_A, "ec2", "CreateVpcEndpoint")
    assert create["parameters"]["SubnetIds"] == client.subnets and (create["status"], create["error"]) == (200, None)
    assert describe["account"] == PROVIDER and describe["parameters"]["Filters"][0]["Values"] == [service.id]
    assert (failed["status"], failed["error"]) == (400, "InvalidVpcEndpointId.NotFound")
    assert zone["parameters"] == {"Id": "Z0"} and zone["error"] == "NoSuchHostedZone"
    assert one and zone["at"].endswith("Z")


def test_fault_answers_as_often_as_told_in_the_protocols_own_words(moto: MotoSide) -> None:
    client, route53 = Network(moto, CLIENT_A), moto.client("route53", CLIENT_A)
    moto.local("DELETE", "calls")
    throttle = {"code": "Throttling", "message": "Rate exceeded", "times": 2}
    faults = [
        {"service": "route53", "action": "ListHostedZones", "account": CLIENT_A, **throttle},
        {"service": "ec2", "action": "DescribeVpcs", "code": "RequestLimitExceeded", "status": 503},
        {"service": "sts", "action": "GetCallerIdentity", "code": "ServiceUnavailable", "status": 503},
    ]
    moto.local("PUT", "faults", faults)
    for _ in range(2):
        assert refusal(route53.list_hosted_zones) == ("Throttling", "Rate exceeded", 400)
    route53.list_hosted_zones()
    assert refusal(client.ec2.describe_vpcs)[::2] == ("RequestLimitExceeded", 503)
    assert refusal(moto.client("sts", CLIENT_A).get_caller_identity)[0] == "ServiceUnavailable"
    logged = [(call["action"], call["status"], call["error"]) for call in moto.local("GET", "calls")]
    assert logged.count(("ListHostedZones", 400, "Throttling")) == 2 and len(logged) == 5


def test_answer_can_be_lost_after_the_call_took_effect(moto: MotoSide) -> None:
    client = moto.client("ec2", CLIENT_A)
    fault = {"service": "ec2", "action": "CreateVpc", "code": "InternalError", "status": 500, "applied": True}
    moto.local("PUT", "faults", [fault])
    before = len(client.describe_vpcs()["Vpcs"])
    assert refusal(lambda: client.create_vpc(CidrBlock="10.0.0.0/16"))[0] == "InternalError"
    assert len(client.describe_vpcs()["Vpcs"]) == before + 1


def test_unknown_action_is_an_error_that_sdks_can_read(moto: MotoSide) -> None:
    assert refusal(moto.client("ec2", CLIENT_A).describe_trunk_interface_associations)[0] == "UnsupportedOperation"


def test_reset_forgets_everything(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    client.endpoint(service.name)
    moto.local("PUT", "faults", [{"service": "ec2", "action": "DescribeVpcs", "code": "X"}])
    moto.local("POST", "reset")
    assert moto.local("GET", "calls") == [] and moto.local("GET", "faults") == []
    assert moto.local("GET", "settings")["accept_seconds"] == 1.0
    assert client.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert service.connections() == []


def test_organization_stands_from_the_start_and_only_its_management_account_may_look_around(moto: MotoSide) -> None:
    for account in (PROVIDER, CLIENT_A, CLIENT_B):
        organization = moto.client("organizations", account).describe_organization()["Organization"]
        assert (organization["Id"], organization["MasterAccountId"]) == ("o-exampleorgid", PROVIDER)
    outside = moto.client("organizations", CLIENT_C)
    assert refusal(outside.describe_organization)[0] == "AWSOrganizationsNotInUseException"
    member = moto.client("organizations", CLIENT_A)
    assert refusal(lambda: member.list_parents(ChildId=CLIENT_A))[0] == "AccessDeniedException"
    assert refusal(lambda: outside.list_parents(ChildId=CLIENT_A))[0] == "AWSOrganizationsNotInUseException"


def test_parents_lead_from_an_account_over_its_units_to_the_root(moto: MotoSide) -> None:
    organizations = moto.client("organizations", PROVIDER)
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="clients")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=CLIENT_A, SourceParentId=root, DestinationParentId=unit)
    assert organizations.list_parents(ChildId=CLIENT_A)["Parents"] == [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]
    assert organizations.list_parents(ChildId=unit)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    assert refusal(lambda: organizations.list_parents(ChildId=CLIENT_C))[0] == "ChildNotFoundException"

    moto.local("PUT", "settings", {"empty_first_page": True})
    first = organizations.list_parents(ChildId=CLIENT_B)
    assert first["Parents"] == []
    second = organizations.list_parents(ChildId=CLIENT_B, NextToken=first["NextToken"])
    assert second["Parents"] == [{"Id": root, "Type": "ROOT"}] and "NextToken" not in second

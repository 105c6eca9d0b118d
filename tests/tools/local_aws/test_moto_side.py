"""Claims about the moto side: endpoints, their connections and their interfaces."""

import ipaddress
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .moto_harness import (
    CLIENT_A,
    CLIENT_B,
    CLIENT_C,
    PROVIDER,
    REGION,
    SETTLE,
    MotoSide,
    Network,
    Service,
    StandIn,
    eventually,
    launched,
    refusal,
)


TAGGED = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "team", "Value": "x"}]}]


@pytest.fixture(scope="module")
def process() -> Iterator[MotoSide]:
    with launched() as moto:
        yield moto


@pytest.fixture
def moto(process: MotoSide) -> MotoSide:
    process.local("POST", "reset")
    process.local("PUT", "settings", {"accept_seconds": SETTLE, "cloudtrail_seconds": 0.0})
    StandIn.events.clear()
    StandIn.published.clear()
    return process


def test_accepted_connection_passes_through_pending(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)
    assert one["State"] == "pendingAcceptance" and one["OwnerId"] == CLIENT_A
    assert service.accept(one["VpcEndpointId"]) == []
    assert client.state(one["VpcEndpointId"]) == "pending"
    eventually(lambda: client.state(one["VpcEndpointId"]) == "available")
    assert service.connections()[0]["VpcEndpointState"] == "available"


def test_service_without_acceptance_starts_at_pending(moto: MotoSide) -> None:
    service, client = Service(moto, acceptance=False), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)
    assert one["State"] == "pending"
    eventually(lambda: client.state(one["VpcEndpointId"]) == "available")


def test_account_that_is_not_allowed_cannot_tell_the_service_exists(moto: MotoSide) -> None:
    service, stranger = Service(moto), Network(moto, CLIENT_B)
    assert refusal(lambda: stranger.endpoint(service.name))[0] == "InvalidServiceName"
    bogus = f"com.amazonaws.vpce.{REGION}.vpce-svc-0123456789abcdef0"
    assert refusal(lambda: stranger.endpoint(bogus))[0] == "InvalidServiceName"

    def described(account: str) -> dict[str, Any]:
        return moto.client("ec2", account).describe_vpc_endpoint_services(ServiceNames=[service.name])

    assert refusal(lambda: described(CLIENT_B))[0] == "InvalidServiceName"
    assert described(CLIENT_A)["ServiceDetails"][0]["Owner"] == PROVIDER
    assert Network(moto, PROVIDER).endpoint(service.name)["State"] == "pendingAcceptance"


def test_interfaces_exist_from_creation_with_addresses_of_their_subnets(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)
    found = {eni["SubnetId"]: eni for eni in client.interfaces(one["VpcEndpointId"])}
    assert set(found) == set(client.subnets)
    for number, subnet_id in enumerate(client.subnets):
        eni = found[subnet_id]
        assert ipaddress.ip_address(eni["PrivateIpAddress"]) in ipaddress.ip_network(f"10.0.{number}.0/24")
        assert (eni["InterfaceType"], eni["VpcId"], eni["Ipv6Addresses"]) == ("vpc_endpoint", client.vpc_id, [])
        assert eni["Groups"] == one["Groups"] and one["VpcEndpointId"] in eni["Description"]
    names = [entry["DnsName"] for entry in one["DnsEntries"]]
    assert len(names) == 3 and f"-{REGION}a." in names[1]
    assert names[0].endswith(f".{service.id}.{REGION}.vpce.amazonaws.com")
    by_filter = client.ec2.describe_network_interfaces(
        Filters=[{"Name": "interface-type", "Values": ["vpc_endpoint"]}, {"Name": "vpc-id", "Values": [client.vpc_id]}]
    )["NetworkInterfaces"]
    assert len(by_filter) == 2


def test_no_two_endpoints_share_an_address(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.endpoint(service.name), range(24)))
    addresses = [eni["PrivateIpAddress"] for one in made for eni in client.interfaces(one["VpcEndpointId"])]
    assert len(set(addresses)) == 48
    assert len(service.connections()) == 24


def test_address_families_follow_the_endpoint(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    both = client.interfaces(client.endpoint(service.name, IpAddressType="dualstack")["VpcEndpointId"])
    assert all(eni["PrivateIpAddress"] and len(eni["Ipv6Addresses"]) == 1 for eni in both)
    only = client.interfaces(client.endpoint(service.name, IpAddressType="ipv6")["VpcEndpointId"])
    assert all("PrivateIpAddress" not in eni and eni["Ipv6Native"] for eni in only)
    address = ipaddress.ip_address(only[0]["Ipv6Addresses"][0]["Ipv6Address"])
    assert address in ipaddress.ip_network(f"{client.ipv6}00::/56")


def test_endpoint_without_subnets_has_no_interfaces_and_no_names(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name, SubnetIds=[])
    assert (one["SubnetIds"], one["NetworkInterfaceIds"], one["DnsEntries"]) == ([], [], [])


def test_two_subnets_of_one_zone_are_refused_and_leave_nothing(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    twin = client.subnet("10.0.9.0/24", f"{REGION}a", 9)
    call = lambda: client.endpoint(service.name, SubnetIds=[*client.subnets, twin])
    assert refusal(call)[0] == "DuplicateSubnetsInSameZone"
    assert service.connections() == []
    assert client.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_client_token_makes_one_endpoint(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    first = client.endpoint(service.name, ClientToken="once")
    assert client.endpoint(service.name, ClientToken="once")["VpcEndpointId"] == first["VpcEndpointId"]
    call = lambda: client.endpoint(service.name, ClientToken="once", SubnetIds=client.subnets[:1])
    assert refusal(call)[0] == "IdempotentParameterMismatch"


def test_changed_subnets_change_the_interfaces_and_pass_through_pending(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name, SubnetIds=client.subnets[:1])["VpcEndpointId"]
    client.ec2.modify_vpc_endpoint(VpcEndpointId=one, AddSubnetIds=client.subnets[1:])
    assert client.state(one) == "pendingAcceptance"
    service.accept(one)
    eventually(lambda: client.state(one) == "available")
    client.ec2.modify_vpc_endpoint(VpcEndpointId=one, RemoveSubnetIds=client.subnets[:1])
    assert client.state(one) == "pending"
    assert [eni["SubnetId"] for eni in client.interfaces(one)] == client.subnets[1:]
    group = client.ec2.create_security_group(GroupName="g", Description="d", VpcId=client.vpc_id)["GroupId"]
    client.ec2.modify_vpc_endpoint(VpcEndpointId=one, AddSecurityGroupIds=[group])
    assert group in {entry["GroupId"] for entry in client.interfaces(one)[0]["Groups"]}


def test_deleted_endpoint_is_deleting_then_gone(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)["VpcEndpointId"]
    unknown = "vpce-00000000000000000"
    answer = client.ec2.delete_vpc_endpoints(VpcEndpointIds=[one, unknown])
    assert [item["ResourceId"] for item in answer["Unsuccessful"]] == [unknown]
    assert client.state(one) == "deleting" and client.interfaces(one) == []
    code = lambda: refusal(lambda: client.state(one))[0]
    eventually(lambda: service.connections() == [])
    assert code() == "InvalidVpcEndpointId.NotFound"


def test_rejection_works_after_acceptance_and_leaves_the_connection_listed(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)["VpcEndpointId"]
    service.accept(one)
    reject = lambda *ids: service.ec2.reject_vpc_endpoint_connections(ServiceId=service.id, VpcEndpointIds=list(ids))
    assert reject(one)["Unsuccessful"] == []
    assert client.state(one) == "rejected"
    assert service.connections(vpc_endpoint_state="rejected")[0]["VpcEndpointId"] == one
    assert reject(one)["Unsuccessful"][0]["ResourceId"] == one


def test_acceptance_fails_id_by_id_under_status_200(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)["VpcEndpointId"]
    unknown = "vpce-00000000000000000"
    assert [item["ResourceId"] for item in service.accept(unknown, one)] == [unknown]
    assert [item["ResourceId"] for item in service.accept(one)] == [one]
    assert refusal(lambda: service.accept())[0] == "MissingParameter"
    stranger = moto.client("ec2", CLIENT_B)
    call = lambda: stranger.accept_vpc_endpoint_connections(ServiceId=service.id, VpcEndpointIds=[one])
    assert refusal(call)[0] == "InvalidVpcEndpointServiceId.NotFound"


def test_each_side_sees_only_its_own_half(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_C)
    one = client.endpoint(service.name, TagSpecifications=TAGGED)
    for account in (PROVIDER, CLIENT_A):
        assert moto.client("ec2", account).describe_vpc_endpoints()["VpcEndpoints"] == []
    assert moto.client("ec2", CLIENT_C).describe_vpc_endpoint_connections()["VpcEndpointConnections"] == []
    seen = service.connections(vpc_endpoint_owner=CLIENT_C)[0]
    assert seen["VpcEndpointOwner"] == CLIENT_C and seen["NetworkLoadBalancerArns"] == [service.balancer_arn]
    assert seen["VpcEndpointRegion"] == REGION and seen["DnsEntries"] == one["DnsEntries"]
    assert one["Tags"] == [{"Key": "team", "Value": "x"}]


def test_filters_are_case_sensitive_and_unknown_ones_are_refused(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name, TagSpecifications=TAGGED)

    def found(name: str, value: str) -> list[str]:
        answer = client.ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])
        return [entry["VpcEndpointId"] for entry in answer["VpcEndpoints"]]

    for name, value in {
        "vpc-endpoint-id": one["VpcEndpointId"],
        "vpc-id": client.vpc_id,
        "service-name": service.name,
        "vpc-endpoint-state": "pendingAcceptance",
        "vpc-endpoint-type": "Interface",
        "tag:team": "x",
    }.items():
        assert found(name, value) == [one["VpcEndpointId"]], name
    assert found("vpc-endpoint-state", "PendingAcceptance") == []
    assert found("vpc-endpoint-id", "vpce-00000000000000000") == []
    assert refusal(lambda: found("colour", "red"))[0] == "InvalidParameterValue"


def test_every_listing_can_begin_with_an_empty_page(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    made = {client.endpoint(service.name, SubnetIds=[])["VpcEndpointId"] for _ in range(7)}
    moto.local("PUT", "settings", {"empty_first_page": True, "page_size": 2})
    first = client.ec2.describe_vpc_endpoints()
    assert first["VpcEndpoints"] == [] and first["NextToken"]
    pages = list(client.ec2.get_paginator("describe_vpc_endpoints").paginate())
    assert [len(page["VpcEndpoints"]) for page in pages] == [0, 2, 2, 2, 1]
    assert {entry["VpcEndpointId"] for page in pages for entry in page["VpcEndpoints"]} == made
    pages = list(service.ec2.get_paginator("describe_vpc_endpoint_connections").paginate())
    assert [len(page["VpcEndpointConnections"]) for page in pages] == [0, 2, 2, 2, 1]
    assert sum(len(page["Subnets"]) for page in client.ec2.get_paginator("describe_subnets").paginate()) >= 2
    assert refusal(lambda: client.ec2.describe_vpc_endpoints(NextToken="bogus"))[0] == "InvalidNextToken"


def test_service_with_live_connections_is_not_deleted(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    one = client.endpoint(service.name)["VpcEndpointId"]
    delete = lambda: service.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service.id])["Unsuccessful"]
    assert delete()[0]["Error"]["Code"] == "ExistingVpcEndpointConnections"
    client.ec2.delete_vpc_endpoints(VpcEndpointIds=[one])
    assert delete() == []
    describe = service.ec2.describe_vpc_endpoint_service_configurations
    assert refusal(lambda: describe(ServiceIds=[service.id]))[0] == "InvalidVpcEndpointServiceId.NotFound"
    assert describe(Filters=[{"Name": "service-id", "Values": [service.id]}])["ServiceConfigurations"] == []


def test_topic_hears_of_connect_accept_reject_and_delete(moto: MotoSide) -> None:
    service, client = Service(moto), Network(moto, CLIENT_A)
    topic = f"arn:aws:sns:{REGION}:{PROVIDER}:connections"
    made = service.ec2.create_vpc_endpoint_connection_notification(
        ServiceId=service.id,
        ConnectionNotificationArn=topic,
        ConnectionEvents=["Connect", "Accept", "Reject", "Delete"],
    )["ConnectionNotification"]
    listed = service.ec2.describe_vpc_endpoint_connection_notifications()["ConnectionNotificationSet"]
    assert [entry["ConnectionNotificationId"] for entry in listed] == [made["ConnectionNotificationId"]]
    one = client.endpoint(service.name)["VpcEndpointId"]
    service.accept(one)
    service.ec2.reject_vpc_endpoint_connections(ServiceId=service.id, VpcEndpointIds=[one])
    client.ec2.delete_vpc_endpoints(VpcEndpointIds=[one])
    sent = eventually(lambda: StandIn.published[3:] and StandIn.published)
    assert all(m["TopicArn"] == topic and m["account"] == PROVIDER for m in sent)
    assert all(one in m["Message"] and service.id in m["Message"] for m in sent)
    service.ec2.modify_vpc_endpoint_connection_notification(
        ConnectionNotificationId=made["ConnectionNotificationId"], ConnectionEvents=["Reject"]
    )
    ids = [made["ConnectionNotificationId"]]
    assert service.ec2.delete_vpc_endpoint_connection_notifications(ConnectionNotificationIds=ids)["Unsuccessful"] == []

"""Claims about the moto side: what Route 53 refuses, in its words, and what it still takes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config

from .moto_harness import (
    CLIENT_A,
    CLIENT_B,
    ESCAPED,
    REGION,
    MotoSide,
    Network,
    Service,
    StandIn,
    Zone,
    a,
    launched,
    refusal,
)

LONG = "l" * 63


@pytest.fixture(scope="module")
def process() -> Iterator[MotoSide]:
    with launched() as moto:
        yield moto


@pytest.fixture
def moto(process: MotoSide) -> MotoSide:
    process.local("POST", "reset")
    process.local("PUT", "settings", {"cloudtrail_seconds": 0.0})
    StandIn.events.clear()
    return process


def addresses(count: int) -> list[str]:
    return [f"10.0.{number // 250}.{number % 250}" for number in range(count)]


def text(name: str, *lengths: int) -> dict[str, Any]:
    """A TXT record set whose values have these lengths, quotes included."""
    values = [f"{number:04d}".rjust(length - 2, "x") for number, length in enumerate(lengths)]
    return a(*(f'"{value}"' for value in values), name=name, kind="TXT")


def test_record_set_takes_400_values_and_no_more(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    words = "[Cannot have more than 400 records in a RRSet.]"
    for action in ("CREATE", "UPSERT"):
        assert refusal(lambda: zone.change((action, a(*addresses(401))))) == ("InvalidChangeBatch", words, 400)
    assert zone.record(ESCAPED) is None
    zone.change(("CREATE", a(*addresses(400))))
    zone.change(("DELETE", a(*addresses(400))), ("CREATE", a(*addresses(399))))


def test_batch_takes_32000_characters_and_those_of_an_upsert_twice(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    most, half = text("t.byoc.example.com.", *[100] * 320), text("h.byoc.example.com.", *[100] * 160)
    words = "[RDATA character limit of 32000 exceeded.]"
    more = text("m.byoc.example.com.", 10)
    assert refusal(lambda: zone.change(("CREATE", most), ("CREATE", more))) == ("InvalidChangeBatch", words, 400)
    assert refusal(lambda: zone.change(("UPSERT", half), ("CREATE", more)))[1] == words
    zone.change(("CREATE", most))
    zone.change(("UPSERT", half))


def test_batch_takes_1000_values(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    creates = [("CREATE", a(*addresses(250), name=f"n{number}.byoc.example.com.")) for number in range(4)]
    more = ("CREATE", a("10.0.0.1", name="more.byoc.example.com."))
    assert refusal(lambda: zone.change(*creates, more))[1] == "[Number of records limit of 1000 exceeded.]"
    zone.change(*creates)


def test_ttl_is_a_signed_number_of_31_bits(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    # boto3 itself would refuse the first of them.
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    session = boto3.session.Session(CLIENT_A, "local", region_name=REGION)
    zone.route53 = session.client("route53", endpoint_url=moto.url, config=config)
    for ttl, bound in ((-1, "greater than or equal to 0"), (2**31, "less than or equal to 2147483647")):
        code, words, status = refusal(lambda ttl=ttl: zone.change(("CREATE", a("10.0.0.4", ttl=ttl))))
        assert (code, status) == ("InvalidInput", 400)
        where = "'changeBatch.changes.1.member.resourceRecordSet.tTL'"
        assert words.endswith(f"Value '{ttl}' at {where} failed to satisfy constraint: Member must have value {bound}")
    zone.change(("CREATE", a("10.0.0.4", ttl=0, name="zero.byoc.example.com.")))
    zone.change(("CREATE", a("10.0.0.4", ttl=2**31 - 1)))


def test_label_has_63_bytes_and_a_name_255(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_A)
    zone = Zone(moto, network)
    create = lambda name: zone.change(("CREATE", a("10.0.0.4", name=name)))
    code, words, _ = refusal(lambda: create(f"{LONG}l.byoc.example.com."))
    assert code == "InvalidChangeBatch"
    assert words == f"[FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{LONG}l']"
    # An escape is one byte, however many characters it takes.
    escaped = LONG[1:] + "\\057"
    create(f"{LONG}.byoc.example.com.")
    create(f"{escaped}.byoc.example.com.")
    deep = ".".join([LONG] * 4)
    code, words, _ = refusal(lambda: create(f"{deep}.byoc.example.com."))
    assert code == "InvalidChangeBatch" and "DomainNameTooLong" in words
    code, words, _ = refusal(lambda: zone.names(StartRecordName=f"{LONG}l.byoc.example.com."))
    assert code == "InvalidInput" and "DomainLabelTooLong" in words
    assert refusal(lambda: Zone(moto, network, f"{LONG}l.example.com"))[0] == "InvalidDomainName"
    Zone(moto, network, f"{LONG}.example.com")


def test_zone_serves_300_vpcs(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_A)
    zone, service = Zone(moto, network), Service(moto)
    wanted = {"account": CLIENT_A, "region": REGION, "service": service.id, "vpcs": 300}
    others = [{"VPCRegion": REGION, "VPCId": one["vpc"]} for one in moto.local("POST", "fleet", wanted)]
    associate = lambda other: zone.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone.id, VPC=other)
    for other in others[:299]:
        associate(other)
    words = "Limits Exceeded: Cannot associate more VPCs to hosted zone."
    assert refusal(lambda: associate(others[299])) == ("LimitsExceeded", words, 400)
    zone.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone.id, VPC=others[0])
    associate(others[299])


def test_of_two_batches_that_overlap_the_second_is_refused(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_A)
    zone, other = Zone(moto, network), Zone(moto, network, "example.com")
    moto.local("PUT", "settings", {"change_seconds": 0.5})

    def create(hosted: Zone, name: str) -> str:
        try:
            hosted.change(("CREATE", a("10.0.0.4", name=name)))
        except hosted.route53.exceptions.PriorRequestNotComplete as refused:
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            return refused.response["Error"]["Message"]
        return "done"

    with ThreadPoolExecutor(3) as pool:
        places = ((zone, "a.byoc.example.com."), (zone, "b.byoc.example.com."), (other, "a.example.com."))
        answers = list(pool.map(lambda place: create(*place), places))
    words = "The request was rejected because Route 53 was still processing a prior request."
    assert sorted(answers[:2]) == [words, "done"] and answers[2] == "done"
    # Once the first is answered, the next one is welcome.
    assert create(zone, "c.byoc.example.com.") == create(zone, "d.byoc.example.com.") == "done"


def test_refused_batch_does_not_end_the_turn_of_the_first(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    moto.local("PUT", "settings", {"change_seconds": 1.0})
    create = lambda name: zone.change(("CREATE", a("10.0.0.4", name=name)))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(create, "a.byoc.example.com.")
        time.sleep(0.3)
        for name in ("b.byoc.example.com.", "c.byoc.example.com."):
            assert refusal(lambda name=name: create(name))[0] == "PriorRequestNotComplete"
        first.result()
    assert [name for name, kind in zone.names() if kind == "A"] == ["a.byoc.example.com."]


def test_list_is_sorted_by_the_characters_and_not_by_their_escapes(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    for label in ("a", "x.a", "a-b", "*", "*.a", "\\100", "_"):
        zone.change(("CREATE", a("10.0.0.4", name=f"{label}.byoc.example.com.")))
    # `*` and `-` come before the dot at a label's end, and `\052` shows where `*` belongs.
    labels = [name.removesuffix(".byoc.example.com.") for name, kind in zone.names() if kind == "A"]
    assert labels == ["\\052", "\\100", "_", "a-b", "a", "\\052.a", "x.a"]
    page = zone.route53.list_resource_record_sets(HostedZoneId=zone.id, StartRecordName="a.byoc.example.com", MaxItems="1")
    assert page["NextRecordName"] == "\\052.a.byoc.example.com."
    starts = {zone.names(StartRecordName=name)[0] for name in ("*.a.byoc.example.com", page["NextRecordName"])}
    assert starts == {("\\052.a.byoc.example.com.", "A")}


def test_zone_of_cloud_map_is_listed_as_the_accounts_own_and_only_cloud_map_edits_it(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_A)
    route53, cloud_map = moto.client("route53", CLIENT_A), moto.client("servicediscovery", CLIENT_A)
    cloud_map.create_private_dns_namespace(Name="byoc.example.com", Vpc=network.vpc_id)
    (namespace,) = cloud_map.list_namespaces()["Namespaces"]
    zone_id = namespace["Properties"]["DnsProperties"]["HostedZoneId"]
    (summary,) = route53.list_hosted_zones_by_vpc(VPCId=network.vpc_id, VPCRegion=REGION)["HostedZoneSummaries"]
    assert summary["Owner"] == {"OwningAccount": CLIENT_A} and summary["HostedZoneId"] == zone_id
    linked = {"ServicePrincipal": "servicediscovery.amazonaws.com", "Description": namespace["Arn"]}
    assert route53.get_hosted_zone(Id=zone_id)["HostedZone"]["LinkedService"] == linked
    assert "LinkedService" not in route53.get_hosted_zone(Id=Zone(moto, network, "example.com").id)["HostedZone"]
    words = f"The resource hostedzone/{zone_id} can only be managed through AWS Cloud Map ({namespace['Arn']})"
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": a("10.0.0.4")}]}
    change = lambda: route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)
    assert refusal(change) == refusal(lambda: route53.delete_hosted_zone(Id=zone_id)) == ("AccessDenied", words, 403)
    assert len(route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]) == 2
    assert refusal(lambda: Zone(moto, network))[0] == "ConflictingDomainExists"
    cloud_map.delete_namespace(Id=namespace["Id"])
    (left,) = route53.list_hosted_zones_by_vpc(VPCId=network.vpc_id, VPCRegion=REGION)["HostedZoneSummaries"]
    assert left["Name"] == "example.com."
    (event,) = moto.events("CreateServiceLinkedPrivateHostedZone")
    assert event["region"] == "us-east-1" and event["detail"]["requestParameters"]["vPC"]["vPCId"] == network.vpc_id
    assert event["detail"]["responseElements"]["hostedZone"]["id"] == f"/hostedzone/{zone_id}"


def test_private_dns_of_an_endpoint_brings_a_zone_of_awss_and_takes_it_away(moto: MotoSide) -> None:
    service = Service(moto, acceptance=False)
    service.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service.id, PrivateDnsName="*.byoc.example.com")
    network = Network(moto, CLIENT_A)
    made = network.endpoint(service.name)["VpcEndpointId"]
    listed = lambda: [
        (summary["Name"], summary["Owner"]) for summary in moto.client("route53", CLIENT_A).list_hosted_zones_by_vpc(
            VPCId=network.vpc_id, VPCRegion=REGION)["HostedZoneSummaries"]]
    switch = lambda on: network.ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=on)
    zone = Zone(moto, network, "byoc.example.com")
    words = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for byoc.example.com."
    assert refusal(lambda: switch(True)) == ("InvalidParameter", f"{words} in the VPC {network.vpc_id}", 400)
    moto.client("route53", CLIENT_A).delete_hosted_zone(Id=zone.id)
    for _ in range(2):
        switch(True)
        assert listed() == [("byoc.example.com.", {"OwningService": "vpce.amazonaws.com"})]
    assert refusal(lambda: Zone(moto, network, "byoc.example.com"))[0] == "ConflictingDomainExists"
    switch(False)
    assert listed() == []
    switch(True)
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert listed() == []


def test_vpc_of_somebody_else_is_denied_or_invalid(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_B)
    listed = lambda: moto.client("route53", CLIENT_A).list_hosted_zones_by_vpc(
        VPCId=network.vpc_id, VPCRegion=REGION)
    assert refusal(listed)[::2] == ("AccessDenied", 403)
    moto.local("PUT", "settings", {"foreign_vpc_is_invalid": True})
    assert refusal(listed)[::2] == ("InvalidVPCId", 400)
    assert moto.client("route53", CLIENT_B).list_hosted_zones_by_vpc(VPCId=network.vpc_id, VPCRegion=REGION)

"""Claims about the moto side: private hosted zones, their VPCs and their record sets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .moto_harness import (
    CLIENT_A,
    CLIENT_B,
    CLIENT_C,
    ESCAPED,
    REGION,
    SETTLE,
    WILDCARD,
    MotoSide,
    Network,
    Zone,
    a,
    eventually,
    launched,
    refusal,
    vpc,
)

@pytest.fixture(scope="module")
def process() -> Iterator[MotoSide]:
    with launched() as moto:
        yield moto


@pytest.fixture
def moto(process: MotoSide) -> MotoSide:
    process.local("POST", "reset")
    process.local("PUT", "settings", {"insync_seconds": SETTLE, "cloudtrail": False})
    return process


def test_names_come_back_escaped_and_values_whole(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    zone.change(("CREATE", a("10.0.0.4", "10.0.1.4", name=WILDCARD.rstrip(".").upper().replace("AWS", "aws"))))
    record = zone.record(ESCAPED)
    assert record and record["TTL"] == 60
    assert [entry["Value"] for entry in record["ResourceRecords"]] == ["10.0.0.4", "10.0.1.4"]


def test_refusals_speak_as_route_53_does(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    tried = lambda *changes: refusal(lambda: zone.change(*changes))
    named = f"resource record set [name='{ESCAPED}', type='A']"
    missing = f"[Tried to delete {named} but it was not found]"
    assert tried(("DELETE", a("10.0.0.4"))) == ("InvalidChangeBatch", missing, 400)
    zone.change(("CREATE", a("10.0.0.4")))
    assert tried(("CREATE", a("10.0.0.5")))[1] == f"[Tried to create {named} but it already exists]"
    mismatch = f"[Tried to delete {named} but the values provided do not match the current values]"
    assert tried(("DELETE", a("10.0.0.4", "10.0.0.5")))[1] == mismatch
    assert tried(("DELETE", a("10.0.0.4", ttl=61)))[1] == mismatch
    outside = "[RRSet with DNS name a.example.com. is not permitted in zone byoc.example.com.]"
    assert tried(("CREATE", a("10.0.0.4", name="a.example.com.")))[1] == outside
    assert tried(("CREATE", a("10.0.0.4", name="a.notbyoc.example.com.")))[0] == "InvalidChangeBatch"
    assert "conflicts with other records" in tried(("CREATE", a("x.example.com", kind="CNAME")))[1]
    assert "ARRDATAIllegalIPv4Address" in tried(("UPSERT", a("fd00::1")))[1]
    assert tried(("CREATE", {"Name": WILDCARD, "Type": "A"}))[0] == "InvalidInput"
    assert zone.record(ESCAPED) == a("10.0.0.4") | {"Name": ESCAPED}


def test_cname_keeps_every_other_type_out(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    zone.change(("CREATE", a("x.example.com", kind="CNAME")))
    code, words, _ = refusal(lambda: zone.change(("CREATE", a("10.0.0.4"))))
    assert code == "InvalidChangeBatch" and "conflicting RRSet of type  CNAME" in words
    zone.change(("DELETE", a("x.example.com", kind="CNAME")), ("CREATE", a("10.0.0.4")))
    assert zone.record(ESCAPED) and not zone.record(ESCAPED, "CNAME")


def test_batch_applies_in_order_and_all_or_nothing(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    zone.change(("CREATE", a("10.0.0.4")))
    zone.change(("DELETE", a("10.0.0.4")), ("CREATE", a("10.0.0.5", "10.0.1.5")), ("CREATE", a("fd00::1", kind="AAAA")))
    zone.change(("DELETE", a("10.0.1.5", "10.0.0.5")), ("CREATE", a("10.0.0.6")))
    failed = (("CREATE", a("10.0.0.9", name="other.byoc.example.com.")), ("DELETE", a("10.0.0.5")))
    assert refusal(lambda: zone.change(*failed))[0] == "InvalidChangeBatch"
    assert zone.names()[2:] == [(ESCAPED, "A"), (ESCAPED, "AAAA")]


def test_of_two_creates_at_once_one_fails(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))

    def create(number: int) -> str:
        try:
            zone.change(("CREATE", a(f"10.0.0.{number}", name="race.byoc.example.com.")))
        except zone.route53.exceptions.InvalidChangeBatch:
            return "refused"
        return "created"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(create, range(16)))
    assert results.count("created") == 1


def test_record_sets_are_listed_by_reversed_labels(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    for label in ("b", "a.b", "c", "*.aws-us-west-2", "a"):
        zone.change(("CREATE", a("10.0.0.4", name=f"{label}.byoc.example.com.")))
    zone.change(("CREATE", a("x", kind="CNAME", name="cname.byoc.example.com.")))
    expected = [
        ("byoc.example.com.", "NS"),
        ("byoc.example.com.", "SOA"),
        ("a.byoc.example.com.", "A"),
        (ESCAPED, "A"),
        ("b.byoc.example.com.", "A"),
        ("a.b.byoc.example.com.", "A"),
        ("c.byoc.example.com.", "A"),
        ("cname.byoc.example.com.", "CNAME"),
    ]
    assert zone.names() == expected
    assert zone.names(StartRecordName=WILDCARD) == expected[3:]
    assert zone.names(StartRecordName="b.byoc.example.com", StartRecordType="AAAA") == expected[5:]
    moto.local("PUT", "settings", {"empty_first_page": True, "page_size": 3})
    first = zone.route53.list_resource_record_sets(HostedZoneId=zone.id, StartRecordName=WILDCARD)
    assert first["ResourceRecordSets"] == [] and first["IsTruncated"] and first["NextRecordName"] == ESCAPED
    assert zone.names() == expected
    assert zone.names(StartRecordName="zzz.byoc.example.com") == []


def test_weighted_sets_do_not_mix_with_a_simple_one(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    weighted = a("10.0.0.4") | {"SetIdentifier": "one", "Weight": 10}
    zone.change(("CREATE", weighted))
    assert "cannot be created as other RRSets exist" in refusal(lambda: zone.change(("CREATE", a("10.0.0.5"))))[1]
    assert zone.record(ESCAPED) == weighted | {"Name": ESCAPED}
    alias = {"HostedZoneId": "Z1YSA3EXCYUU9Z", "DNSName": "vpce-1.Example.com", "EvaluateTargetHealth": False}
    zone.change(("CREATE", {"Name": "alias.byoc.example.com", "Type": "A", "AliasTarget": alias}))
    shown = zone.record("alias.byoc.example.com.")
    assert shown and shown["AliasTarget"] == alias | {"DNSName": "vpce-1.example.com."} and "TTL" not in shown


def test_change_is_pending_then_insync(moto: MotoSide) -> None:
    zone = Zone(moto, Network(moto, CLIENT_A))
    info = zone.change(("CREATE", a("10.0.0.4")))["ChangeInfo"]
    status = lambda: zone.route53.get_change(Id=info["Id"])["ChangeInfo"]["Status"]
    assert (info["Status"], status()) == ("PENDING", "PENDING")
    eventually(lambda: status() == "INSYNC")
    assert refusal(lambda: zone.route53.get_change(Id="C0"))[0] == "NoSuchChange"


def test_foreign_vpc_associates_only_with_authorization(moto: MotoSide) -> None:
    home, guest = Network(moto, CLIENT_A), Network(moto, CLIENT_B)
    zone, visitor = Zone(moto, home), moto.client("route53", CLIENT_B)
    associate = lambda: visitor.associate_vpc_with_hosted_zone(HostedZoneId=zone.id, VPC=vpc(guest))
    assert refusal(associate)[::2] == ("NotAuthorizedException", 401)
    by_owner = lambda: zone.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone.id, VPC=vpc(guest))
    zone.route53.create_vpc_association_authorization(HostedZoneId=zone.id, VPC=vpc(guest))
    assert refusal(by_owner)[0] == "NotAuthorizedException"
    listed = zone.route53.list_vpc_association_authorizations(HostedZoneId=zone.id)
    assert listed["VPCs"] == [vpc(guest)]
    associate()
    zone.route53.delete_vpc_association_authorization(HostedZoneId=zone.id, VPC=vpc(guest))
    summary = {"HostedZoneId": zone.id, "Name": "byoc.example.com.", "Owner": {"OwningAccount": CLIENT_A}}
    seen = visitor.list_hosted_zones_by_vpc(VPCId=guest.vpc_id, VPCRegion=REGION)["HostedZoneSummaries"]
    assert seen == [summary]
    assert zone.route53.get_hosted_zone(Id=zone.id)["VPCs"] == [vpc(home), vpc(guest)]
    assert refusal(associate)[0] in ("NotAuthorizedException", "ConflictingDomainExists")
    visitor.disassociate_vpc_from_hosted_zone(HostedZoneId=zone.id, VPC=vpc(guest))
    last = lambda: zone.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone.id, VPC=vpc(home))
    assert refusal(last)[0] == "LastVPCAssociation"


def test_only_the_owner_of_a_vpc_lists_its_zones(moto: MotoSide) -> None:
    network = Network(moto, CLIENT_C)
    zones = [Zone(moto, network, name) for name in ("byoc.example.com", "example.com", "a.byoc.example.com")]

    def listed(account: str) -> dict[str, Any]:
        route53 = moto.client("route53", account)
        return route53.list_hosted_zones_by_vpc(VPCId=network.vpc_id, VPCRegion=REGION)

    assert refusal(lambda: listed(CLIENT_A))[::2] == ("AccessDenied", 403)
    owners = {summary["Owner"]["OwningAccount"] for summary in listed(CLIENT_C)["HostedZoneSummaries"]}
    assert owners == {CLIENT_C}
    moto.local("PUT", "settings", {"empty_first_page": True, "page_size": 2})
    sizes, ids, token = [], set(), {}
    while True:
        page = zones[0].route53.list_hosted_zones_by_vpc(VPCId=network.vpc_id, VPCRegion=REGION, **token)
        sizes.append(len(page["HostedZoneSummaries"]))
        ids |= {summary["HostedZoneId"] for summary in page["HostedZoneSummaries"]}
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sizes == [0, 2, 1] and ids == {zone.id for zone in zones}


def test_two_zones_of_one_name_cannot_serve_one_vpc(moto: MotoSide) -> None:
    first, second = Network(moto, CLIENT_A), Network(moto, CLIENT_A, "10.1")
    zone, other = Zone(moto, first), Zone(moto, second)
    for hosted in (zone, other):
        associate = hosted.route53.associate_vpc_with_hosted_zone
        code = refusal(lambda: associate(HostedZoneId=hosted.id, VPC=vpc(first)))[0]
        assert code == "ConflictingDomainExists"


def test_zone_of_another_account_is_not_visible(moto: MotoSide) -> None:
    zone, stranger = Zone(moto, Network(moto, CLIENT_A)), moto.client("route53", CLIENT_B)
    assert stranger.list_hosted_zones()["HostedZones"] == []
    for call in (stranger.get_hosted_zone, stranger.delete_hosted_zone):
        assert refusal(lambda call=call: call(Id=zone.id))[0] == "AccessDenied"
    assert refusal(lambda: stranger.list_resource_record_sets(HostedZoneId=zone.id))[0] == "AccessDenied"
    assert refusal(lambda: stranger.get_hosted_zone(Id="Z0UNKNOWN"))[::2] == ("NoSuchHostedZone", 404)
    zone.change(("CREATE", a("10.0.0.4")))
    assert refusal(lambda: zone.route53.delete_hosted_zone(Id=zone.id))[0] == "HostedZoneNotEmpty"
    zone.change(("DELETE", a("10.0.0.4")))
    zone.route53.delete_hosted_zone(Id=zone.id)
    assert refusal(lambda: zone.route53.get_hosted_zone(Id=zone.id))[0] == "NoSuchHostedZone"


def test_vpc_begins_with_the_regions_dhcp_options_and_leaves_a_set_to_others(moto: MotoSide) -> None:
    first, second = Network(moto, CLIENT_A), Network(moto, CLIENT_A)
    shown = lambda one: first.ec2.describe_vpcs(VpcIds=[one.vpc_id])["Vpcs"][0]["DhcpOptionsId"]
    begins = shown(first)
    assert begins == shown(second)
    [found] = first.ec2.describe_dhcp_options(DhcpOptionsIds=[begins])["DhcpOptions"]
    servers = {one["Key"]: [value["Value"] for value in one["Values"]] for one in found["DhcpConfigurations"]}
    assert servers == {"domain-name-servers": ["AmazonProvidedDNS"], "domain-name": [f"{REGION}.compute.internal"]}
    made = first.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.99.0.2"]}])
    for one in (first, second):
        first.ec2.associate_dhcp_options(DhcpOptionsId=made["DhcpOptions"]["DhcpOptionsId"], VpcId=one.vpc_id)
    first.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=second.vpc_id)
    assert (shown(first), shown(second)) == (made["DhcpOptions"]["DhcpOptionsId"], "default")
    first.ec2.associate_dhcp_options(DhcpOptionsId=begins, VpcId=second.vpc_id)
    assert shown(second) == begins


def test_firewall_groups_are_listed_for_the_vpcs_that_they_filter(moto: MotoSide) -> None:
    resolver = moto.client("route53resolver", CLIENT_A)
    entries = resolver.create_firewall_domain_list(Name="blocked")["FirewallDomainList"]["Id"]
    resolver.update_firewall_domains(FirewallDomainListId=entries, Operation="ADD", Domains=["a.example.com", "b.example.com"])
    group = resolver.create_firewall_rule_group(Name="company")["FirewallRuleGroup"]["Id"]
    resolver.create_firewall_rule(FirewallRuleGroupId=group, FirewallDomainListId=entries, Name="blocks", Priority=10,
                                  Action="BLOCK", BlockResponse="NXDOMAIN")
    resolver.associate_firewall_rule_group(FirewallRuleGroupId=group, VpcId="vpc-1", Priority=101, Name="company")
    of = lambda vpc: [one["FirewallRuleGroupId"] for one in resolver.list_firewall_rule_group_associations(VpcId=vpc)[
        "FirewallRuleGroupAssociations"]]
    assert (of("vpc-1"), of("vpc-2")) == ([group], [])
    [rule] = resolver.list_firewall_rules(FirewallRuleGroupId=group)["FirewallRules"]
    assert (rule["Action"], rule["FirewallDomainListId"]) == ("BLOCK", entries)
    moto.local("PUT", "settings", {"page_size": 1})
    page = resolver.list_firewall_domains(FirewallDomainListId=entries)
    rest = resolver.list_firewall_domains(FirewallDomainListId=entries, NextToken=page["NextToken"])
    assert page["Domains"] + rest["Domains"] == ["a.example.com", "b.example.com"] and "NextToken" not in rest
    resolver.update_firewall_domains(FirewallDomainListId=entries, Operation="REMOVE", Domains=["a.example.com"])
    assert resolver.list_firewall_domains(FirewallDomainListId=entries)["Domains"] == ["b.example.com"]
    stranger = moto.client("route53resolver", CLIENT_B)
    assert refusal(lambda: stranger.list_firewall_rules(FirewallRuleGroupId=group))[0] == "ResourceNotFoundException"


def test_profile_brings_its_zones_to_its_vpc_alone(moto: MotoSide) -> None:
    shown = {"account": CLIENT_A, "vpc": "vpc-1", "profile": "rp-1", "zones": ["Z1", "Z2"]}
    moto.local("PUT", "profiles", [shown])
    profiles = moto.client("route53profiles", CLIENT_A)
    found = profiles.list_profile_associations(ResourceId="vpc-1")["ProfileAssociations"]
    assert [one["ProfileId"] for one in found] == ["rp-1"]
    assert profiles.list_profile_associations(ResourceId="vpc-2")["ProfileAssociations"] == []
    resources = profiles.list_profile_resource_associations(ProfileId="rp-1")["ProfileResourceAssociations"]
    assert [one["ResourceArn"] for one in resources] == [f"arn:aws:route53:::hostedzone/{zone}" for zone in ("Z1", "Z2")]
    stranger = moto.client("route53profiles", CLIENT_B)
    assert stranger.list_profile_associations()["ProfileAssociations"] == []
    assert refusal(lambda: stranger.list_profile_resource_associations(ProfileId="rp-1"))[0] == "ResourceNotFoundException"

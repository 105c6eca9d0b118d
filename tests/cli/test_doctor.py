"""zonelink doctor: one healthy client, of which each test breaks one thing, looks, and mends it again.

While something is broken no event and no sweep runs, so that nothing mends it before it is seen. What the local AWS
cannot express is tested on facts alone, in cli/src/doctor/tests.rs: an unhealthy target, a service without zone ids,
an account in a region that is turned off.
"""

import contextlib
import re

import pytest

from flow.fixtures import empty
from local_aws import accounts, state, trails
from stage.client import DOMAIN, NAME
from stage.provider import EXTERNAL_ID

from .command import check
from .patient import PORT, TRAIL, Patient

PAGE = state.REPOSITORY / "docs" / "cannot-connect.md"


@pytest.fixture(scope="module")
def patient(local, deployed, command):
    """Healthy, and its events already told."""
    empty(local, deployed)
    patient = Patient(local, deployed, command)
    yield patient
    patient.profiles()
    trails.remove(local.running, patient.account)


@contextlib.contextmanager
def quiet(patient):
    """Nothing notices changes for a while."""
    with patient.local.set(cloudtrail=False):
        yield


@contextlib.contextmanager
def broken(patient, break_it, mend_it):
    """Something is broken, and whole again afterwards."""
    with quiet(patient):
        break_it()
        try:
            yield
        finally:
            mend_it()


def test_healthy_client_shows_all_ok(patient):
    said = patient.say(patient.endpoint.id)
    assert said.code == 0, str(said)
    assert patient.not_ok() == {}
    assert "https://" in said.out
    check("doctor_healthy", said)


def test_vpc_and_all_endpoints_are_examined_too(patient):
    for arguments in ((patient.vpc.id,), ("--all",)):
        found = patient.say(*arguments, "--output", "json").json["endpoints"]
        assert [one["vpc_endpoint"] for one in found] == [patient.endpoint.id], arguments


def test_all_says_what_fails_by_its_cause_and_no_more(patient):
    listens = (lambda: patient.listen(PORT + 1)), (lambda: patient.listen(PORT))
    with broken(patient, *listens):
        said = patient.say("--all", "--port", str(PORT))
    assert said.code == 3, said
    assert "fail: 1 endpoint of 1 account\n  " + patient.endpoint.id in said.out, said
    assert "remedy: " in said.out and len(said.out.splitlines()) < 12, said


def test_all_ends_in_time_and_names_whom_it_has_not_looked_at(patient):
    said = patient.say("--all", "--timeout", "0", "--output", "json")
    assert (said.code, said.json["endpoints"], said.json["not_examined"]) == (1, [], [patient.endpoint.id]), said
    assert f"not looked at within 0 s: 1 endpoint, from {patient.endpoint.id} on" in said.err, said
    assert "remedy: give more time with --timeout" in said.err, said


def test_what_cannot_be_examined_is_refused_with_a_remedy(patient):
    said = [patient.say(), patient.say("vpc-1", "--all"), patient.say("vpce-svc-0123456789abcdef0"),
            patient.say("vpce-0123456789abcdef0"), patient.say("vpc-0123456789abcdef0"),
            patient.say("--all", "--port", "0")]
    assert [one.code for one in said] == [2, 2, 2, 1, 1, 2]
    assert all("connected to no service" in one.err or "no endpoint of a service" in one.err or one.code == 2
               for one in said)


@pytest.mark.parametrize("attribute, name", [
    ("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")])
def test_vpc_that_does_not_ask_private_zones_fails(patient, attribute, name):
    with broken(patient, lambda: patient.attribute(attribute, False), lambda: patient.attribute(attribute, True)):
        found = patient.verdicts()
    assert found[name]["verdict"] == "fail"
    assert f"--vpc-id {patient.vpc.id}" in found[name]["remedy"]
    assert patient.doctor().code == 0


def test_zone_that_is_not_associated_fails_and_is_named(patient):
    other = patient.client.vpc()
    other.joins(patient.zone)
    with broken(patient, lambda: patient.vpc.leaves(patient.zone), lambda: patient.vpc.joins(patient.zone)):
        said = patient.doctor()
        found = patient.verdicts()
    assert said.code == 3
    assert found["hosted zone"]["verdict"] == "fail"
    assert f"associate-vpc-with-hosted-zone --hosted-zone-id {patient.zone.id}" in found["hosted zone"]["remedy"]
    assert found["record"]["verdict"] == "unknown"
    other.leaves(patient.zone)


def test_record_that_somebody_deleted_fails(patient):
    values = patient.zone.addresses()
    with broken(patient, patient.zone.remove, lambda: patient.zone.put(*values)):
        assert patient.not_ok() == {"record": "fail", "addresses": "unknown", "TTL": "unknown"}


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_record_with_other_addresses_than_the_interfaces_fails(patient, kept):
    """All of them foreign, one missing, and one too many."""
    values = sorted(patient.zone.addresses())
    wrong = [["10.99.9.9"], values[:1], [*values, "10.99.9.9"]][kept]
    with broken(patient, lambda: patient.zone.put(*wrong), lambda: patient.zone.put(*values)):
        assert patient.not_ok() == {"addresses": "fail"}


def test_other_ttl_is_a_warning(patient):
    values = patient.zone.addresses()
    with broken(patient, lambda: patient.zone.put(*values, ttl=900), lambda: patient.zone.put(*values)):
        assert patient.not_ok() == {"TTL": "warn"}


def test_most_specific_zone_without_the_record_fails_though_its_parent_has_it(patient):
    """The resolver asks no other zone, so that the parent's record answers nobody."""
    values = patient.zone.addresses()
    with quiet(patient):
        parent = patient.vpc.zone("byoc.example.com")
        try:
            parent.put(*values)
            assert "before byoc.example.com" in patient.verdicts()["hosted zone"]["evidence"]
            with broken(patient, patient.zone.remove, lambda: patient.zone.put(*values)):
                assert patient.verdicts()["record"]["verdict"] == "fail"
        finally:
            parent.remove()
            patient.route53.delete_hosted_zone(Id=parent.id)


def test_zone_below_the_wildcard_is_a_warning(patient):
    with quiet(patient):
        below = patient.vpc.zone(f"in01.{DOMAIN}")
        try:
            found = patient.verdicts()
        finally:
            patient.route53.delete_hosted_zone(Id=below.id)
    assert found["names beside the record"]["verdict"] == "warn"
    assert below.id in found["names beside the record"]["evidence"]


def test_name_beside_the_wildcard_is_a_warning(patient):
    name = f"in02.{DOMAIN}"
    with broken(patient, lambda: patient.zone.put("10.99.9.9", name=name),
                lambda: patient.zone.remove(name=name)):
        found = patient.verdicts()
    assert found["names beside the record"]["verdict"] == "warn"
    assert f"{name} A" in found["names beside the record"]["evidence"]


def test_zone_of_an_endpoints_private_dns_fails(patient):
    """A zone of AWS's that overlaps; the local AWS makes it by a comment, and not by turning private DNS on."""
    with quiet(patient):
        theirs = patient.vpc.zone(f"in03.{DOMAIN}", made_by="vpce.amazonaws.com")
        try:
            found = patient.verdicts()
        finally:
            patient.route53.delete_hosted_zone(Id=theirs.id)
    assert found["endpoint private DNS"]["verdict"] == "fail"
    assert "--no-private-dns-enabled" in found["endpoint private DNS"]["remedy"]


def test_zone_of_a_profile_is_a_warning(patient):
    made = patient.client.vpc().zone(DOMAIN)
    shown = {"account": patient.account, "vpc": patient.vpc.id, "profile": "rp-0123456789abcdef", "zones": [made.id]}
    with broken(patient, lambda: patient.profiles(shown), patient.profiles):
        assert patient.not_ok() == {"Route 53 Profile": "warn"}
    patient.route53.delete_hosted_zone(Id=made.id)


def test_forwarding_rule_of_the_domain_fails(patient):
    resolver = patient.local.client("route53resolver", patient.account)
    group = patient.security_group
    outbound = resolver.create_resolver_endpoint(
        CreatorRequestId="doctor", Name="doctor", Direction="OUTBOUND", SecurityGroupIds=[group],
        IpAddresses=[{"SubnetId": subnet} for subnet in patient.vpc.subnets])["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="doctor", Name="doctor", RuleType="FORWARD", DomainName=DOMAIN, ResolverEndpointId=outbound,
        TargetIps=[{"Ip": "10.99.0.2", "Port": 53}])["ResolverRule"]["Id"]
    with broken(patient,
                lambda: resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=patient.vpc.id, Name="doctor"),
                lambda: resolver.disassociate_resolver_rule(ResolverRuleId=rule, VPCId=patient.vpc.id)):
        found = patient.verdicts()
    assert found["resolver forwarding"]["verdict"] == "fail"
    assert f"{rule} forwards {DOMAIN} to 10.99.0.2" in found["resolver forwarding"]["evidence"]


def test_public_names_that_the_zone_hides_are_named(patient):
    public = patient.client.public_zone(DOMAIN)
    public.put("198.51.100.1", name=f"console.{DOMAIN}")
    with broken(patient, lambda: None, lambda: public.remove(name=f"console.{DOMAIN}")):
        found = patient.verdicts()
    assert found["public names"]["verdict"] == "warn"
    assert f"console.{DOMAIN} A" in found["public names"]["evidence"]
    patient.route53.delete_hosted_zone(Id=public.id)


@pytest.mark.parametrize("ranges, verdict", [([], "fail"), (["10.99.0.0/16"], "fail"), (["part"], "warn")])
def test_security_group_that_lets_in_nobody_fails_and_a_part_warns(patient, ranges, verdict):
    part = patient.range.replace("0.0/16", "0.0/24")
    with broken(patient, lambda: patient.let_in(*[part if one == "part" else one for one in ranges]),
                lambda: patient.let_in(patient.range)):
        found = patient.verdicts()
        assert patient.not_ok() == {"security group": verdict}
    assert f"--protocol tcp --port {PORT} --cidr {patient.range}" in found["security group"]["remedy"]


def test_port_that_is_named_is_the_one_that_is_looked_at(patient):
    assert patient.not_ok("--port", "4000") == {"security group": "fail", "listener": "fail"}


def test_service_in_other_zones_than_the_subnets_warns(patient):
    with broken(patient, lambda: patient.serve_in(0, 2), lambda: patient.serve_in(0, 1)):
        assert patient.not_ok() == {"availability zones": "warn"}


def test_load_balancer_that_does_not_listen_fails(patient):
    with broken(patient, lambda: patient.listen(None), lambda: patient.listen(PORT)):
        found = patient.not_ok()
    assert found["listener"] == "fail"
    assert found["security group"] == "unknown"


def test_load_balancer_without_targets_fails(patient):
    """The local AWS calls each registered target healthy, so that only their absence can be shown."""
    target = [{"Id": "10.251.0.10", "Port": PORT}]
    with broken(patient, lambda: patient.elb.deregister_targets(TargetGroupArn=patient.group, Targets=target),
                lambda: patient.elb.register_targets(TargetGroupArn=patient.group, Targets=target)):
        assert patient.not_ok()["targets"] == "fail"


def test_disabled_rules_of_the_provider_warn(patient):
    with quiet(patient), patient.provider.rules_disabled():
        found = patient.verdicts()
    assert found["event rules"]["verdict"] == "warn"
    assert "enable-rule" in found["event rules"]["remedy"]
    assert patient.not_ok() == {}


def test_disabled_rule_of_the_client_warns(patient):
    events, name = patient.local.client("events", patient.account), patient.provider.outputs["ClientRoleName"]
    with broken(patient, lambda: events.disable_rule(Name=name), lambda: events.enable_rule(Name=name)):
        assert patient.not_ok() == {"client event rule": "warn"}


def test_trail_that_does_not_log_warns(patient):
    with broken(patient, lambda: patient.cloudtrail.stop_logging(Name=TRAIL),
                lambda: patient.cloudtrail.start_logging(Name=TRAIL)):
        assert patient.not_ok() == {"CloudTrail trail": "warn"}


def test_account_that_is_not_allowed_any_more_warns(patient):
    with quiet(patient):
        patient.provider.allow(accounts.CLIENT_B)
        try:
            found = patient.verdicts()
        finally:
            patient.provider.allow(accounts.CLIENT_A, accounts.CLIENT_B)
    assert found["connection accepted"]["verdict"] == "warn"


def test_wrong_external_id_fails_and_hides_the_rest(patient):
    with quiet(patient):
        patient.provider.update(ExternalId="another-one")
        try:
            found = patient.verdicts()
        finally:
            patient.provider.update(ExternalId=EXTERNAL_ID)
    assert found["client account"]["verdict"] == "fail"
    assert found["enableDnsSupport"]["verdict"] == "unknown"
    assert found["targets"]["verdict"] == "ok"


def test_operator_without_the_role_is_told_so(patient):
    found = patient.verdicts(role=False)
    assert found["client account"]["verdict"] == "fail"
    assert "--role-arn" in found["client account"]["remedy"]


@pytest.mark.parametrize("service, action, name, statement", [
    ("ec2", "DescribeSecurityGroups", "security group", "ec2:DescribeSecurityGroups"),
    ("ec2", "DescribeSubnets", "availability zones", "ec2:DescribeSubnets"),
    ("cloudtrail", "DescribeTrails", "CloudTrail trail", "cloudtrail:DescribeTrails"),
    ("route53resolver", "ListResolverRuleAssociations", "resolver forwarding",
     "route53resolver:ListResolverRuleAssociations"),
    ("ec2", "DescribeDhcpOptions", "DHCP options", "ec2:DescribeDhcpOptions"),
    ("ec2", "DescribeNetworkAcls", "network ACL", "ec2:DescribeNetworkAcls"),
    ("route53resolver", "ListFirewallRuleGroupAssociations", "DNS Firewall",
     "route53resolver:ListFirewallRuleGroupAssociations"),
])
def test_read_that_is_refused_is_unknown_and_says_what_to_add(patient, service, action, name, statement):
    with patient.denied(service, action):
        said = patient.doctor()
        found = {one["check"]: one for one in said.json["endpoints"][0]["checks"] if one["verdict"] != "ok"}
    assert said.code == 0
    assert {check: one["verdict"] for check, one in found.items()} == {name: "unknown"}
    assert f'"Action": "{statement}"' in found[name]["remedy"]


def test_stranger_whose_endpoint_waits_is_told_why(patient):
    stranger = type(patient.client)(patient.local, accounts.CLIENT_C, patient.provider)
    vpc = stranger.vpc()
    endpoint = vpc.endpoint()
    patient.local.settled()
    found = patient.verdicts(subject=endpoint.id)
    assert found["endpoint state"]["verdict"] == "fail"
    assert found["connection accepted"]["verdict"] == "fail"
    assert "NotAllowed" in found["connection accepted"]["evidence"]
    assert found["hosted zone"]["verdict"] == "fail"
    said = patient.say(vpc.id)
    assert said.code == 3
    check("doctor_stranger", said)
    stranger.delete(endpoint, lingers=False)
    patient.local.settled()


def test_page_names_the_checks_as_the_code_does(patient):
    """docs/cannot-connect.md has a row for each check, in the order in which they are made."""
    made = [one["check"] for one in patient.doctor().json["endpoints"][0]["checks"]]
    written = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert written == made


def test_page_shows_what_doctor_says_of_a_healthy_client(patient):
    """But for ids, addresses and moments, the page's first output is that of the test above."""
    said = patient.say(patient.endpoint.id).out
    shown = PAGE.read_text().split("```text\n")[1].split("```")[0]
    words = [re.sub(r"[0-9a-f]{8,}|\d+|Z[0-9A-Z]{8,}", "#", text) for text in (said, shown)]
    lines = [[" ".join(line.split()) for line in text.splitlines() if line.strip()] for text in words]
    assert lines[0] == lines[1]


def test_page_has_the_hint_that_no_check_can_give(patient):
    hint = patient.doctor().json["hint"]
    assert "https://" in hint
    assert hint in " ".join(PAGE.read_text().split())
    assert NAME in PAGE.read_text()

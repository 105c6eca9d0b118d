"""What doctor advises, followed by the letter: the check turns ok, and nothing is held that was not before."""

import pytest

from local_aws import accounts
from remedies.rows import Shell, ways_of
from stage.client import DOMAIN, NAME

from .patient import PORT, TRAIL
from .test_doctor import patient, quiet  # noqa: F401

# How each row breaks the healthy client. Yields once it is broken, with the variables that the remedy leaves to the
# reader if there are any, and puts back what the remedy leaves.
ROWS = {}


def row(check):
    """Add a row: the check that fails, and how it comes to that."""
    def add(breaks):
        ROWS[breaks.__name__] = (check, breaks)
        return breaks
    return add


@row("enableDnsSupport")
def vpc_without_dns(patient):
    patient.attribute("EnableDnsSupport", False)
    yield


@row("enableDnsHostnames")
def vpc_without_host_names(patient):
    patient.attribute("EnableDnsHostnames", False)
    yield


@row("DHCP options")
def machines_that_ask_the_companys_name_server(patient):
    patient.asks("10.99.0.2")
    yield


@row("network ACL")
def network_acl_that_lets_nobody_in(patient):
    patient.denies(50, egress=False)
    yield
    patient.allows()


@row("network ACL")
def network_acl_that_lets_no_answer_out(patient):
    patient.denies(50, egress=True)
    yield
    patient.allows()


@row("DNS Firewall")
def domain_that_is_blocked(patient):
    ends = patient.filters(f"*.{DOMAIN}.")
    yield
    ends()


@row("silenced names")
def text_that_silences_the_name_above_it(patient):
    patient.zone.put('"token"', kind="TXT", name=f"_acme-challenge.in07.{DOMAIN}")
    yield


@row("silenced names")
def name_that_is_delegated(patient):
    patient.zone.put("ns.example.org.", kind="NS", name=f"in08.{DOMAIN}")
    yield


@row("hosted zone")
def zone_that_has_left_the_vpc(patient):
    other = patient.client.vpc()
    other.joins(patient.zone)
    patient.vpc.leaves(patient.zone)
    yield
    other.leaves(patient.zone)


@row("record")
def record_that_is_gone(patient):
    patient.zone.remove()
    yield


@row("addresses")
def record_that_was_edited(patient):
    patient.zone.put("10.99.9.9")
    yield


@row("TTL")
def ttl_that_was_edited(patient):
    patient.zone.put(*patient.zone.addresses(), ttl=900)
    yield


@row("names beside the record")
def zone_below_the_wildcard(patient):
    other = patient.client.vpc()
    below = other.zone(f"in04.{DOMAIN}")
    patient.vpc.joins(below)
    yield
    patient.route53.delete_hosted_zone(Id=below.id)


@row("endpoint private DNS")
def private_dns_of_another_endpoint(patient):
    service, service_name = patient.provider.make_service(acceptance_required=False)
    patient.provider.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, PrivateDnsName=f"in05.{DOMAIN}")
    other = patient.vpc.endpoint(service_name)
    patient.ec2.modify_vpc_endpoint(VpcEndpointId=other.id, PrivateDnsEnabled=True)
    yield
    patient.ec2.delete_vpc_endpoints(VpcEndpointIds=[other.id])


@row("security group")
def group_that_lets_in_nobody(patient):
    patient.let_in()
    yield


@row("availability zones")
def subnet_in_a_zone_without_the_service(patient):
    patient.serve_in(0, 2)
    yield {"SUBNET": patient.provider_subnets[1]}
    patient.serve_in(0, 1)


@row("listener")
def load_balancer_that_listens_nowhere(patient):
    patient.listen(None)
    yield {"PORT": str(PORT), "TARGET_GROUP": patient.group}


@row("targets")
def groups_without_a_target(patient):
    elb = patient.elb
    # Each group that was ever behind the load balancer, as the local AWS shows them.
    groups = [one["TargetGroupArn"] for one in elb.describe_target_groups(LoadBalancerArn=patient.balancer)["TargetGroups"]]
    were = {}
    for group in groups:
        health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        were[group] = [one["Target"] for one in health if one["TargetHealth"]["State"] == "healthy"]
        if were[group]:
            elb.deregister_targets(TargetGroupArn=group, Targets=were[group])
    yield {"TARGET": "10.251.0.10"}
    for group, targets in were.items():
        elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.251.0.10"}])
        if targets:
            elb.register_targets(TargetGroupArn=group, Targets=targets)


@row("resolver forwarding")
def rule_that_forwards_the_domain(patient):
    resolver = patient.local.client("route53resolver", patient.account)
    outbound = resolver.create_resolver_endpoint(
        CreatorRequestId="remedies", Name="remedies", Direction="OUTBOUND", SecurityGroupIds=[patient.security_group],
        IpAddresses=[{"SubnetId": subnet} for subnet in patient.vpc.subnets])["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="remedies", Name="remedies", RuleType="FORWARD", DomainName=DOMAIN,
        ResolverEndpointId=outbound, TargetIps=[{"Ip": "10.99.0.2", "Port": 53}])["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=patient.vpc.id, Name="remedies")
    yield


@row("event rules")
def rule_of_the_provider_that_is_disabled(patient):
    events, bus = patient.local.client("events", patient.provider.account), patient.provider.outputs["BusName"]
    for rule in events.list_rules(EventBusName=bus)["Rules"]:
        events.disable_rule(Name=rule["Name"], EventBusName=bus)
    yield
    for rule in events.list_rules(EventBusName=bus)["Rules"]:
        events.enable_rule(Name=rule["Name"], EventBusName=bus)


@row("client event rule")
def rule_of_the_client_that_is_disabled(patient):
    patient.local.client("events", patient.account).disable_rule(Name=patient.provider.outputs["ClientRoleName"])
    yield


@row("CloudTrail trail")
def trail_that_does_not_log(patient):
    patient.cloudtrail.stop_logging(Name=TRAIL)
    yield


@pytest.mark.parametrize("name", ROWS)
def test_what_doctor_advises_turns_the_check_ok(patient, name):  # noqa: F811
    check, breaks = ROWS[name]
    with quiet(patient):
        story = breaks(patient)
        given = next(story) or {}
        found = patient.verdicts()[check]
        # Rules of a bus are enabled one by one.
        for _ in range(5):
            assert found["verdict"] in ("fail", "warn"), found
            ways = ways_of(found["remedy"])
            # Of two ways one is enough: the second would take away what the first has served.
            for way in [way for way in ways if not way.says.startswith("or ")]:
                Shell(patient, **given).follow(way)
            found = patient.verdicts()[check]
            if found["verdict"] == "ok":
                break
        next(story, None)
    patient.local.settled()
    assert found["verdict"] == "ok", found
    assert patient.not_ok() == {}
    assert patient.provider.table.holds() == {}


def test_subnet_that_the_service_does_not_reach_can_be_taken_from_the_endpoint(patient):  # noqa: F811
    with quiet(patient):
        patient.serve_in(0, 2)
        [way] = [way for way in ways_of(patient.verdicts()["availability zones"]["remedy"]) if way.says.startswith("or ")]
        Shell(patient).follow(way)
        found = patient.verdicts()["availability zones"]
        patient.serve_in(0, 1)
    patient.ec2.modify_vpc_endpoint(VpcEndpointId=patient.endpoint.id, AddSubnetIds=[patient.vpc.subnets[1]])
    patient.local.settled()
    assert found["verdict"] == "ok", found
    assert patient.not_ok() == {}


def test_port_on_which_nothing_listens_is_led_to_what_answers_on_the_other(patient):  # noqa: F811
    asked = ("--port", "443")
    with quiet(patient):
        found = patient.verdicts(*asked)["listener"]
        [way] = ways_of(found["remedy"])
        assert "$" not in way.commands[0], way
        Shell(patient).follow(way)
        after = patient.verdicts(*asked)["listener"]
        patient.listen(PORT)
    assert (found["verdict"], after["verdict"]) == ("fail", "ok")


def test_vpc_without_a_zone_is_advised_one_of_its_own_and_no_strangers(patient):  # noqa: F811
    """The zone of another VPC could hold the name; to join it would answer that VPC's addresses."""
    vpc = patient.client.vpc()
    vpc.endpoint()
    patient.local.settled()
    assert {held: one["reason"] for held, one in patient.provider.table.holds().items()} == {f"{vpc.id}/{NAME}": "NoZone"}
    checks = patient.doctor(subject=vpc.id).json["endpoints"][0]["checks"]
    [found] = [one for one in checks if one["check"] == "hosted zone"]
    assert f"({patient.zone.id}) could, and serves other VPCs" in found["evidence"], found
    [way] = ways_of(found["remedy"])
    assert "associate" not in way.commands[0] and way.account == accounts.CLIENT_A, way
    Shell(patient).follow(way)
    patient.provider.sweep()
    assert patient.provider.table.holds() == {}

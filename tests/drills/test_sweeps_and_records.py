"""Alarms on what the functions tell of sweeps, holds and records."""

import datetime
import re

import yaml

from flow.test_bad_input import api_call
from local_aws import accounts
from stage.client import NAME, Client
from stage.local import wait_until


def test_sweep_missing(watch):
    """Somebody disables the schedule."""
    scheduler = watch.local.client("scheduler", watch.provider.account)
    watch.provider.update(SweepState="ENABLED")
    wait_until(lambda: watch.metric("SweepsCompleted", Stack="zonelink"))
    watch.local.settled()
    watch.pass_minutes(1)
    assert watch.state("SweepMissing") == "OK"
    watch.told()
    sweep = scheduler.get_schedule(Name=watch.provider.schedule)
    scheduler.update_schedule(State="DISABLED", **{field: sweep[field] for field in (
        "Name", "Description", "Target", "ScheduleExpression", "FlexibleTimeWindow")})
    watch.pass_minutes(50)
    assert watch.state("SweepMissing") == "OK"
    watch.pass_minutes(15)
    watch.fired("SweepMissing")
    assert "DISABLED" in watch.shell.follow("SweepMissing", "See")
    watch.shell.follow("SweepMissing", "Mend")
    mended = scheduler.get_schedule(Name=watch.provider.schedule)
    assert (mended["State"], mended["Target"]) == ("ENABLED", sweep["Target"])
    watch.pass_minutes(1)
    watch.over("SweepMissing")
    assert watch.shell.follow("SweepMissing", "Over").split()[-1] != "0.0"


def test_pending_age(watch):
    """A worker is interrupted between announcing and changing, and then may not look any more."""
    fleet, local = watch.fleet, watch.local
    fault = {"service": "route53", "account": fleet.a.account, "message": "no", "times": 10_000}
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        local.faults(fault | {"action": "ChangeResourceRecordSets", "code": "InternalFailure", "status": 500})
        fleet.provider.backfill()
        local.at_rest()
        local.faults(fault | {"action": "ListResourceRecordSets", "code": "AccessDenied", "status": 403})
        # As if half an hour had passed since.
        fleet.table.let_pending_changes_expire()
        fleet.provider.sweep()
        watch.pass_minutes(1)
        watch.fired("PendingAge")
        seen = watch.shell.follow("PendingAge", "See")
        assert f"{endpoint.id} {zone.id}/{NAME}" in seen and "route53:ListResourceRecordSets" in seen
        local.faults()
        watch.shell.follow("PendingAge", "Mend", ACCOUNT=fleet.a.account)
        local.settled()
        assert zone.addresses() == endpoint.addresses
        watch.shell.follow("PendingAge", "Over", ENDPOINT=endpoint.id)
        watch.pass_minutes(16)
        assert watch.state("PendingAge") == "ALARM"
        fleet.provider.sweep()
        watch.pass_minutes(1)
        watch.over("PendingAge")


def test_account_unreachable(watch):
    """A client has an endpoint, and no client stack."""
    fleet = watch.fleet
    # A function keeps a role's credentials for an hour, so it is an account of which it has none.
    client = Client(fleet.local, "700000000999", fleet.provider)
    fleet.provider.allow(client.account)
    vpc = client.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("AccountUnreachable")
    assert zone.record() is None
    seen = watch.shell.follow("AccountUnreachable", "See")
    assert "NoAccess" in seen and "sts:AssumeRole" in seen and client.account in seen
    command = watch.shell.follow("AccountUnreachable", "Mend", 0)
    watch.shell.run(command, AWS_ACCESS_KEY_ID=client.account, AWS_SECRET_ACCESS_KEY=accounts.SECRET)
    watch.shell.follow("AccountUnreachable", "Mend", 1, ACCOUNT=client.account)
    watch.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert "NoAccess" not in watch.shell.follow("AccountUnreachable", "Over")
    fleet.provider.sweep()
    assert watch.state("AccountUnreachable") == "ALARM"
    watch.pass_minutes(61)
    watch.over("AccountUnreachable")


def test_limit_reached_by_removals(watch):
    """More endpoints go at once than a sweep may follow."""
    fleet = watch.fleet
    vpcs = [fleet.a.vpc() for _ in range(2)]
    zones = [vpc.zone() for vpc in vpcs]
    endpoints = [vpc.endpoint() for vpc in vpcs]
    watch.local.settled()
    with fleet.provider.deaf(MaxDeletes="0"):
        fleet.a.delete(*endpoints)
        fleet.provider.sweep()
        fleet.provider.sweep()
        watch.pass_minutes(1)
        watch.fired("LimitReached")
        assert all(zone.record() for zone in zones)
        assert watch.shell.follow("LimitReached", "See").count("TooManyDeletes") >= 2
        watch.shell.follow("LimitReached", "Mend", 0, NUMBER="2")
        watch.local.settled()
        assert not any(zone.record() for zone in zones)
        assert "TooManyDeletes" not in watch.shell.follow("LimitReached", "Over")
        fleet.provider.sweep()
        watch.pass_minutes(61)
        watch.over("LimitReached")


def test_limit_reached_by_rejections(watch):
    """More strangers ask than one review may reject."""
    fleet = watch.fleet
    fleet.provider.update(Disallowed="reject", MaxRejects="0")
    endpoint = fleet.c.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("LimitReached")
    assert "TooManyRejects" in watch.shell.follow("LimitReached", "See")
    watch.shell.follow("LimitReached", "Mend", 1, NUMBER="1")
    watch.local.settled()
    assert endpoint.state == "rejected"
    fleet.provider.sweep()
    watch.pass_minutes(61)
    watch.over("LimitReached")


def test_definitions_refused(watch, tmp_path):
    """Somebody writes a definition into the table by hand, and gets it wrong."""
    fleet = watch.fleet
    service, _ = fleet.provider.make_service()
    fleet.table.define(service, names=["*.second.example.com"], allowed_principals=["*"])
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("DefinitionsRefused")
    seen = watch.shell.follow("DefinitionsRefused", "See")
    assert service in seen and "refused" in seen
    file = tmp_path / "second.yaml"
    file.write_text(yaml.safe_dump({"service": service, "names": ["*.second.example.com"],
                                    "allowed_principals": [fleet.a.account]}))
    watch.pass_minutes(10)
    assert watch.state("DefinitionsRefused") == "ALARM"
    watch.shell.follow("DefinitionsRefused", "Mend", FILE=str(file))
    watch.pass_minutes(5)
    watch.over("DefinitionsRefused")
    assert "refused" not in watch.shell.follow("DefinitionsRefused", "Over").split("\n\n")[0]


def test_holds_standing(watch):
    """A stranger asks to connect."""
    fleet = watch.fleet
    endpoint = fleet.c.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("HoldsStanding")
    seen = watch.shell.follow("HoldsStanding", "See")
    assert "NotAllowed" in seen and endpoint.id in seen
    watch.shell.follow("HoldsStanding", "Mend", SERVICE=fleet.provider.service, ENDPOINT=endpoint.id)
    assert endpoint.state == "rejected"
    watch.local.settled()
    watch.pass_minutes(6)
    watch.over("HoldsStanding")
    assert endpoint.id not in watch.shell.follow("HoldsStanding", "Over")


def test_events_missing(watch):
    """Somebody disables the rule of a client account."""
    fleet, events = watch.fleet, watch.local.client("events", watch.fleet.a.account)
    vpc = fleet.a.vpc(subnets=4)
    zone, endpoint = vpc.zone(), vpc.endpoint(SubnetIds=vpc.subnets[:1])
    watch.local.settled()
    [rule] = [rule["Name"] for rule in events.list_rules()["Rules"] if rule["Name"].startswith("zonelink")]
    events.disable_rule(Name=rule)
    try:
        for subnet in vpc.subnets[1:]:
            assert watch.state("EventsMissing") == "OK"
            endpoint.add_subnet(subnet)
            fleet.provider.sweep()
            watch.pass_minutes(60)
        assert zone.addresses() == endpoint.addresses and len(endpoint.addresses) == 4
        watch.fired("EventsMissing")
        seen = watch.shell.follow("EventsMissing", "See")
        [wanted] = set(re.findall(r"enable-rule .*--name (\S+)", seen))
        watch.shell.follow("EventsMissing", "Mend", profile="client-a", RULE=wanted)
    finally:
        events.enable_rule(Name=rule)
    endpoint.remove_subnet(vpc.subnets[0])
    watch.local.settled()
    assert zone.addresses() == endpoint.addresses and len(endpoint.addresses) == 3, "events arrive again"
    watch.shell.follow("EventsMissing", "Over")
    watch.pass_minutes(5 * 60)
    watch.over("EventsMissing")


def test_time_to_record(watch):
    """CloudTrail tells ten minutes late."""
    fleet = watch.fleet
    with fleet.provider.deaf():
        for _ in range(2):
            assert watch.state("TimeToRecord") == "OK"
            vpc = fleet.a.vpc()
            zone, endpoint = vpc.zone(), vpc.endpoint()
            fleet.provider.ec2.accept_vpc_endpoint_connections(
                ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
            then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10)
            fleet.local.deliver(api_call(
                fleet.a.account, "ModifyVpcEndpoint", eventTime=then.strftime("%Y-%m-%dT%H:%M:%SZ"),
                requestParameters={"ModifyVpcEndpointRequest": {"VpcEndpointId": endpoint.id}},
                responseElements={"ModifyVpcEndpointResponse": {"return": True}}))
            watch.local.settled()
            assert zone.addresses() == endpoint.addresses
            watch.pass_minutes(16)
    watch.fired("TimeToRecord")
    assert float(watch.shell.follow("TimeToRecord", "See").split()[1]) > 600_000
    watch.shell.follow("TimeToRecord", "Mend")
    watch.pass_minutes(45)
    watch.over("TimeToRecord")
    watch.shell.follow("TimeToRecord", "Over")


def test_route53_throttled(watch):
    """Somebody else uses up Route 53's requests of a client account for half an hour."""
    fleet = watch.fleet
    fault = {"service": "route53", "action": "ListHostedZonesByVPC", "account": fleet.a.account, "code": "Throttling",
             "message": "Rate exceeded", "times": 12}
    # A small bucket is full again soon.
    fleet.provider.update(Route53Burst="200")
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    watch.local.settled()
    for minutes in (15, 1):
        assert watch.state("Route53Throttled") == "OK"
        watch.local.faults(fault)
        fleet.provider.sweep()
        watch.local.settled(within=120)
        assert watch.local.remaining_faults() == []
        watch.pass_minutes(minutes)
    watch.fired("Route53Throttled")
    seen = watch.shell.follow("Route53Throttled", "See")
    assert "12.0" in seen
    told = [line for line in seen.splitlines() if "Route 53 throttles an account" in line]
    assert told and all(fleet.a.account in line for line in told)
    watch.pass_minutes(16)
    watch.over("Route53Throttled")
    watch.shell.follow("Route53Throttled", "Over")
    assert zone.addresses() == endpoint.addresses

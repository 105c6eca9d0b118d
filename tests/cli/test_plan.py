"""zonelink plan and zonelink apply: what is shown is done, or nothing is."""

import json

import pytest

from stage.client import NAME
from stage.provider import ORGANIZATION


@pytest.fixture
def waiting(zonelink):
    """An endpoint whose record nobody writes: available, accepted, and no function heard of it."""
    vpc = zonelink.a.vpc(subnets=2)
    zone = vpc.zone()
    with zonelink.provider.deaf():
        endpoint = vpc.endpoint()
        zonelink.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=zonelink.provider.service, VpcEndpointIds=[endpoint.id])
        zonelink.vpc, zonelink.zone, zonelink.endpoint = vpc, zone, endpoint
        yield zonelink


def operator(zonelink):
    """The role of operators, which client accounts trust."""
    return "--role-arn", zonelink.provider.outputs["OperatorRoleArn"]


def digest(said):
    """The digest at the end of a plan."""
    return said.json["digest"]


def plan(zonelink, *selection):
    """A plan as programs read it."""
    return zonelink.run("plan", *selection, "--output", "json", *operator(zonelink))


def apply(zonelink):
    """Do what is planned for the endpoint."""
    agreed = digest(plan(zonelink, zonelink.endpoint.id))
    return zonelink.run("apply", "--plan", agreed, zonelink.endpoint.id, *operator(zonelink))


def steps(said):
    """The kinds of steps of a plan, in order."""
    return [step["step"] for part in said.json["parts"] for group in part["groups"] for step in group["steps"]]


def test_plan_shows_the_exact_batch_and_writes_nothing(waiting):
    items = waiting.table.items()
    said = waiting.run("plan", waiting.endpoint.id, *operator(waiting))
    assert said.code == 3, said
    addresses = " ".join(sorted(waiting.endpoint.addresses))
    assert f"change {waiting.zone.id}/{NAME}: CREATE A TTL 60 {addresses}" in said.out
    assert "do it: zonelink apply --plan" in said.out
    assert waiting.table.items() == items, "planning writes nothing"
    assert waiting.zone.record() is None


def test_the_digest_is_the_same_as_long_as_nothing_moves(waiting):
    first = plan(waiting, waiting.endpoint.id)
    assert steps(first) == ["PutEndpoint", "PutEndpoint", "Reserve", "PutClaim", "ChangeRecords", "PutClaim"], first
    assert digest(plan(waiting, waiting.endpoint.id)) == digest(first)
    same = plan(waiting, waiting.vpc.id, "--account", waiting.a.account)
    assert digest(same) == digest(first), "the VPC is that of the endpoint"


def test_apply_does_what_the_plan_says_and_the_journal_names_the_caller(waiting):
    agreed = digest(plan(waiting, waiting.endpoint.id))
    said = waiting.run("apply", "--plan", agreed, waiting.endpoint.id, *operator(waiting))
    assert said.code == 0, said
    assert waiting.zone.addresses() == waiting.endpoint.addresses
    entry = waiting.table.journal(NAME)[-1]
    assert entry["cause"].startswith("applied by hand by arn:aws:"), entry
    again = waiting.run("plan", waiting.endpoint.id, *operator(waiting))
    assert again.code == 0, again
    assert "all is in sync" in again.out
    done = apply(waiting)
    assert (done.code, "nothing was to be done" in done.out) == (0, True), done


def test_a_change_by_hand_after_the_plan_is_refused_and_said(waiting):
    agreed = digest(plan(waiting, waiting.endpoint.id))
    waiting.zone.put("10.9.9.9", ttl=300)
    items = waiting.table.items()
    said = waiting.run("apply", "--plan", agreed, waiting.endpoint.id, *operator(waiting))
    assert said.code == 3, said
    subject = f"{waiting.vpc.id}/{waiting.zone.id}/{NAME}"
    assert f"changed: {subject}" in said.out, said
    assert "  was  change" in said.out and "  now  held: ForeignRecord" in said.out, said
    assert waiting.zone.addresses() == {"10.9.9.9"}
    assert waiting.table.items() == items, "nothing was done"


def test_a_plan_of_another_machine_is_compared_from_its_file(waiting, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(plan(waiting, waiting.endpoint.id).out)
    waiting.zone.put("10.9.9.9", ttl=300)
    said = waiting.run("apply", "--plan", str(file), waiting.endpoint.id, *operator(waiting), "--output", "json",
                       ZONELINK_PLANS=str(tmp_path / "empty"))
    assert said.code == 3, said
    assert said.json["moved"]["changed"] == [f"{waiting.vpc.id}/{waiting.zone.id}/{NAME}"]
    agreed = json.loads(file.read_text())["digest"]
    unknown = waiting.run("apply", "--plan", agreed, waiting.endpoint.id, *operator(waiting),
                          ZONELINK_PLANS=str(tmp_path / "empty"))
    assert unknown.code == 3 and "was not printed on this machine" in unknown.out, unknown


def test_a_file_that_was_edited_is_refused(waiting, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(plan(waiting, waiting.endpoint.id).out.replace('"CREATE"', '"DELETE"'))
    said = waiting.run("apply", "--plan", str(file), waiting.endpoint.id, *operator(waiting))
    assert said.code == 1 and "was edited" in said.err, said


def test_drift_is_planned_with_both_values(waiting):
    apply(waiting)
    waiting.zone.put("10.9.9.9", ttl=300)
    said = waiting.run("plan", waiting.vpc.id, *operator(waiting))
    assert "DELETE A TTL 300 10.9.9.9; CREATE A TTL 60" in said.out, said
    assert "because drift" in said.out, said


def test_all_has_the_acceptance_and_every_vpc(zonelink):
    with zonelink.provider.deaf():
        one, other = zonelink.a.vpc(), zonelink.b.vpc()
        zones = [one.zone(), other.zone()]
        endpoints = [one.endpoint(), other.endpoint()]
        stranger = zonelink.c.vpc().endpoint()
        zonelink.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=zonelink.provider.service, VpcEndpointIds=[endpoints[0].id])
        first = plan(zonelink, "--all")
        assert first.code == 3, first
        held = {subject: reason["reason"] for part in first.json["parts"]
                for subject, reason in part["holds"].items()}
        assert held == {f"{zonelink.provider.service}/{stranger.id}": "NotAllowed"}
        assert {"AcceptConnections", "ChangeRecords", "SendIntent"} <= set(steps(first)), first
        said = zonelink.run("apply", "--plan", digest(first), "--all", *operator(zonelink))
        assert said.code == 0, said
        assert zones[0].addresses() == endpoints[0].addresses
        assert zonelink.provider.connections()[endpoints[1].id] != "pendingAcceptance"
        zonelink.local.settled()
        assert zones[1].addresses() == endpoints[1].addresses, "the queue has followed what was accepted"
        assert zonelink.provider.connections()[stranger.id] == "pendingAcceptance"
    only = plan(zonelink, "--account", zonelink.b.account)
    assert {part["account"] for part in only.json["parts"]} == {None, zonelink.b.account}


@pytest.mark.parametrize("fault", [
    {"code": "UnauthorizedOperation", "message": "not authorized", "status": 403},
    {"code": "InternalError", "message": "An internal error has occurred", "status": 500},
])
def test_account_that_cannot_be_read_is_named_and_the_others_are_planned(zonelink, fault):
    with zonelink.provider.deaf():
        one, other = zonelink.a.vpc(), zonelink.b.vpc()
        zones = [one.zone(), other.zone()]
        endpoints = [one.endpoint(), other.endpoint()]
        zonelink.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=zonelink.provider.service, VpcEndpointIds=[endpoint.id for endpoint in endpoints])
        zonelink.local.faults({"service": "ec2", "action": "DescribeVpcEndpoints", "account": zonelink.b.account, "times": 50, **fault})
        said = plan(zonelink, "--all")
        assert said.code == 1, said
        (unread,) = said.json["unread"]
        assert (unread["about"], unread["account"]) == (f"account {zonelink.b.account}", zonelink.b.account)
        assert fault["code"] in unread["reason"] and unread["remedy"], unread
        assert f"not read: account {zonelink.b.account}: " in said.err and "remedy: " in said.err, said
        assert "ChangeRecords" in steps(said), "the other account is planned"
        done = zonelink.run("apply", "--plan", digest(said), "--all", *operator(zonelink))
        assert done.code == 1 and f"not read: account {zonelink.b.account}: " in done.err, done
        zonelink.local.faults()
        assert zones[0].addresses() == endpoints[0].addresses
        assert zones[1].record() is None
        alone = plan(zonelink, "--account", zonelink.b.account)
        assert (alone.code, alone.json["unread"]) == (3, []), alone


def test_plan_under_throttling_ends_within_the_time_that_it_names(waiting):
    waiting.local.faults({"service": "route53", "action": "ListHostedZonesByVPC", "account": waiting.a.account,
                          "code": "Throttling", "message": "Rate exceeded", "times": 1000})
    said = waiting.run("plan", waiting.endpoint.id, "--timeout", "1", *operator(waiting))
    waiting.local.faults()
    assert (said.code, said.out) == (1, ""), said
    assert f"account {waiting.a.account} has had no room for Route 53 requests for 1 s: 1 VPC not looked at" in said.err
    assert "--timeout" in said.err, said


def test_what_cannot_be_planned_gives_a_sentence_and_a_remedy(zonelink):
    nothing = zonelink.run("plan")
    assert nothing.code == 2 and "it is not said what is to be planned" in nothing.err, nothing
    unknown = zonelink.run("plan", "vpc-0123456789abcdef0")
    assert unknown.code == 1 and "nothing is known of vpc-0123456789abcdef0" in unknown.err, unknown
    assert "give the account with --account" in unknown.err
    wrong = zonelink.run("plan", "subnet-1")
    assert wrong.code == 2 and "vpc-… or vpce-…" in wrong.err, wrong
    digest_of_nothing = zonelink.run("apply", "--plan", "abc", "--all")
    assert digest_of_nothing.code == 2 and "sixteen letters" in digest_of_nothing.err, digest_of_nothing
    denied = zonelink.run("plan", "--all", profile="client-a")
    assert denied.code == 1 and "remedy:" in denied.err, denied


def test_an_account_that_only_the_caller_cannot_read_is_not_held(waiting):
    said = waiting.run("plan", waiting.endpoint.id, "--no-role")
    assert said.code == 1, said
    assert f"account {waiting.a.account} cannot be read with these credentials: sts:AssumeRole" in said.err
    assert "OperatorRole" in said.err


def test_operators_role_is_taken_on_without_being_asked_for(waiting):
    said = waiting.run("plan", waiting.endpoint.id)
    assert said.code in (0, 3) and said.err == "", said


def test_whom_the_operators_role_does_not_let_in_is_told_and_goes_on(waiting):
    waiting.local.faults({"service": "sts", "action": "AssumeRole", "code": "AccessDenied", "status": 403, "times": 1,
                          "message": "not authorized to perform: sts:AssumeRole"})
    said = waiting.run("status")
    assert said.code == 0 and "does not let in arn:aws:iam::111111111111:root; going on without it" in said.err, said


def test_an_operator_reads_the_organization_by_the_role_that_the_functions_use(zonelink, reader):
    with zonelink.provider.deaf(AllowedPrincipals=ORGANIZATION, OrganizationsRoleArn=reader):
        endpoint = zonelink.a.vpc().endpoint()
        zonelink.local.forget_calls()
        said = plan(zonelink, "--all")
    assert "AllowListUnreadable" not in said.out, said
    [accepted] = [step for part in said.json["parts"] for group in part["groups"] for step in group["steps"]
                  if step["step"] == "AcceptConnections"]
    assert endpoint.id in str(accepted)
    callers = {call["caller"] for call in zonelink.local.calls("AssumeRole")
               if call["parameters"]["RoleArn"] == reader}
    assert callers and all("OperatorRole" in caller for caller in callers), callers

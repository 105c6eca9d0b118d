"""zonelink zone: the zones that zonelink knows, and further VPCs that people bring into them."""

import pytest

from local_aws import accounts
from stage.client import DOMAIN

AUTHORIZE = "CreateVPCAssociationAuthorization"
ASSOCIATE = "AssociateVPCWithHostedZone"
REVOKE = "DeleteVPCAssociationAuthorization"
DISASSOCIATE = "DisassociateVPCFromHostedZone"
SHARING = (AUTHORIZE, ASSOCIATE, REVOKE, DISASSOCIATE)


@pytest.fixture
def served(zonelink):
    """A zone of a client in which zonelink keeps a record, and two VPCs that do not ask it."""
    zonelink.vpc = zonelink.a.vpc()
    zonelink.zone = zonelink.vpc.zone()
    zonelink.vpc.endpoint()
    zonelink.local.settled()
    zonelink.near, zonelink.far = zonelink.a.vpc(), zonelink.b.vpc()
    zonelink.local.forget_calls()
    return zonelink


def run(zonelink, *arguments):
    """The binary with the role of operators."""
    return zonelink.run("zone", *arguments, "--role-arn", zonelink.provider.outputs["OperatorRoleArn"])


def share(zonelink, vpc, *more):
    return run(zonelink, "share", zonelink.zone.id, "--with", f"{vpc.client.account}/{vpc.id}", "--yes", *more)


def unshare(zonelink, vpc):
    return run(zonelink, "unshare", zonelink.zone.id, "--with", f"{vpc.client.account}/{vpc.id}", "--yes")


def answers(zonelink):
    """The VPCs that the zone answers."""
    found = zonelink.zone.owner.route53.get_hosted_zone(Id=zonelink.zone.id)
    return {vpc["VPCId"] for vpc in found["VPCs"]}


def authorised(zonelink):
    found = zonelink.zone.owner.route53.list_vpc_association_authorizations(HostedZoneId=zonelink.zone.id)
    return {vpc["VPCId"] for vpc in found["VPCs"]}


def items(zonelink):
    return zonelink.table.items("zone-guests")


def called(zonelink):
    """The calls by which zones are shared and that took effect, in their order. The SDK may ask again."""
    return [call["action"] for call in zonelink.local.calls(None) if call["action"] in SHARING and not call["error"]]


def lost(action, applied):
    """No answer, as if whoever asks had crashed: before the call took effect, or after."""
    return {"service": "route53", "action": action, "code": "InternalFailure", "status": 500, "times": 10,
            "applied": applied}


def refused(action, code, status=400):
    return {"service": "route53", "action": action, "code": code, "status": status, "times": 10}


def test_vpc_of_the_zones_own_account_is_shared_by_one_call_and_taken_out_by_one(served):
    said = share(served, served.near)
    assert said.code == 0, said
    assert answers(served) == {served.vpc.id, served.near.id}
    [item] = items(served)
    assert (item["state"], item["vpc"]) == ("shared", served.near.id)
    assert share(served, served.near).code == 0
    assert called(served) == [ASSOCIATE], "what is shared needs nothing"
    said = unshare(served, served.near)
    assert said.code == 0, said
    assert answers(served) == {served.vpc.id}
    assert items(served) == []
    assert called(served) == [ASSOCIATE, DISASSOCIATE]


def test_vpc_of_a_second_account_is_added_and_taken_out_again(served):
    said = run(served, "share", served.vpc.id, "--with", f"{served.b.account}/{served.far.id}", "--yes", "-o", "json")
    assert said.code == 0, said
    assert said.json == {"zone": served.zone.id, "zone_account": served.a.account, "vpc": served.far.id,
                         "vpc_account": served.b.account, "state": "shared", "changed": True}
    assert answers(served) == {served.vpc.id, served.far.id}
    assert authorised(served) == set()
    assert called(served) == [AUTHORIZE, ASSOCIATE, REVOKE]
    said = unshare(served, served.far)
    assert said.code == 0, said
    assert answers(served) == {served.vpc.id}
    assert items(served) == []
    assert called(served) == [AUTHORIZE, ASSOCIATE, REVOKE, DISASSOCIATE]


@pytest.mark.parametrize("applied", [False, True], ids=["before it took effect", "after"])
@pytest.mark.parametrize(("action", "state"), [
    (AUTHORIZE, "authorizing"), (ASSOCIATE, "associating"), (REVOKE, "revoking")])
def test_crash_at_each_of_the_three_calls_is_gone_on_from(served, action, state, applied):
    served.local.faults(lost(action, applied))
    said = share(served, served.far)
    assert said.code == 1 and "goes on where this one stopped" in said.err, said
    [item] = items(served)
    assert item["state"] == state
    served.local.faults()
    said = share(served, served.far)
    assert said.code == 0, said
    assert answers(served) == {served.vpc.id, served.far.id}
    assert authorised(served) == set()
    assert [item["state"] for item in items(served)] == ["shared"]
    assert unshare(served, served.far).code == 0
    assert (answers(served), items(served)) == ({served.vpc.id}, [])


@pytest.mark.parametrize("applied", [False, True], ids=["before it took effect", "after"])
def test_crash_while_a_vpc_is_taken_out_is_gone_on_from(served, applied):
    assert share(served, served.far).code == 0
    served.local.faults(lost(DISASSOCIATE, applied))
    assert unshare(served, served.far).code == 1
    assert [item["state"] for item in items(served)] == ["removing"]
    served.local.faults()
    said = share(served, served.far)
    assert said.code == 1 and "begun to take it out" in said.err, said
    assert unshare(served, served.far).code == 0
    assert (answers(served), items(served)) == ({served.vpc.id}, [])


def test_foreign_association_is_never_removed(served):
    served.far.joins(served.zone)
    served.local.forget_calls()
    for verb in (share, unshare):
        said = verb(served, served.far)
        assert said.code == 1 and "zonelink did not associate it" in said.err and "remedy:" in said.err, said
    assert answers(served) == {served.vpc.id, served.far.id}
    assert (items(served), called(served)) == ([], [])


def test_association_that_somebody_made_while_ours_was_refused_stays(served):
    served.local.faults(refused(ASSOCIATE, "LimitsExceeded"))
    assert share(served, served.far).code == 1
    served.local.faults()
    served.far.joins(served.zone)
    said = unshare(served, served.far)
    assert said.code == 0 and "somebody else associated it" in said.out, said
    assert answers(served) == {served.vpc.id, served.far.id}
    assert (items(served), authorised(served)) == ([], set())


def test_zone_of_the_same_name_is_a_conflict_that_stands_until_it_is_shared(served):
    own = served.far.zone()
    said = share(served, served.far)
    assert said.code == 1 and "ZoneConflict" in said.err, said
    assert f"zone share {served.zone.id} --with {served.b.account}/{served.far.id}" in said.err, said
    listed = run(served, "list")
    assert listed.code == 3 and "ZoneConflict" in listed.out and "list-hosted-zones-by-vpc" in listed.out, listed
    served.b.route53.delete_hosted_zone(Id=own.id)
    assert share(served, served.far).code == 0
    assert (answers(served), authorised(served)) == ({served.vpc.id, served.far.id}, set())
    assert run(served, "list").code == 0


@pytest.mark.parametrize(("action", "code", "reason"), [
    (ASSOCIATE, "LimitsExceeded", "ZoneFull"),
    (AUTHORIZE, "TooManyVPCAssociationAuthorizations", "ZoneFull"),
    (AUTHORIZE, "AccessDenied", "NoAccess"),
    (ASSOCIATE, "AccessDenied", "NoAccess")])
def test_what_aws_refuses_is_said_with_what_ends_it(served, action, code, reason):
    served.local.faults(refused(action, code, 403 if code == "AccessDenied" else 400))
    said = share(served, served.far)
    assert said.code == 1 and reason in said.err and "remedy:" in said.err, said
    if reason == "NoAccess":
        account = served.a.account if action == AUTHORIZE else served.b.account
        assert "MayShareZones=true" in said.err and f"in account {account}" in said.err, said
    [item] = items(served)
    assert item["refused"]["reason"] == reason
    served.local.faults()
    assert share(served, served.far).code == 0
    assert (answers(served), authorised(served)) == ({served.vpc.id, served.far.id}, set())
    assert "refused" not in items(served)[0]


def test_last_vpc_of_a_zone_is_never_taken_out(served):
    assert share(served, served.near).code == 0
    served.vpc.leaves(served.zone)
    said = unshare(served, served.near)
    assert said.code == 1 and "last VPC" in said.err, said
    assert answers(served) == {served.near.id}


def test_vpc_that_somebody_took_out_is_said_and_forgotten_or_shared_again(served):
    assert share(served, served.far).code == 0
    served.far.leaves(served.zone)
    assert "somebody took it out" in run(served, "list").out
    assert share(served, served.far).code == 0
    assert answers(served) == {served.vpc.id, served.far.id}
    served.far.leaves(served.zone)
    said = unshare(served, served.far)
    assert said.code == 0 and "forgets it" in said.out, said
    assert items(served) == []


def test_what_is_not_known_is_not_shared_and_nobody_is_asked_where_nobody_can_answer(served):
    other = served.near.zone("other.example.com")
    to = f"{served.b.account}/{served.far.id}"
    said = run(served, "share", other.id, "--with", to, "--yes")
    assert said.code == 1 and "zonelink knows no zone" in said.err, said
    said = run(served, "share", "nonsense", "--with", to, "--yes")
    assert said.code == 2 and "neither a hosted zone nor a VPC" in said.err, said
    said = run(served, "share", served.zone.id, "--with", f"{served.provider.account}/{served.far.id}", "--yes")
    assert said.code == 1 and "the provider's own account" in said.err, said
    said = run(served, "share", served.zone.id, "--with", to)
    assert said.code == 2 and "Nobody can be asked" in said.err, said
    assert (items(served), called(served)) == ([], [])


def test_list_shows_whose_zones_they_are_and_what_they_cost(zonelink):
    zonelink.provider.update(Zones="create")
    vpc, far = zonelink.a.vpc(), zonelink.b.vpc()
    vpc.endpoint()
    zonelink.local.settled()
    empty = run(zonelink, "list", "-o", "json").json
    [made] = empty["zones"]
    assert (made["name"], made["account"], made["made"], made["vpcs"]) == (DOMAIN, zonelink.a.account, "made", [vpc.id])
    assert (made["cents_a_month"], empty["cents_a_month"]) == (50, 50)
    assert empty["prices"].startswith("https://aws.amazon.com/")
    to = f"{zonelink.b.account}/{far.id}"
    said = run(zonelink, "share", vpc.id, "--with", to, "--yes")
    assert said.code == 0, said
    said = run(zonelink, "list")
    assert said.code == 0 and "at most $0.50 a month" in said.out and "zonelink, made" in said.out, said
    [guest] = run(zonelink, "list", "-o", "json").json["zones"][0]["guests"]
    assert (guest["vpc"], guest["account"], guest["state"], guest["is_associated"]) == (
        far.id, accounts.CLIENT_B, "shared", True)
    assert guest["by"].startswith("arn:aws:sts:")
    zonelink.provider.sweep()
    assert len(items(zonelink)) == 1, "no function touches it"
    zonelink.local.faults({"service": "route53", "action": "GetHostedZone", "code": "AccessDenied", "status": 403,
                           "times": 10})
    said = run(zonelink, "list")
    assert said.code == 3 and "cannot be read" in said.out and "AccessDenied" in said.out, said


def test_without_anybody_sharing_there_is_not_one_call_and_not_one_item(served):
    served.provider.sweep()
    assert run(served, "list").out.startswith("ZONE"), "an empty list is one"
    assert (called(served), items(served)) == ([], [])
    assert served.local.calls("GetHostedZone") == []

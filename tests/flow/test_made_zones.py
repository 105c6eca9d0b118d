"""A client with a bare VPC makes one call, create-vpc-endpoint: the zone is made, and the record in it is right."""

import pytest

from local_aws import accounts
from stage.client import DOMAIN, NAME, Zone

CREATE = {"service": "route53", "action": "CreateHostedZone"}
DELETE = {"service": "route53", "action": "DeleteHostedZone"}


def zones(vpc):
    """The private hosted zones that answer a VPC."""
    found = vpc.client.route53.list_hosted_zones_by_vpc(VPCId=vpc.id, VPCRegion=accounts.REGION)
    return [Zone(vpc.client, one["HostedZoneId"]) for one in found["HostedZoneSummaries"]]


def described(zone):
    return zone.owner.route53.get_hosted_zone(Id=zone.id)


def claims(fleet):
    """The claims on zones."""
    return [item for item in fleet.table.items("vpc#") if item["sk"].startswith("zone-claim/")]


def created(fleet):
    return fleet.local.calls("CreateHostedZone")


def deleted(fleet):
    return fleet.local.calls("DeleteHostedZone")


def reasons(fleet):
    """Why something was done about the zone, as the journal has it."""
    return [entry["reason"] for entry in fleet.table.journal(DOMAIN)]


def codes(fleet):
    return [hold["reason"] for hold in fleet.table.holds().values()]


@pytest.fixture
def bare(fleet):
    """A VPC without any zone, where zones are made."""
    fleet.provider.update(Zones="create")
    fleet.vpc = fleet.a.vpc(subnets=2)
    fleet.local.forget_calls()
    return fleet


@pytest.fixture
def served(bare):
    """The same with an endpoint, all of it settled."""
    bare.endpoint = bare.vpc.endpoint()
    bare.local.settled()
    [bare.zone] = zones(bare.vpc)
    return bare


def test_one_call_of_the_client_brings_zone_and_record(served):
    about = described(served.zone)
    assert about["HostedZone"]["Name"] == f"{DOMAIN}."
    assert about["HostedZone"]["CallerReference"].startswith("zl-")
    assert about["HostedZone"]["Config"]["PrivateZone"] is True
    assert served.provider.account in about["HostedZone"]["Config"]["Comment"]
    assert about["VPCs"] == [{"VPCId": served.vpc.id, "VPCRegion": accounts.REGION}]
    assert served.zone.addresses() == served.endpoint.addresses
    assert served.table.holds() == {}
    [claim] = claims(served)
    assert (claim["state"], claim["zone"]) == ("made", served.zone.id)
    assert f"zone-claim/{served.vpc.id}/{DOMAIN}" in served.table.indexed()
    assert [item["zones"] for item in served.table.items("zones#")] == [1]


def test_made_zone_costs_a_look_no_call_more(served):
    before = served.table.items()
    served.local.forget_calls()
    served.provider.sweep()
    calls = [call["action"] for call in served.local.calls(None) if call["service"] == "route53"]
    assert sorted(calls) == ["ListHostedZonesByVPC", "ListResourceRecordSets"]
    assert served.table.items() == before


def test_zone_stays_when_its_endpoints_go_and_is_served_when_another_comes(served):
    served.endpoint.delete()
    served.local.settled()
    assert served.zone.record() is None
    assert [zone.id for zone in zones(served.vpc)] == [served.zone.id]
    assert claims(served) == []
    assert served.table.indexed() == {}
    assert [item["zones"] for item in served.table.items("zones#")] == [0]
    assert any("it stays" in entry["reason"] for entry in served.table.journal(DOMAIN))
    served.local.settings(accept_seconds=0.0)
    other = served.vpc.endpoint()
    served.local.settled()
    assert served.zone.addresses() == other.addresses
    assert len(created(served)) == 1, "it is the client's zone by now, and can hold the name"


def test_without_the_word_of_a_definition_not_one_call_and_not_one_item_is_made(fleet):
    vpc = fleet.a.vpc()
    vpc.endpoint()
    fleet.local.settled()
    assert codes(fleet) == ["NoZone"]
    assert (created(fleet), claims(fleet), fleet.table.items("zones#")) == ([], [], [])
    assert fleet.local.calls("GetHostedZone") == []


def test_account_that_does_not_permit_it_is_held_and_serves_the_zone_that_it_makes_itself(bare):
    bare.local.faults({**CREATE, "code": "AccessDenied", "status": 403, "times": 1000})
    endpoint = bare.vpc.endpoint()
    bare.local.settled()
    [(subject, hold)] = bare.table.holds().items()
    assert subject == f"{bare.vpc.id}/{NAME}"
    assert (hold["reason"], hold["operation"]) == ("NoAccess", "route53:CreateHostedZone")
    assert (zones(bare.vpc), claims(bare)) == ([], [])
    tried = len(created(bare))
    bare.provider.sweep()
    assert len(created(bare)) == tried, "it is not tried again at every look"
    bare.local.faults()
    zone = bare.vpc.zone()
    bare.provider.sweep()
    assert zone.addresses() == endpoint.addresses
    assert bare.table.holds() == {}


def test_zone_whose_answer_is_lost_is_made_once(bare):
    bare.local.faults({**CREATE, "code": "InternalFailure", "status": 500, "applied": True, "times": 1})
    endpoint = bare.vpc.endpoint()
    bare.local.settled()
    [zone] = zones(bare.vpc)
    assert zone.addresses() == endpoint.addresses
    assert [claim["zone"] for claim in claims(bare)] == [zone.id]
    assert len(created(bare)) == 1, "it is sent once"


def test_quota_of_the_account_is_held_until_there_is_room(bare):
    bare.local.faults({**CREATE, "code": "TooManyHostedZones", "status": 400, "times": 1000})
    endpoint = bare.vpc.endpoint()
    bare.local.settled()
    assert codes(bare) == ["ZoneQuota"]
    assert (claims(bare), [item["zones"] for item in bare.table.items("zones#")]) == ([], [0])
    bare.local.faults()
    bare.provider.sweep()
    [zone] = zones(bare.vpc)
    assert zone.addresses() == endpoint.addresses
    assert bare.table.holds() == {}


def test_no_more_zones_are_made_than_may_live_in_an_account(bare):
    bare.provider.update(Zones="create", MaxZones="1")
    other = bare.a.vpc()
    vpcs = [bare.vpc, other]
    for vpc in vpcs:
        vpc.endpoint()
    bare.local.settled()
    assert sorted(len(zones(vpc)) for vpc in vpcs) == [0, 1]
    assert codes(bare) == ["TooManyZones"]


def test_zone_that_somebody_deletes_is_made_once_more_and_then_left(served):
    def somebody_deletes_it():
        served.zone.remove()
        served.a.route53.delete_hosted_zone(Id=served.zone.id)
        served.provider.sweep()

    somebody_deletes_it()
    [served.zone] = zones(served.vpc)
    assert served.zone.addresses() == served.endpoint.addresses
    somebody_deletes_it()
    assert zones(served.vpc) == []
    assert codes(served) == ["ZoneTakenAway"]
    assert len(created(served)) == 2


def test_zone_from_which_somebody_takes_the_vpc_is_not_given_it_again(served):
    # Route 53 lets the last VPC of a zone not go.
    served.a.vpc(subnets=0).joins(served.zone)
    served.vpc.leaves(served.zone)
    served.provider.sweep()
    assert codes(served) == ["ZoneDisassociated"]
    assert (zones(served.vpc), len(created(served))) == ([], 1)
    served.vpc.joins(served.zone)
    served.provider.sweep()
    assert served.table.holds() == {}
    assert served.zone.addresses() == served.endpoint.addresses


@pytest.fixture
def passing(served):
    """The same, where a zone goes when nothing needs it any more."""
    served.provider.update(Zones="create", UnneededZones="delete")
    served.local.forget_calls()
    return served


def last_endpoint_goes(fleet):
    fleet.endpoint.delete()
    fleet.local.settled()


def is_left(fleet):
    """Whether the zone stands, without its record, and is the client's."""
    assert [zone.id for zone in zones(fleet.vpc)] == [fleet.zone.id]
    assert (fleet.zone.record(), claims(fleet), fleet.table.holds()) == (None, [], {})
    return True


def test_zone_goes_with_its_last_endpoint_and_another_comes_with_the_next(passing):
    last_endpoint_goes(passing)
    assert (zones(passing.vpc), claims(passing), passing.table.holds()) == ([], [], {})
    assert passing.table.indexed() == {}
    assert [item["zones"] for item in passing.table.items("zones#")] == [0]
    assert [call["parameters"]["Id"].split("/")[-1] for call in deleted(passing)] == [passing.zone.id]
    assert any("nothing else is in it: delete it" in reason for reason in reasons(passing))
    passing.local.settings(accept_seconds=0.0)
    other = passing.vpc.endpoint()
    passing.local.settled()
    [zone] = zones(passing.vpc)
    assert zone.id != passing.zone.id
    assert zone.addresses() == other.addresses


def test_zone_that_goes_is_deleted_in_a_session_that_reaches_no_other_zone(passing):
    last_endpoint_goes(passing)
    narrowed = [entry["session_policy"] for entry in passing.local.asked("moto")
                if entry["action"] == "route53:DeleteHostedZone"]
    assert narrowed and all('"Action":"route53:DeleteHostedZone"' in policy and "/Z" in policy for policy in narrowed)
    others = [entry for entry in passing.local.asked("moto")
              if entry["action"] != "route53:DeleteHostedZone" and "session_policy" in entry]
    assert others == [], "nothing else is done in such a session"


def test_zone_in_which_a_person_has_a_record_stays(passing):
    passing.zone.put("10.9.9.9", name=f"person.{DOMAIN}")
    last_endpoint_goes(passing)
    assert is_left(passing) and deleted(passing) == []
    assert any("it holds 3 record sets" in reason for reason in reasons(passing))


def test_zone_that_another_vpc_asks_stays(passing):
    passing.a.vpc(subnets=0).joins(passing.zone)
    last_endpoint_goes(passing)
    assert is_left(passing) and deleted(passing) == []
    assert any("and not" in reason and passing.vpc.id in reason for reason in reasons(passing))


def test_zone_that_the_account_does_not_let_be_deleted_is_left_and_the_grant_is_named(passing):
    passing.local.faults({**DELETE, "code": "AccessDenied", "status": 403, "times": 1000})
    last_endpoint_goes(passing)
    asked = len(deleted(passing))
    assert is_left(passing) and asked > 0
    assert any("MayDeleteZones=true" in reason for reason in reasons(passing))
    passing.provider.sweep()
    assert len(deleted(passing)) == asked, "what is left is not asked for again"


def test_zone_that_fills_between_the_look_and_the_call_stays(passing):
    passing.local.faults({**DELETE, "code": "HostedZoneNotEmpty", "status": 400, "times": 1000})
    last_endpoint_goes(passing)
    assert is_left(passing)
    assert any("HostedZoneNotEmpty" in reason for reason in reasons(passing))


def test_zone_whose_end_is_not_answered_is_gone_and_nobody_has_taken_it_away(passing):
    passing.local.faults({**DELETE, "code": "InternalFailure", "status": 500, "applied": True, "times": 1})
    last_endpoint_goes(passing)
    assert (zones(passing.vpc), claims(passing), passing.table.holds()) == ([], [], {})
    assert len(deleted(passing)) == 1, "it is sent once"


def test_zone_counts_as_a_removal_of_a_sweep(passing):
    parameters = {"Zones": "create", "UnneededZones": "delete"}
    with passing.provider.deaf(**parameters, MaxDeletes="1"):
        # What EC2 does not show counts as gone when it is known for ten minutes.
        known = passing.table.endpoint(passing.endpoint)
        passing.table.put({**known, "first_seen": "2026-01-01T00:00:00Z"})
        passing.endpoint.delete()
        passing.provider.sweep()
        assert [(subject, hold["reason"]) for subject, hold in passing.table.holds().items()] == [
            (f"{passing.vpc.id}/{DOMAIN}", "TooManyDeletes")]
        assert [zone.id for zone in zones(passing.vpc)] == [passing.zone.id]
        passing.provider.backfill(allow_deletes=5)
        passing.local.settled()
        assert (zones(passing.vpc), claims(passing), passing.table.holds()) == ([], [], {})

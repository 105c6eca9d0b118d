"""Explain: the claim, the endpoints, the rule that let them in, what is held, and the journal in order."""

import pytest

from stage.client import NAME

from .command import check


@pytest.fixture
def told(zonelink):
    """One VPC whose endpoint stands in two zones, with a foreign record in a third, which is asked."""
    vpc = zonelink.a.vpc()
    zonelink.zones = [vpc.zone("byoc.example.com"), vpc.zone("example.com"), vpc.zone()]
    zonelink.zones[2].put("192.0.2.1")
    # One event, so that one worker tells one story.
    with zonelink.provider.deaf():
        zonelink.endpoint = vpc.endpoint()
        zonelink.provider.sweep()
        zonelink.provider.sweep()
    zonelink.vpc = vpc
    return zonelink


def explained(zonelink, subject):
    return zonelink.run("explain", subject, "--output", "json").json["explanations"]


def test_record_says_who_claims_it_for_whom_and_since_when(told):
    said = told.run("explain", f"{told.zones[0].id}/{NAME}")
    assert said.code == 0
    check("explain_record", said)
    [explanation] = explained(told, f"{told.zones[0].id}/{NAME}")
    assert explanation["claim"]["service"] == told.provider.service
    [endpoint] = explanation["endpoints"]
    assert endpoint["vpc_endpoint"] == told.endpoint.id and endpoint["status"] == "held"
    assert endpoint["accepted"]["rule"] == told.a.account and endpoint["accepted"]["outcome"] == "done"
    moments = [entry["at"] for entry in explanation["journal"]]
    assert moments and moments == sorted(moments)


def test_name_is_explained_in_each_of_its_zones(told):
    found = {one["subject"]: one for one in explained(told, NAME)}
    assert set(found) == {f"{zone.id}/{NAME}" for zone in told.zones}
    foreign = found[f"{told.zones[2].id}/{NAME}"]
    assert foreign["claim"] is None
    assert [hold["reason"] for hold in foreign["holds"]] == ["ForeignRecord"]


def test_held_record_says_why_and_what_helps(told):
    said = told.run("explain", f"{told.zones[2].id}/{NAME}")
    assert said.code == 3
    check("explain_held", said)


def test_endpoint_says_which_rule_accepted_it_and_what_was_done_for_it(told):
    said = told.run("explain", told.endpoint.id)
    assert said.code == 3
    check("explain_endpoint", said)
    [explanation] = explained(told, told.endpoint.id)
    subjects = {entry["subject"].split("/", 1)[1] for entry in explanation["journal"]}
    assert {f"{zone.id}/{NAME}" for zone in told.zones} <= subjects, "of all three zones, the held one too"
    accepted = [entry for entry in explanation["journal"] if entry["subject"] == f"{told.provider.service}/"]
    assert len(accepted) == 1 and told.endpoint.id in accepted[0]["steps"][0]


def test_stranger_says_that_it_is_on_no_list(zonelink):
    # A sweep, so that the journal always tells the same cause.
    with zonelink.provider.deaf():
        endpoint = zonelink.c.vpc().endpoint()
        zonelink.provider.sweep()
    check("explain_stranger", zonelink.run("explain", endpoint.id))


def test_endpoint_that_somebody_accepted_by_hand_has_no_rule(zonelink):
    zonelink.provider.allow("connected")
    vpc = zonelink.c.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    zonelink.provider.ec2.accept_vpc_endpoint_connections(
        ServiceId=zonelink.provider.service, VpcEndpointIds=[endpoint.id])
    zonelink.local.settled()
    zonelink.provider.sweep()
    [explanation] = explained(zonelink, f"{zone.id}/{NAME}")
    assert explanation["endpoints"][0]["accepted"] is None
    assert "not in the journal" in zonelink.run("explain", endpoint.id).out


def test_record_that_is_gone_still_has_its_story(told):
    told.endpoint.delete()
    told.local.settled()
    [explanation] = explained(told, f"{told.zones[0].id}/{NAME}")
    assert explanation["claim"] is None
    assert any("DELETE A" in step for entry in explanation["journal"] for step in entry["steps"])


def test_name_that_no_zone_can_hold_is_explained_by_its_hold(zonelink):
    zonelink.b.vpc().endpoint()
    zonelink.local.settled()
    [explanation] = explained(zonelink, NAME)
    assert [hold["reason"] for hold in explanation["holds"]] == ["NoZone"]


def test_record_that_was_put_right_says_who_had_written_it(zonelink):
    vpc, ada = zonelink.a.vpc(), "arn:aws:iam::111122223333:user/ada"
    zone, other = vpc.zone(), vpc.zone("example.com")
    vpc.endpoint()
    zonelink.local.settled()
    edit = {"by": ada, "zone": zone.id, "names": [NAME]}
    for _ in range(5):
        zone.put("192.0.2.9")
        zonelink.provider.send({"intent": "reconcile", "account": zonelink.a.account, "vpcs": [vpc.id],
                            "cause": "ChangeResourceRecordSets event 1", "edit": edit})
        zonelink.local.settled()
    said = zonelink.run("explain", f"{zone.id}/{NAME}")
    assert said.code == 3
    assert said.out.count(f", after {ada} had written it") == 4, said
    assert said.out.count(f"; from ChangeResourceRecordSets event 1, by {ada}") == 5, "four repairs, and the hold"
    assert f"Contended: {ada} has written it again after 4 repairs" in said.out, said
    [explanation] = explained(zonelink, f"{zone.id}/{NAME}")
    assert [repair["by"] for repair in explanation["claim"]["repairs"]] == [ada] * 4
    elsewhere = zonelink.run("explain", f"{other.id}/{NAME}")
    assert ada not in elsewhere.out, "the call wrote no record of that zone"

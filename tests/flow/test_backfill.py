"""The manual backfill: what was there before, what would be done, and for whom."""

import pytest


@pytest.fixture
def unheard(fleet):
    """Endpoints of which no event ever told: an allowed account's two, another's one, a stranger's one."""
    with fleet.provider.deaf():
        fleet.zones, fleet.endpoints = {}, {}
        for name, client in (("a1", fleet.a), ("a2", fleet.a), ("b", fleet.b), ("c", fleet.c)):
            vpc = client.vpc(subnets=2)
            fleet.zones[name], fleet.endpoints[name] = vpc.zone(), vpc.endpoint()
        fleet.local.settled()
        assert fleet.table.items() == []
        fleet.local.forget_calls()
        yield fleet


def test_one_backfill_brings_in_all_that_was_there_before(unheard):
    summary = unheard.provider.backfill()
    unheard.local.settled()
    for name in ("a1", "a2", "b"):
        assert unheard.endpoints[name].state == "available"
        assert unheard.zones[name].addresses() == unheard.endpoints[name].addresses
    assert unheard.endpoints["c"].state == "pendingAcceptance"
    assert unheard.zones["c"].record() is None
    stranger = f"{unheard.provider.service}/{unheard.endpoints['c'].id}"
    [run] = unheard.table.runs()
    assert summary == {"dry_run": False, "run": run["sk"], "services": [{
        "service": unheard.provider.service, "connections": {"pendingAcceptance": 4},
        "accepted": 3, "endpoints": 3, "intents": 2,
        "held": [{"subject": stranger, "reason": "NotAllowed: no rule of the allow list matches account 044444444444",
                  "remedy": "add the account to the service's allowed principals, or reject the connection"}]}]}
    assert list(unheard.table.holds()) == [stranger]


def test_backfill_after_backfill_has_nothing_left_to_accept(unheard):
    unheard.provider.backfill()
    unheard.local.settled()
    service = unheard.provider.backfill()["services"][0]
    assert service["connections"] == {"available": 3, "pendingAcceptance": 1}
    assert (service["accepted"], service["endpoints"], service["intents"]) == (0, 3, 2)
    assert len(service["held"]) == 1


def test_dry_run_says_what_would_be_done_and_does_nothing(unheard):
    summary = unheard.provider.backfill(dry_run=True)
    assert unheard.local.at_rest() == 0
    assert summary["dry_run"] is True
    service = summary["services"][0]
    assert (service["accepted"], service["endpoints"], service["intents"]) == (3, 3, 2)
    assert [held["subject"] for held in service["held"]] == [
        f"{unheard.provider.service}/{unheard.endpoints['c'].id}"]
    assert "run" not in summary
    assert unheard.table.items() == unheard.table.items("run") == []
    changing = [call for name in ("AcceptVpcEndpointConnections", "RejectVpcEndpointConnections",
                                  "ChangeResourceRecordSets") for call in unheard.local.calls(name)]
    assert changing == []
    assert {endpoint.state for endpoint in unheard.endpoints.values()} == {"pendingAcceptance"}


def test_dry_run_in_a_running_system_changes_no_item(unheard):
    unheard.provider.backfill()
    unheard.local.settled()
    before = unheard.table.items()
    unheard.zones["b"].remove()
    unheard.local.forget_calls()
    unheard.provider.backfill(dry_run=True)
    assert unheard.local.at_rest() == 0
    assert unheard.table.items() == before
    assert unheard.local.calls("ChangeResourceRecordSets") == []


def test_accounts_filter_leaves_the_others_alone(unheard):
    summary = unheard.provider.backfill(accounts=[unheard.a.account])
    unheard.local.settled()
    service = summary["services"][0]
    assert (service["accepted"], service["endpoints"], service["intents"], service["held"]) == (2, 2, 1, [])
    assert unheard.endpoints["b"].state == "pendingAcceptance"
    assert unheard.zones["b"].record() is None
    assert unheard.zones["a1"].addresses() == unheard.endpoints["a1"].addresses
    assert unheard.table.holds() == {}


def test_accounts_filter_keeps_the_leading_zero(unheard):
    summary = unheard.provider.backfill(accounts=["044444444444"])
    assert [held["reason"] for held in summary["services"][0]["held"]] == [
        "NotAllowed: no rule of the allow list matches account 044444444444"]
    assert summary["services"][0]["accepted"] == 0


def test_services_filter_leaves_the_other_services_alone(unheard):
    other, other_name = unheard.provider.make_service()
    unheard.table.define(other, names=["*.second.example.com"], allowed_principals=[unheard.a.account])
    vpc = unheard.a.vpc()
    zone, endpoint = vpc.zone("example.com"), vpc.endpoint(other_name)
    summary = unheard.provider.backfill(services=[other])
    unheard.local.settled()
    assert [service["service"] for service in summary["services"]] == [other]
    assert zone.addresses(name="*.second.example.com") == endpoint.addresses
    assert unheard.endpoints["a1"].state == "pendingAcceptance"


@pytest.mark.parametrize("request_, words", [
    ({"service": []}, ["unknown field `service`", "services", "accounts", "dry_run"]),
    ({"accounts": ["42"]}, ['"42" is not an AWS account id', "12 digits"]),
    ({"services": ["com.amazonaws.vpce.x"]}, ["is not an endpoint service id", "vpce-svc-"]),
    ({"dry_run": "yes"}, ["dry_run", "boolean"]),
    ({"allow_deletes": -5}, ["-5", "allow_deletes"]),
    ({"requested_by": "me"}, ["unknown variant `me`", "schedule"]),
    ([], ["expected"]),
])
def test_request_that_cannot_be_read_is_refused_with_what_is_expected(fleet, request_, words):
    failure = fleet.provider.failure_of("BackfillFunction", request_)
    for word in words:
        assert word in failure


def test_service_that_is_not_defined_is_refused_with_those_that_are(fleet):
    failure = fleet.provider.failure_of("BackfillFunction", {"services": ["vpce-svc-0123456789abcdef0"]})
    assert "vpce-svc-0123456789abcdef0" in failure
    assert fleet.provider.service in failure

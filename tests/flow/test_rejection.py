"""Services that reject whom no rule matches: those who ask at once, those who are connected after the grace."""

import pytest

from stage.local import wait_until


def rejecting(fleet, *owners, **parameters):
    """The stack's own service rejects all but these."""
    fleet.provider.update(AllowedPrincipals=",".join(owners), Disallowed="reject", **parameters)


def reasons(fleet):
    """Why each service, allow list or connection is held, without the details."""
    return {subject: hold["reason"] for subject, hold in fleet.table.held_of_services().items()}


def test_stranger_is_rejected_and_the_allowed_are_not(fleet):
    rejecting(fleet, fleet.a.account)
    stranger, welcome = fleet.c.vpc().endpoint(), fleet.a.vpc().endpoint()
    fleet.local.settled()
    assert (stranger.state, welcome.state) == ("rejected", "available")
    assert fleet.table.held_of_services() == {}
    # The event and the notification lead to a review each, side by side; the one that comes second looks again.
    rejections = len(fleet.local.calls("RejectVpcEndpointConnections"))
    assert rejections >= 1
    entry, *_ = [entry for entry in fleet.table.journal(fleet.provider.service) if "reject" in entry["steps"][0]]
    assert entry["reason"] == "no rule of the allow list matches their owners (disallowed: reject)"
    assert f"{stranger.id} of 044444444444 (no rule matches)" in entry["steps"][0]
    assert fleet.provider.dead_letters() == []

    fleet.provider.sweep()
    assert len(fleet.local.calls("RejectVpcEndpointConnections")) == rejections, "what is rejected is left in peace"


def test_stranger_who_was_held_is_rejected_once_the_definition_says_so(fleet):
    endpoint = fleet.c.vpc().endpoint()
    fleet.local.settled()
    assert list(reasons(fleet).values()) == ["NotAllowed"]
    rejecting(fleet, fleet.a.account)
    assert fleet.provider.backfill(dry_run=True)["services"][0]["rejected"] == 1
    assert endpoint.state == "pendingAcceptance"
    assert fleet.provider.backfill()["services"][0]["rejected"] == 1
    assert endpoint.state == "rejected"
    assert fleet.table.held_of_services() == {}


def test_connected_account_that_is_allowed_no_more_is_rejected_and_its_record_goes(fleet):
    vpcs = [client.vpc() for client in (fleet.a, fleet.b)]
    zones, endpoints = [vpc.zone() for vpc in vpcs], [vpc.endpoint() for vpc in vpcs]
    fleet.local.settled()
    assert zones[0].addresses() == endpoints[0].addresses
    rejecting(fleet, fleet.b.account, RevocationGrace="0")
    fleet.provider.sweep()
    assert [endpoint.state for endpoint in endpoints] == ["rejected", "available"]
    assert zones[0].record() is None
    assert zones[1].addresses() == endpoints[1].addresses
    assert fleet.table.held_of_services() == {}
    reason = fleet.table.journal(fleet.provider.service)[-1]["reason"]
    assert reason == "no rule has matched their owners for 0 s or longer (disallowed: reject)"


def test_grace_keeps_a_connected_account_and_the_hold_says_since_when(fleet):
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    fleet.local.settled()
    rejecting(fleet, fleet.b.account, RevocationGrace="3600")
    fleet.provider.sweep()
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses
    subject = f"{fleet.provider.service}/{endpoint.id}"
    hold = fleet.table.held_of_services()[subject]
    assert (hold["reason"], hold["owner"]) == ("Revoked", fleet.a.account) and hold["since"]
    assert fleet.local.calls("RejectVpcEndpointConnections") == []

    # An hour passes.
    [item] = [item for item in fleet.table.items("hold") if item["sk"] == subject]
    fleet.table.put({**item, "reason": {**hold, "since": "2026-01-01T00:00:00Z"}})
    fleet.provider.sweep()
    assert endpoint.state == "rejected"
    assert zone.record() is None
    assert fleet.table.held_of_services() == {}


def test_account_that_is_allowed_again_within_the_grace_loses_nothing(fleet):
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    rejecting(fleet, fleet.b.account)
    fleet.provider.sweep()
    assert list(reasons(fleet).values()) == ["Revoked"]
    rejecting(fleet, fleet.a.account, RevocationGrace="0")
    fleet.provider.sweep()
    assert (endpoint.state, fleet.table.held_of_services()) == ("available", {})


def test_empty_list_rejects_nobody(fleet):
    connected, asking = fleet.a.vpc().endpoint(), fleet.c.vpc().endpoint()
    fleet.local.settled()
    rejecting(fleet, RevocationGrace="0")
    fleet.provider.sweep()
    assert (connected.state, asking.state) == ("available", "pendingAcceptance")
    service = fleet.provider.service
    assert reasons(fleet) == {f"{service}/allowed_principals": "AllowListEmpty",
                              f"{service}/{connected.id}": "Revoked", f"{service}/{asking.id}": "NotAllowed"}
    assert fleet.local.calls("RejectVpcEndpointConnections") == []


def test_more_rejections_than_a_review_may_make_wait_for_a_person(fleet):
    endpoints = [fleet.a.vpc().endpoint(), fleet.b.vpc().endpoint(), fleet.c.vpc().endpoint()]
    fleet.local.settled()
    # Somebody puts a wrong account on the list, and takes all others off.
    rejecting(fleet, "999999999999", RevocationGrace="0", MaxRejects="2")
    [service] = fleet.provider.backfill()["services"]
    assert "rejected" not in service
    assert [endpoint.state for endpoint in endpoints] == ["available", "available", "pendingAcceptance"]
    [told] = [one for one in service["held"] if one["subject"] == f"{fleet.provider.service}/"]
    assert told["reason"] == "TooManyRejects: 3 connections would be rejected, and 2 may be at once"
    assert "--allow-rejects" in told["remedy"]
    # Neither an event's review, which sees one of them only, nor a sweep of one account goes round it.
    fleet.provider.notify("Connect", endpoints[2])
    fleet.provider.backfill(accounts=[fleet.c.account])
    fleet.local.settled()
    assert fleet.local.calls("RejectVpcEndpointConnections") == []

    assert fleet.provider.backfill(allow_rejects=3)["services"][0]["rejected"] == 3
    fleet.local.settled()
    assert {endpoint.state for endpoint in endpoints} == {"rejected"}
    assert fleet.table.held_of_services() == {}
    assert fleet.provider.dead_letters() == []


def test_rejection_that_stays_unsuccessful_is_named_in_backfills_answer(fleet):
    with fleet.provider.deaf(Disallowed="reject"):
        endpoint = fleet.c.vpc().endpoint()
        fleet.local.faults({"service": "ec2", "action": "RejectVpcEndpointConnections", "times": 2,
                            "code": "OperationNotPermitted", "message": "not today"})
        failure = fleet.provider.failure_of("BackfillFunction", {})
        assert "ec2:RejectVpcEndpointConnections" in failure and "OperationNotPermitted" in failure
        assert endpoint.state == "pendingAcceptance"
        fleet.provider.sweep()
        assert endpoint.state == "rejected"


def test_connection_that_goes_before_it_is_rejected_is_no_failure(fleet):
    with fleet.provider.deaf(Disallowed="reject"):
        gone, there = fleet.c.vpc().endpoint(), fleet.c.vpc().endpoint()
        fleet.local.faults({"service": "ec2", "action": "RejectVpcEndpointConnections", "delay_seconds": 0.7})
        fleet.local.fire_schedule(fleet.provider.account, fleet.provider.schedule)
        wait_until(lambda: not fleet.local.remaining_faults())
        gone.delete(lingers=False)
        fleet.local.settled()
        assert there.state == "rejected"
        outcomes = [entry["outcome"] for entry in fleet.table.journal(fleet.provider.service)]
        assert "InvalidVpcEndpointId.NotFound" in outcomes[0], outcomes
        assert fleet.provider.dead_letters() == []


@pytest.mark.parametrize("request_", [{"allow_rejects": -1}, {"allow_rejects": "all"}], ids=str)
def test_number_that_is_none_is_refused_with_its_name(fleet, request_):
    failure = fleet.provider.failure_of("BackfillFunction", request_)
    assert "allow_rejects" in failure

"""Who is let in, who is not, and what becomes of those who were refused."""

from stage.local import wait_until


def test_stranger_stays_pending_and_is_held_as_not_allowed(fleet):
    vpc = fleet.c.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert endpoint.state == "pendingAcceptance"
    assert zone.record() is None
    assert fleet.table.holds() == {
        f"{fleet.provider.service}/{endpoint.id}": {"reason": "NotAllowed", "owner": "044444444444"}}
    assert fleet.local.calls("AcceptVpcEndpointConnections") == []
    assert fleet.local.calls("RejectVpcEndpointConnections") == []


def test_refusal_is_journalled_once_however_often_it_is_met(fleet):
    vpc = fleet.c.vpc()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    before = fleet.table.items()
    for _ in range(3):
        fleet.provider.notify("Connect", endpoint)
        fleet.provider.sweep()
    other = fleet.a.vpc().endpoint()
    fleet.local.settled()

    entries = fleet.table.journal(endpoint.id)
    assert [(entry["reason"], entry["outcome"]) for entry in entries] == [
        ("held: NotAllowed: no rule of the allow list matches account 044444444444", "done")]
    after = fleet.table.items()
    assert [item for item in before if endpoint.id in str(item)] == [
        item for item in after if endpoint.id in str(item) and other.id not in str(item)]


def test_stranger_who_is_allowed_later_is_let_in_by_the_next_backfill(fleet):
    vpc = fleet.c.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert endpoint.state == "pendingAcceptance"

    # The account's leading zero travels through parameters, events, roles and records.
    fleet.provider.allow("222222222222", "044444444444")
    summary = fleet.provider.backfill()
    fleet.local.settled()
    assert summary["services"][0]["accepted"] == 1
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses
    assert fleet.table.holds() == {}
    assert [entry["reason"] for entry in fleet.table.journal(endpoint.id)][-1] == (
        "no longer held: NotAllowed: no rule of the allow list matches account 044444444444")
    assert {item["account"] for item in fleet.table.claims()[zone.id]["contributions"].values()} == {
        "044444444444"}


def test_account_with_leading_zero_is_served_by_its_events_alone(fleet):
    fleet.provider.allow("arn:aws:iam::044444444444:root")
    vpc = fleet.c.vpc(subnets=2)
    zone = vpc.zone()
    endpoint = vpc.endpoint(SubnetIds=vpc.subnets[:1])
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    endpoint.add_subnet(vpc.subnets[1])
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert len(zone.addresses()) == 2


def test_nobody_is_let_in_by_an_empty_list(fleet):
    fleet.provider.allow("")
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    assert endpoint.state == "pendingAcceptance"
    assert list(fleet.table.holds().values()) == [{"reason": "NotAllowed", "owner": fleet.a.account}]


def test_account_that_is_no_longer_allowed_is_held_and_not_cut_off(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    fleet.provider.allow(fleet.b.account)
    fleet.provider.sweep()
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses
    [(subject, hold)] = fleet.table.holds().items()
    assert subject == f"{fleet.provider.service}/{endpoint.id}"
    assert (hold["reason"], hold["owner"]) == ("Revoked", fleet.a.account)
    fleet.provider.sweep()
    assert fleet.table.holds() == {subject: hold}, "with the moment since when it is so"
    fleet.provider.allow(fleet.a.account)
    fleet.provider.sweep()
    assert fleet.table.holds() == {}


def test_hold_goes_with_the_strangers_endpoint(fleet):
    endpoint = fleet.c.vpc().endpoint()
    fleet.local.settled()
    assert fleet.table.holds()
    endpoint.delete(lingers=False)
    fleet.provider.sweep()
    assert fleet.table.holds() == {}


def test_notification_alone_leads_to_acceptance_and_record(fleet):
    with fleet.local.set(cloudtrail=False):
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        fleet.local.settled()
        assert endpoint.state == "available"
        assert zone.addresses() == endpoint.addresses


def test_event_alone_leads_to_acceptance_and_record(fleet):
    fleet.provider.update(ConnectionNotifications="false")
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses


def test_connection_accepted_by_hand_gets_its_record_where_all_connected_may(fleet):
    fleet.provider.allow("connected")
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    fleet.provider.ec2.accept_vpc_endpoint_connections(
        ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses


def test_connection_that_somebody_else_accepts_first_is_no_failure(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        endpoint = vpc.endpoint()
        # Held back between reading the connections and accepting them.
        fleet.local.faults({"service": "ec2", "action": "AcceptVpcEndpointConnections", "delay_seconds": 0.7})
        fleet.local.fire_schedule(fleet.provider.account, fleet.provider.schedule)
        wait_until(lambda: not fleet.local.remaining_faults())
        fleet.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
        fleet.local.settled()
        outcomes = [entry["outcome"] for entry in fleet.table.journal(fleet.provider.service)]
        assert len(outcomes) == 1 and "InvalidState" in outcomes[0], outcomes
        assert zone.addresses() == endpoint.addresses
        assert fleet.provider.dead_letters() == []


def test_connection_that_goes_before_it_is_accepted_is_no_failure(fleet):
    with fleet.provider.deaf():
        endpoint = fleet.a.vpc().endpoint()
        neighbour = fleet.b.vpc().endpoint()
        fleet.local.faults({"service": "ec2", "action": "AcceptVpcEndpointConnections", "delay_seconds": 0.7})
        fleet.local.fire_schedule(fleet.provider.account, fleet.provider.schedule)
        wait_until(lambda: not fleet.local.remaining_faults())
        endpoint.delete(lingers=False)
        fleet.local.settled()
        assert neighbour.state == "available"
        outcomes = [entry["outcome"] for entry in fleet.table.journal(fleet.provider.service)]
        assert "InvalidVpcEndpointId.NotFound" in outcomes[0], outcomes
        assert fleet.provider.dead_letters() == []


def test_acceptance_that_stays_unsuccessful_is_named_in_backfills_answer(fleet):
    with fleet.provider.deaf():
        endpoint = fleet.a.vpc().endpoint()
        fleet.local.faults({"service": "ec2", "action": "AcceptVpcEndpointConnections", "times": 2,
                            "code": "OperationNotPermitted", "message": "not today"})
        failure = fleet.provider.failure_of("BackfillFunction", {})
        assert "ec2:AcceptVpcEndpointConnections" in failure
        assert "OperationNotPermitted" in failure
        fleet.local.settled()
        assert endpoint.state == "pendingAcceptance"
        fleet.provider.sweep()
        assert endpoint.state == "available"

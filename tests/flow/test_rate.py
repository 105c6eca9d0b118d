"""How many Route 53 requests things cost, and how zonelink keeps to its share of an account's."""

import time
from collections import Counter

from stage.local import wait_until

READS = ("ListHostedZonesByVPC", "ListResourceRecordSets")
CHANGE = "ChangeResourceRecordSets"


def route53_calls(fleet):
    """Route 53 calls in client-a's account, by action."""
    calls = [call["action"] for call in fleet.local.calls(None, fleet.a.account) if call["service"] == "route53"]
    return {action: calls.count(action) for action in sorted(set(calls))}


def test_new_endpoint_costs_three_requests_and_one_in_sync_two_and_no_write(fleet):
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        vpc.endpoint()
        fleet.local.forget_calls()
        fleet.provider.sweep()
        new = route53_calls(fleet)
        assert zone.addresses()
        before = fleet.table.items()
        fleet.local.forget_calls()
        fleet.provider.sweep()
        in_sync = route53_calls(fleet)
        assert fleet.table.items() == before
    print(f"new endpoint: {new}; in sync: {in_sync}")
    assert new == {CHANGE: 1, **dict.fromkeys(READS, 1)}
    assert in_sync == dict.fromkeys(READS, 1)


def test_change_waits_for_room_and_is_made_when_there_is_some(fleet):
    fleet.provider.update(Route53RequestsPerSecond="2", Route53Burst="4")
    vpcs = [fleet.a.vpc() for _ in range(3)]
    zones = [vpc.zone() for vpc in vpcs]
    endpoints = [vpc.endpoint() for vpc in vpcs]
    wait_until(lambda: [zone.addresses() for zone in zones] == [e.addresses for e in endpoints], within=40)
    fleet.local.settled()
    assert fleet.provider.dead_letters() == []
    assert fleet.table.holds() == {}


def test_vpc_with_many_zones_finds_room_beside_its_own_first_share(fleet):
    # Three of six requests for its first zone, and six more when the other three are known.
    fleet.provider.update(Route53RequestsPerSecond="4", Route53Burst="8")
    vpc = fleet.a.vpc()
    zones = [vpc.zone(name) for name in ("aws-us-west-2.byoc.example.com", "byoc.example.com", "example.com", "com")]
    endpoint = vpc.endpoint()
    wait_until(lambda: [zone.addresses() for zone in zones] == [endpoint.addresses] * 4, within=40)
    fleet.local.settled()
    assert fleet.provider.dead_letters() == []


def test_throttled_read_and_throttled_change_come_back_by_themselves(fleet):
    throttled = {"service": "route53", "code": "Throttling", "message": "Rate exceeded", "times": 1}
    for action in (*READS, CHANGE):
        vpc = fleet.a.vpc()
        zone = vpc.zone()
        fleet.local.faults({**throttled, "action": action})
        fleet.local.forget_calls()
        endpoint = vpc.endpoint()
        wait_until(lambda: fleet.local.remaining_faults() == [])
        fleet.table.let_pending_changes_expire()
        fleet.local.settled()
        assert zone.addresses() == endpoint.addresses
        refused = [call for call in fleet.local.calls(action, fleet.a.account) if call["error"] == "Throttling"]
        assert len(refused) == 1, "the SDK does not insist"
        assert fleet.provider.dead_letters() == []


def test_two_hundred_endpoints_of_one_account_keep_to_its_quota(fleet):
    # An account with five times Route 53's quota: a fifth of the time that the usual one would take.
    per_second, burst = 25, 125
    with fleet.provider.deaf(Route53RequestsPerSecond=str(per_second), Route53Burst=str(burst)):
        vpcs = [fleet.a.vpc() for _ in range(200)]
        zones = [vpc.zone() for vpc in vpcs]
        endpoints = [vpc.endpoint() for vpc in vpcs]
        late = fleet.a.vpc()
        late_zone = late.zone()
    fleet.local.settled()
    fleet.local.forget_calls()
    fleet.local.settings(route53_per_second=2.0 * per_second, route53_burst=2.0 * burst)

    began = time.monotonic()
    fleet.provider.backfill()
    wait_until(lambda: _changes(fleet) > 60, within=60)
    joined = time.monotonic()
    late_endpoint = late.endpoint()
    wait_until(lambda: late.id in _changed(fleet, late_zone, late), within=20)
    joining = time.monotonic() - joined
    wait_until(lambda: _changes(fleet) >= 201, within=180)
    took = time.monotonic() - began

    calls = [call for call in fleet.local.calls(None, fleet.a.account) if call["service"] == "route53"]
    throttled = [call for call in calls if call["error"] == "Throttling"]
    fleet.local.settings(route53_per_second=0.0)
    fleet.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    assert late_zone.addresses() == late_endpoint.addresses
    allowed = (len(calls) - burst) / per_second
    print(route53_calls(fleet))
    print(f"{len(calls)} requests in {took:.1f} s; the bucket allows them in {allowed:.1f} s: {took / allowed:.2f}; "
          f"{len(throttled)} throttled; the one that joined waited {joining:.1f} s")
    # One list, one read and one change each: nobody finds room for the reads and none for the change.
    late_calls = [call for call in calls if late.id in str(call["parameters"]) or late_zone.id in str(call["parameters"])]
    others = Counter(call["action"] for call in calls if call not in late_calls)
    assert others == {CHANGE: 200, **dict.fromkeys(READS, 200)}
    # The one that joined is looked at for its event and for its acceptance. Where both find it at once, one loses the
    # race: it reads the record once more, or looks again.
    assert len(late_calls) <= 4 * 3
    assert len(throttled) <= len(calls) // 100
    assert fleet.provider.dead_letters() == []


def _changes(fleet):
    return len([call for call in fleet.local.calls(CHANGE, fleet.a.account) if not call["error"]])


def _changed(fleet, zone, vpc):
    done = {call["parameters"].get("Id") or call["parameters"].get("HostedZoneId")
            for call in fleet.local.calls(CHANGE, fleet.a.account) if not call["error"]}
    return {vpc.id} if any(zone.id in str(one) for one in done) else set()

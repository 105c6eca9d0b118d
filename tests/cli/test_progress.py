"""How far a large run is, as a person sees it who waits for it."""

import re
import statistics
import time

ENDPOINTS = 1_000
_SHOWN = re.compile(r"(\d+) of 1000 VPCs done, ([\d.]+) a second, about (\d+) (s|min) left")


def test_bar_moves_and_its_estimate_is_sane_at_a_thousand_endpoints(zonelink):
    local = zonelink.local
    # All in one account, where Route 53 sets the pace as ever: only twenty times as fast.
    with zonelink.provider.deaf(Route53RequestsPerSecond="100", Route53Burst="500"):
        local.many_vpcs({
            "account": zonelink.a.account, "region": local.running["region"], "service": zonelink.provider.service,
            "vpcs": ENDPOINTS, "zones": ["aws-us-west-2.byoc.example.com"], "available": True})
        role = zonelink.provider.outputs["OperatorRoleArn"]
        lines = list(zonelink.run.told("backfill", "--wait", "--role-arn", role))
        ended = time.monotonic()
        local.settled()
    shown = [(moment, found) for moment, line in lines if (found := _SHOWN.search(line))]
    done = [int(found[1]) for _, found in shown]
    assert len(set(done)) >= 3 and done == sorted(done), lines
    # Each estimate is what is left at the rate so far. Minutes and seconds are whole, rates have one digit.
    for _, found in shown:
        rate, left = float(found[2]), _seconds(found)
        rounded = 60 if found[4] == "min" else 1
        assert (left - rounded) * (rate - 0.05) <= ENDPOINTS - int(found[1]) <= (left + rounded) * (rate + 0.05), lines
    # Once a tenth is done there is something to go by; and what is nearly over may end at any moment. The rate itself
    # changes with what else the machine does, so that one estimate may be wrong, but not most of them.
    errors = [_seconds(found) / (ended - moment)
              for moment, found in shown if ENDPOINTS / 10 <= int(found[1]) <= ENDPOINTS * 0.8]
    assert errors and 1 / 4 <= statistics.median(errors) <= 4, (errors, lines)


def _seconds(found):
    return int(found[3]) * (60 if found[4] == "min" else 1)

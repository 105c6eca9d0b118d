"""Figure 4: a backfill of many new VPCs in one account, behind a Route 53 that enforces its quota.

Time runs faster: Route 53's 10 requests a second (50 at once) and zonelink's share of them, 5 (25 at once), are
multiplied by SCALE, so that a run of twenty minutes takes four. What is not scaled counts against us: a message is
delayed by whole seconds, which here weigh SCALE times as much, and so does every call's own time.
"""

import datetime
import json
import threading
import time

from .. import calls, events, fleet, pump
from .. import stage as stages

SCALE = 5
VPCS = 2_000
QUOTA, QUOTA_BURST = 10, 50
SHARE, SHARE_BURST = 5, 25
WORKERS = 3
# New endpoints that join when so much of the backfill is done.
JOIN_AT = (0.2, 0.35, 0.5, 0.65, 0.8)
CHANGE = "ChangeResourceRecordSets"


def measure(binaries, vpcs=VPCS, scale=SCALE):
    """All endpoints wait for acceptance; one sweep accepts them and sends them on."""
    share = {"Route53RequestsPerSecond": str(SHARE * scale), "Route53Burst": str(SHARE_BURST * scale)}
    with stages.raised(binaries, stages.client_accounts(1), **share) as stage:
        (account,) = stage.clients
        fleet.make(stage, account, vpcs)
        stage.local.settings(route53_per_second=float(QUOTA * scale), route53_burst=float(QUOTA_BURST * scale))
        workers = [stage.function("reconcile-records", number) for number in range(WORKERS)]
        accept, backfill = stage.function("accept-connections"), stage.function("backfill")
        processes = [accept, backfill, *workers]
        try:
            for process in processes:
                process.start()
            return _run(stage, account, vpcs, scale, accept, backfill, workers)
        finally:
            for process in processes:
                process.stop()


def _run(stage, account, vpcs, scale, accept, backfill, workers):
    calls.forget(stage)
    began = time.time()
    backfill.invoke({})
    queue = pump.Pump(stage, stage.outputs["QueueUrl"], workers)
    joiners = _Joiners(stage, account, vpcs, accept, queue)
    joiners.start()
    queue.drain(within=1200)
    joiners.join()
    counted = calls.of_functions(stage)
    log = [call for call in stage.local.calls(None, account) if call["service"] == "route53"]
    changes = [call for call in log if call["action"] == CHANGE and not call["error"]]
    if joiners.failures or len(changes) != vpcs + len(JOIN_AT) or queue.failed:
        raise AssertionError(f"{len(changes)} changes for {vpcs + len(JOIN_AT)} VPCs; {joiners.failures}; "
                             f"{len(queue.failed)} failed messages")
    took = max(map(_moment, changes)) - began
    needed = 3 * (vpcs + len(JOIN_AT))
    limit = (needed - SHARE_BURST * scale) / (SHARE * scale)
    throttled = sum(call["error"] == "Throttling" for call in log)
    waits = [joiners.waited(changes, vpc, since) for vpc, since in joiners.joined]
    return {
        "vpcs": vpcs, "scale": scale, "seconds": took, "seconds_unscaled": took * scale,
        "requests": len(log), "requests_needed": needed, "throttled": throttled,
        "throttled_share": throttled / len(log),
        "ec2_per_hundred_vpcs": counted.count("ec2", account=account) / len(changes) * 100,
        "calls": counted.by_action(),
        "limit_of_the_share": limit, "ratio_to_the_share": took / limit if limit > 0 else None,
        "limit_of_the_quota": (needed - QUOTA_BURST * scale) / (QUOTA * scale),
        "joined": len(waits), "longest_wait_of_a_new_endpoint": max(waits),
        "longest_wait_unscaled": max(waits) * scale, "waits": sorted(waits),
    }


def _moment(call):
    return datetime.datetime.fromisoformat(call["at"]).timestamp()


class _Joiners(threading.Thread):
    """Clients that create an endpoint while the backfill is under way."""

    def __init__(self, stage, account, vpcs, accept, queue):
        super().__init__()
        self._stage, self._account, self._vpcs = stage, account, vpcs
        self._accept, self._queue = accept, queue
        self.joined, self.failures = [], []

    def run(self):
        """One after the other, each when the next part is done."""
        try:
            for share in JOIN_AT:
                while self._changes() < share * self._vpcs:
                    time.sleep(0.5)
                (vpc,) = fleet.make(self._stage, self._account, 1)
                event = events.envelope("CreateVpcEndpoint", self._stage, vpc)
                self.joined.append((vpc, time.time()))
                self._queue.send(json.dumps(event))
                self._accept.invoke(event)
        except Exception as failure:
            self.failures.append(failure)

    @staticmethod
    def waited(changes, vpc, since):
        """Seconds from the event to the change in the VPC's zone."""
        (zone,) = vpc["zones"]
        return next(_moment(call) for call in changes if zone in str(call["parameters"])) - since

    def _changes(self):
        rows = self._stage.ask("moto", "GET", "calls/counts")
        return sum(row["count"] for row in rows if row["action"] == CHANGE and not row["error"])

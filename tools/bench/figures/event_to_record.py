"""Figure 2: from an event to the record, warm and cold, with one zone and with ten.

The clock starts when the event is handed over and stops when the last change has reached Route 53. As on AWS the
event goes two ways at once: to accept-connections, and by the queue to reconcile-records. The endpoint is available
as soon as it is accepted, which on AWS takes a minute or so for both sides alike.
"""

import collections
import datetime
import json
import threading
import time

from .. import calls, events, fleet, pump
from .. import stage as stages
from ..spread import ratio, spread

ROUNDS = {"warm": 15, "cold": 5}
ZONES = (1, 10)
_SECONDS_TO_SEND = 30
# Between two looks at the queue.
_PAUSE = 0.002


def measure(binaries, rounds=None):
    """Both sides in turns, for each number of zones, first warm and then cold."""
    rounds = rounds or ROUNDS
    figure = {}
    with stages.raised(binaries, stages.client_accounts(1)) as stage:
        for zones in ZONES:
            for temperature in ("warm", "cold"):
                sides = {"zonelink": _Ours(stage), "baseline": _Baseline(stage)}
                taken = {name: [] for name in sides}
                for side in sides.values():
                    side.begin(temperature, zones)
                for _ in range(rounds[temperature]):
                    for name, side in sides.items():
                        taken[name].append(_round(stage, side, zones, temperature))
                for side in sides.values():
                    side.end()
                figure[f"{temperature}, {zones} zone{'s' * (zones > 1)}"] = _summary(taken)
    return figure


def _summary(taken):
    summary = {}
    for name, rounds in taken.items():
        kinds = collections.Counter(json.dumps(one["calls"]) for one in rounds)
        usual, times = kinds.most_common(1)[0]
        summary[name] = {"seconds": spread([one["seconds"] for one in rounds]), "calls": json.loads(usual),
                         "calls_total": spread([sum(one["calls"].values()) for one in rounds]),
                         "rounds_with_just_these_calls": times}
    summary["ratio"] = ratio(summary["zonelink"]["seconds"], summary["baseline"]["seconds"])
    return summary


def _round(stage, side, zones, temperature):
    """One new endpoint, from its event to its records."""
    (vpc,) = fleet.make(stage, stage.clients[0], 1, zones=zones)
    if temperature == "cold":
        side.renew()
    event = events.envelope("CreateVpcEndpoint", stage, vpc)
    calls.forget(stage)
    began = time.time()
    side.take(event)
    changes = stage.local.calls("ChangeResourceRecordSets", vpc["account"])
    if len(changes) != zones or any(change["error"] for change in changes):
        raise AssertionError(f"{len(changes)} changes for {zones} zones: {changes}")
    last = max(datetime.datetime.fromisoformat(change["at"]).timestamp() for change in changes)
    counted = calls.of_functions(stage).by_action()
    stage.client("ec2", vpc["account"]).delete_vpc_endpoints(VpcEndpointIds=[vpc["endpoint"]])
    return {"seconds": last - began, "calls": counted}


class _Side:
    """Some function processes of one side; `renew` makes them cold."""

    def __init__(self, stage):
        self.stage, self.functions = stage, []

    def begin(self, temperature, zones):
        """Warm ones have done the same before."""
        if temperature == "warm":
            self.renew()
            for function in self.functions:
                function.start()
            for _ in range(2):
                (vpc,) = fleet.make(self.stage, self.stage.clients[0], 1, zones=zones)
                self.take(events.envelope("CreateVpcEndpoint", self.stage, vpc))

    def end(self):
        """Stop the processes."""
        for function in self.functions:
            function.stop()
        self.functions = []

    def renew(self):
        """New processes, not yet started: a cold start is part of the time."""
        self.end()
        self.functions = self.make()


class _Ours(_Side):
    def make(self):
        """Two of reconcile-records, because two messages come at once."""
        return [self.stage.function("accept-connections"), self.stage.function("reconcile-records", 1),
                self.stage.function("reconcile-records", 2)]

    def take(self, event):
        """The event goes both ways at once, and what accept-connections sends is received as soon as it is there."""
        accept, first, second = self.functions
        failures = []
        ways = [threading.Thread(target=_kept, args=(failures, _Started(function).invoke, payload))
                for function, payload in ((first, pump.event(json.dumps(event))), (accept, event))]
        for way in ways:
            way.start()
        queue = pump.Pump(self.stage, self.stage.outputs["QueueUrl"], [second])
        deadline = time.monotonic() + _SECONDS_TO_SEND
        while not queue.once(_Started(second)) and not failures:
            if time.monotonic() > deadline:
                raise TimeoutError("accept-connections sent nothing")
            time.sleep(_PAUSE)
        for way in ways:
            way.join()
        if failures:
            raise failures[0]
        # The waiting chain that the event itself began is of no use any more.
        self.stage.client("sqs").purge_queue(QueueUrl=self.stage.outputs["QueueUrl"])


class _Baseline(_Side):
    def make(self):
        """One process does it all."""
        return [self.stage.baseline()]

    def take(self, event):
        """The event comes by the baseline's queue."""
        answer = _Started(self.functions[0]).invoke(pump.event(json.dumps(event)))
        if answer.result["batchItemFailures"]:
            raise AssertionError("the baseline did not get through; see its log")


class _Started:
    """A function that is started by its first event."""

    def __init__(self, function):
        self._function = function

    def invoke(self, event):
        """Start it unless it runs, and hand over the event."""
        if self._function.process is None:
            self._function.start()
        return self._function.invoke(event)


def _kept(failures, work, *arguments):
    try:
        work(*arguments)
    except Exception as failure:
        failures.append(failure)

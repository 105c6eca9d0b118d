"""Both emulators as one AWS: its knobs, its call log, and how to wait for it.

Nothing here sleeps for a time that is hoped to be long enough. A claim that something
happens polls for it; a claim that nothing happens waits until the system is at rest.
"""

import contextlib
import functools
import json
import pathlib
import time
import urllib.error
import urllib.request

from local_aws import accounts, state

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# Between two looks: short at first, and then longer, because a look is work for those who are looked at.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.06

# Endpoints are available as soon as they are accepted, and events arrive at once, so that the
# product's waiting chain (ten seconds at least) runs only where a test is about it.
QUICK = {"accept_seconds": 0.0, "cloudtrail_seconds": 0.0, "cloudtrail": True,
         "empty_first_page": False, "page_size": None, "insync_seconds": 0.0,
         "route53_per_second": 0.0, "cloudtrail_lost": 0.0, "cloudtrail_doubled": 0.0}


def wait_until(condition, within=15):
    """What `condition` returns once that is true."""
    for _ in _looks(within):
        if found := condition():
            return found
    raise AssertionError(f"within {within} seconds it was never true: {condition}")


def _looks(within):
    """Comes back for another look until the time is over, and once more then."""
    deadline, pause = time.monotonic() + within, _FIRST_PAUSE
    yield
    while time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(1.3 * pause, _LONGEST_PAUSE)
        yield


class Local:
    """A local AWS that runs."""

    def __init__(self, running):
        self.running = running
        self.accounts = set(accounts.BY_NAME.values())
        self.queues = {}
        self.tables = {}

    def deployment(self, account):
        """A `with` around each deployment into an account. Does nothing here; whoever watches deployments overrides it."""
        return contextlib.nullcontext()

    def stands(self, account, outputs):
        """Told when a provider's stack stands, with its outputs. Does nothing here, as `deployment`."""

    @functools.cache
    def client(self, service, account):
        """A boto3 client that acts as the account."""
        return state.client(service, account, self.running)

    def settings(self, **changes):
        """Turn knobs of the moto side."""
        return self._ask("moto", "PUT", "settings", changes)

    @contextlib.contextmanager
    def set(self, **changes):
        """Turn knobs for the length of a `with`."""
        before = self._ask("moto", "GET", "settings")
        self.settings(**changes)
        try:
            yield
        finally:
            self.settings(**{name: before[name] for name in changes})

    def deliver(self, event):
        """Deliver an event to its account's default bus, as an AWS service does."""
        self._ask("ministack", "POST", "events", event)

    def faults(self, *wanted):
        """Make coming calls fail; each fault is a dict as the moto side takes it."""
        self._ask("moto", "PUT", "faults", list(wanted))

    def profiles(self, *wanted):
        """Say which Route 53 Profiles there are; each is a dict as the moto side takes it."""
        self._ask("moto", "PUT", "profiles", list(wanted))

    def remaining_faults(self):
        """The faults that no call has met yet."""
        return self._ask("moto", "GET", "faults")

    def calls(self, action, account=None):
        """The calls of one kind, or of every kind, since `forget_calls`, those of the caller included."""
        return [call for call in self._ask("moto", "GET", "calls")
                if action in (None, call["action"]) and account in (None, call["account"])]

    def asked(self, emulator):
        """What IAM would have been asked by an emulator since its start."""
        return self._ask(emulator, "GET", "asked")

    def many_vpcs(self, wanted):
        """Make many VPCs with an endpoint each, without the calls: tools/local_aws/moto_side/fleet.py."""
        return self._ask("moto", "POST", "fleet", wanted)

    def forget_calls(self):
        """Start counting calls anew."""
        self._ask("moto", "DELETE", "calls")

    def deliver(self, envelope):
        """Put an event on the default bus of the account that its envelope names."""
        self._ask("ministack", "POST", "events", envelope)

    def fire_schedule(self, account, name):
        """Run a schedule now."""
        self._ask("ministack", "POST", "schedules/fire",
                  {"account": account, "region": accounts.REGION, "name": name})

    def release(self, queue_url):
        """End all delays and visibility timeouts of a queue."""
        account, name = queue_url.split("/")[-2:]
        return self._ask("ministack", "POST", "queues/release",
                         {"account": account, "region": accounts.REGION, "name": name})["Released"]

    def let_time_pass(self, minutes):
        """Make metrics and messages as much older; alarms have been looked at each minute."""
        self._ask("ministack", "POST", "time", {"seconds": minutes * 60})

    def at_rest(self, within=40):
        """Wait until nothing is on its way but messages that a queue delays. Returns how many."""
        return self._rest(release=False, within=within)

    def settled(self, within=40):
        """Wait until nothing is on its way at all. Delays and retries are hurried, not skipped."""
        self._rest(release=True, within=within)

    def _rest(self, release, within):
        before = None
        for _ in _looks(within):
            seen = self._moving()
            moving, delayed, in_flight, _ = seen
            # Whatever ran between two looks has written a log, so two equal looks are rest.
            if not moving and seen == before:
                if release and delayed + in_flight:
                    # Messages come back early, so what they wait for must be over early too.
                    for table in self.tables.values():
                        table.let_pending_changes_expire()
                    for url in self.queues:
                        self.release(url)
                elif not in_flight:
                    return delayed
            before = seen
        raise AssertionError(f"not at rest within {within} seconds: {moving} deliveries and runs, "
                             f"{delayed} delayed, {in_flight} in flight")

    def _moving(self):
        """(deliveries, runs and waiting messages), (delayed), (in flight), and the size of all logs."""
        moving = self._ask("moto", "GET", "deliveries")["unfinished"]
        activity = self._ask("ministack", "GET", "activity")
        # Once more: what a function of the one emulator has just caused in the other would be seen in neither.
        moving += self._ask("moto", "GET", "deliveries")["unfinished"]
        queues = [activity["queues"]["/".join(url.split("/")[-2:])] for url in self.queues]
        visible, in_flight, delayed = (
            sum(queue[kind] for queue in queues) for kind in ("visible", "in_flight", "delayed"))
        return moving + activity["background"] + visible, delayed, in_flight, self._log_size()

    def _log_size(self):
        return sum(log.stat().st_size for log in pathlib.Path(self.running["logs"]).glob("*-*.log"))

    def log_of(self, function):
        """All that a function has logged."""
        return (pathlib.Path(self.running["logs"]) / f"{function}.log").read_text()

    def _ask(self, emulator, method, path, sent=None):
        request = urllib.request.Request(f"{self.running[emulator]['url']}/_local/{path}", method=method,
                                         data=None if sent is None else json.dumps(sent).encode())
        try:
            with _opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.read().decode()}") from refused

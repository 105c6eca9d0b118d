"""The commands that look at a whole fleet: a page for people however large it is, soon, and in the time that quota takes.

ZONELINK_FLEET says how many endpoints; without it a hundred, which two cores serve beside other tests.
"""

import collections
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

from flow.fixtures import empty
from local_aws import accounts
from stage.client import Client

from .command import binary

ENDPOINTS = int(os.environ.get("ZONELINK_FLEET", "100"))
DOMAIN = "aws-us-west-2.byoc.example.com"
# What the template says where nothing is said.
PER_SECOND, BURST = 5, 25


# An account without the client stack, which nobody can enter.
CLOSED = "700000000900"
# How many endpoints it has, and each of two others; of these how many have no zone, and how many a zone without a record.
IN_CLOSED = ENDPOINTS // 10
IN_EACH = (ENDPOINTS - IN_CLOSED) // 2
ALL = IN_CLOSED + 2 * IN_EACH
WITHOUT_ZONE = IN_EACH // 5
WITH_ZONE = IN_EACH - WITHOUT_ZONE


@pytest.fixture(scope="module")
def many(local, deployed, command):
    """The fleet, of which nothing has been told yet."""
    empty(local, deployed)
    # Whoever changes more of the stack keeps these.
    kept = {"AllowedPrincipals": f"{accounts.CLIENT_A},{accounts.CLIENT_B},{CLOSED}", "ConnectionNotifications": "false"}
    deployed.update(**kept)
    with local.set(cloudtrail=False):
        for account, number, zones in [(CLOSED, IN_CLOSED, [DOMAIN])] + [
                made for account in (accounts.CLIENT_A, accounts.CLIENT_B)
                for made in ((account, WITHOUT_ZONE, []), (account, WITH_ZONE, [DOMAIN]))]:
            Client(local, account, deployed)
            local.many_vpcs({"account": account, "region": accounts.REGION, "service": deployed.service,
                             "vpcs": number, "zones": zones, "available": True})
        yield Fleet(local, deployed, command, kept)
    empty(local, deployed)


class Fleet:
    """The binary with the operators' role, and what it has asked of Route 53."""

    def __init__(self, local, provider, command, kept):
        self.local, self.provider, self.command, self._kept = local, provider, command, kept
        self.role = ("--role-arn", provider.outputs["OperatorRoleArn"])

    @contextlib.contextmanager
    def quota(self, per_second, burst):
        """A share of Route 53's requests, for the length of a `with`."""
        self.provider.update(Route53RequestsPerSecond=str(per_second), Route53Burst=str(burst), **self._kept)
        try:
            yield
        finally:
            self.provider.update(**self._kept)

    def say(self, *arguments, **environment):
        """Run the binary to its end."""
        return self.command(*arguments, *self.role, **environment)

    def timed(self, *arguments):
        """Run the binary: what it says, in which second it says the first line, and when it ends."""
        began = time.monotonic()
        with subprocess.Popen([binary(), *arguments, *self.role], env=self.command._environment("provider", {}),
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as running:
            lines = [(time.monotonic() - began, line.rstrip("\n")) for line in running.stdout]
        return running.returncode, lines, time.monotonic() - began

    def quota_seconds(self):
        """How long the share of Route 53's requests makes the calls take that were made, account by account."""
        calls = collections.Counter(call["account"] for call in self.local.calls(None) if call["service"] == "route53")
        return max((number - BURST / 2) / PER_SECOND for number in calls.values()), calls


def test_all_says_the_causes_of_a_fleet_on_a_page_soon_and_in_the_time_that_quota_takes(many, capsys):
    with many.quota(PER_SECOND, BURST):
        many.local.forget_calls()
        code, lines, seconds = many.timed("doctor", "--all", "--port", "19530")
        quota, calls = many.quota_seconds()
    text = "\n".join(line for _, line in lines)
    with capsys.disabled():
        print(f"\ndoctor --all of {ALL} endpoints: {seconds:.1f} s, {quota:.1f} s by Route 53's quota, "
              f"{len(lines)} lines, the first after {lines[0][0]:.2f} s; {sum(calls.values())} calls of Route 53")
    assert code == 3, text
    assert len(lines) <= 60, text
    assert lines[0][0] <= 2, lines[0]
    # Sooner, it would have taken more than its share.
    assert quota - 3 <= seconds <= 2 * quota + 5, (seconds, quota, calls)
    assert re.search(rf"^hosted zone\b.*fail: {2 * WITHOUT_ZONE} endpoints of 2 accounts$", text, re.MULTILINE), text
    assert re.search(rf"^client account\b.*fail: {IN_CLOSED} endpoints of 1 account$", text, re.MULTILINE), text
    assert re.search(rf"^record\b.*fail: {2 * WITH_ZONE} endpoints of 2 accounts$", text, re.MULTILINE), text
    assert re.search(rf"looking at {ALL} endpoints in 3 accounts: about \d+ (s|min), at 5 Route 53", text), text
    assert text.count("remedy: ") == text.count("\n    remedy: "), text
    assert re.search(rf"^{ALL} endpoints, \d+ checks: \d+ fail", text, re.MULTILINE), text


def test_all_for_programs_has_every_check_of_every_endpoint_and_an_account_that_is_closed_stops_no_other(many):
    said = many.say("doctor", "--all", "-o", "json")
    assert said.code == 3, said.err
    found = said.json["endpoints"]
    assert len(found) == len({one["vpc_endpoint"] for one in found}) == ALL and said.json["not_examined"] == []
    assert len({len(one["checks"]) for one in found}) == 1
    entered = collections.Counter(
        (one["account"], check["verdict"]) for one in found for check in one["checks"] if check["check"] == "client account")
    assert entered == {(CLOSED, "fail"): IN_CLOSED, (accounts.CLIENT_A, "ok"): IN_EACH,
                       (accounts.CLIENT_B, "ok"): IN_EACH}


def test_plan_says_first_how_long_quota_makes_it_take(many):
    """Two requests for each VPC; half of a full bucket is there at once."""
    for selection, per_second, burst, vpcs, found, seconds in (
            (("--account", accounts.CLIENT_A), 5, 5000, IN_EACH, "1 account", 1),
            (("--all",), 50, 2, ALL, "3 accounts", (2 * ALL - 3) // 50)):
        with many.quota(per_second, burst):
            lines = many.timed("plan", *selection)[1]
        assert lines[0][1] == (f"looking at {vpcs} VPCs in {found}: about {seconds} s, at {per_second} Route 53 requests a "
                               "second in each account"), lines


@pytest.fixture
def held(many):
    """The same, after a sweep: who has no zone is held, and the account that nobody can enter."""
    many.provider.sweep()
    return many


def test_status_sums_up_what_is_held_for_one_reason_and_wide_shows_each(held):
    number = 2 * WITHOUT_ZONE
    page, wide = held.say("status", "--held"), held.say("status", "--held", "-o", "wide")
    assert page.code == wide.code == 3, page
    assert f"  NoZone: {number} holds, {number} endpoints of 2 accounts, for up to " in page.out, page
    assert page.out.count("remedy: ") == 2 and wide.out.count("remedy: ") == number + 1, page
    rows = [len([line for line in said.out.splitlines() if line.startswith("vpce-")]) for said in (page, wide)]
    assert rows == [0, number + IN_CLOSED], page
    assert f"{number + IN_CLOSED} endpoints held: see below by their reasons" in page.out, page
    assert held.say("status", "--held", "-o", "json").json["totals"] == {"held": number + IN_CLOSED}


def test_sweep_sums_up_what_is_held_for_one_reason(held):
    page, wide = (held.say("sweep", "--account", accounts.CLIENT_A, *more) for more in ((), ("-o", "wide")))
    assert page.code == 3 and f"  NoZone: {WITHOUT_ZONE} holds, " in page.out, page
    assert page.out.count("remedy: ") == 1 and wide.out.count("remedy: ") == WITHOUT_ZONE, page


class Terminal:
    """The binary on a terminal of so many columns; what it writes, and how it ends."""

    def __init__(self, fleet, *arguments, columns, **environment):
        self._master, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        given = fleet.command._environment("provider", {"TERM": "xterm", **environment})
        # Where the tests run in the background, an interrupt is ignored, and a child would inherit that.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            self.running = subprocess.Popen([binary(), *arguments, *fleet.role], env=given, stdin=subprocess.DEVNULL,
                                            stdout=other, stderr=subprocess.PIPE)
        finally:
            signal.signal(signal.SIGINT, before)
        os.close(other)

    def all(self):
        """Everything until it ends."""
        text = b""
        while part := self.read():
            text += part
        self.running.wait()
        self.running.stderr.close()
        os.close(self._master)
        return text.decode()

    def read(self):
        """What comes next; nothing once it has ended."""
        try:
            return os.read(self._master, 65536)
        except OSError:
            return b""


def test_columns_fit_the_terminal_and_colour_is_for_terminals_alone(held):
    plain = held.say("status").out
    narrow, wide = (Terminal(held, "status", *more, columns=80).all() for more in ((), ("-o", "wide")))
    rows = [re.sub("\x1b\\[[0-9;]*m", "", line).rstrip() for line in narrow.splitlines() if line.startswith("vpce-")]
    assert rows and max(map(len, rows)) <= 80, narrow
    assert "not shown for want of room: service" in narrow and "SERVICE" in wide, narrow
    assert "\x1b[3" in narrow and "\x1b" not in plain
    assert "\x1b" not in Terminal(held, "status", columns=80, NO_COLOR="1").all()
    assert "\x1b" not in Terminal(held, "status", "--color", "never", columns=80).all()
    assert "\x1b[3" in held.say("status", "--color", "always").out
    assert held.say("status", "-o", "json", "--color", "always").json["totals"]


def test_watch_draws_again_until_it_is_interrupted(held):
    shown = Terminal(held, "status", "--watch=1", columns=200)
    text, until = b"", time.monotonic() + 20
    while text.count(b"\x1b[H\x1b[2J") < 3 and time.monotonic() < until:
        text += shown.read()
    shown.running.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        shown.running.wait(timeout=20)
    shown.running.kill()
    shown.all()
    assert text.count(b"\x1b[H\x1b[2J") >= 3 and shown.running.returncode in (-signal.SIGINT, 130), text[-500:]
    refused = held.say("status", "--watch", "-o", "json")
    assert refused.code == 2 and "remedy: " in refused.err, refused

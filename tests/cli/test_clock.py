"""The command line on a machine whose clock is wrong: the binary itself, with a clock of its own."""

import pathlib
import re
import subprocess
import time
from datetime import datetime

import pytest

from stage.client import NAME

# As far off as AWS lets a signature be, less a minute.
OFF = 241
# Between the call and the look at what it left.
SECONDS = 30


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    """The environment of a machine whose clock is ahead by so many seconds."""
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    # Rust's linker is a C compiler, so there is one.
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).parent / "clock.c", "-ldl"], check=True)
    return lambda ahead: {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(ahead)}


@pytest.fixture
def published(zonelink):
    """An endpoint with its record, and the role of operators."""
    zonelink.vpc = zonelink.a.vpc()
    zonelink.zone = zonelink.vpc.zone()
    zonelink.endpoint = zonelink.vpc.endpoint()
    zonelink.local.settled()
    assert zonelink.zone.addresses() == zonelink.endpoint.addresses
    zonelink.operator = ("--role-arn", zonelink.provider.outputs["OperatorRoleArn"])
    return zonelink


def buckets(fleet):
    """How far the client's bucket is from being full, in seconds. There may be others, of the tests before."""
    own = f"bucket#{fleet.a.account}"
    return [float(item["full_at"]) / 1000 - time.time() for item in fleet.table.items("bucket#") if item["pk"] == own]


def test_plan_with_a_clock_that_is_ahead_leaves_the_bucket_where_it_is_and_says_so(published, clock):
    said = published.run("plan", published.vpc.id, *published.operator, **clock(OFF))
    assert said.code == 0, said
    (seconds,) = re.findall(r"clock is about (\d+) s ahead of the one of AWS", said.err)
    assert abs(int(seconds) - OFF) <= 1 and "timedatectl set-ntp true" in said.err, said
    assert max(buckets(published)) < SECONDS
    # Whoever comes next finds room.
    other = published.a.vpc()
    zone, endpoint = other.zone(), other.endpoint()
    published.local.settled()
    assert zone.addresses() == endpoint.addresses


@pytest.mark.parametrize("ahead", [OFF, -OFF])
def test_apply_with_a_wrong_clock_announces_and_journals_by_the_right_one(published, clock, ahead):
    published.zone.put("10.9.9.9", ttl=300)
    digest = published.run("plan", published.vpc.id, "--output", "json", *published.operator).json["digest"]
    said = published.run("apply", "--plan", digest, published.vpc.id, *published.operator, **clock(ahead))
    assert said.code == 0, said
    assert published.zone.addresses() == published.endpoint.addresses
    entry = published.table.journal(NAME)[-1]
    assert entry["cause"].startswith("applied by hand"), entry
    assert abs(datetime.fromisoformat(entry["at"]).timestamp() - time.time()) < SECONDS, entry
    assert max(map(abs, buckets(published))) < SECONDS


def test_clock_that_is_right_is_not_spoken_of(published):
    assert "clock" not in published.run("status").err


def test_bucket_that_a_wrong_clock_has_left_a_day_ahead_keeps_nobody_waiting(published):
    ahead = int((time.time() + 86_400) * 1000)
    published.table.put({"pk": f"bucket#{published.a.account}", "sk": "route53", "full_at": ahead, "turn_at": ahead,
                         "expires_at": ahead // 1000})
    other = published.a.vpc()
    zone, endpoint = other.zone(), other.endpoint()
    published.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert max(buckets(published)) < SECONDS

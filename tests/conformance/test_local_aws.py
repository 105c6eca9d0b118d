"""The port over the SDK keeps the claims that every implementation of it keeps; each is a test here.

The simulated cloud keeps the same ones in `cargo test -p zonelink-tests --test simulation conformance`.
"""

import itertools
import os
import pathlib
import subprocess

import pytest

from local_aws import accounts, state, up
from stage.local import Local

from .world import EXTERNAL_ID, ROLE, World, open_accounts

_numbers = itertools.count(1)


def binary():
    """Where cargo's dev profile puts it."""
    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    return pathlib.Path(state.REPOSITORY, target) / "debug" / "conformance-aws"


def claims():
    """The names of all claims; none while the binary is not built."""
    if not binary().exists():
        return []
    return subprocess.run([binary(), "--list"], capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(scope="module")
def open_aws():
    """A local AWS of its own, in which nothing is deployed."""
    with up.apart(state.own_folder("conformance")) as running:
        local = Local(running)
        open_accounts(local)
        yield local


def test_the_claims_are_built_and_there_are_many():
    assert len(claims()) > 50, f"{binary()} is missing or old: `make build` builds it"


@pytest.mark.parametrize("claim", claims())
def test_aws_keeps_the_claim(open_aws, claim):
    world = World(open_aws, next(_numbers))
    with subprocess.Popen([binary(), claim], env=_environment(open_aws, world), text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as checked:
        for line in checked.stdout:
            checked.stdin.write(world.answer(line) + "\n")
            checked.stdin.flush()
        said = checked.stderr.read()
    assert checked.returncode == 0, said


def _environment(local, world):
    return {
        "PATH": os.environ["PATH"], "HOME": str(state.directory()), "AWS_PROFILE": "provider",
        "AWS_CONFIG_FILE": local.running["aws_config"], "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        # Without credentials the SDK would look for a machine of EC2 around it.
        "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
        "TABLE_NAME": world.table, "QUEUE_URL": world.queue, "ACCOUNT_ID": accounts.PROVIDER,
        "AWS_REGION": accounts.REGION, "STACK_NAME": "conformance", "CLIENT_ROLE_NAME": ROLE,
        "EXTERNAL_ID": EXTERNAL_ID,
    }

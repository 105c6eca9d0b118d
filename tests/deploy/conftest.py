"""A local AWS of these tests' own, with nothing installed in it, and what `sam build` makes once for all of them.

It runs on ports of its own and keeps its files in .local/deploy. What its functions ask of IAM is not judged: tests/iam has
the flows' calls.
"""

import pathlib

import pytest

from local_aws import accounts, state, up
from stage.local import QUICK, Local

from . import tools

# The accounts as docs/DEPLOY.md calls them, and one that is alone.
PROFILES = {"provider": accounts.PROVIDER, "client": accounts.CLIENT_A, "alone": "055555555555"}


@pytest.fixture(scope="session")
def local():
    """The emulators, running."""
    with up.apart(state.own_folder("deploy")) as running:
        config = pathlib.Path(running["aws_config"])
        config.write_text(state.aws_config({**running, "accounts": {**running["accounts"], **PROFILES}}))
        made = Local(running)
        made.settings(**QUICK)
        yield made


@pytest.fixture(scope="session")
def built():
    """The functions, as `sam build` leaves them in .aws-sam. The first time it compiles the SDKs."""
    return tools.build()


@pytest.fixture(scope="session")
def shell(local):
    """Runs a command with a profile of that local AWS."""
    def run(*command, profile="provider", within=120, given="", **more):
        found = tools.environment(local.running, profile, **more)
        return tools.run(*command, within=within, given=given, found=found)
    return run


@pytest.fixture(scope="module", autouse=True)
def quick(local):
    """Endpoints are available at once and events arrive at once, whatever the tests before have set."""
    local.faults()
    local.settings(**QUICK)

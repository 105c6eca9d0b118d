"""A stage for each file of these tests: one at a time is up."""

import pytest

from bench import stage as stages
from local_aws import state


@pytest.fixture(scope="module")
def stage():
    """zonelink as `cargo build` left it, and two client accounts."""
    with stages.raised(state.REPOSITORY / "target" / "debug", stages.client_accounts(2)) as raised:
        yield raised

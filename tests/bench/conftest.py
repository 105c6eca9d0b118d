"""One stage for all of these tests."""

import pytest

from local_aws import state

from . import stage as stages


@pytest.fixture(scope="session")
def stage():
    """zonelink as `cargo build` left it, and two client accounts."""
    with stages.raised(state.REPOSITORY / "target" / "debug", stages.client_accounts(2)) as raised:
        yield raised

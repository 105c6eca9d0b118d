"""The binary beside the fleet of the flow tests."""

import pytest

from .command import Command


@pytest.fixture(scope="session")
def command(local):
    """The binary, for calls that need no installation, or say so when there is none."""
    return Command(local.running)


@pytest.fixture
def zonelink(fleet, command):
    """The binary and an empty fleet that it can see."""
    fleet.run = command
    return fleet

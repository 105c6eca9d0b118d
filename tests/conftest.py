"""What the tests of whole flows and those of the command line share: one local AWS, deployed once."""

from flow.fixtures import deployed, fleet, local, reader  # noqa: F401

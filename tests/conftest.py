"""What all suites share: the local AWS of whole flows, deployed once, and how tests are given to workers."""

import pytest

from flow.fixtures import deployed, fleet, local, reader  # noqa: F401


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A worker takes a module at a time, and all that deploys, because it builds in one folder."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            suite, *module = nodeid.split("::")[0].split("/")
            return suite if suite == "deploy" else "/".join([suite, *module])

    return ByModule(config, log)

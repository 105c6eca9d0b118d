"""What the flows alone do: say which of their modules the evidence is of."""

import pytest


@pytest.fixture(autouse=True)
def module_of_evidence(request, local):
    """Each test's module is noted."""
    local.evidence.modules.add(request.path.stem)

"""The evidence that the whole-flow tests left, and what the evaluator says to it."""

import json

import pytest

from flow import evidence as of_flow
from local_aws import state

from . import questions, simulator, statements


@pytest.fixture(scope="session")
def evidence():
    """What was deployed and asked in the last run of tests/flow, which must have been all of it."""
    assert of_flow.path().exists(), "there is no evidence yet: run tests/flow first"
    found = json.loads(of_flow.path().read_text())
    all_of_them = {path.stem for path in (state.REPOSITORY / "tests" / "flow").glob("test_*.py")}
    missing = sorted(all_of_them - set(found["modules"]))
    found["asked"] = [entry for entry in found["asked"] if _of_stacks(entry)]
    assert not missing, f"the evidence is of a part only: run all of tests/flow first; it lacks {', '.join(missing)}"
    return found


def _of_stacks(entry):
    """Tests make rules and queues of their own to listen with; those prove nothing."""
    return any(statements.kind_of(entry[name]).startswith("zonelink") for name in ("principal", "resource"))


@pytest.fixture(scope="session")
def judged(evidence):
    """Each recorded question with the evaluator's answer."""
    asked = [questions.question(entry, evidence["roles"]) for entry in evidence["asked"]]
    return list(zip(evidence["asked"], simulator.simulate(asked), strict=True))

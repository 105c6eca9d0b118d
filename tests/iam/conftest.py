"""The evidence that the whole-flow tests left, and what the evaluator says to it."""

import pytest

from flow import evidence as of_flow
from local_aws import state

from . import questions, simulator, statements


@pytest.fixture(scope="session")
def evidence():
    """What was deployed and asked in the last run of tests/flow, which must have been all of it.

    Each worker deployed what it asked about: a question says of which, by its number.
    """
    workers = of_flow.of_last_run()
    assert workers, "there is no evidence yet: run tests/flow first"
    all_of_them = {path.stem for path in (state.REPOSITORY / "tests" / "flow").glob("test_*.py")}
    missing = sorted(all_of_them.difference(*(worker["modules"] for worker in workers)))
    assert not missing, f"the evidence is of a part only: run all of tests/flow first; it lacks {', '.join(missing)}"
    return {
        "roles": [worker["roles"] for worker in workers],
        "resources": [worker["resources"] for worker in workers],
        "asked": [{**entry, "worker": number} for number, worker in enumerate(workers)
                  for entry in worker["asked"] if _of_stacks(entry)],
    }


def _of_stacks(entry):
    """Tests make rules and queues of their own to listen with; those prove nothing."""
    return any(statements.kind_of(entry[name]).startswith("zonelink") for name in ("principal", "resource"))


@pytest.fixture(scope="session")
def judged(evidence):
    """Each recorded question with the evaluator's answer."""
    asked = [questions.question(entry, evidence["roles"]) for entry in evidence["asked"]]
    return list(zip(evidence["asked"], simulator.simulate(asked), strict=True))

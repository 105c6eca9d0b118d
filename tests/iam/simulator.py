"""The evaluator: one Node.js process answers all questions of a test."""

import json
import subprocess

from local_aws import state

_FOLDER = state.REPOSITORY / ".local" / "iam"


def simulate(questions):
    """The answer to each question, in order."""
    program = state.REPOSITORY / "tests" / "iam" / "simulate.mjs"
    asked = "".join(json.dumps(question) + "\n" for question in questions)
    try:
        run = subprocess.run([_FOLDER / "node", program, _FOLDER], input=asked, capture_output=True, text=True)
    except FileNotFoundError as missing:
        raise AssertionError("the evaluator is not installed: make .local/iam/complete") from missing
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(questions), run.stderr
    return answers

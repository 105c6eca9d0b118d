"""Figure 6: planning alone. Time by criterion, instructions by callgrind where valgrind is installed."""

import json
import os
import re
import shutil
import subprocess

from local_aws import state

BUILD = ("cargo", "bench", "--locked", "-p", "planning-bench", "--bench", "planning", "--no-run")
COUNT = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
CASES = ("new", "in-sync")
# What a process does besides planning falls out of the difference.
FEW, MANY = 1, 11


def measure():
    """Plans for a VPC with 50 endpoints and 20 zones, new and in sync."""
    program = _program()
    criterion = state.REPOSITORY / "target" / "criterion"
    subprocess.run([program, "--bench"], check=True, cwd=state.REPOSITORY, stdout=subprocess.DEVNULL,
                   env={**os.environ, "CRITERION_HOME": str(criterion)})
    figure = {"endpoints": 50, "zones": 20, "cases": {}}
    for case in CASES:
        found = json.loads((criterion / "planning" / case / "new" / "estimates.json").read_text())["median"]
        interval = found["confidence_interval"]
        figure["cases"][case] = {
            "nanoseconds": found["point_estimate"], "from": interval["lower_bound"], "to": interval["upper_bound"],
            "plans_per_second": 1e9 / found["point_estimate"], "instructions": _instructions(program, case)}
    return figure


def _program():
    answer = subprocess.run([*BUILD, "--message-format=json"], check=True, cwd=state.REPOSITORY,
                            stdout=subprocess.PIPE, text=True)
    built = [json.loads(line) for line in answer.stdout.splitlines()]
    return next(one["executable"] for one in built
                if one["reason"] == "compiler-artifact" and one["target"]["name"] == "planning")


def _instructions(program, case):
    """Instructions of one plan; nothing where there is no valgrind."""
    if shutil.which(COUNT[0]) is None:
        return None
    few, many = (_counted(program, case, times) for times in (FEW, MANY))
    return (many - few) // (MANY - FEW)


def _counted(program, case, times):
    shown = subprocess.run([*COUNT, program, "--plan", case, str(times)], check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", shown.stderr)[1])

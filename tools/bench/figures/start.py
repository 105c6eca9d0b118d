"""Figure 1: from the start of a process to its first request for an event and to its first answer; memory; size."""

import io
import json
import pathlib
import subprocess
import zipfile

from local_aws import packaging

from .. import events, fleet, pump
from .. import stage as stages
from ..spread import ratio, spread

ROUNDS = 15
# What zip, SAM and cargo-lambda take unless told otherwise.
_LEVEL = 6
FUNCTIONS = ("accept-connections", "reconcile-records", "backfill")


def measure(binaries, rounds=ROUNDS):
    """Every function and the baseline in turns, each time a new process that answers one event."""
    with stages.raised(binaries, stages.client_accounts(1)) as stage:
        asked = _events(stage)
        taken = {name: {"init": [], "answer": [], "idle": [], "memory": []} for name in asked}
        for _ in range(rounds):
            for name, event in asked.items():
                function = stage.baseline() if name == "baseline" else stage.function(name)
                with function:
                    taken[name]["init"].append(function.init_seconds)
                    taken[name]["idle"].append(function.peak_bytes())
                    invocation = function.invoke(event)
                    taken[name]["answer"].append(invocation.ended - function.spawned)
                    taken[name]["memory"].append(function.peak_bytes())
    sides = {name: {what: spread(values) for what, values in one.items()} for name, one in taken.items()}
    for name, side in sides.items():
        side["zip_bytes"] = _baseline_sizes() if name == "baseline" else {
            "zip": len(packaging.bootstrap_zip(pathlib.Path(binaries) / name, level=_LEVEL))}
    ratios = {name: {what: ratio(sides[name][what], sides["baseline"][what]) for what in ("init", "answer", "memory")}
              for name in FUNCTIONS}
    return {"sides": sides, "ratios": ratios, "rounds": rounds}


def _events(stage):
    """What each is asked first: about an endpoint that is in sync, so that nothing changes between the rounds."""
    (vpc,) = fleet.make(stage, stage.clients[0], 1)
    created = events.envelope("CreateVpcEndpoint", stage, vpc)
    look = json.dumps({"account": vpc["account"], "endpoints": [vpc["endpoint"]]})
    with stage.function("accept-connections") as accept, stage.function("reconcile-records") as reconcile:
        accept.invoke(created)
        pump.Pump(stage, stage.outputs["QueueUrl"], [reconcile]).drain()
    with stage.baseline() as baseline:
        baseline.invoke(pump.event(look))
    return {"accept-connections": created, "reconcile-records": pump.event(json.dumps(created)),
            "backfill": {"dry_run": True}, "baseline": pump.event(look)}


def _baseline_sizes():
    """The handler alone, as it may be deployed on a runtime that brings boto3; and with its own boto3."""
    handler = pathlib.Path(stages.__file__).parent / "baseline" / "handler.py"
    listed = "import boto3, botocore, s3transfer, jmespath, dateutil, urllib3, six; " \
             "print(*(m.__file__ for m in (boto3, botocore, s3transfer, jmespath, dateutil, urllib3, six)), sep='\\n')"
    found = subprocess.run([stages.BENCH_PYTHON, "-c", listed], capture_output=True, text=True, check=True)
    roots = [pathlib.Path(line) for line in found.stdout.split()]
    files = [(handler, "handler.py")]
    for root in roots:
        inside = root.parent.rglob("*") if root.name == "__init__.py" else [root]
        files += [(file, file.relative_to(root.parent.parent if root.name == "__init__.py" else root.parent))
                  for file in inside if file.is_file() and "__pycache__" not in file.parts]
    return {"zip": _zipped(files[:1]), "zip_with_boto3": _zipped(files)}


def _zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for file, name in files:
            archive.write(file, str(name))
    return len(buffer.getvalue())

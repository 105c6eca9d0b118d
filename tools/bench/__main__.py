"""Measure everything and write target/bench: `python -m bench [--only FIGURE ...] [--binaries FOLDER]`."""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import time
import traceback

from . import goals, report, stage, surroundings
from .figures import backfill, builds, event_to_record, planning, quota, start, sweep

FIGURES = ("start", "event_to_record", "sweep", "backfill", "planning", "quota")


def main():
    """One run. A figure that fails is said, and the others are measured all the same."""
    asked = _arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A terminated run leaves no more running than an interrupted one.
        signal.signal(number, lambda *_: sys.exit("Terminated."))
    folder = builds.target() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    stage.clean()
    run = {"command": "make bench" if len(sys.argv) == 1 else " ".join(["python -m bench", *sys.argv[1:]]),
           "made": surroundings.describe(), "seconds": {}, "figures": {}, "failures": {}}
    binaries = asked.binaries
    if binaries is None:
        release = _timed(run, "release build", builds.release)
        binaries = release["binaries"]
        run["figures"]["builds"] = {"release": release}
    measures = {
        "start": lambda: start.measure(binaries),
        "event_to_record": lambda: event_to_record.measure(binaries),
        "sweep": lambda: sweep.measure(binaries, asked.sizes),
        "backfill": lambda: backfill.measure(binaries, asked.vpcs),
        "planning": planning.measure,
        "quota": lambda: quota.measure(binaries),
    }
    for name in asked.only:
        _figure(run, name, measures[name])
    if asked.builds:
        _figure(run, "builds", lambda: {**run["figures"].get("builds", {}), **builds.clean_builds()})
    run["goals"] = goals.judge(run["figures"])
    _write(run, folder)
    if run["failures"]:
        sys.exit(f"Failed: {', '.join(run['failures'])}. The rest is in {folder}.")


def _figure(run, name, measure):
    try:
        run["figures"][name] = _timed(run, name, measure)
    except Exception as failure:
        traceback.print_exc()
        run["failures"][name] = f"{type(failure).__name__}: {failure}"


def _timed(run, name, measure):
    print(f"{name} …", flush=True)
    began = time.monotonic()
    try:
        return measure()
    finally:
        run["seconds"][name] = time.monotonic() - began
        print(f"{name}: {run['seconds'][name]:.0f} s", flush=True)


def _write(run, folder: pathlib.Path):
    (folder / "report.json").write_text(json.dumps(run, indent=1) + "\n")
    (folder / "report.md").write_text(report.markdown(run))
    subprocess.run([stage.BENCH_PYTHON, pathlib.Path(__file__).parent / "pictures.py",
                    folder / "report.json", folder], check=True)
    print(f"Written: {folder}/report.md, report.json and pictures.")
    for goal in run["goals"]:
        said = {True: "met    ", False: "NOT MET", None: "–      "}[goal["met"]]
        print(f"  {said}  {goal['figure']} ({goal['goal']}): {goal['shown']}")


def _size(text):
    endpoints, _, accounts = text.partition("/")
    return int(endpoints), int(accounts or 1)


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=FIGURES, default=FIGURES, help="measure only these")
    parser.add_argument("--binaries", type=pathlib.Path, help="functions that are built already; no release build")
    parser.add_argument("--sizes", nargs="*", type=_size, default=sweep.SIZES, help="ENDPOINTS/ACCOUNTS of the sweeps")
    parser.add_argument("--vpcs", type=int, default=backfill.VPCS, help="VPCs of the backfill")
    parser.add_argument("--builds", action="store_true", help="a clean dev build and a clean make test as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()

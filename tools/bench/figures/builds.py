"""Figure 7: how long clean builds take. The release build is part of each run; the others take long and are asked for."""

import os
import pathlib
import shutil
import subprocess
import time

from local_aws import state

from ..stage import DIRECTORY

FUNCTIONS = ("accept-connections", "reconcile-records", "backfill")
RELEASE = ("cargo", "build", "--locked", "--release", *(part for name in FUNCTIONS for part in ("-p", name)))
DEV = ("cargo", "build", "--locked", "--workspace")


def target():
    """Where cargo puts what it builds."""
    return state.REPOSITORY / (os.environ.get("CARGO_TARGET_DIR") or "target")


def release():
    """Build the functions as they are deployed; where, how long it took, and whether from nothing."""
    folder = target() / "release"
    clean = not folder.exists()
    return {"command": " ".join(RELEASE), "seconds": _timed(RELEASE, state.REPOSITORY), "clean": clean,
            "binaries": str(folder)}


def clean_builds():
    """A clean dev build, and `make test` in a clean clone."""
    folder = DIRECTORY / "builds"
    shutil.rmtree(folder, ignore_errors=True)
    dev = _timed(DEV, state.REPOSITORY, CARGO_TARGET_DIR=str(folder / "dev"))
    shutil.rmtree(folder / "dev")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(state.REPOSITORY), str(clone)], check=True)
    fetch = _timed(("cargo", "fetch", "--locked"), clone, CARGO_TARGET_DIR="")
    tests = _timed(("make", "test"), clone, CARGO_TARGET_DIR="")
    steps = [line.split("\t") for line in (clone / ".local" / "steps.tsv").read_text().splitlines()]
    shutil.rmtree(folder)
    return {"dev": {"command": " ".join(DEV), "seconds": dev},
            "make_test": {"command": "make test", "seconds": tests, "seconds_to_fetch": fetch,
                          "steps": {name: int(seconds) for name, seconds in steps}}}


def _timed(command, folder: pathlib.Path, **variables):
    environment = {name: value for name, value in {**os.environ, **variables}.items() if value != ""}
    began = time.monotonic()
    subprocess.run(command, check=True, cwd=folder, env=environment)
    return time.monotonic() - began

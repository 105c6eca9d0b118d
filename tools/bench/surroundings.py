"""Under what a run was made: the code, the machine, the versions."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess
from datetime import UTC, datetime

from local_aws import state

from .stage import BENCH_PYTHON

_COMMANDS = {"rustc": ["rustc", "--version"], "cargo": ["cargo", "--version"],
             "valgrind": ["valgrind", "--version"]}
_PACKAGES = ("moto", "ministack", "boto3", "botocore")
_OF_BASELINE = ("awslambdaric", "boto3", "botocore", "matplotlib")


def describe():
    """Everything that somebody needs who wants to compare two reports."""
    changed = _said(["git", "status", "--porcelain"])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]) + (" and changes" if changed else ""),
        "machine": {"processor": _processor(), "cores": os.cpu_count(),
                    "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
                    "system": platform.platform(), "load_before": round(os.getloadavg()[0], 2)},
        "versions": {
            **{name: _said(command) or "not installed" for name, command in _COMMANDS.items()},
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
            "baseline": _of_baseline(),
        },
    }


def _of_baseline():
    code = "import sys, importlib.metadata as m; print(*(n + ' ' + m.version(n) for n in sys.argv[1:]), sep=', ')"
    return _said([str(BENCH_PYTHON), "-c", code, *_OF_BASELINE]) or "not installed"


def _processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _said(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=state.REPOSITORY).stdout.strip()
    except FileNotFoundError:
        return ""

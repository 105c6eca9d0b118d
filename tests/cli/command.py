"""Running the binary, and comparing what it says with what it said before.

A golden file holds one call: its arguments, exit code, standard output and standard error. What differs from run to
run (ids, addresses, moments, ages) is replaced by its kind and the order in which it appears. After a deliberate
change run the tests with ZONELINK_GOLDEN=write, and read the difference.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass

from local_aws import state

GOLDEN = pathlib.Path(__file__).parent / "golden"
SAMPLES = state.REPOSITORY / "tests" / "schema"

# Each kind of word that differs between runs, the first that matches counts.
_VARYING = {
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "vpce-svc": r"vpce-svc-[0-9a-f]{8,}",
    "vpce": r"vpce-[0-9a-f]{8,}",
    "vpc": r"vpc-[0-9a-f]{8,}",
    "group": r"\bsg-[0-9a-f]{8,}",
    "options": r"\bdopt-[0-9a-f]{8,}",
    "acl": r"\bacl-[0-9a-f]{8,}",
    "subnet": r"\bsubnet-[0-9a-f]{8,}",
    "zone": r"\bZ[A-Z0-9]{8,}\b",
    "function": r"zonelink-(?:AcceptConnections|ReconcileRecords|Backfill)-[A-Za-z0-9]+",
    "table": r"zonelink-Table-[A-Za-z0-9]+",
    "role": r"zonelink-[A-Za-z]+Role-[A-Za-z0-9]+",
    "address": r"\b10\.\d+\.\d+\.\d+\b",
    "age": r"\b\d+ (?:s|min|h|d|ms)\b",
    "event": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    "session": r"botocore-session-\d+",
}
_PATTERN = re.compile("|".join(f"(?P<{kind.replace('-', '_')}>{words})" for kind, words in _VARYING.items()))


@dataclass(frozen=True)
class Said:
    """What one call came to."""

    arguments: tuple
    code: int
    out: str
    err: str

    @property
    def json(self):
        """Standard output as programs read it."""
        return json.loads(self.out)

    def __str__(self):
        parts = [f"$ zonelink {' '.join(self.arguments)}", f"exit code {self.code}"]
        parts += [f"--- {name}\n{text}" for name, text in (("stdout", self.out), ("stderr", self.err)) if text]
        return "\n".join(parts)


class Command:
    """The binary, signed in to the local AWS with a profile of it."""

    def __init__(self, running):
        self._running = running
        self._home = tempfile.mkdtemp(dir=state.directory())

    def __call__(self, *arguments, profile="provider", given=None, **environment):
        """Run it; `given` is its standard input."""
        ended = subprocess.run([binary(), *arguments], input=given or "", env=self._environment(profile, environment),
                               cwd=state.REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
        return Said(arguments, ended.returncode, ended.stdout, ended.stderr)

    def told(self, *arguments, profile="provider", **environment):
        """Run it, and yield the lines that it writes to standard error as they come, each with its moment."""
        with subprocess.Popen([binary(), *arguments], env=self._environment(profile, environment), text=True,
                              cwd=state.REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as running:
            for line in running.stderr:
                yield time.monotonic(), line

    def _environment(self, profile, more):
        found = {
            "PATH": os.environ["PATH"], "HOME": self._home,
            "AWS_CONFIG_FILE": self._running["aws_config"], "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            # Without credentials the SDK would look for a machine of EC2 around it.
            "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", **more}
        if profile:
            found["AWS_PROFILE"] = profile
        return found


def binary():
    """Where cargo's dev profile puts it."""
    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    return pathlib.Path(state.REPOSITORY, target) / "debug" / "zonelink"


def check(name, *said):
    """Compare calls with a golden file, or write it."""
    text = normalised("\n\n".join(map(str, said)))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("ZONELINK_GOLDEN") == "write":
        path.write_text(text)
    assert path.exists(), f"{path} is missing; ZONELINK_GOLDEN=write writes it"
    assert text == path.read_text(), f"{path.name} differs; ZONELINK_GOLDEN=write accepts it"


def normalised(text):
    """The text with a name for all that differs from run to run."""
    seen = {}

    def name(found):
        kind, word = found.lastgroup, found[0]
        if kind in ("moment", "age"):
            return f"<{kind}>"
        numbers = seen.setdefault(kind, {})
        return f"<{kind} {numbers.setdefault(word, len(numbers) + 1)}>"

    text = _PATTERN.sub(name, text)
    # The width of a column follows its longest word.
    lines = (re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() for line in text.splitlines())
    return "\n".join(lines).rstrip() + "\n"

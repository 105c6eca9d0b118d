"""Mutants: each patch in tests/mutants breaks the product, and the simulation must see it.

    python tests/mutants.py             all of them
    python tests/mutants.py no_pending  some

A copy of the tree stands in .local/mutants, and so does what is built of it: from one mutant to the next only the
library and the simulation are built anew. A mutant that survives is a failure, and so is a patch that no longer applies.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATCHES = ROOT / "tests" / "mutants"
PLACE = ROOT / ".local" / "mutants"
TREE = PLACE / "tree"
# Within so many schedules each mutant is found.
SCHEDULES = 2000
# A mutant is built for a few seconds of work: to optimize it takes longer than that.
BUILD = ["cargo", "test", "--locked", "--config", "profile.dev.package.zonelink-tests.opt-level=1"]
BUILD += ["--config", "profile.dev.debug=false", "-p", "zonelink-tests", "--test", "simulation"]
# In the schedules from some seed on more happens than in others: a patch names it.
FIRST = re.compile(r"Seeds from (\d+)\.")
TESTS = {"0": "no_schedule_breaks_a_rule_and_all_end_in_order",
         "2000000": "nothing_of_a_guest_is_written_without_the_zone_owners_consent",
         "3000000": "what_somebody_else_writes_again_and_again_is_left_and_made_right_when_that_ends",
         "4000000": "zone_is_made_once_for_whom_it_is_needed_and_never_without_a_claim"}
FOUND = re.compile(r"^seed (?P<seed>\d+): (?P<violation>.*)", re.MULTILINE)


def tracked() -> list[Path]:
    """The files that a build needs, those that git does not know yet among them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    wanted = ("Cargo", "rust-toolchain", "shared/", "functions/", "cli/", "tests/", "tools/bench/planning/")
    return [Path(name) for name in listed.stdout.split("\0") if name.startswith(wanted)]


def restore() -> None:
    """Makes the copy what the tree is. What is the same keeps its time, so that cargo leaves it alone."""
    files = {path for path in tracked() if (ROOT / path).is_file()}
    for path in sorted(files):
        copy, content = TREE / path, (ROOT / path).read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    for copy in TREE.rglob("*"):
        if copy.is_file() and copy.relative_to(TREE) not in files:
            copy.unlink()


def run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(PLACE / "target"), **variables}
    return subprocess.run(arguments, cwd=TREE, env=environment, capture_output=True, text=True)


def build() -> str:
    """Builds the simulation over the copy; gives why that is not possible, if it is not."""
    built = run([*BUILD, "--no-run"])
    return f"it cannot be built:\n{built.stderr}" if built.returncode else ""


def fate(patch: Path) -> tuple[str | None, str]:
    """The seed by which a mutant is found, if it is, and how."""
    restore()
    # Below the tree of another repository git would apply nothing, and say nothing.
    applied = run(["git", "apply", str(patch)], GIT_CEILING_DIRECTORIES=str(PLACE))
    if applied.returncode:
        return None, f"the patch does not apply: {applied.stderr.strip()}"
    if problem := build():
        return None, problem
    named = FIRST.search(patch.read_text())
    first = named[1] if named else "0"
    outcome = run([*BUILD, "--", TESTS[first]], ZONELINK_SCHEDULES=str(SCHEDULES), ZONELINK_FIRST=first)
    found = FOUND.search(outcome.stdout + outcome.stderr)
    if outcome.returncode and found:
        return found["seed"], found["violation"][:160]
    return None, f"it survives {SCHEDULES} schedules"


def sound(seed: str) -> bool:
    """Whether a schedule breaks no rule where nothing is broken. The copy must be what the tree is."""
    return run([*BUILD, "--", "one_seed"], ZONELINK_SEED=seed).returncode == 0


def main(names: list[str]) -> int:
    if not shutil.which("git"):
        print("git is not installed")
        return 1
    patches = [patch for patch in sorted(PATCHES.glob("*.patch")) if not names or patch.stem in names]
    found = {}
    for patch in patches:
        began = time.monotonic()
        seed, how = fate(patch)
        took = time.monotonic() - began
        if seed:
            found[patch.stem] = seed
        said = f"found by seed {seed}" if seed else "NOT FOUND"
        print(f"{patch.stem}: {said} in {took:.0f} s: {how}", flush=True)
    restore()
    if problem := build():
        print(problem)
        return 1
    # What fails without a mutant, too, says nothing about it.
    faulty = [f"{name}: seed {seed} fails without it, too" for name, seed in found.items() if not sound(seed)]
    print("\n".join(faulty), end="\n" if faulty else "")
    return 1 if faulty or len(found) < len(patches) or not patches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

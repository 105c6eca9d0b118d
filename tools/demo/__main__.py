"""zonelink at work, start to end, in a local AWS of its own: `PYTHONPATH=tools python -m demo`.

It shows what really happens: nothing below is printed that was not read from the journal, the
functions' logs, the log of API calls, EC2, or a queue that heard the event. It ends with 0 only
when everything was as expected, and it always leaves nothing running.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError
from local_aws import processes, stacks, state, up
from tabulate import SEPARATING_LINE, tabulate

from . import installation, screen
from .moments import now
from .story import SECONDS_TO_BE_AVAILABLE, Story, Stuck


def main():
    """Run the demo; the exit code says whether all went as expected."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A terminated demo cleans up as an interrupted one does.
        signal.signal(number, lambda *_: sys.exit("Terminated."))
    # A local AWS of its own: `make up` may be running beside it.
    folder = state.directory() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["LOCAL_AWS_DIR"] = str(folder)
    with open(folder / "demo.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Another demo is running.")
        sys.exit(_run())


def _run():
    began = time.monotonic()
    screen.title("zonelink: private DNS that follows AWS PrivateLink")
    screen.say("A local AWS starts now: two emulators, four accounts, no network. Times are seconds after "
               "the call that begins each chapter; ids have names, such as endpoint A1.")
    running = None
    try:
        with state.locked():
            left = state.read()
            if left:
                up.stop(left)
            running = up.start()
        all_well = _tell(Story(running), running)
    except processes.StartFailed as failure:
        screen.bad(f"The local AWS did not start. {failure}")
        return 1
    except KeyboardInterrupt:
        screen.bad("\nInterrupted.")
        return 130
    except BrokenPipeError:
        # Whoever read along has gone; what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        if running:
            with processes.interruption_held():
                up.stop(running)
    screen.plain(f"\nThe local AWS is stopped; its logs are in {os.path.relpath(running['logs'])}.")
    verdict = screen.good if all_well else screen.bad
    verdict(f"{'All as expected' if all_well else 'NOT as expected'}, "
            f"in {time.monotonic() - began:.0f} seconds.")
    return 0 if all_well else 1


def _tell(story, running):
    stuck = None
    try:
        story.tell()
        story.finish()
        _table(story)
        story.resolve()
        _status(story, running)
    except (Stuck, stacks.StackFailed, ClientError, BotoCoreError, FileNotFoundError) as failure:
        stuck = failure
    screen.plain("\nWhat was expected")
    screen.plain("-----------------")
    for number, text, holds, detail in story.checks:
        screen.check(number, text, holds, detail)
    if stuck:
        screen.check(story.chapter, "the story came to its end", False, f"{type(stuck).__name__}: {stuck}")
    return not stuck and all(holds for _, _, holds, _ in story.checks)


def _table(story):
    rows = []
    for row in story.rows():
        rows += [SEPARATING_LINE, list(row.values())] if rows else [list(row.values())]
        headers = list(row)
    screen.plain(f"\nWhere it ended, {now():%Y-%m-%d %H:%M:%S} UTC")
    screen.plain(tabulate(rows, headers, tablefmt="simple", stralign="left", disable_numparse=True))
    screen.say("ms: from the event (CloudTrail's has whole seconds) to the record, as the journal has it. Of "
               f"these, AWS took {SECONDS_TO_BE_AVAILABLE:.0f} seconds to make the endpoint available, and "
               "zonelink looks at a pending endpoint every 10 seconds at first.")


def _status(story, running):
    """What an operator sees of it on the command line."""
    arguments = ["zonelink", "status", "--profile", "provider"]
    screen.command(" ".join(arguments))
    environment = {**os.environ, "AWS_CONFIG_FILE": running["aws_config"],
                   "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        environment.pop(name, None)
    said = subprocess.run([installation.binaries() / arguments[0], *arguments[1:]], env=environment,
                          capture_output=True, text=True, check=False)
    screen.plain("\n" + said.stdout + said.stderr)
    # 3: something is held, and the stranger is.
    story.checks.append((story.chapter, "zonelink status lists the stranger's connection as held",
                         said.returncode == 3 and "NotAllowed" in said.stdout, said.stderr))


if __name__ == "__main__":
    main()

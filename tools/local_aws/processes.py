"""Starting and stopping the emulators as process groups.

Each emulator leads a group of its own, and the functions that ministack runs stay in its
group: stopping the group stops them all.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

_GRACE_SECONDS = 5

# A proxy of the environment cannot reach this machine's own 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StartFailed(Exception):
    """An emulator did not come up; the message holds the end of its log."""


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextlib.contextmanager
def interruption_held():
    """Let no signal end a step halfway; one that came is raised as an interrupt afterwards.

    A process that was started, but not yet noted, could not be stopped again.
    """
    came = []
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: came.append(True)) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def start(command, environment, log):
    """Start a command as the leader of a new session, its output in a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as output:
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                stdout=output, stderr=subprocess.STDOUT, start_new_session=True)


def wait_until_answers(process, url, log, seconds):
    """Return when the URL answers anything at all; raise when the process ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartFailed(f"{process.args[2]} ended with code {process.returncode}\n{_end_of(log)}")
        if answers(url):
            return
        time.sleep(0.1)
    raise StartFailed(f"{url} did not answer within {seconds} seconds\n{_end_of(log)}")


def answers(url):
    """Whether an HTTP server is there. An error status is an answer too."""
    try:
        with _opener.open(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def is_ours(pid, module):
    """Whether a process id still belongs to the module we started under it."""
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return module in shown.stdout.split()


def stop_group(pid):
    """End every process of a group: ask first, then insist."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, how)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < deadline:
            _reap(pid)
            if not _members(pid):
                return
            time.sleep(0.05)
    raise RuntimeError(f"processes of group {pid} do not end: {_members(pid)}")


def _reap(pid):
    """Collect the leader if it is our own child; `down` is not its parent."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def _members(group):
    """The living processes of a group. A zombie has ended already."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True,
                           check=True)
    rows = (line.split() for line in shown.stdout.splitlines())
    return [int(pid) for pid, pgid, stat in rows if int(pgid) == group and not stat.startswith("Z")]


def _end_of(log):
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-25:])

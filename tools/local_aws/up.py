"""Start the local AWS: `PYTHONPATH=tools python -m local_aws.up`.

Both emulators run detached on free ports of 127.0.0.1. Either both are up when this
ends, or nothing is left running.
"""

import contextlib
import os
import shutil
import signal
import sys

from . import accounts, processes, state

# moto imports every service it knows, and a cold machine is slow at that.
_SECONDS_TO_START = 90

MODULES = {"moto": "local_aws.moto", "ministack": "local_aws.ministack"}


def main():
    """Start both emulators and say how to use them."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A terminated `up` cleans up as an interrupted one does.
        signal.signal(number, lambda *_: sys.exit("Terminated."))
    with state.locked():
        running = state.read()
        if running and is_alive(running):
            sys.exit(f"The local AWS is up already: {_urls(running)}\n"
                     "Stop it first: PYTHONPATH=tools python -m local_aws.down")
        if running:
            stop(running)
        try:
            started = start()
        except processes.StartFailed as failure:
            sys.exit(f"The local AWS did not start. {failure}")
        except KeyboardInterrupt:
            sys.exit("Interrupted.")
    print(f"The local AWS is up: {_urls(started)}\n\n"
          f"  export AWS_CONFIG_FILE={started['aws_config']} AWS_SHARED_CREDENTIALS_FILE=/dev/null\n"
          "  aws --profile client-a ec2 describe-vpc-endpoints\n\n"
          f"Profiles: {', '.join(started['accounts'])}. Logs: {started['logs']}\n"
          "Stop: PYTHONPATH=tools python -m local_aws.down")


def start():
    """Start both emulators, wait until both answer, and write down what runs where."""
    logs = state.directory() / "logs"
    # The functions' logs are appended to, and those of an earlier run would mislead.
    for old in logs.glob("*.log"):
        old.unlink()
    ports = dict(zip(MODULES, processes.free_ports(len(MODULES))))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    environment = _environment(urls, logs)
    children = {}
    try:
        with processes.interruption_held():
            for name, module in MODULES.items():
                command = [sys.executable, "-m", module, "--port", str(ports[name])]
                children[name] = processes.start(command, environment, logs / f"{name}.log")
        for name, child in children.items():
            processes.wait_until_answers(child, urls[name], logs / f"{name}.log", _SECONDS_TO_START)
        started = {
            "region": accounts.REGION,
            "accounts": accounts.BY_NAME,
            **{name: {"url": urls[name], "port": ports[name], "pid": child.pid}
               for name, child in children.items()},
            "aws_config": str(state.directory() / "aws-config"),
            "logs": str(logs),
        }
        state.write(started)
        return started
    except BaseException:
        # Interrupted or failed, it is all the same: nothing may be left running.
        with processes.interruption_held():
            for child in children.values():
                processes.stop_group(child.pid)
            state.forget()
        raise


@contextlib.contextmanager
def apart(folder):
    """A local AWS for the length of a `with`, its files in `folder`, that knows nothing of any other."""
    before = os.environ.get("LOCAL_AWS_DIR")
    os.environ["LOCAL_AWS_DIR"] = str(folder)
    try:
        with state.locked():
            if left_over := state.read():
                stop(left_over)
            running = start()
            try:
                yield running
            finally:
                stop(running)
    finally:
        os.environ.pop("LOCAL_AWS_DIR")
        if before is not None:
            os.environ["LOCAL_AWS_DIR"] = before


def stop(running):
    """Stop what a state names, if it is still what we started, and forget it."""
    for name, module in MODULES.items():
        pid = running[name]["pid"]
        if processes.is_ours(pid, module):
            processes.stop_group(pid)
    state.forget()
    # ministack unpacks the functions' code there.
    shutil.rmtree(state.directory() / "tmp", ignore_errors=True)


def is_alive(running):
    """Whether both emulators are there and answer."""
    return all(processes.is_ours(running[name]["pid"], module) and processes.answers(running[name]["url"])
               for name, module in MODULES.items())


def _environment(urls, logs):
    path = os.pathsep.join(filter(None, [str(state.REPOSITORY / "tools"), os.environ.get("PYTHONPATH")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        # The emulators call each other, which a proxy of the environment could not do.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "LOCAL_AWS_MOTO_URL": urls["moto"],
        "LOCAL_AWS_MINISTACK_URL": urls["ministack"],
        "LOCAL_AWS_DIR": str(state.directory()),
        "LOCAL_AWS_LOG_DIR": str(logs),
    }


def _urls(running):
    return ", ".join(f"{name} {running[name]['url']}" for name in MODULES)


if __name__ == "__main__":
    main()

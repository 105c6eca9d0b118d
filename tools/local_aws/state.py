"""What is running: .local/state.json, the AWS configuration made for it, and clients.

    {"region": ..., "accounts": {name: number},
     "ministack": {"url", "port", "pid"}, "moto": {"url", "port", "pid"},
     "aws_config": path, "logs": path}
"""

import contextlib
import fcntl
import json
import os
import pathlib

import boto3
from botocore.config import Config

from . import accounts

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# The services moto answers, by the names that the services section of an AWS
# configuration file uses, and by boto3's own.
MOTO_SERVICES = ("ec2", "route_53", "sts", "organizations", "elastic_load_balancing_v2", "cloudtrail",
                 "route53resolver", "route53profiles", "servicediscovery")
_MOTO_CLIENTS = frozenset({"ec2", "route53", "sts", "organizations", "elbv2", "cloudtrail",
                           "route53resolver", "route53profiles", "servicediscovery"})


def directory():
    """Where everything of a running local AWS is kept; ignored by git."""
    return pathlib.Path(os.environ.get("LOCAL_AWS_DIR", REPOSITORY / ".local")).resolve()


def own_folder(suite):
    """Where a local AWS of a test suite's own keeps its files; each of pytest's workers has one."""
    return REPOSITORY / ".local" / suite / os.environ.get("PYTEST_XDIST_WORKER", "")


@contextlib.contextmanager
def locked():
    """Let only one start or stop be at work at a time."""
    directory().mkdir(parents=True, exist_ok=True)
    with open(directory() / "up.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("Another up or down is at work.") from None
        yield


def read():
    """The state that `up` wrote, or None when nothing is up."""
    path = directory() / "state.json"
    return json.loads(path.read_text()) if path.exists() else None


def required():
    """The state, or a sentence that says what to do."""
    state = read()
    if state is None:
        raise SystemExit("The local AWS is not up. Start it: PYTHONPATH=tools python -m local_aws.up")
    return state


def write(state):
    """Write the configuration file first: whoever sees the state may use both."""
    pathlib.Path(state["aws_config"]).write_text(aws_config(state))
    path = directory() / "state.json"
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(state, indent=2) + "\n")
    unfinished.replace(path)


def forget():
    """Remove what `write` wrote."""
    for name in ("state.json", "aws-config"):
        (directory() / name).unlink(missing_ok=True)


def client(service, account, state=None, region=None):
    """A boto3 client that acts as the account, at the emulator that has the service, in our region or another."""
    state = state or required()
    emulator = "moto" if service in _MOTO_CLIENTS else "ministack"
    return boto3.client(
        service,
        region_name=region or state["region"],
        endpoint_url=state[emulator]["url"],
        aws_access_key_id=accounts.number(account),
        aws_secret_access_key=accounts.SECRET,
        # No retries, so that a test sees each answer; no proxy, it could not reach 127.0.0.1.
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def aws_config(state):
    """An AWS configuration file with a profile for each of the state's accounts."""
    lines = ["# Written by local_aws.up for the emulators of this moment."]
    for name, number in state["accounts"].items():
        lines += [
            f"[profile {name}]",
            f"region = {state['region']}",
            f"aws_access_key_id = {number}",
            f"aws_secret_access_key = {accounts.SECRET}",
            f"endpoint_url = {state['ministack']['url']}",
            "services = local-aws",
            "output = json",
            "",
        ]
    lines.append("[services local-aws]")
    # With hyphens is how the SDK for Rust asks for it.
    for service in dict.fromkeys(name for one in MOTO_SERVICES for name in (one, one.replace("_", "-"))):
        lines += [f"{service} =", f"  endpoint_url = {state['moto']['url']}"]
    return "\n".join(lines) + "\n"

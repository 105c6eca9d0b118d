"""`make up`: a local AWS with zonelink installed, left running for commands typed by hand.

Either all of it is up when this ends, or nothing is left running.
"""

import os
import shlex
import signal
import sys
import textwrap

from local_aws import processes, state, up

from . import installation

_NEXT = """
zonelink is up in a local AWS: the accounts provider, client-a, client-b and client-c, in us-west-2.
It publishes {name} for
{service}
and accepts client-a and client-b. client-c may ask, and is on no allow list.

In another shell, in this folder:

  . {env}

{steps}
More to try is in docs/TRY.md. Logs: {logs}
Stop it: make down
"""


def main():
    """Start the local AWS, install zonelink, and say what to type next."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A terminated `up` cleans up as an interrupted one does.
        signal.signal(number, lambda *_: sys.exit("Terminated."))
    with state.locked():
        running = state.read()
        if running and up.is_alive(running):
            sys.exit("The local AWS is up already. Use it (. " + _shown(_env_file())
                     + "), or stop it: make down")
        if running:
            up.stop(running)
        try:
            _start()
        except processes.StartFailed as failure:
            sys.exit(f"The local AWS did not start. {failure}")
        except KeyboardInterrupt:
            sys.exit("Interrupted; nothing is left running.")


def _start():
    print("Starting the local AWS …", flush=True)
    running = up.start()
    try:
        print("Publishing an endpoint service and deploying zonelink …", flush=True)
        service = installation.publish(running)
        outputs = installation.install_provider(running, service)
        for client in installation.CLIENTS:
            installation.install_client(running, client, outputs)
        _env_file().write_text(_environment(running, service, outputs))
        print(_NEXT.format(name=installation.RECORD_NAME, service=service.name,
                           env=_shown(_env_file()), steps=_first_steps(), logs=_shown(running["logs"])))
    except BaseException:
        with processes.interruption_held():
            up.stop(running)
        raise


def _first_steps():
    """The page's first commands, from a VPC to what it resolves."""
    page = (state.REPOSITORY / "docs" / "TRY.md").read_text()
    _, *paragraphs = page.partition("```sh\n")[2].partition("```")[0].split("\n\n")
    return textwrap.indent("\n\n".join(paragraphs[:4]), "  ")


def _env_file():
    return state.directory() / "env"


def _environment(running, service, outputs):
    """What a shell needs: the accounts as profiles, the `aws` of the venv, and a few names."""
    values = {
        "AWS_CONFIG_FILE": running["aws_config"],
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PAGER": "",
        # Over HTTP to 127.0.0.1, which a proxy of the environment could not reach.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "SERVICE_ID": service.id,
        "SERVICE_NAME": service.name,
        "RECORD_NAME": installation.RECORD_NAME,
        "ZONE_NAME": installation.RECORD_NAME.removeprefix("*."),
        "TABLE_NAME": outputs["TableName"],
        "BACKFILL_FUNCTION": outputs["BackfillFunction"],
        "OPERATOR_ROLE": outputs["OperatorRoleArn"],
    }
    # These would win over a profile.
    foreign = [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]
    foreign += ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"]
    lines = ["# Written by `make up` for the local AWS of this moment; source it.",
             f"unset {' '.join(sorted(set(foreign)))}",
             *(f"export {name}={shlex.quote(value)}" for name, value in values.items()),
             f"export PATH={shlex.quote(os.path.dirname(sys.executable))}:\"$PATH\""]
    return "\n".join(lines) + "\n"


def _shown(path):
    return os.path.relpath(path, state.REPOSITORY)


if __name__ == "__main__":
    main()

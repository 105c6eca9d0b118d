"""docs/RUNBOOK.md: its sections, and their commands as a shell runs them."""

import os
import pathlib
import re
import subprocess
import sys

from cli.command import binary
from local_aws import state

PAGE = state.REPOSITORY / "docs" / "RUNBOOK.md"
FIRST = "Before anything else"
# What ends with 3 has found something that is held, which is what a runbook's command is for.
_RUN = "trap 'code=$?; [ $code = 3 ] || exit $code' ERR\n"


def sections():
    """The text of each section by its heading."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def blocks(section, step):
    """The commands of a section's step: See, Mend, Over."""
    found = re.split(r"^\*\*(\w+)\.\*\*", sections()[section], flags=re.MULTILINE)
    texts = {"": found[0], **dict(zip(found[1::2], found[2::2]))}
    commands = re.findall(r"^```sh\n(.*?)^```$", texts[step], flags=re.MULTILINE | re.DOTALL)
    assert commands, f"{section} has no commands to {step}"
    return commands


# Version 1 of the AWS CLI, which PyPI has, sends calls of SQS to AWS whatever endpoint a profile names.
_AWS = """#!/bin/sh
[ "$1" = sqs ] && set -- --endpoint-url "{ministack}" "$@"
exec "{aws}" "$@"
"""


class Shell:
    """A person's shell beside the local AWS, after the commands that the page has first."""

    def __init__(self, local):
        self._running = local.running
        self._home = state.directory() / "home"
        self._home.mkdir(exist_ok=True)
        self._tools = pathlib.Path(sys.executable).parent
        aws = self._home / "aws"
        aws.write_text(_AWS.format(ministack=local.running["ministack"]["url"], aws=self._tools / "aws"))
        aws.chmod(0o755)

    def follow(self, section, step, number=None, profile="provider", **values):
        """Run a step's commands, or one block of them; `values` are what the person has read off before."""
        commands = blocks(section, step)
        chosen = commands if number is None else [commands[number]]
        return "".join(self.run(command, profile, **values) for command in chosen)

    def run(self, command, profile="provider", **values):
        """Run a command with a profile, or with the credentials among the values."""
        text = _RUN + "\n".join(blocks(FIRST, "")) + command + "true\n"
        ended = subprocess.run(["bash", "-uc", text], env={
            "PATH": f"{self._home}:{self._tools}:{binary().parent}:{os.environ['PATH']}",
            "HOME": str(self._home), "AWS_CONFIG_FILE": self._running["aws_config"],
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
            "NO_PROXY": "127.0.0.1", "AWS_PROFILE": profile, **values,
        }, cwd=state.REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, f"{command}\nexit code {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

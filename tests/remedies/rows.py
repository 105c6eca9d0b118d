"""Remedies as `zonelink status` prints them, followed by the letter in a shell beside the local AWS.

    vpc-…/*.example.com  NoZone, for 3 s
      no private hosted zone of the VPC can hold the name
      remedy: associate a private hosted zone …
        to give the VPC a zone, in account 222222222222:      a way, and where it is run
          aws route53 create-hosted-zone …                    its commands
"""

import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

from cli.command import binary
from local_aws import accounts, state

# The rows of all modules, by the name of the function that raises the hold.
ROWS = {}
# What only looks is run too, and ends nothing.
_LOOKS = "to see "
# What holds nothing.
_NOTES = {"Shadowed"}


@dataclass(frozen=True)
class Row:
    """A hold, how it comes, and what ends it."""

    reason: str
    # Yields the hold's subject. Goes on when the hold is seen, with what a person decides or does besides commands; and
    # after the next `yield` when the hold is over.
    raises: object
    # How the ways begin that are followed, in this order.
    ways: tuple
    # Holds that come in its place, as somebody has chosen.
    becomes: tuple = ()


def row(reason, *ways, becomes=()):
    """Add a row to the table; without a way it is a person's decision that ends the hold."""
    def add(raises):
        assert raises.__name__ not in ROWS, raises.__name__
        ROWS[raises.__name__] = Row(reason, raises, ways, becomes)
        return raises
    return add


def rows_of(module):
    """The rows that a module has added."""
    return [name for name, one in ROWS.items() if one.raises.__module__ == module]


@dataclass
class Way:
    """One way out, as it is printed."""

    says: str
    commands: list = field(default_factory=list)

    @property
    def account(self):
        """Whose credentials its commands need."""
        named = re.search(r"in account (\d{12})", self.says)
        return named[1] if named else accounts.PROVIDER


def follow(fleet, name):
    """Raise the hold of a row, do what is printed, and see a sweep end it."""
    one, shell = ROWS[name], Shell(fleet)
    story = one.raises(fleet)
    try:
        subject = next(story)
        before = _holds(fleet)
        assert before.get(subject) == one.reason, before
        ways = printed(shell, subject)
        next(story, None)
        for way in [way for way in ways if way.says.startswith(_LOOKS)]:
            shell.follow(way)
        for begins in one.ways:
            [way] = [way for way in ways if way.says.startswith(begins)]
            shell.follow(way)
        fleet.provider.sweep()
        after = _holds(fleet)
        assert after.get(subject) != one.reason, f"{subject} is still held: {fleet.table.holds()[subject]}"
        new = {reason for held, reason in after.items() if before.get(held) != reason}
        assert new <= {*one.becomes, *_NOTES}, after
        assert fleet.provider.dead_letters() == []
        next(story, None)
    finally:
        story.close()
    # What is printed and leads somewhere is followed by a row.
    followed = {begins for other in ROWS.values() if other.reason == one.reason for begins in other.ways}
    for way in ways:
        assert way.says.startswith((_LOOKS, *followed)), f"no row follows: {way.says}"


def _holds(fleet):
    return {subject: hold["reason"] for subject, hold in fleet.table.holds().items()}


def printed(shell, subject):
    """The ways out of a hold that status prints."""
    text = shell.run("zonelink status --held", accounts.PROVIDER)
    [block] = re.findall(rf"^  {re.escape(subject)}  \w+, for .*\n((?:    .*\n)*)", text, re.MULTILINE)
    assert "\n    remedy: " in f"\n{block}", block
    assert not re.search(r"<[a-z]|…", block), f"what is known is not left to the reader: {block}"
    ways = ways_of(block.split("    remedy: ")[1].split("\n", 1)[1])
    assert all(way.commands for way in ways), block
    return ways


def ways_of(text):
    """The ways of a remedy: what each says ends with a colon, and its commands follow, a line each."""
    ways = []
    for line in map(str.strip, text.splitlines()):
        if line.endswith(":"):
            ways.append(Way(line.removesuffix(":")))
        elif line.startswith(("aws ", "zonelink ")):
            ways[-1].commands.append(line)
        else:
            assert not ways, f"neither says nor runs anything: {line}"
    return ways


class Shell:
    """A person's shell, in a copy of this project."""

    def __init__(self, fleet, **given):
        self._running = fleet.local.running
        # What the remedy leaves to the reader, as variables.
        self._given = given
        # Signed in as an operator, with a profile that takes this role.
        self._role = fleet.provider.outputs["OperatorRoleArn"]
        self._tools = pathlib.Path(sys.executable).parent

    def follow(self, way):
        """Run the commands of a way where it says; and what a command prints, where the way asks for that."""
        for command in way.commands:
            said = self.run(command, way.account)
            if what := re.search(r"run what this prints with credentials of (\d{12})", way.says):
                self.run(said, what[1])

    def run(self, command, account):
        """Run a command with the credentials of an account. What ends with 3 has found something that is held."""
        operator = f'zonelink() {{ command zonelink --role-arn {self._role} "$@"; }}\n'
        ended = subprocess.run(["bash", "-uc", operator + command], env={
            "PATH": f"{self._tools}:{binary().parent}:{os.environ['PATH']}", "HOME": str(state.directory()),
            "AWS_CONFIG_FILE": self._running["aws_config"], "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "127.0.0.1",
            # The profile says where the services are, the key who asks.
            "AWS_PROFILE": "provider", "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": accounts.SECRET,
            **self._given,
        }, cwd=state.REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode in (0, 3), f"{command}\n{ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

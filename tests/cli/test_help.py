"""Help, completions and the manual page: of every command, and as they were."""

import re
import subprocess

import pytest

from .command import check

# Every command; a new one is missing in this list, in the completions' or in the manual's test.
COMMANDS = ["", "status", "explain", "report", "doctor", "plan", "apply", "adopt", "release", "backfill", "sweep",
            "service",
            "service apply", "service list", "service show", "service remove", "service schema",
            "zone", "zone list", "zone share", "zone unshare", "check", "replay",
            "completions", "man"]


def subcommands(command, above=""):
    """The commands that help lists, each with those below it."""
    listed = command(*above.split(), "--help", profile=None).out.split("Commands:\n")
    if len(listed) < 2:
        return []
    found = [f"{above} {name}".strip() for name in re.findall(r"^  (\w+)", listed[1].split("\n\n")[0], re.M)]
    found = [name for name in found if name.split()[-1] != "help"]
    return found + [below for name in found for below in subcommands(command, name)]


def test_list_of_commands_is_complete(command):
    assert set(subcommands(command)) | {""} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS, ids=lambda name: name or "zonelink")
def test_help_is_as_it_was(command, name):
    said = command(*name.split(), "--help", profile=None)
    assert said.code == 0 and said.err == ""
    check("_".join(["help", *name.split()]), said)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions_know_every_command_and_option(command, shell):
    said = command("completions", shell, profile=None)
    assert said.code == 0
    for name in COMMANDS[1:]:
        assert re.search(rf"\b{name.split()[-1]}\b", said.out), name
    for option in ("keep-records", "dry-run", "role-arn"):
        assert option in said.out


def test_completions_of_bash_are_sound(command):
    script = command("completions", "bash", profile=None).out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("name", COMMANDS, ids=lambda name: name or "zonelink")
def test_manual_page_says_what_help_says(command, name):
    said = command("man", *name.split(), profile=None)
    assert said.code == 0 and said.out.startswith(".ie")
    plain = re.sub(r"\\f.", "", said.out).replace("\\-", "-").replace("\\*(Aq", "'")
    for option in re.findall(r"^ +(?:-\w, )?(--[\w-]+)", command(*name.split(), "--help", profile=None).out, re.M):
        assert option in plain, option


def test_manual_page_of_no_command_names_the_way_on(command):
    check("man_unknown", command("man", "nonsense", profile=None))

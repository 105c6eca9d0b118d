"""The commands of docs/DEPLOY.md, as its readers see them, and a shell in which they follow each other."""

import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass

from local_aws import state

PAGE = state.REPOSITORY / "docs" / "DEPLOY.md"
# What the page says, in italics and with the reason, just above a block that is left out.
_MARK = re.compile(r"\*Not run by the tests(?: as it stands here)?[:;] .+?\.\*\s*\Z", re.DOTALL)
_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block of commands."""

    section: str
    line: int
    text: str
    is_run: bool


def blocks():
    """All blocks of the page, in order."""
    page = PAGE.read_text()
    found = []
    for match in _BLOCK.finditer(page):
        before = page[:match.start()]
        section = re.findall(r"^##+ (.+)$", before, re.MULTILINE)[-1]
        indent, text = match.groups()
        text = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
        found.append(Block(section, before.count("\n") + 1, text, not _MARK.search(before)))
    return found


class Shell:
    """One bash that lives as long as the page, so that variables and functions stay. A command that fails ends it."""

    def __init__(self, environment):
        self._folder = tempfile.TemporaryDirectory()
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail"], cwd=state.REPOSITORY, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._count = 0

    def run(self, text, within=600):
        """Run a block; gives what it said, or fails with it."""
        self._count += 1
        path = f"{self._folder.name}/{self._count}.sh"
        with open(path, "w") as script:
            script.write(text)
        end = f"__block {self._count} is done__"
        self._bash.stdin.write(f"source {path} </dev/null\necho '{end}'\n")
        self._bash.stdin.flush()
        said = []
        # Only a time limit for what hangs: the shell's end is the end of its output.
        limit = threading.Timer(within, self._bash.kill)
        limit.start()
        try:
            for line in self._bash.stdout:
                if line.rstrip("\n").endswith(end):
                    return "".join([*said, line.rstrip("\n").removesuffix(end)])
                said.append(line)
        finally:
            limit.cancel()
        raise AssertionError(f"it ended with {self._bash.wait()}:\n{text}\n{''.join(said)}")

    def value(self, name):
        """A variable of the shell."""
        return self.run(f'printf %s "${name}"')

    def close(self):
        """End it."""
        self._bash.stdin.close()
        self._bash.wait()
        self._folder.cleanup()

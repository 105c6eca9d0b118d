"""The README names things of the code; these are still there under those names."""

import re

from local_aws import state


def _text(path):
    return (state.REPOSITORY / path).read_text()


def test_every_reason_of_a_hold_has_a_row_and_every_row_has_a_reason():
    enum = re.search(r"pub enum HoldReason \{(.*?)\n\}", _text("shared/src/model/hold_reason.rs"), re.DOTALL)[1]
    reasons = set(re.findall(r"^    ([A-Z]\w*)", enum, re.MULTILINE))
    part = _text("README.md").split("## What is held, and why")[1].split("\n## ")[0]
    # A reason of another version has no row: nobody can say what it means.
    assert set(re.findall(r"^\| `(\w+)`", part, re.MULTILINE)) == reasons - {"Unknown"}


def test_every_target_of_make_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", _text(page), re.MULTILINE))
        assert named and named <= targets, page


def test_there_is_one_version():
    workspace = re.search(r'^version = "(.*)"', _text("Cargo.toml"), re.MULTILINE)[1]
    application = re.search(r"SemanticVersion: (.*)", _text("template.yaml"))[1]
    assert application == workspace
    assert f"## {workspace} " in _text("CHANGELOG.md")


def test_every_file_that_is_linked_exists():
    for page in ("README.md", "CONTRIBUTING.md", "docs/README.md", "docs/DEPLOY.md"):
        folder = (state.REPOSITORY / page).parent
        for link in re.findall(r"\]\(([^)#:]+)\)", _text(page)):
            assert (folder / link).exists(), f"{page}: {link}"


def test_every_output_and_parameter_that_is_named_is_in_the_template():
    template = _text("template.yaml")
    short = _text("README.md").split("## Deploy to AWS")[1].split("\n## ")[0]
    for part in (short, _text("docs/DEPLOY.md")):
        named = set(re.findall(r"outputs? `?([A-Z][a-z]\w+)", part))
        for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE):
            named |= set(re.findall(r"`([A-Z]\w+)`", row))
        missing = {name for name in named if not re.search(rf"^  {name}:", template, re.MULTILINE)}
        assert len(named) > 5 and not missing


def test_a_table_has_no_row_outside_of_it():
    for page in ("README.md", "docs/README.md", "docs/DEPLOY.md"):
        # A row after an empty line is none: it needs the two lines of a head.
        for match in re.finditer(r"(?:\A|\n\n)(\|[^\n]*\n)(\|[^\n]*\n)?", _text(page)):
            assert re.fullmatch(r"\|[-:| ]+\|\n", match[2] or ""), f"{page}: {match[1]}"

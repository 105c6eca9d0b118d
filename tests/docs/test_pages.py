"""The pages name things of the code and each other; these are still there under those names."""

import re

from local_aws import state


# Every page of the project, the vendored and the generated apart.
PAGES = [page for pattern in ("*.md", "docs/**/*.md", "infra/**/*.md", "tools/**/*.md", "tests/**/*.md")
         for page in sorted(state.REPOSITORY.glob(pattern)) if "node_modules" not in page.parts]


def _text(path):
    return (state.REPOSITORY / path).read_text()


def test_every_reason_of_a_hold_has_a_row_and_every_row_has_a_reason():
    enum = re.search(r"pub enum HoldReason \{(.*?)\n\}", _text("shared/src/model/hold_reason.rs"), re.DOTALL)[1]
    reasons = set(re.findall(r"^    ([A-Z]\w*)", enum, re.MULTILINE))
    part = _text("docs/HOLDS.md")
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


def test_every_file_and_heading_that_is_linked_exists():
    for page in PAGES:
        for link, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)\s]+)?\)", page.read_text()):
            target = (page.parent / link).resolve() if link else page
            assert target.exists(), f"{page}: {link}"
            assert not anchor or target.suffix != ".md" or anchor[1:] in _anchors(target), f"{page}: {link}{anchor}"


def _anchors(page):
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    plain = (re.sub(r"\]\([^)]*\)", "]", heading).lower() for heading in headings)
    return {re.sub(r"[^\w -]", "", heading).strip().replace(" ", "-") for heading in plain}


def test_readme_is_a_landing_page():
    assert len(_text("README.md").splitlines()) <= 120


def test_no_line_of_prose_is_wider_than_120_characters():
    for page in PAGES:
        code = False
        for number, line in enumerate(page.read_text().splitlines(), 1):
            code ^= line.lstrip().startswith("```")
            # Tables and pictures of characters cannot be wrapped; an entry of a list that is one link neither.
            is_prose = not code and not line.startswith(("|", "    ")) and " " in re.sub(r"\[[^]]*\]\([^)]*\)|`[^`]*`", "", line).strip("* ")
            assert len(line) <= 120 or not is_prose, f"{page}:{number}"


def test_every_output_and_parameter_that_is_named_is_in_the_template():
    template, page = _text("template.yaml") + _text("infra/join.yaml"), _text("docs/DEPLOY.md")
    named = set(re.findall(r"outputs? `?([A-Z][a-z]\w+)", page))
    for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE):
        named |= set(re.findall(r"`([A-Z]\w+)`", row))
    missing = {name for name in named if not re.search(rf"^  {name}:", template, re.MULTILINE)}
    assert len(named) > 5 and not missing


def test_a_table_has_no_row_outside_of_it():
    for page in map(str, PAGES):
        # A row after an empty line is none: it needs the two lines of a head.
        for match in re.finditer(r"(?:\A|\n\n)(\|[^\n]*\n)(\|[^\n]*\n)?", _text(page)):
            assert re.fullmatch(r"\|[-:| ]+\|\n", match[2] or ""), f"{page}: {match[1]}"

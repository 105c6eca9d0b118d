"""Tools stand by themselves: tests import them, and not the other way round."""

import ast

from local_aws import state

TOOLS = state.REPOSITORY / "tools"
TESTS = state.REPOSITORY / "tests"


def _names(folder):
    """What can be imported from a folder on Python's path."""
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}


def _imported(path):
    """The packages that a file imports by their full names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_no_tool_imports_a_test():
    imported = {(str(path.relative_to(TOOLS)), name) for path in TOOLS.rglob("*.py") for name in _imported(path)}
    assert {name for _, name in imported} > {"stage", "local_aws"}
    assert {(path, name) for path, name in imported if name in _names(TESTS)} == set()


def test_no_test_hides_a_tool():
    assert _names(TOOLS) and _names(TOOLS) & _names(TESTS) == set()

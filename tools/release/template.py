"""template.yaml without its build: the code of each function is a zip beside it."""

import re

# How a function says what builds it. SAM builds nothing that has no such words.
_BUILD = re.compile(r"    Metadata:\n      BuildMethod: rust-cargolambda\n      BuildProperties:\n        Binary: [a-z-]+\n")
_CODE = re.compile(r"^(      CodeUri: )(functions/[a-z-]+)$", re.MULTILINE)
_ARCHITECTURE = re.compile(r"(\n  Architecture:\n    Type: String\n(?:    .*\n)*?    Default: )(\w+)\n")


class Unlike(Exception):
    """The template is not written as this module knows it."""


def of(text, architecture):
    """The template of a release, and the folders whose code it names: `functions/NAME` becomes `functions/NAME.zip`."""
    names = [found.group(2) for found in _CODE.finditer(text)]
    without, removed = _BUILD.subn("", text)
    if not names or removed != len(names):
        raise Unlike(f"{len(names)} functions have code, and {removed} say what builds it: correct tools/release/template.py")
    zipped = _CODE.sub(r"\1\2.zip", without)
    fitting, found = _ARCHITECTURE.subn(rf"\g<1>{architecture}\n", zipped)
    if found != 1:
        raise Unlike("the parameter Architecture has no default: correct tools/release/template.py")
    return fitting, names

"""What `sam package --use-json` does to our template: upload each function's code and name its place.

The only edit is the CodeUri of each AWS::Serverless::Function. The code is a zip that
holds one built binary as `bootstrap`.
"""

import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

from awscli.customizations.cloudformation.yamlhelper import yaml_parse

_FUNCTION = "AWS::Serverless::Function"
_FAST = 1


def packaged(template, binaries, upload):
    """The template's text with every CodeUri replaced by what `upload(key, bytes)` returns."""
    document = yaml_parse(pathlib.Path(template).read_text())
    for logical_id, resource in document["Resources"].items():
        if resource.get("Type") != _FUNCTION:
            continue
        code_uri = resource.get("Properties", {}).get("CodeUri")
        if not isinstance(code_uri, str):
            raise ValueError(f"{logical_id} has no CodeUri that is a path")
        name = pathlib.PurePosixPath(code_uri).name
        code = bootstrap_zip(pathlib.Path(binaries) / name)
        key = f"{name}-{hashlib.sha256(code).hexdigest()[:32]}.zip"
        resource["Properties"]["CodeUri"] = upload(key, code)
    # Read anew at every update of the stack, JSON seventy times as fast as YAML.
    return json.dumps(document)


def bootstrap_zip(binary, level=_FAST):
    """A zip with the binary as `bootstrap`. The same binary always makes the same zip."""
    if not binary.is_file():
        raise FileNotFoundError(f"{binary} does not exist: build it first")
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.writestr(entry, _stripped(binary), compresslevel=level)
    return buffer.getvalue()


def _stripped(binary):
    """The binary without its symbols, which make up most of a debug build."""
    content = binary.read_bytes()
    strip = shutil.which("strip")
    if strip is None or content.startswith(b"#!"):
        return content
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "bootstrap"
        copy.write_bytes(content)
        subprocess.run([strip, str(copy)], check=True)
        return copy.read_bytes()

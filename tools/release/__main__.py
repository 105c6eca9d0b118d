"""Make a file of a release: `python -m release functions --built .aws-sam/build --architecture arm64 --into FOLDER`.

`sam build` has made the functions before, for that architecture. `python -m release cli --binary BINARY --platform NAME`
packs the command line. The same binaries always make the same files.
"""

import argparse
import gzip
import io
import pathlib
import sys
import tarfile
import tomllib

from local_aws import packaging, state

from . import template

# What goes along as it is.
PAGES = {"docs/INSTALL.md": "README.md", "LICENSE": "LICENSE", "CHANGELOG.md": "CHANGELOG.md"}
TEMPLATES = ("client.yaml", "join.yaml", "organizations.yaml", "route53-events.yaml")
# `sam deploy` reads its defaults here. The repository's own file has those of `sam build` as well.
SETTINGS = """version = 0.1

[default.global.parameters]
stack_name = "zonelink"

[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
resolve_s3 = true
"""
SMALLEST = 9


def main():
    """Write the archive, and say its name."""
    asked = _arguments()
    asked.into.mkdir(parents=True, exist_ok=True)
    if asked.part == "functions":
        print(_functions(asked.built, asked.architecture, asked.into))
    else:
        print(_command_line(asked.binary, asked.platform, asked.into))


def version():
    """The workspace's version."""
    return tomllib.loads((state.REPOSITORY / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def _functions(built, architecture, into):
    """The archive of what is deployed."""
    text, names = template.of((state.REPOSITORY / "template.yaml").read_text(), architecture)
    files = {"template.yaml": text.encode(), "samconfig.toml": SETTINGS.encode()}
    for name in names:
        binary = built / _logical_id(name) / "bootstrap"
        if not binary.is_file():
            sys.exit(f"{binary} is missing. `sam build --parameter-overrides Architecture={architecture}` makes it.")
        files[f"{name}.zip"] = packaging.bootstrap_zip(binary, SMALLEST)
    files |= {f"infra/{name}": (state.REPOSITORY / "infra" / name).read_bytes() for name in TEMPLATES}
    files |= {there: (state.REPOSITORY / here).read_bytes() for here, there in PAGES.items()}
    return _archive(into, f"zonelink-{version()}-{architecture}", {name: (body, 0o644) for name, body in files.items()})


def _logical_id(folder):
    """`functions/accept-connections` is built in a folder of its resource's name, AcceptConnections."""
    return "".join(word.title() for word in pathlib.PurePosixPath(folder).name.split("-"))


def _command_line(binary, platform, into):
    """The archive of the command line."""
    files = {"zonelink": (binary.read_bytes(), 0o755), "LICENSE": ((state.REPOSITORY / "LICENSE").read_bytes(), 0o644)}
    return _archive(into, f"zonelink-cli-{version()}-{platform}", files)


def _archive(into, name, files):
    """A .tar.gz of one folder, without times and owners, so that the same files make the same archive."""
    path = into / f"{name}.tar.gz"
    with open(path, "wb") as target, gzip.GzipFile("", "wb", SMALLEST, target, mtime=0) as packed, \
            tarfile.open(mode="w", fileobj=packed, format=tarfile.USTAR_FORMAT) as archive:
        for file, (body, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size, entry.mode = len(body), mode
            archive.addfile(entry, io.BytesIO(body))
    return path


def _arguments():
    parser = argparse.ArgumentParser(prog="release", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    functions = parts.add_parser("functions", help="what is deployed")
    functions.add_argument("--built", type=pathlib.Path, required=True, help="what `sam build` made")
    functions.add_argument("--architecture", choices=("arm64", "x86_64"), required=True, help="what it was built for")
    cli = parts.add_parser("cli", help="the command line")
    cli.add_argument("--binary", type=pathlib.Path, required=True, help="what cargo made")
    cli.add_argument("--platform", required=True, help="what it was built for, as in x86_64-unknown-linux-gnu")
    for part in (functions, cli):
        part.add_argument("--into", type=pathlib.Path, required=True, help="the folder of the release's files")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A release, as a tag makes it: its files say what they are, and one of them is deployed without Rust."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from local_aws import accounts, state
from local_aws.stacks import outputs
from release import template as released
from stage.client import NAME, Client
from stage.provider import Provider

from . import tools
from .conftest import PROFILES
from .test_sam import STACK, remove

PAGE = state.REPOSITORY / "docs" / "INSTALL.md"


@pytest.fixture(scope="module")
def files(built, tmp_path_factory):
    """The folder of a release's files, with the functions that `sam build` made."""
    into = tmp_path_factory.mktemp("release")
    _make(into)
    tools.run(".ci/release-sums", str(into))
    return into


def _make(into):
    tools.run(sys.executable, "-m", "release", "functions", "--built", ".aws-sam/build", "--architecture", tools.ARCHITECTURE,
              "--into", str(into), found=tools.environment() | {"PYTHONPATH": "tools"})


def test_same_binaries_make_the_same_archive(files, tmp_path):
    _make(tmp_path)
    [made] = files.glob("*.tar.gz")
    assert (tmp_path / made.name).read_bytes() == made.read_bytes()
    assert made.name in (files / "SHA256SUMS").read_text()


def test_template_of_a_release_differs_in_its_code_alone():
    ours = (state.REPOSITORY / "template.yaml").read_text()
    text, names = released.of(ours, "x86_64")
    assert names == ["functions/accept-connections", "functions/reconcile-records", "functions/backfill"]
    assert all(f"CodeUri: {name}.zip" in text for name in names)
    assert "BuildMethod" not in text
    assert re.search(r"  Architecture:\n    Type: String\n    Default: x86_64\n", text)
    with pytest.raises(released.Unlike, match="say what builds it"):
        released.of(ours.replace("BuildMethod: rust-cargolambda", "BuildMethod: makefile", 1), "x86_64")


def test_tag_that_is_not_the_version_is_refused():
    with pytest.raises(tools.Failed, match="The tag is v0.0.0, and Cargo.toml says"):
        tools.run(".ci/release-tag", "v0.0.0")


@pytest.mark.parametrize("way", ["sam", "aws"])
def test_release_is_deployed_without_rust_by_the_commands_of_its_page(files, local, way):
    [archive] = files.glob("*.tar.gz")
    folder = archive.name.removesuffix(".tar.gz")
    provider = Provider(local, PROFILES["alone"])
    bucket = f"artifacts-for-{way}"
    local.client("s3", provider.account).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": accounts.REGION})
    blocks = dict(zip(("sam", "aws"), re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)))
    assert len(blocks["sam"].strip().splitlines()) == 3
    _run(blocks[way].replace("zonelink-VERSION-ARCHITECTURE", folder), files, local, provider, BUCKET=bucket)
    provider.read(outputs(local.client("cloudformation", provider.account), STACK))
    # Nobody was allowed yet.
    _run(f"cd {folder}\nsam deploy --parameter-overrides AllowedPrincipals={provider.account}", files, local, provider)
    # The endpoint of the other way was seen `deleting` for long.
    local.settings(accept_seconds=0.0)
    vpc = Client(local, provider.account, provider).vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    local.settled()
    assert zone.addresses() == endpoint.addresses
    endpoint.delete()
    local.settled()
    assert zone.record() is None
    remove(local, provider.account)
    local.queues.clear()


def _run(commands, folder, local, provider, **more):
    """Run lines of the page in a shell that has no cargo."""
    found = tools.environment(local.running, "alone", SERVICE_ID=provider.service, RECORD_NAME=NAME, **more)
    path = [part for part in found["PATH"].split(os.pathsep) if not (pathlib.Path(part) / "cargo").exists()]
    ended = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=folder, text=True, timeout=300, check=False,
                           env=found | {"PATH": os.pathsep.join(path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert ended.returncode == 0, ended.stdout

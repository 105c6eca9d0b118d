"""The commands of docs/TRY.md, as they stand; doctor then finds that the client can connect."""

import os
import pathlib
import re
import sys

import pytest

from deploy.page import Shell
from local_aws import state
from stage.client import DOMAIN, NAME

from .command import binary
from .patient import DataPlane

# Nobody waits for a clock, and the binary is built.
_QUICK = 'sleep() { :; }; cargo() { shift 5; zonelink "$@"; }'


class ByHand:
    """The page's paragraphs of commands, run in one shell, with what `make up` writes for it."""

    def __init__(self, local, provider):
        self._local = local
        part = (state.REPOSITORY / "docs" / "TRY.md").read_text()
        [block] = re.findall(r"^```sh\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        first, *self.paragraphs = block.split("\n\n")
        assert first == ". .local/env"
        tools = pathlib.Path(sys.executable).parent
        self.shell = Shell({
            "PATH": f"{tools}:{binary().parent}:{os.environ['PATH']}", "HOME": str(state.directory()),
            "AWS_CONFIG_FILE": local.running["aws_config"], "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "LOCAL_AWS_DIR": str(pathlib.Path(local.running["logs"]).parent),
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "127.0.0.1",
            "SERVICE_NAME": provider.service_name, "RECORD_NAME": NAME, "ZONE_NAME": DOMAIN,
            "OPERATOR_ROLE": provider.outputs["OperatorRoleArn"]})
        self.shell.run(_QUICK)

    def follow(self, begins):
        """Run the one paragraph that begins so, and let all that follows from it come to rest."""
        [paragraph] = [one for one in self.paragraphs if one.startswith(f"# {begins}")]
        self.paragraphs.remove(paragraph)
        said = self.shell.run(paragraph)
        self._local.settled()
        return said


@pytest.fixture
def by_hand(zonelink):
    DataPlane(zonelink.provider)
    made = ByHand(zonelink.local, zonelink.provider)
    yield made
    made.shell.close()


def not_ok(said):
    """The checks that doctor has marked as failed."""
    return re.findall(r"^  (.*\S) +fail  ", said, re.MULTILINE)


def test_client_that_is_made_by_hand_can_connect(zonelink, by_hand):
    by_hand.follow("A VPC that asks private hosted zones")
    by_hand.follow("The one call")
    assert '"TTL": 60' in by_hand.follow("Accepted at once")
    zonelink.c.public_zone("byoc.example.com").put("203.0.113.10")
    assert by_hand.follow("What a machine in this VPC resolves").split() == ["10.1.1.4", "10.1.2.4", "203.0.113.10"]
    assert "active" in by_hand.follow("What zonelink did")
    assert not_ok(by_hand.follow("Whether a client can connect")) == []
    broken = by_hand.follow("Break something")
    assert not_ok(broken) == ["security group"]
    mends = f"--group-id {by_hand.shell.value('GROUP')} --protocol tcp --port 19530 --cidr 10.1.0.0/16"
    assert f"aws ec2 authorize-security-group-ingress --region us-west-2 {mends}" in broken
    assert not_ok(by_hand.follow("That command")) == []
    repaired = by_hand.follow("Somebody edits the record")
    assert '"TTL": 60' in repaired and "10.9.9.9" not in repaired
    # As on AWS it is seen `deleting` for a while.
    zonelink.local.settings(accept_seconds=3600.0)
    by_hand.follow("The endpoint goes")
    assert by_hand.paragraphs == [] and zonelink.table.claims() == {}

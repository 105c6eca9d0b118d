"""docs/DEPLOY.md, followed by the letter: every command that it does not mark, in its order."""

import json
import re

import pytest

from local_aws import state
from local_aws.stacks import outputs
from stage.client import Client
from stage.provider import Provider, Table

from . import tools
from .conftest import PROFILES
from .page import PAGE, Shell, blocks

STACK = "zonelink"


class Follower:
    """Somebody who follows the page, and looks at what came of it."""

    def __init__(self, local):
        self.local = local
        self.shell = Shell(tools.environment(local.running))
        self.said = {}

    def follow(self, section):
        """Run the blocks of one section, and give what each said."""
        chosen = [block for block in blocks() if block.section == section and block.is_run]
        assert chosen, f"the page has no section {section} with commands"
        self.said[section] = [self.shell.run(block.text) for block in chosen]
        return self.said[section]

    def outputs(self):
        """The stack's outputs."""
        return outputs(self.local.client("cloudformation", PROFILES["provider"]), STACK)

    def record(self):
        """The addresses of the record that the page makes."""
        zone = self.shell.value("ZONE").removeprefix("/hostedzone/")
        found = self.local.client("route53", PROFILES["client"]).list_resource_record_sets(HostedZoneId=zone)
        [record] = [one for one in found["ResourceRecordSets"] if one["Type"] == "A"] or [None]
        return record


@pytest.fixture(scope="module")
def follower(local, built):
    """At the page's beginning, with the values of this machine put in where the page asks for the reader's."""
    made = Follower(local)
    made.follow("Before you begin")
    made.shell.run(f"ARCHITECTURE={tools.ARCHITECTURE}")
    yield made
    made.shell.close()


def test_every_block_is_run_or_says_why_not():
    found = blocks()
    assert len(found) == PAGE.read_text().count("```sh")
    assert [block.line for block in found if not block.is_run]
    # One with a placeholder could not have been run.
    for block in found:
        assert not (block.is_run and re.search(r"<[a-z-]+>|\.\.\.|…", block.text)), block.line


def test_examples_of_the_values_are_the_accounts_of_the_profiles(follower):
    assert follower.shell.value("PROVIDER_ACCOUNT") == PROFILES["provider"]
    assert follower.shell.value("CLIENT_ACCOUNT") == PROFILES["client"]


def test_page_leads_from_nothing_to_a_record(follower):
    follower.follow("The endpoint service")
    said = follower.follow("The provider account")
    assert f"Successfully created/updated stack - {STACK}" in said[0]
    commands = said[1].splitlines()
    assert [line.split()[0] for line in commands if line] == ["aws", "aws", "zonelink"]
    follower.local.queues[follower.outputs()["QueueUrl"]] = PROFILES["provider"]
    follower.follow("A client account")
    said = follower.follow("An endpoint, and its name")
    assert "\\052.aws-us-west-2.byoc.example.com." in said[1]
    assert follower.shell.value("ENDPOINT") in said[2]
    assert "active" in said[2]
    assert len(follower.record()["ResourceRecords"]) == 1


def test_command_of_the_outputs_shows_the_fleet(follower):
    said = follower.shell.run(follower.outputs()["CheckCommand"])
    assert follower.shell.value("ENDPOINT") in said


def test_one_stack_more_brings_a_vpc_and_takes_it_out_again(follower):
    route53 = follower.local.client("route53", PROFILES["client"])
    before = [one["Id"] for one in route53.list_hosted_zones()["HostedZones"]]
    # So long EC2 shows an endpoint that is being deleted; while it does, the record goes, and then the zone is empty.
    with follower.local.set(accept_seconds=15.0):
        said = follower.follow("A VPC in one stack")
    assert "Successfully created/updated stack - zonelink-join-orders" in said[0]
    assert "\\052.aws-us-west-2.byoc.example.com." in said[1]
    follower.local.settled()
    ec2 = follower.local.client("ec2", PROFILES["client"])
    vpcs = {one["VpcId"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["State"] != "deleting"}
    assert follower.shell.value("ORDERS_VPC") not in vpcs and follower.shell.value("CLIENT_VPC") in vpcs
    assert [one["Id"] for one in route53.list_hosted_zones()["HostedZones"]] == before


def test_upgrade_reaches_records_that_stand(follower):
    follower.follow("Upgrading")
    follower.local.settled()
    assert follower.record()["TTL"] == 30
    function = follower.local.client("lambda", PROFILES["provider"]).get_function_configuration(
        FunctionName=follower.outputs()["ReconcileRecordsFunction"])
    # cargo-lambda brings code, and nothing else.
    assert function["Environment"]["Variables"]["RECORD_TTL"] == "30"
    assert function["MemorySize"] == 256 and function["Timeout"] == 60 and function["Handler"] == "bootstrap"


def test_table_comes_back_with_its_claims(follower):
    table = Table(follower.local.client("dynamodb", PROFILES["provider"]), follower.outputs()["TableName"])
    follower.local.settled()
    before = table.claims()
    assert len(before) == 1
    follower.follow("The table")
    follower.local.settled()
    assert table.claims() == before
    dynamodb = follower.local.client("dynamodb", PROFILES["provider"])
    name = follower.outputs()["TableName"]
    assert dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "expires_at"


def test_restored_installation_goes_on_working(follower):
    client = Client(follower.local, PROFILES["client"], follower)
    follower.service_name = follower.outputs()["ServiceName"]
    vpc = client.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    follower.local.settled()
    assert zone.addresses() == endpoint.addresses
    endpoint.delete()
    follower.local.settled()
    assert zone.record() is None


def test_removal_leaves_no_record_and_no_stack(follower):
    name = follower.outputs()["TableName"]
    follower.follow("Removing")
    assert follower.record() is None
    for profile, region in (("provider", None), ("client", None), ("client", "us-east-1")):
        cloudformation = state.client("cloudformation", PROFILES[profile], follower.local.running, region)
        there = cloudformation.list_stacks()["StackSummaries"]
        left = {one["StackName"] for one in there if one["StackStatus"] != "DELETE_COMPLETE"}
        assert left <= {"aws-sam-cli-managed-default"}, (profile, region)
    assert name not in follower.local.client("dynamodb", PROFILES["provider"]).list_tables()["TableNames"]
    assert json.loads(follower.shell.run(
        'aws --profile client ec2 describe-vpc-endpoints --vpc-endpoint-ids "$ENDPOINT" --output json'))["VpcEndpoints"]
    follower.local.queues.clear()

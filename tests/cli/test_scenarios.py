"""Scenarios: what happens in the local AWS, saved by `zonelink replay --save` for tests/scenarios.rs.

With ZONELINK_SCENARIOS=write they are saved in tests/scenarios, ids as they came; else in a folder that is thrown away, to
see that the command still writes what the suite reads.
"""

import json
import os
import shutil

import pytest

from local_aws import state
from stage.client import NAME

from .witness import Witness

_FILES = ["event.json", "facts.json", "plan.json", "plan.txt", "policy.json"]


@pytest.fixture
def stage(zonelink, tmp_path):
    """A fleet that is watched while no function hears of it."""
    witness = Witness(zonelink.local, zonelink.a.account)
    with zonelink.provider.deaf(), zonelink.provider.rules_disabled(), zonelink.local.set(cloudtrail=True):
        yield Stage(zonelink, witness, tmp_path)
    witness.leave()


class Stage:
    """What the scenarios are played on."""

    def __init__(self, fleet, witness, folder):
        self.fleet, self._witness, self._folder = fleet, witness, folder

    def run(self, *arguments):
        """The binary with the role of operators."""
        role = self.fleet.provider.outputs["OperatorRoleArn"]
        said = self.fleet.run(*arguments, "--role-arn", role, ZONELINK_PLANS=str(self._folder / "plans"))
        assert said.code in (0, 3), said
        return said

    def connected(self, vpc, **more):
        """An endpoint that is accepted by hand."""
        endpoint = vpc.endpoint(**more)
        self.fleet.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=self.fleet.provider.service, VpcEndpointIds=[endpoint.id])
        return endpoint

    def written(self, vpc):
        """An endpoint whose record is written."""
        endpoint = self.connected(vpc)
        digest = self.run("plan", endpoint.id, "--output", "json").json["digest"]
        self.run("apply", "--plan", digest, endpoint.id)
        return endpoint

    def save(self, name, call, endpoint):
        """Replay the call's event, save it as a scenario, and return its words."""
        event = self._folder / "event.json"
        event.write_text(json.dumps(self._witness.event(call, endpoint.id)))
        folder = self._folder / name
        if os.environ.get("ZONELINK_SCENARIOS") == "write":
            folder = state.REPOSITORY / "tests" / "scenarios" / name
            shutil.rmtree(folder, ignore_errors=True)
        self.run("replay", str(event), "--save", str(folder))
        assert sorted(file.name for file in folder.iterdir()) == _FILES
        return (folder / "plan.txt").read_text()


def test_created_and_available(stage):
    vpc = stage.fleet.a.vpc(subnets=2)
    vpc.zone(), vpc.zone("example.com")
    words = stage.save("created", "CreateVpcEndpoint", stage.connected(vpc))
    assert words.count("CREATE A TTL 60 ") == 2


def test_created_and_not_available_yet(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone()
    stage.fleet.local.settings(accept_seconds=3600.0)
    words = stage.save("pending", "CreateVpcEndpoint", stage.connected(vpc))
    assert "it is only pending yet: look again" in words


def test_created_without_a_zone(stage):
    words = stage.save("no_zone", "CreateVpcEndpoint", stage.connected(stage.fleet.a.vpc()))
    assert "NoZone" in words


def test_deleted(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone()
    endpoint = stage.written(vpc)
    endpoint.delete()
    words = stage.save("deleted", "DeleteVpcEndpoints", endpoint)
    assert "DELETE A TTL 60 " in words and "release claim" in words


def test_second_vpc_of_a_zone(stage):
    first, second = stage.fleet.a.vpc(), stage.fleet.a.vpc()
    zone = first.zone()
    second.joins(zone)
    stage.written(first)
    words = stage.save("shared_zone", "CreateVpcEndpoint", stage.connected(second))
    assert f"SharedZone: the zone's record belongs to {first.id}" in words


def test_foreign_record(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone().put("192.0.2.1", ttl=300)
    words = stage.save("foreign_record", "CreateVpcEndpoint", stage.connected(vpc))
    assert "ForeignRecord: a record set that is not ours answers 192.0.2.1" in words


def test_cname(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone().put("elsewhere.example.net", kind="CNAME")
    words = stage.save("cname", "CreateVpcEndpoint", stage.connected(vpc))
    assert "IncompatibleRecord: CNAME" in words


def test_drift(stage):
    vpc = stage.fleet.a.vpc()
    zone = vpc.zone()
    endpoint = stage.written(vpc)
    zone.put("192.0.2.1", ttl=300)
    words = stage.save("drift", "CreateVpcEndpoint", endpoint)
    assert "because drift" in words and "DELETE A TTL 300 192.0.2.1; CREATE A TTL 60 " in words


def test_subnet_added(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone()
    endpoint = stage.written(vpc)
    endpoint.add_subnet(vpc.add_subnet())
    words = stage.save("subnet_added", "ModifyVpcEndpoint", endpoint)
    assert "the endpoints' addresses have changed" in words


def test_owner_that_is_not_allowed_any_more(stage):
    vpc = stage.fleet.a.vpc()
    vpc.zone()
    endpoint = stage.written(vpc)
    subnet = vpc.add_subnet()
    stage.fleet.provider.allow(stage.fleet.b.account)
    endpoint.add_subnet(subnet)
    words = stage.save("revoked", "ModifyVpcEndpoint", endpoint)
    assert "the endpoints' addresses have changed" in words, "what is connected keeps its record right"


def test_both_families(stage):
    vpc = stage.fleet.a.vpc(ipv6=True)
    vpc.zone()
    words = stage.save("dualstack", "CreateVpcEndpoint", stage.connected(vpc, IpAddressType="dualstack"))
    assert "CREATE AAAA TTL 60 " in words and "CREATE A TTL 60 " in words


def test_taken_back(stage):
    vpc = stage.fleet.a.vpc()
    zone = vpc.zone()
    endpoint = stage.written(vpc)
    stage.run("release", f"{zone.id}/{NAME}", "--yes")
    words = stage.save("taken_back", "CreateVpcEndpoint", endpoint)
    assert "Released: " in words and "CREATE" not in words

"""zonelink adopt and zonelink release: a record in other hands, and back."""

import pytest

from stage.client import NAME


@pytest.fixture
def held(zonelink):
    """A VPC with an endpoint, and a record of somebody else at the name."""
    vpc = zonelink.a.vpc(subnets=2)
    zone = vpc.zone()
    zone.put("192.0.2.1", ttl=300)
    endpoint = vpc.endpoint()
    zonelink.local.settled()
    zonelink.vpc, zonelink.zone, zonelink.endpoint = vpc, zone, endpoint
    zonelink.record = f"{zone.id}/{NAME}"
    return zonelink


def run(zonelink, *arguments, **more):
    """The binary with the role of operators."""
    return zonelink.run(*arguments, "--role-arn", zonelink.provider.outputs["OperatorRoleArn"], **more)


def reason(zonelink):
    """Why the record is held, or None."""
    return zonelink.table.holds().get(f"{zonelink.vpc.id}/{zonelink.record}", {}).get("reason")


def test_a_foreign_record_is_handed_over_and_made_right(held):
    assert reason(held) == "ForeignRecord"
    said = run(held, "adopt", held.record, "--yes")
    assert said.code == 0, said
    assert f"{held.record} answers 192.0.2.1 now" in said.err, said
    assert " ".join(sorted(held.endpoint.addresses)) in said.err, said
    held.local.settled()
    assert held.zone.addresses() == held.endpoint.addresses
    assert reason(held) is None
    entries = [entry for entry in held.table.journal(NAME) if "handed over by hand" in entry["reason"]]
    assert len(entries) == 1 and entries[0]["cause"].startswith("zonelink adopt by arn:aws:sts:"), entries


def test_a_record_that_was_taken_back_is_left_alone_until_it_is_handed_over(held):
    run(held, "adopt", held.record, "--yes")
    held.local.settled()
    said = run(held, "release", NAME, "--zone", held.zone.id, "--yes")
    assert said.code == 0, said
    held.local.settled()
    before = held.zone.record()
    assert before["ResourceRecords"], "it stays as it stood"
    assert reason(held) == "Released"
    held.provider.sweep()
    held.vpc.client.ec2.modify_vpc_endpoint(VpcEndpointId=held.endpoint.id, AddSubnetIds=[held.vpc.add_subnet()])
    held.local.settled()
    assert held.zone.record() == before, "identical or not, it is not taken over"
    held.zone.put("192.0.2.7")
    held.provider.sweep()
    assert held.zone.addresses() == {"192.0.2.7"}
    explained = run(held, "explain", held.record)
    assert "released by arn:aws:sts:" in explained.out, explained
    again = run(held, "release", held.record, "--yes")
    assert again.code == 1 and "took it back at" in again.err, again
    assert run(held, "adopt", held.record, "--yes").code == 0
    held.local.settled()
    assert held.zone.addresses() == held.endpoint.addresses
    assert reason(held) is None


def test_a_mark_outlives_the_endpoints(held):
    run(held, "adopt", held.record, "--yes")
    held.local.settled()
    assert run(held, "release", held.record, "--yes").code == 0
    held.endpoint.delete(lingers=False)
    held.local.settled()
    assert held.zone.record() is not None, "it is not zonelink's to remove"
    assert reason(held) is None
    held.vpc.endpoint()
    held.local.settled()
    assert reason(held) == "Released"


def test_nobody_is_asked_where_nobody_can_answer(held):
    items = held.table.items()
    for verb in ("adopt", "release"):
        said = run(held, verb, held.record)
        assert said.code in (1, 2), said
        assert held.table.items() == items, verb


def test_what_cannot_be_handed_over_is_refused_with_the_reason(held):
    held.zone.remove()
    held.zone.put("elsewhere.example.net", kind="CNAME")
    said = run(held, "adopt", held.record, "--yes")
    assert said.code == 1 and "IncompatibleRecord" in said.err and "remedy:" in said.err, said
    said = run(held, "release", held.record, "--yes")
    assert said.code == 1 and "nothing claims it" in said.err, said
    said = run(held, "adopt", NAME, "--yes")
    assert said.code == 2 and "not said in which zone" in said.err, said
    said = run(held, "adopt", held.record, "--zone", held.zone.id, "--yes")
    assert said.code == 2 and "said twice" in said.err, said


def test_what_zonelink_keeps_is_not_handed_over_again(held):
    held.zone.remove()
    held.provider.sweep()
    said = run(held, "adopt", held.record, "--vpc", held.vpc.id, "--yes")
    assert said.code == 1 and "zonelink keeps it already" in said.err, said

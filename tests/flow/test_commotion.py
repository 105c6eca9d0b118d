"""Two accounts at once in one shared zone, with events lost and doubled, and somebody else's record beside ours."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

NAME = "*.commotion.example.com"
FOREIGN = "*.theirs.example.com"
TURNS = 25


@pytest.mark.parametrize("sharing", ["refuse", "merge"])
def test_shared_zone_ends_right_whatever_comes_and_goes_at_once(fleet, sharing):
    service, service_name = fleet.provider.make_service()
    fleet.table.define(service, names=[NAME, FOREIGN], shared_zones=sharing,
                       allowed_principals=[fleet.a.account, fleet.b.account])
    vpcs = [fleet.a.vpc(), fleet.b.vpc()]
    zone = vpcs[0].zone("example.com")
    vpcs[1].joins(zone)
    zone.put("192.0.2.7", name=FOREIGN)
    fleet.local.settings(cloudtrail_lost=0.34, cloudtrail_doubled=0.5)

    with ThreadPoolExecutor(len(vpcs)) as clients:
        left = [one for ends in clients.map(lambda n: _turns(vpcs[n], service_name, n), range(2)) for one in ends]
    fleet.local.settings(cloudtrail_lost=0.0, cloudtrail_doubled=0.0, accept_seconds=0.0)
    fleet.local.settled(within=90)
    _forget_youth(fleet)
    # Of two sweeps the first may release what the second gives to the other.
    fleet.provider.sweep()
    fleet.provider.sweep()

    union = set().union(*(endpoint.addresses for endpoint in left))
    of_each = [set().union(*(e.addresses for e in left if e.vpc is vpc)) for vpc in vpcs]
    assert zone.addresses(name=NAME) == union if sharing == "merge" else zone.addresses(name=NAME) in of_each
    assert zone.addresses(name=FOREIGN) == {"192.0.2.7"}
    assert fleet.provider.dead_letters() == []

    before = fleet.table.items()
    fleet.local.forget_calls()
    fleet.provider.sweep()
    assert fleet.local.calls("ChangeResourceRecordSets") == []
    assert fleet.table.items() == before


def _turns(vpc, service_name, seed):
    """Creates and deletes endpoints in one VPC, and leaves two behind."""
    chance, living = random.Random(seed), []
    for _ in range(TURNS):
        if len(living) > 1 and chance.random() < 0.5:
            gone = living.pop(chance.randrange(len(living)))
            gone._ec2.delete_vpc_endpoints(VpcEndpointIds=[gone.id])
        else:
            living.append(vpc.endpoint(service_name))
    for gone in living[2:]:
        gone._ec2.delete_vpc_endpoints(VpcEndpointIds=[gone.id])
    return living[:2]


def _forget_youth(fleet):
    """Date back what the table remembers: what EC2 does not show counts as gone when known for ten minutes."""
    for item in fleet.table.items("service#"):
        fleet.table.put({**item, "first_seen": "2026-01-01T00:00:00Z"})

"""From an endpoint to the record, and from a change of the endpoint to a change of the record."""

import datetime

from stage.client import DOMAIN, NAME
from stage.local import wait_until


def test_endpoint_of_an_allowed_account_is_accepted_and_gets_its_record(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone(DOMAIN)
    endpoint = vpc.endpoint()
    wait_until(zone.record)
    assert endpoint.state == "available"
    fleet.local.settled()
    assert zone.addresses() == vpc.resolves() == endpoint.addresses
    assert zone.record()["TTL"] == 60
    claim = fleet.table.claims()[zone.id]
    assert claim["origin"] == "created"
    assert set(claim["contributions"]) == {endpoint.id}
    assert fleet.table.holds() == {}
    assert fleet.provider.dead_letters() == []


def test_acceptance_is_journalled_with_owner_and_rule(fleet):
    endpoint = fleet.a.vpc().endpoint()
    fleet.local.settled()
    # Event and notification may race to accept it; AWS lets one of them succeed.
    accepts = [step for entry in fleet.table.journal(fleet.provider.service) if entry["outcome"] == "done"
               for step in entry["steps"] if "accept" in step]
    owner = fleet.a.account
    assert accepts == [f"accept connections of {fleet.provider.service}: "
                       f"{endpoint.id} of {owner} (allowed by {owner})"]


def test_each_zone_that_can_hold_the_name_gets_it_and_no_other(fleet):
    vpc = fleet.a.vpc()
    parents = [vpc.zone(name) for name in (DOMAIN, "byoc.example.com", "example.com")]
    # The last one is a suffix of the name as a text, but not on the border of a label.
    unrelated = [vpc.zone(name) for name in ("example.org", "eu-west-1.byoc.example.com", f"x.{DOMAIN}",
                                             "us-west-2.byoc.example.com")]
    unrelated += [fleet.a.public_zone(DOMAIN), fleet.a.vpc().zone(DOMAIN)]
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert [zone.addresses() for zone in parents] == [endpoint.addresses] * 3
    assert [zone.addresses() for zone in unrelated] == [set()] * 6
    assert set(fleet.table.claims()) == {zone.id for zone in parents}


def test_two_vpcs_of_one_account_each_get_their_own_addresses(fleet):
    vpcs = [fleet.a.vpc(), fleet.a.vpc()]
    zones = [vpc.zone() for vpc in vpcs]
    endpoints = [vpc.endpoint() for vpc in vpcs]
    fleet.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    assert [vpc.resolves() for vpc in vpcs] == [endpoint.addresses for endpoint in endpoints]
    assert not endpoints[0].addresses & endpoints[1].addresses


def test_two_accounts_each_get_their_own_addresses(fleet):
    vpcs = [fleet.a.vpc(), fleet.b.vpc()]
    zones = [vpc.zone() for vpc in vpcs]
    endpoints = [vpc.endpoint() for vpc in vpcs]
    fleet.local.settled()
    assert [zone.addresses() for zone in zones] == [endpoint.addresses for endpoint in endpoints]
    assert [vpc.resolves() for vpc in vpcs] == [endpoint.addresses for endpoint in endpoints]


def test_endpoint_with_three_subnets_gets_three_addresses(fleet):
    vpc = fleet.a.vpc(subnets=3)
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert len(zone.addresses()) == 3
    assert zone.addresses() == endpoint.addresses


def test_record_follows_when_a_subnet_is_added_and_removed(fleet):
    vpc = fleet.a.vpc(subnets=3)
    zone = vpc.zone()
    endpoint = vpc.endpoint(SubnetIds=vpc.subnets[:2])
    fleet.local.settled()
    before = zone.addresses()
    assert len(before) == 2

    endpoint.add_subnet(vpc.subnets[2])
    fleet.local.settled()
    assert len(zone.addresses()) == 3
    assert zone.addresses() == endpoint.addresses

    endpoint.remove_subnet(vpc.subnets[0])
    fleet.local.settled()
    assert len(zone.addresses()) == 2
    assert zone.addresses() == endpoint.addresses != before


def test_record_and_claim_go_with_the_endpoint(fleet):
    vpc = fleet.a.vpc()
    zones = [vpc.zone(), vpc.zone("example.com")]
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert all(zone.record() for zone in zones)

    endpoint.delete()
    fleet.local.settled()
    assert [zone.record() for zone in zones] == [None, None]
    assert fleet.table.claims() == {}
    assert fleet.table.items("vpc#") == []
    assert fleet.table.holds() == {}


def test_endpoint_that_vanished_long_ago_is_taken_for_deleted(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    remembered = fleet.table.endpoint(endpoint)
    seen = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=11)
    fleet.table.put({**remembered, "first_seen": seen.strftime("%Y-%m-%dT%H:%M:%SZ")})

    endpoint.delete(lingers=False)
    fleet.local.settled()
    assert zone.record() is None
    assert fleet.table.claims() == {}


def test_endpoint_that_was_seen_a_moment_ago_and_is_not_found_keeps_its_record(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    addresses = endpoint.addresses

    endpoint.delete(lingers=False)
    assert fleet.local.at_rest() == 1, "one message waits for another look"
    assert zone.addresses() == addresses


def test_endpoint_seen_deleting_is_not_waited_for_once_it_is_gone(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    endpoint.delete()
    fleet.local.settled()
    assert zone.record() is None

    fleet.local.settings(accept_seconds=0.0)
    assert fleet.a.endpoints() == set()
    fleet.provider.backfill()
    assert fleet.local.at_rest() == 0, "nothing is left to wait for"
    assert fleet.table.waits() == {}


def test_record_goes_when_the_provider_rejects_the_connection(fleet):
    vpc = fleet.a.vpc()
    zone = vpc.zone()
    endpoint = vpc.endpoint()
    fleet.local.settled()
    assert zone.record()
    fleet.provider.ec2.reject_vpc_endpoint_connections(
        ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
    fleet.local.settled()
    assert endpoint.state == "rejected"
    assert zone.record() is None
    assert fleet.table.claims() == {}


def test_dualstack_endpoint_gets_both_record_sets_in_one_change_batch(fleet):
    vpc = fleet.a.vpc(subnets=2, ipv6=True)
    zone = vpc.zone()
    endpoint = vpc.endpoint(IpAddressType="dualstack")
    fleet.local.settled()
    assert len(zone.addresses("A")) == len(zone.addresses("AAAA")) == 2
    assert zone.addresses("A") == endpoint.addresses
    assert zone.addresses("AAAA") == endpoint.ipv6_addresses
    assert len(fleet.local.calls("ChangeResourceRecordSets")) == 1

    endpoint.delete()
    fleet.local.settled()
    assert zone.record("A") is zone.record("AAAA") is None
    assert len(fleet.local.calls("ChangeResourceRecordSets")) == 2


def test_endpoint_of_ipv6_only_gets_no_a_record_set(fleet):
    vpc = fleet.a.vpc(subnets=1, ipv6=True)
    zone = vpc.zone()
    endpoint = vpc.endpoint(IpAddressType="ipv6")
    fleet.local.settled()
    assert zone.addresses("AAAA") == endpoint.ipv6_addresses != set()
    assert zone.record("A") is None


def test_record_name_without_any_zone_is_held_with_its_remedy(fleet):
    vpc = fleet.a.vpc()
    vpc.zone("example.org")
    vpc.endpoint()
    fleet.local.settled()
    [(subject, hold)] = fleet.table.holds().items()
    assert (subject, hold["reason"]) == (f"{vpc.id}/{NAME}", "NoZone")
    held = [line for line in fleet.local.log_of(fleet.provider.outputs["ReconcileRecordsFunction"]).splitlines()
            if vpc.id in line and "NoZone" in line]
    assert any("associate a private hosted zone of this name's domain or a parent of it" in line for line in held)

    zone = vpc.zone()
    fleet.provider.sweep()
    assert zone.record()
    assert fleet.table.holds() == {}

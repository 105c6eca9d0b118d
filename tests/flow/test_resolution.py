"""What a machine in a client's VPC resolves, asked over DNS."""

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from local_aws import accounts
from resolver.server import serving
from stage.client import DOMAIN, HOST, NAME

PUBLIC = "203.0.113.10"


def asked(port, name=HOST, kind="A", over=dns.query.udp, **more):
    """The response to a question."""
    return over(dns.message.make_query(name, kind, **more), "127.0.0.1", port=port, timeout=20)


def values(response):
    return {value.to_text() for found in response.answer for value in found}


@pytest.fixture
def vendor(fleet):
    """The name resolves to a public address everywhere but where a private zone holds it."""
    zone = fleet.a.public_zone("byoc.example.com")
    zone.put(PUBLIC)
    return fleet


def test_client_resolves_the_endpoint_and_everybody_else_the_public_address(vendor):
    inside, outside = vendor.a.vpc(subnets=2), vendor.b.vpc()
    inside.zone(DOMAIN)
    assert inside.resolves() == "NXDOMAIN"
    endpoint = inside.endpoint()
    vendor.local.settled()
    running = vendor.local.running
    with serving(running, accounts.CLIENT_A, inside.id) as near, serving(running, accounts.CLIENT_B, outside.id) as far:
        response = asked(near)
        assert values(response) == endpoint.addresses and len(endpoint.addresses) == 2
        assert response.rcode() == dns.rcode.NOERROR and response.flags & dns.flags.RA
        assert values(asked(near, over=dns.query.tcp)) == endpoint.addresses
        assert values(asked(far)) == {PUBLIC}
        assert asked(far, "nothing.example.org").rcode() == dns.rcode.NXDOMAIN
        # A server that runs sees what changes.
        endpoint.add_subnet(inside.add_subnet())
        vendor.local.settled()
        assert values(asked(near)) == endpoint.addresses and len(endpoint.addresses) == 3
        endpoint.delete()
        vendor.local.settled()
        assert asked(near).rcode() == dns.rcode.NXDOMAIN


def test_private_dns_of_an_endpoint_answers_in_place_of_a_wider_zone(vendor):
    vpc = vendor.a.vpc()
    parent = vpc.zone("example.com")
    endpoint = vpc.endpoint()
    vendor.local.settled()
    assert (vpc.resolves(), parent.addresses()) == (endpoint.addresses, endpoint.addresses)
    # Nobody hears of what follows, so that nothing is repaired.
    vendor.local.settings(cloudtrail=False)
    parent.put("10.9.9.9")
    assert vpc.resolves() == {"10.9.9.9"}
    service = vendor.provider.service
    vendor.provider.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, PrivateDnsName=NAME)
    try:
        vendor.a.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint.id, PrivateDnsEnabled=True)
        assert vpc.resolves() == endpoint.addresses
    finally:
        vendor.a.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint.id, PrivateDnsEnabled=False)
        vendor.provider.ec2.modify_vpc_endpoint_service_configuration(ServiceId=service, RemovePrivateDnsName=True)
    assert vpc.resolves() == {"10.9.9.9"}


def test_answer_that_is_too_long_for_udp_comes_over_tcp(vendor):
    vpc = vendor.a.vpc()
    many = {f"10.7.{number // 250}.{number % 250 + 1}" for number in range(300)}
    vpc.zone(DOMAIN).put(*many, name=HOST)
    with serving(vendor.local.running, accounts.CLIENT_A, vpc.id) as port:
        assert asked(port).flags & dns.flags.TC
        response, over_tcp = dns.query.udp_with_fallback(dns.message.make_query(HOST, "A"), "127.0.0.1", port=port,
                                                         timeout=20)
        assert over_tcp and values(response) == many


def test_what_is_no_question_gets_no_answer_and_ends_nothing(vendor):
    vpc = vendor.a.vpc()
    with serving(vendor.local.running, accounts.CLIENT_A, vpc.id) as port:
        with pytest.raises(dns.exception.Timeout):
            response = dns.message.make_response(dns.message.make_query(HOST, "A"))
            dns.query.udp(response, "127.0.0.1", port=port, timeout=0.3)
        assert values(asked(port)) == {PUBLIC}

"""zonelink doctor: what stands between a client and a record that is right: servers, filters, names without an answer."""

import pytest

from stage.client import DOMAIN

from .patient import PORT
from .test_doctor import broken, patient, quiet  # noqa: F401


@pytest.mark.parametrize("server, verdict", [("10.99.0.2", "warn"), ("198.51.100.53", "fail")])
def test_vpc_whose_machines_ask_another_name_server_is_told(patient, server, verdict):  # noqa: F811
    before = patient.ec2.describe_vpcs(VpcIds=[patient.vpc.id])["Vpcs"][0]["DhcpOptionsId"]
    with broken(patient, lambda: patient.asks(server), lambda: patient.ec2.associate_dhcp_options(
            DhcpOptionsId=before, VpcId=patient.vpc.id)):
        found = patient.verdicts()
        assert patient.not_ok() == {"DHCP options": verdict}
    assert f"the machines of {patient.vpc.id} ask {server}" in found["DHCP options"]["evidence"]
    assert "'Key=domain-name,Values=corp.example.com'" in found["DHCP options"]["remedy"]


def test_name_that_dns_firewall_blocks_fails_and_a_group_that_does_not_is_named(patient):  # noqa: F811
    with quiet(patient):
        ends = patient.filters(f"*.{DOMAIN}.")
        found = patient.verdicts()
        assert patient.not_ok() == {"DNS Firewall": "fail"}
        ends()
        ends = patient.filters("*.example.org.")
        passes = patient.verdicts()["DNS Firewall"]
        ends()
    assert f"*.{DOMAIN}. in rslvr-fdl-" in found["DNS Firewall"]["evidence"]
    assert passes["verdict"] == "ok" and "rslvr-frg-" in passes["evidence"]


def test_name_that_a_record_below_it_silences_is_a_warning(patient):  # noqa: F811
    """A text for a certificate makes the name above it exist, and the wildcard answers no name that exists."""
    name = f"_acme-challenge.in06.{DOMAIN}"
    with broken(patient, lambda: patient.zone.put('"token"', kind="TXT", name=name),
                lambda: patient.zone.remove(kind="TXT", name=name)):
        found = patient.verdicts()
        silent = [patient.vpc.resolves(host) for host in (f"in06.{DOMAIN}", f"other.in06.{DOMAIN}", f"in07.{DOMAIN}")]
    # The first exists, and has no address.
    assert silent == ["NOERROR", "NXDOMAIN", patient.endpoint.addresses]
    assert found["silenced names"]["verdict"] == "warn"
    assert f"in06.{DOMAIN} ({name} TXT)" in found["silenced names"]["evidence"]


def test_domain_that_its_parents_zone_delegates_fails(patient):  # noqa: F811
    values, other = patient.zone.addresses(), patient.client.vpc()
    with quiet(patient):
        other.joins(patient.zone)
        parent = patient.vpc.zone("byoc.example.com")
        parent.put(*values)
        parent.put("ns.example.org.", kind="NS", name=DOMAIN)
        patient.vpc.leaves(patient.zone)
        try:
            found = patient.verdicts()
        finally:
            patient.vpc.joins(patient.zone)
            other.leaves(patient.zone)
            parent.remove(kind="NS", name=DOMAIN)
            parent.remove()
            patient.route53.delete_hosted_zone(Id=parent.id)
    assert found["silenced names"]["verdict"] == "fail"
    assert f"delegates {DOMAIN} elsewhere" in found["silenced names"]["evidence"]


@pytest.mark.parametrize("egress, says", [
    (False, f"does not let in tcp {PORT}"), (True, "does not let out the answers")])
def test_network_acl_that_lets_nobody_pass_fails(patient, egress, says):  # noqa: F811
    with broken(patient, lambda: patient.denies(50, egress), patient.allows):
        found = patient.verdicts()
        assert patient.not_ok() == {"network ACL": "fail"}
    assert says in found["network ACL"]["evidence"] and "rule 50 denies it" in found["network ACL"]["evidence"]

"""What a VPC's resolver knows, read from the local AWS with the rights of each owner."""

import re

import dns.name
from local_aws import accounts, state

from .answer import Known
from .zones import RecordSet, Zone

# An alias has no TTL of its own; that of an endpoint's names is believed, and nothing depends on it.
_TTL_OF_ENDPOINTS = 60


def known(running, account, vpc):
    """All that decides what the VPC of an account (its number) is answered."""
    entries = _endpoints(running, account, vpc)
    return Known([_private(running, account, one, entries) for one in _serving(running, account, vpc)],
                 list(_public(running)),
                 {name: addresses for _, name, addresses in entries})


def _serving(running, account, vpc):
    # The one list of Route 53 that boto3 has no paginator for.
    more = {}
    while True:
        page = _route53(running, account).list_hosted_zones_by_vpc(VPCId=vpc, VPCRegion=accounts.REGION, **more)
        yield from page["HostedZoneSummaries"]
        if "NextToken" not in page:
            return
        more = {"NextToken": page["NextToken"]}


def _private(running, account, summary, entries):
    """A zone of an AWS service shows its records to nobody: an endpoint's DNS entries say what it answers."""
    zone, name = summary["HostedZoneId"], dns.name.from_text(summary["Name"])
    owner = summary["Owner"].get("OwningAccount")
    if owner:
        return Zone(zone, name, _sets(running, owner, zone))
    sets = {(entry, kind): found for hosted, entry, addresses in entries if hosted == zone
            for kind, found in addresses.items()}
    return Zone(zone, name, sets)


def _public(running):
    for account in accounts.BY_NAME.values():
        for page in _route53(running, account).get_paginator("list_hosted_zones").paginate():
            for found in page["HostedZones"]:
                if not found["Config"]["PrivateZone"]:
                    zone = found["Id"].removeprefix("/hostedzone/")
                    yield Zone(zone, dns.name.from_text(found["Name"]), _sets(running, account, zone))


def _sets(running, account, zone):
    """The sets of a zone. Of several with one name and type the first answers, whatever its routing policy says."""
    sets = {}
    for page in _route53(running, account).get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone):
        for found in page["ResourceRecordSets"]:
            alias = found.get("AliasTarget")
            sets.setdefault((_name(found["Name"]), found["Type"]), RecordSet(
                found.get("TTL", _TTL_OF_ENDPOINTS), tuple(one["Value"] for one in found.get("ResourceRecords", ())),
                _name(alias["DNSName"]) if alias else None))
    return sets


def _name(text):
    """A name as Route 53 writes it: its escapes are octal (`\\052` is `*`), those of DNS are decimal.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    return dns.name.from_text(re.sub(r"\\([0-7]{3})", lambda code: f"\\{int(code[1], 8):03}", text))


def _endpoints(running, account, vpc):
    """(hosted zone, name, record sets by type) of each DNS entry of the VPC's interface endpoints."""
    ec2, entries = state.client("ec2", account, running), []
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "vpc-endpoint-type", "Values": ["Interface"]}]
    for page in ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=filters):
        for one in page["VpcEndpoints"]:
            addresses = _addresses(ec2, one.get("NetworkInterfaceIds"))
            entries += [(entry["HostedZoneId"], dns.name.from_text(entry["DnsName"]), addresses)
                        for entry in one.get("DnsEntries", ())]
    return entries


def _addresses(ec2, interfaces):
    if not interfaces:
        return {}
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "network-interface-id", "Values": interfaces}])
    found = [one for page in pages for one in page["NetworkInterfaces"]]
    v4 = [one["PrivateIpAddress"] for one in found]
    v6 = [address["Ipv6Address"] for one in found for address in one["Ipv6Addresses"]]
    return {kind: RecordSet(_TTL_OF_ENDPOINTS, tuple(values)) for kind, values in (("A", v4), ("AAAA", v6)) if values}


def _route53(running, account):
    return state.client("route53", account, running)

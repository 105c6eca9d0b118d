"""What a machine in a VPC resolves, asked over DNS from a server that answers for that VPC."""

import dns.message
import dns.query
from local_aws import accounts
from resolver.server import serving

from .installation import RECORD_NAME

# One of the names that the data plane's clients use; any name under the wildcard would do.
HOST = RECORD_NAME.replace("*", "in01-0123456789abcdef")


def resolved(running, client, vpc):
    """The addresses that the host has in a VPC of a client, or the code of DNS that says there are none."""
    with serving(running, accounts.number(client), vpc) as port:
        response = dns.query.udp(dns.message.make_query(HOST, "A"), "127.0.0.1", port=port, timeout=20)
    return sorted(value.to_text() for found in response.answer for value in found) or [response.rcode().name]

"""DNS over UDP and TCP on the loopback address, for one VPC."""

import contextlib
import logging
import socketserver
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from botocore.exceptions import BotoCoreError, ClientError

from . import reading
from .answer import Unresolvable, answer

_ADDRESS = "127.0.0.1"
# The most that an answer over UDP may have when the question does not say (RFC 1035, section 4.2.1).
_BYTES_OVER_UDP = 512
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def serving(running, account, vpc, port=0):
    """Answer for a VPC as long as the `with` lasts; gives the port, a free one unless told otherwise."""
    def reply(wire):
        return _reply(wire, running, account, vpc)
    tcp, udp = _bound(port)
    servers = (udp, tcp)
    for server in servers:
        server.daemon_threads, server.reply = True, reply
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield udp.server_address[1]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _bound(port, tries=10):
    """A TCP and a UDP server on one port. A port that is free for TCP may be taken for UDP: then another one is tried."""
    tcp = _Tcp((_ADDRESS, port), _Stream)
    try:
        return tcp, socketserver.ThreadingUDPServer(tcp.server_address, _Datagram)
    except OSError:
        tcp.server_close()
        if port or tries == 1:
            raise
    return _bound(port, tries - 1)


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        wire, sock = self.request
        if told := self.server.reply(wire):
            # An answer with more than fits has what fits and the flag TC: whoever asked comes back over TCP.
            most = max(_BYTES_OVER_UDP, told.request_payload)
            sock.sendto(told.to_wire(max_size=most, prefer_truncation=True), self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while len(length := self.rfile.read(2)) == 2:
            told = self.server.reply(self.rfile.read(*struct.unpack("!H", length)))
            if told is None:
                return
            wire = told.to_wire()
            self.wfile.write(struct.pack("!H", len(wire)) + wire)


def _reply(wire, running, account, vpc):
    """The response to what was sent; none to what is no question of DNS."""
    try:
        question = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if question.flags & dns.flags.QR or len(question.question) != 1:
        return None
    response = dns.message.make_response(question, recursion_available=True)
    asked = question.question[0]
    try:
        # Read anew for each question, so that what was just changed is seen.
        given = answer(reading.known(running, account, vpc), asked.name, dns.rdatatype.to_text(asked.rdtype))
    except (Unresolvable, BotoCoreError, ClientError):
        _log.exception("%s of %s is not resolved", asked, vpc)
        response.set_rcode(dns.rcode.SERVFAIL)
    else:
        response.set_rcode(given.rcode)
        response.answer.extend(given.sets)
    return response

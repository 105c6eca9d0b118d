"""A fleet of a thousand endpoints in seventy accounts, as the table and EC2 would hold it.

The local AWS has a handful of accounts, so the connections are answered by a server of this test; all else stands in
the local AWS's own table. Some texts are hostile: whatever AWS says may hold anything.
"""

import contextlib
import http.server
import random
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

NAME = "*.aws-us-west-2.byoc.example.com"
SECOND = "vpce-svc-0fedcba9876543210"
SECOND_NAME = "*.second.example.com"
HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>&amp;"
# A state that EC2 may invent.
ODD_STATE = "resting<b>'\""
ENDPOINTS = 1000
_PAGE = 300


class Thousand:
    """The items of the table, and the connections that EC2 lists."""

    def __init__(self, service):
        self._random = random.Random(7)
        self.service = service
        self.items = [{"pk": "service", "sk": SECOND, "definition": {"service": SECOND, "names": [SECOND_NAME]}}]
        self.connections = {service: [], SECOND: []}
        self.accounts = set()
        self.milliseconds = []
        self._number = 0
        self._holds()
        self._fleet()

    def _fleet(self):
        """Accounts of very different sizes, two or three endpoints in a VPC."""
        left = ENDPOINTS - self._number
        for place in range(64):
            account = f"{200000000000 + self._random.randrange(10**11):012d}"
            size = left if place == 63 else min(left - (63 - place), max(1, int(self._random.paretovariate(0.9) * 4)))
            size = min(size, 150) if place < 63 else size
            left -= size
            service = self.service if self._random.random() < 0.72 else SECOND
            while size > 0:
                here = min(size, self._random.choice((1, 1, 2, 2, 3)))
                self._vpc(service, account, here)
                size -= here

    def _vpc(self, service, account, endpoints):
        vpc = f"vpc-{self._number + 1:017x}"
        ids = [self._endpoint(service, account, vpc) for _ in range(endpoints)]
        self._claim(service, account, vpc, ids)

    def _endpoint(self, service, account, vpc, state=None):
        """One endpoint that EC2 lists and the table remembers; returns its id."""
        self._number += 1
        self.accounts.add(account)
        vpc_endpoint = f"vpce-{self._number:017x}"
        if state is None:
            state = self._random.choices(("available", "pending", "deleting", "rejected", "failed"),
                                         (960, 18, 8, 6, 4))[0]
        self.connections[service].append((vpc_endpoint, account, state))
        if vpc:
            self.items.append({
                "pk": f"service#{service}", "sk": vpc_endpoint, "service": service, "vpc_endpoint": vpc_endpoint,
                "account": account, "vpc": vpc, "state": state, "addresses": {"a": [self._address(vpc_endpoint)]},
                "first_seen": _moment(self._random.randrange(3600, 80 * 86400))})
        return vpc_endpoint

    def _claim(self, service, account, vpc, ids):
        """A claim on the VPC's zone, and the journal of how it came about."""
        zone, name = f"Z{vpc[-12:].upper()}X", NAME if service == self.service else SECOND_NAME
        addresses = {vpc_endpoint: {"a": [self._address(vpc_endpoint)]} for vpc_endpoint in ids}
        together = {"a": sorted(one for own in addresses.values() for one in own["a"])}
        self.items += [
            {"pk": f"claim#{zone}", "sk": name, "key": {"zone": zone, "name": name}, "zone_account": account,
             "service": service, "origin": "created", "confirmed": together, "version": 1,
             "contributions": {vpc_endpoint: {"vpc": vpc, "account": account, "addresses": own}
                               for vpc_endpoint, own in addresses.items()}},
            {"pk": "claims", "sk": f"{zone}/{name}", "service": service, "account": account, "vpc": vpc}]
        milliseconds = int(self._random.lognormvariate(9.3, 0.65))
        self.milliseconds.append(milliseconds)
        at = _moment(self._random.randrange(3600, 60 * 86400))
        self._journal(f"{zone}/{name}", f"{vpc}/{zone}/{name}", at, milliseconds, together)
        return f"{vpc}/{zone}/{name}"

    def _journal(self, place, subject, at, milliseconds, addresses):
        self.items.append({
            "pk": f"journal#{place}", "sk": at, "subject": subject, "at": at, "cause": "CreateVpcEndpoint event 1",
            "reason": "no record stands there: create it", "outcome": "done", "milliseconds": milliseconds,
            "steps": [f"claim {place} from nothing to {addresses['a'][0]}",
                      f"change {place}: CREATE A TTL 60 {addresses['a'][0]}"], "expires_at": 4102444800})

    def _holds(self):
        """Something of each kind that is held, in accounts of their own."""
        for number in range(5):
            account = f"31111111111{number}"
            stranger = self._endpoint(self.service, account, None, "pendingAcceptance")
            self._hold(f"{self.service}/{stranger}", {"reason": "NotAllowed", "owner": account}, None)
        for number in range(4):
            account, vpc = f"42222222222{number}", f"vpc-{0xabc000 + number:017x}"
            self._endpoint(self.service, account, vpc, "available")
            self._hold(f"{vpc}/{NAME}", {"reason": "NoZone"}, account)
        for number, reason in enumerate((
                {"reason": "Route53Refused", "message": HOSTILE},
                {"reason": "ForeignRecord", "seen": {"a": ["192.0.2.1"]}})):
            account, vpc = f"53333333333{number}", f"vpc-{0xdef000 + number:017x}"
            held = self._endpoint(SECOND, account, vpc, "available")
            self._hold(self._claim(SECOND, account, vpc, [held]), reason, account)
        account, vpc = "544444444444", "vpc-00000000000fff000"
        ids = [self._endpoint(self.service, account, vpc, "available") for _ in range(12)]
        self._claim(self.service, account, vpc, ids)
        denied = {"account": account, "operation": "sts:AssumeRole", "message": "AccessDenied for zonelink-client"}
        self._hold(f"{account}/", {"reason": "NoAccess", **denied}, account)
        odd = self._endpoint(self.service, "655555555555", "vpc-00000000000eee000", ODD_STATE)
        self._claim(self.service, "655555555555", "vpc-00000000000eee000", [odd])

    def _hold(self, subject, reason, account):
        hold = {"pk": "hold", "sk": subject, "subject": subject, "reason": reason, "since": _moment(7200)}
        self.items.append(hold | ({"account": account} if account else {}))

    @staticmethod
    def _address(vpc_endpoint):
        number = int(vpc_endpoint[5:], 16)
        return f"10.{number // 250}.{number % 250}.4"

    @contextlib.contextmanager
    def ec2(self):
        """The address of an EC2 that lists the connections, page by page."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.connections))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _moment(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


def _handler(connections):
    class Handler(http.server.BaseHTTPRequestHandler):
        """DescribeVpcEndpointConnections, and nothing else."""

        def do_POST(self):
            """Answer one page."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = dict(urllib.parse.parse_qsl(body))
            assert asked["Action"] == "DescribeVpcEndpointConnections", asked
            assert asked["Filter.1.Name"] == "service-id", asked
            found = connections[asked["Filter.1.Value.1"]]
            start = int(asked.get("NextToken", 0))
            items = "".join(
                f"<item><serviceId>{asked['Filter.1.Value.1']}</serviceId><vpcEndpointId>{one}</vpcEndpointId>"
                f"<vpcEndpointOwner>{owner}</vpcEndpointOwner><vpcEndpointState>{escape(state)}</vpcEndpointState></item>"
                for one, owner, state in found[start:start + _PAGE])
            more = f"<nextToken>{start + _PAGE}</nextToken>" if start + _PAGE < len(found) else ""
            answer = ('<DescribeVpcEndpointConnectionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
                      f"<requestId>1</requestId><vpcEndpointConnectionSet>{items}</vpcEndpointConnectionSet>{more}"
                      "</DescribeVpcEndpointConnectionsResponse>").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    return Handler

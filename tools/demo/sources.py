"""Where the demo looks: the table, the log of API calls, EC2, and the functions' logs."""

import json
import pathlib
import urllib.request

from boto3.dynamodb.types import TypeDeserializer
from local_aws import state

from .moments import Moment, moment_of, now

# A proxy of the environment cannot reach this machine's own 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_read = TypeDeserializer().deserialize


class Table:
    """zonelink's own table: the journal, and who waits for what."""

    def __init__(self, running, names, table):
        self._dynamodb = state.client("dynamodb", "provider", running)
        self._names, self._table = names, table
        self._shown = {}
        self._told = set()
        self._repeated = self._raced = 0
        self.items = []

    def look(self):
        """New entries of the journal, and new turns of waiting chains."""
        self.items = self._scan()
        for item in sorted(self.items, key=lambda item: item["sk"]):
            key = item["pk"], item["sk"]
            if item["pk"].startswith("journal#") and key not in self._shown:
                self._shown[key] = True
                if self._is_news(item):
                    yield Moment(moment_of(item["at"]), "journal", self._entry(item))
            if item["pk"].startswith("wait#") and self._shown.get(key) != item["due"]:
                self._shown[key] = item["due"]
                in_seconds = float(item["due"]) - now().timestamp()
                yield Moment(now(), "waiting", f"{self._names[item['vpc_endpoint']]} is not available "
                             f"yet: zonelink looks again in {in_seconds:.0f} s")

    def rest(self):
        """What was left out since the last time, in words: several messages lead to the same VPC."""
        repeated, raced = self._repeated, self._raced
        self._told.clear()
        self._repeated = self._raced = 0
        if not repeated + raced:
            return None
        parts = [f"{repeated} say the same"] * bool(repeated)
        parts += [f"{raced} lost the race and changed nothing"] * bool(raced)
        return f"and of messages that came at the same moment: {', '.join(parts)}"

    def journal(self, subject=""):
        """The entries whose subject ends so, oldest first."""
        entries = [item for item in self.items
                   if item["pk"].startswith("journal#") and item["subject"].endswith(subject)]
        return sorted(entries, key=lambda item: item["sk"])

    def holds(self):
        """What is held now: reasons by subject."""
        return {item["subject"]: item["reason"] for item in self.items if item["pk"] == "hold"}

    def claims(self):
        """The claims on records, by zone."""
        return {item["key"]["zone"]: item for item in self.items if item["pk"].startswith("claim#")}

    def _is_news(self, item):
        told = item["subject"], item["reason"], item["outcome"]
        # Two reviews at once: to the second EC2 says that the endpoint does not wait any more.
        if item["outcome"].startswith("raced") or "InvalidState" in item["outcome"]:
            self._raced += 1
            return False
        if told in self._told:
            self._repeated += 1
            return False
        self._told.add(told)
        return True

    def _entry(self, item):
        text = self._names.into(_steps(item))
        if "milliseconds" in item:
            text += f", {item['milliseconds']} ms after the event"
        return text

    def _scan(self):
        items, start = [], {}
        while True:
            page = self._dynamodb.scan(TableName=self._table, ConsistentRead=True, **start)
            items += [{name: _read(value) for name, value in item.items()} for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return items
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _steps(item):
    """One entry on one line: decisions in full, the steps of a record's change by their verbs."""
    if any(step.startswith("accept ") for step in item["steps"]):
        return f"{'; '.join(item['steps'])} — {item['outcome']}"
    subject = item["subject"].split("/", 1)[1] or item["subject"].rstrip("/")
    verbs = " → ".join(_verb(step) for step in item["steps"])
    return f"{subject}: {item['reason']} [{verbs}] — {item['outcome']}"


def _verb(step):
    words = step.split()
    return " ".join(words[:2]) if words[1] == "claim" else words[0]


class Calls:
    """The API calls that moto answered: EC2, Route 53 and STS of all accounts."""

    def __init__(self, running, names):
        self._url = running["moto"]["url"] + "/_local/calls"
        self._names = names
        self._shown = 0
        self.all = []

    def mark(self):
        """How many calls there have been until now."""
        self._fetch()
        return len(self.all)

    def look(self):
        """The record changes that were sent since the last look, whoever sent them, and the zones that zonelink made."""
        self._fetch()
        new, self._shown = self.all[self._shown:], len(self.all)
        for call in new:
            if call["action"] == "ChangeResourceRecordSets":
                yield Moment(moment_of(call["at"]), "Route 53", self._change(call))
            # Clients sign as their accounts, zonelink as the role that it has there.
            if call["action"] == "CreateHostedZone" and ":assumed-role/" in call["caller"]:
                vpc = self._names[call["parameters"]["VPC"]["VPCId"]]
                yield Moment(moment_of(call["at"]), "Route 53", f"a private zone is made for {vpc}, which had none")

    def changes(self, since=0):
        """Record changes that succeeded, from that many calls on."""
        return [call for call in self.all[since:]
                if call["action"] == "ChangeResourceRecordSets" and call["error"] is None]

    def route53(self, since):
        """How often each Route 53 action was called, from that many calls on."""
        counted = {}
        for call in self.all[since:]:
            if call["service"] == "route53":
                counted[call["action"]] = counted.get(call["action"], 0) + 1
        return counted

    def _fetch(self):
        with _opener.open(self._url, timeout=10) as answer:
            self.all = json.load(answer)

    def _change(self, call):
        zone = call["parameters"]["HostedZoneId"].removeprefix("/hostedzone/")
        outcome = f" — {call['error']}" if call["error"] else ""
        return f"{self._names[zone]}: {'; '.join(actions(call))}{outcome}"


def actions(call):
    """The changes of a batch in words: `CREATE A TTL 60 10.1.1.4 10.1.2.4`."""
    for change in call["parameters"]["ChangeBatch"]["Changes"]:
        one = change["ResourceRecordSet"]
        values = " ".join(value["Value"] for value in one.get("ResourceRecords", []))
        yield f"{change['Action']} {one['Type']} TTL {one.get('TTL')} {values}"


class MadeZones:
    """Gives names to the zones that are made for VPCs that had none. The log of calls tells of them."""

    def __init__(self):
        self.bare = []

    def look(self):
        """Nothing is new here; from now on the zones have names."""
        for one in self.bare:
            if not one.zones:
                one.find_zone()
        return ()


class Endpoints:
    """The states of the clients' endpoints, as EC2 has them."""

    def __init__(self, running, names, clients):
        self._names = names
        self._ec2 = {client: state.client("ec2", client, running) for client in clients}
        self.states = {}

    def look(self):
        """Endpoints whose state is another than at the last look."""
        seen = {}
        for ec2 in self._ec2.values():
            for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
                seen[one["VpcEndpointId"]] = one["State"]
        for endpoint in self.states.keys() - seen.keys():
            yield Moment(now(), "EC2", f"{self._names[endpoint]} is gone")
        for endpoint, now_is in seen.items():
            if self.states.get(endpoint) != now_is:
                yield Moment(now(), "EC2", f"{self._names[endpoint]} is {now_is}")
        self.states = seen


class Logs:
    """What the functions log: the outcome of each reconciliation that a sweep asked for."""

    def __init__(self, running, names, function):
        self._path = pathlib.Path(running["logs"]) / f"{function}.log"
        self._names = names
        self._read = 0
        self.lines = []

    def look(self):
        """The lines written since the last look; half a line waits for its other half."""
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            fields = _fields(line)
            self.lines.append(fields)
            if fields.get("message") == "reconciled" and "sweep" in fields.get("cause", ""):
                yield Moment(now(), "log", f"reconcile-records looked at {self._names[fields['account']]}: "
                             f"{fields['planned']} steps, {fields['held']} held")


def _fields(line):
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return entry


def set_knobs(running, **knobs):
    """Set knobs of the emulator, such as how long an endpoint takes to become available."""
    request = urllib.request.Request(
        running["moto"]["url"] + "/_local/settings", data=json.dumps(knobs).encode(), method="PUT",
        headers={"Content-Type": "application/json"})
    with _opener.open(request, timeout=10) as answer:
        answer.read()

"""The story that the demo tells, chapter by chapter, and what it expects of each."""

import json
import time

from local_aws import accounts, state

from . import installation, resolution, screen
from .client import PARENT, UNRELATED, ZONE, ClientVpc
from .moments import Watch, now
from .names import Names
from .sources import Calls, Endpoints, Logs, MadeZones, Table, actions, set_knobs
from .witnesses import CloudTrail, Notifications

_SECONDS = 60
# AWS takes a minute or so from accepted to available; this is enough for zonelink to meet it pending.
SECONDS_TO_BE_AVAILABLE = 4.0
_BY_HAND = "10.9.9.9"


class Stuck(Exception):
    """Something did not come about in time, so that going on would make no sense."""


class Story:
    """Everything that the chapters share."""

    def __init__(self, running):
        self.running = running
        self.names = Names()
        self.checks = []
        self.chapter = 0
        self.milliseconds = {}
        for name, number in accounts.BY_NAME.items():
            self.names.give(number, name, in_texts=False)
        self.names.give(installation.RECORD_NAME, "*")

    def tell(self):
        """All chapters, in order."""
        for number, part in enumerate((self._install, self._join, self._change, self._drift,
                                       self._in_sync, self._leave), start=1):
            self.chapter = number
            part(number)

    # ------------------------------------------------------------------ chapters

    def _install(self, number):
        screen.chapter(number, "The provider publishes an endpoint service and installs zonelink")
        running, started = self.running, time.monotonic()
        self.service = installation.publish(running)
        self.names.give(self.service.id, "the service")
        screen.fact("provider", f"endpoint service {self.service.id} behind a network load balancer, "
                    "acceptance required")
        screen.fact("", f"its name resolves to {installation.PUBLIC}, a public address")
        outputs = self.outputs = installation.install_provider(
            running, self.service, {"SweepState": "DISABLED", "Zones": "create"})
        set_knobs(running, accept_seconds=SECONDS_TO_BE_AVAILABLE)
        screen.fact("", f"template.yaml: accept {' and '.join(installation.ALLOWED)}, keep "
                    f"{installation.RECORD_NAME}; the sweep waits until it is called below")
        for name in installation.CLIENTS:
            may = {"MayCreateZones": "true"} if name == installation.MAKER else {}
            installation.install_client(running, name, outputs, may)
        screen.fact("clients", f"infra/client.yaml in {', '.join(installation.CLIENTS)} "
                    f"({', '.join(map(accounts.number, installation.CLIENTS))})")
        screen.fact("", f"zones: a VPC that has none gets one, where its account permits it; "
                    f"{installation.MAKER} does")
        screen.plain(f"  Deployed in {time.monotonic() - started:.1f} s.")
        self.table = Table(running, self.names, outputs["TableName"])
        self.calls = Calls(running, self.names)
        self.log = Logs(running, self.names, outputs["ReconcileRecordsFunction"])
        self.made = MadeZones()
        self.watch = Watch([
            CloudTrail(running, self.names, installation.CLIENTS),
            Notifications(running, self.names, outputs["TopicArn"]),
            Endpoints(running, self.names, installation.CLIENTS), self.made, self.table, self.calls, self.log])

    def _join(self, number):
        screen.chapter(number, "Four VPCs join, each by one call")
        self.a1 = self._vpc("A1", "client-a", 1).build(3, (ZONE, PARENT, UNRELATED))
        self.a2 = self._vpc("A2", "client-a", 2).build(2, (ZONE,))
        self.b1 = self._vpc("B1", installation.MAKER, 4).build(2, ())
        self.c1 = self._vpc("C1", installation.STRANGER, 3).build(2, (ZONE,))
        self.every = (self.a1, self.a2, self.b1, self.c1)
        self.made.bare.append(self.b1)
        screen.command(self.a1.join_command(self.service))
        screen.plain("")
        screen.say("… and the same in VPC A2; in VPC B1, where nobody has made a zone; and in VPC C1 of client-c, who is "
                   "on no allow list.")
        self._look_ahead()
        self.watch.begin()
        for one in self.every:
            self.watch.note("call", f"{one.client}: create-vpc-endpoint in VPC {one.label}, "
                            f"{len(one.subnets)} subnets")
            one.join(self.service)
        written = [(self.a1, ZONE), (self.a1, PARENT), (self.a2, ZONE), (self.b1, ZONE)]
        self._until("the records of four zones", lambda: self.b1.zones and self._journalled(written))

        allowed = [self._rule(one) for one in (self.a1, self.a2, self.b1)]
        self._check("client-a's two endpoints are accepted and client-b's one, by the rules that name their accounts",
                    allowed == [accounts.CLIENT_A] * 2 + [accounts.CLIENT_B], f"rules {allowed}")
        hold = self.table.holds().get(f"{self.service.id}/{self.c1.endpoint}", {})
        self._check("client-c's endpoint is not accepted: it waits, held as NotAllowed",
                    hold.get("reason") == "NotAllowed" and self.c1.endpoint_state() == "pendingAcceptance",
                    f"{hold}, {self.c1.endpoint_state()}")
        for one, zone in written:
            self._check_record(one, zone)
        self._check("the unrelated zone and client-c's zone hold what they held: NS and SOA",
                    all(self._untouched(*where) for where in ((self.a1, UNRELATED), (self.c1, ZONE))))
        made = self.calls.route53(self.mark).get("CreateHostedZone", 0)
        self._check("one zone was made, for VPC B1, which had none", made == 1, f"{made} were made")
        batches = [list(actions(call)) for call in self.calls.changes(self.mark)]
        self._check("four change batches did it, one for each zone, each one CREATE",
                    len(batches) == 4 and all(len(batch) == 1 and batch[0].startswith("CREATE ")
                                              for batch in batches), f"{batches}")
        for one, zone in written:
            entry = self._entries(one, zone)[0]
            self.milliseconds[one.label, zone] = entry.get("milliseconds")
        self._check("the journal says how long each took, from the event to the record",
                    all(value is not None for value in self.milliseconds.values()), f"{self.milliseconds}")

    def _change(self, number):
        screen.chapter(number, "An endpoint gets one more subnet")
        subnet = self.a1.add_subnet()
        screen.command(f"aws --profile client-a ec2 modify-vpc-endpoint --vpc-endpoint-id "
                       f"{self.a1.endpoint} --add-subnet-ids {subnet}")
        self._look_ahead()
        self.watch.begin()
        self.watch.note("call", "client-a: modify-vpc-endpoint adds a fourth subnet to endpoint A1")
        self.a1.ec2.modify_vpc_endpoint(VpcEndpointId=self.a1.endpoint, AddSubnetIds=[subnet])
        where = [(self.a1, ZONE), (self.a1, PARENT)]
        self._until("four addresses", lambda: self._journalled(where))
        for one, zone in where:
            self._check_record(one, zone)
        batches = [list(actions(call)) for call in self.calls.changes(self.mark)]
        self._check("each batch deletes exactly what was there and creates what is right, atomically",
                    len(batches) == 2 and all([action.split()[0] for action in batch] == ["DELETE", "CREATE"]
                                              for batch in batches), f"{batches}")

    def _drift(self, number):
        screen.chapter(number, "Somebody edits a record by hand, and a sweep repairs it")
        screen.say("Nothing tells zonelink of an edit in Route 53. The sweep, which runs every 15 minutes, "
                   "finds it; here it is called by hand.")
        screen.command(f"aws --profile client-a route53 change-resource-record-sets --hosted-zone-id "
                       f"{self.a1.zones[ZONE]} --change-batch '{_json(self._edit())}'")
        screen.command(f"aws --profile provider lambda invoke --function-name "
                       f"{self.outputs['BackfillFunction']} answer.json")
        self._look_ahead()
        self.watch.begin()
        self.watch.note("call", f"client-a: change-resource-record-sets in zone A1, now {_BY_HAND}")
        self.a1.route53.change_resource_record_sets(
            HostedZoneId=self.a1.zones[ZONE], ChangeBatch=self._edit())
        drifted = self.a1.addresses(ZONE)
        self._sweep()
        self._until("the repair", lambda: self._journalled([(self.a1, ZONE)]) and self._swept())
        self._check("the record was edited by hand, and the sweep found and repaired it",
                    drifted == [_BY_HAND], f"{drifted}")
        self._check_record(self.a1, ZONE)
        changed = [call["parameters"]["HostedZoneId"].removeprefix("/hostedzone/")
                   for call in self.calls.changes(self.mark)[1:]]
        self._check("it changed that record and no other", changed == [self.a1.zones[ZONE]], f"{changed}")

    def _in_sync(self, number):
        screen.chapter(number, "A second sweep finds nothing to do")
        entries, claims = len(self.table.journal()), self.table.claims()
        self._look_ahead()
        self.watch.begin()
        self._sweep()
        self._until("the sweep", lambda: self._swept())
        counted = self.calls.route53(self.mark)
        changes = counted.get("ChangeResourceRecordSets", 0)
        shown = ", ".join(f"{count} {action}" for action, count in sorted(counted.items()))
        screen.plain(f"\n  Route 53 calls of this sweep: {shown}, {changes} ChangeResourceRecordSets.")
        self._check("in sync, a sweep sends no Route 53 change", changes == 0 and counted, f"{counted}")
        self._check("… writes no claim, and no entry in the journal",
                    self.table.claims() == claims and len(self.table.journal()) == entries)

    def _leave(self, number):
        screen.chapter(number, "An endpoint is deleted")
        screen.command(f"aws --profile client-a ec2 delete-vpc-endpoints --vpc-endpoint-ids "
                       f"{self.a2.endpoint}")
        self._look_ahead()
        self.watch.begin()
        self.watch.note("call", "client-a: delete-vpc-endpoints, endpoint A2")
        self.a2.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.a2.endpoint])
        self._until("the record's removal", lambda: self._journalled([(self.a2, ZONE)]))
        self._check("the record of VPC A2 is gone, and so is the claim on it",
                    self.a2.record(ZONE) is None and self.a2.zones[ZONE] not in self.table.claims())
        self._check_record(self.a1, ZONE)
        self._check_record(self.a1, PARENT)

    # ------------------------------------------------------------------- helpers

    def finish(self):
        """What has to hold whatever happened."""
        provider = state.client("sqs", "provider", self.running)
        left = provider.get_queue_attributes(
            QueueUrl=self.outputs["DeadLetterQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        self._check("the dead-letter queue is empty",
                    left["ApproximateNumberOfMessages"] == "0", f"{left}")
        errors = [line for line in self.log.lines if line.get("level") == "ERROR"]
        self._check("reconcile-records logged no error", not errors, f"{errors}")

    def resolve(self):
        """Ask for a host from inside each VPC, and from one that has neither a zone nor an endpoint."""
        outside = self._vpc("B2", "client-b", 5).build(1, ())
        expected = [
            (self.a1, self.a1.interface_addresses(), "the addresses of its endpoint"),
            (self.b1, self.b1.interface_addresses(), "the addresses of its endpoint, by the zone that was made"),
            (self.a2, ["NXDOMAIN"], "nothing: its endpoint is gone, and its zone is there"),
            (self.c1, ["NXDOMAIN"], "nothing: its zone has no record of a stranger"),
            (outside, [installation.PUBLIC], "the public address"),
        ]
        screen.say(f"What a machine in each VPC resolves, asked over DNS for {resolution.HOST}:")
        screen.plain("")
        for one, wanted, words in expected:
            found = resolution.resolved(self.running, one.client, one.vpc)
            screen.fact(f"VPC {one.label}", ", ".join(found))
            self._check(f"a machine in VPC {one.label} resolves {words}", found == wanted, f"{found}, not {wanted}")

    def rows(self):
        """The end of it all: a row for each zone that has or had the record, and for who was held."""
        places = [(self.a1, ZONE), (self.a1, PARENT), (self.a2, ZONE), (self.b1, ZONE), (self.c1, ZONE)]
        for one, zone in places:
            rule = self._rule(one)
            hold = self.table.holds().get(f"{self.service.id}/{one.endpoint}", {})
            written, found = (one.label, zone) in self.milliseconds, one.addresses(zone)
            yield {
                "connection": f"endpoint {one.label}\n{one.endpoint}",
                "owner": f"{one.client}\n{accounts.number(one.client)}",
                "decision": f"accepted by\n{rule}" if rule else f"held:\n{hold.get('reason')}",
                "VPC": f"{self.names[one.vpc]}\n10.{one.number}.0.0/16",
                "zone": self.names[one.zones[zone]],
                "record": "kept" if found else "removed" if written else "none",
                "addresses": "\n".join(found) or "-",
                "ms": self.milliseconds.get((one.label, zone), "-"),
            }

    def _vpc(self, label, name, number):
        return ClientVpc(label, name, number, self.running, self.names)

    def _look_ahead(self):
        """Remember where the logs of this chapter begin."""
        self.mark = self.calls.mark()
        self.lines = len(self.log.lines)
        self.since = now()

    def _until(self, what, condition):
        in_time = self.watch.until(condition, _SECONDS)
        if rest := self.table.rest():
            screen.moment(None, "journal", rest)
        if not in_time:
            self._check(f"{what} within {_SECONDS} s", False)
            raise Stuck(what)

    def _check(self, text, holds, detail=""):
        self.checks.append((self.chapter, text, bool(holds), self.names.into(detail)[:400]))

    def _check_record(self, one, zone):
        wanted, found = one.interface_addresses(), one.addresses(zone)
        self._check(f"{self.names[one.zones[zone]]} answers the {len(wanted)} addresses of "
                    f"endpoint {one.label}'s network interfaces", found == wanted, f"{found}, not {wanted}")

    def _entries(self, one, zone):
        """The journal's entries on a record since the chapter began."""
        return [entry for entry in self.table.journal(f"{one.zones[zone]}/{installation.RECORD_NAME}")
                if entry["at"] > self.since.strftime("%Y-%m-%dT%H:%M:%S.%f")]

    def _journalled(self, places):
        return all(self._entries(one, zone) for one, zone in places)

    def _rule(self, one):
        for entry in self.table.journal(f"{self.service.id}/"):
            for step in entry["steps"]:
                _, found, rest = step.partition(f"{one.endpoint} of {accounts.number(one.client)} (allowed by ")
                if found and entry["outcome"] == "done":
                    return rest.split(")")[0]
        return None

    def _untouched(self, one, zone):
        return sorted(found["Type"] for found in one.record_sets(zone)) == ["NS", "SOA"]

    def _edit(self):
        return {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {
            "Name": installation.RECORD_NAME, "Type": "A", "TTL": 300,
            "ResourceRecords": [{"Value": _BY_HAND}]}}]}

    def _sweep(self):
        self.watch.note("call", "provider: invoke backfill")
        answer = state.client("lambda", "provider", self.running).invoke(
            FunctionName=self.outputs["BackfillFunction"], Payload=b"{}")
        told = json.loads(answer["Payload"].read())
        self.sent = sum(service["intents"] for service in told.get("services", []))
        if "FunctionError" in answer:
            raise Stuck(f"backfill failed: {told}")
        for service in told["services"]:
            states = ", ".join(f"{count} {name}" for name, count in service["connections"].items())
            self.watch.note("backfill", f"connections: {states}; accepted {service['accepted']}, "
                            f"held {len(service['held'])}, sent on {service['endpoints']} endpoints "
                            f"in {service['intents']} intents")

    def _swept(self):
        """Whether every intent that the last sweep sent has been carried out."""
        done = [line for line in self.log.lines[self.lines:]
                if line.get("message") == "reconciled" and "sweep" in line.get("cause", "")]
        return len(done) >= self.sent


def _json(value):
    return json.dumps(value, separators=(",", ":"))

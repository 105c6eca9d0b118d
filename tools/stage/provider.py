"""The provider's side: its endpoint service, its stack, its table and its queues."""

import contextlib
import json

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from local_aws import accounts, deploy
from local_aws.stacks import outputs

from .client import MORE_NAMES, NAME
from .local import wait_until

STACK = "zonelink"
EXTERNAL_ID = "zonelink-stage"
# The organization that the provider's account manages; client-a and client-b are members.
ORGANIZATION = "o-exampleorgid"


class Failed(Exception):
    """A function answered with an error; the message is the function's."""


class Provider:
    """One deployment of template.yaml, and the service that its parameters define."""

    def __init__(self, local, account=accounts.PROVIDER):
        self.local = local
        self.account = account
        local.accounts.add(account)
        self.ec2 = local.client("ec2", account)
        self.service, self.service_name = self.make_service()
        self.parameters = None

    def make_service(self, acceptance_required=True):
        """An endpoint service that anybody may make endpoints to. Returns its id and name."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        balancer = self.local.client("elbv2", self.account).create_load_balancer(
            Name=f"nlb-{vpc[4:16]}", Type="network", Subnets=[subnet])["LoadBalancers"][0]
        made = self.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]],
            AcceptanceRequired=acceptance_required)["ServiceConfiguration"]
        self.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=made["ServiceId"], AddAllowedPrincipals=["*"])
        return made["ServiceId"], made["ServiceName"]

    def deploy(self, **parameters):
        """Deploy template.yaml with the built functions."""
        self.parameters = {
            "ServiceId": self.service, "RecordName": NAME, "DeletionProtection": "false",
            # Whatever a test may update stands here, so that it can be put back.
            "SweepState": "DISABLED", "ConnectionNotifications": "true", "RecordTtl": "60", "MaxDeletes": "20",
            "Disallowed": "leave", "OnRemove": "keep", "Adopt": "identical", "SharedZones": "refuse", "Write": "every",
            "RevocationGrace": "86400", "MaxRejects": "10", "SweepInterval": "rate(15 minutes)",
            "OrganizationsRoleArn": "", "AdditionalRecordNames": ",".join(MORE_NAMES), "AlarmActions": "",
            "ServesVpcsOf": "", "Zones": "existing", "UnneededZones": "keep", "MaxZones": "20",
            "HoldsTolerated": "0", "UnreachableTolerated": "0", "SweepOverdueMinutes": "60",
            # As much as the emulator gives: tests of the rate ask for less.
            "Route53RequestsPerSecond": "1000", "Route53Burst": "5000", **parameters}
        with self.local.deployment(self.account):
            made = deploy.deploy_provider(self.parameters, running=self.local.running, account=self.account)
        self.read(made)

    def update(self, **changes):
        """Update the stack, as `aws cloudformation deploy --parameter-overrides` does."""
        wanted = {**self.parameters, **changes}
        cloudformation = self.local.client("cloudformation", self.account)
        there = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"]
        there = {one["ParameterKey"]: one["ParameterValue"] for one in there}
        if all(there[name] == value for name, value in wanted.items()):
            return
        with self.local.deployment(self.account):
            cloudformation.update_stack(
                StackName=STACK, UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=[{"ParameterKey": name, "ParameterValue": wanted[name]} if name in wanted
                            else {"ParameterKey": name, "UsePreviousValue": True} for name in there])
            wait_until(lambda: cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
                       == "UPDATE_COMPLETE")
        self.read(outputs(cloudformation, STACK))

    def read(self, made):
        """Take over the outputs of a stack that stands."""
        self.outputs = made
        self.local.stands(self.account, made)
        self.table = Table(self.local.client("dynamodb", self.account), made["TableName"])
        self.local.queues[made["QueueUrl"]] = self.account
        self.local.tables[made["TableName"]] = self.table

    def allow(self, *owners):
        """Let these accounts connect, and nobody else."""
        self.update(AllowedPrincipals=",".join(owners))

    def deploy_client(self, account, **parameters):
        """Deploy infra/client.yaml into a client account."""
        with self.local.deployment(account):
            return deploy.deploy_client(account, {
                "ProviderAccountId": self.account, "ProviderBusArn": self.outputs["BusArn"],
                "ClientRoleName": self.outputs["ClientRoleName"], "ExternalId": EXTERNAL_ID,
                "RecordNames": ",".join((NAME, *MORE_NAMES)), **parameters}, running=self.local.running)

    def delete_client(self, account):
        """Delete infra/client.yaml from a client account."""
        with self.local.deployment(account):
            deploy.delete_client(account, running=self.local.running)

    def deploy_route53_events(self, account):
        """Deploy infra/route53-events.yaml into an account, as the stack's output says it."""
        with self.local.deployment(account):
            deploy.deploy_route53_events(account, {
                "ProviderBusArn": self.outputs["BusArn"], "RuleName": f"{STACK}-route53-{accounts.REGION}",
            }, running=self.local.running)

    def backfill(self, **request):
        """Invoke backfill by hand and wait for its summary."""
        return self.invoke("BackfillFunction", request)

    def invoke(self, output, payload):
        """Invoke a function, named by the stack's output, and return what it answers."""
        answer = self.local.client("lambda", self.account).invoke(
            FunctionName=self.outputs.get(output, output), Payload=json.dumps(payload).encode())
        result = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise Failed(result["errorMessage"])
        return result

    def invoke_later(self, output, payload):
        """Hand a function an event as EventBridge does: asynchronously."""
        self.local.client("lambda", self.account).invoke(
            FunctionName=self.outputs[output], InvocationType="Event", Payload=json.dumps(payload).encode())

    def failure_of(self, output, payload):
        """The error with which a function refuses a payload."""
        try:
            answer = self.invoke(output, payload)
        except Failed as failure:
            return str(failure)
        raise AssertionError(f"it did not fail: {answer}")

    @property
    def schedule(self):
        """The name of the sweep's schedule."""
        return self.local.client("scheduler", self.account).list_schedules()["Schedules"][0]["Name"]

    def sweep(self):
        """Let the schedule come round, and wait until everything is done."""
        self.local.fire_schedule(self.account, self.schedule)
        self.local.settled()

    def send(self, body):
        """Put a message on the work queue."""
        self.local.client("sqs", self.account).send_message(
            QueueUrl=self.outputs["QueueUrl"], MessageBody=body if isinstance(body, str) else json.dumps(body))

    def notify(self, event, endpoint):
        """Publish a connection notification as EC2 does."""
        self.local.client("sns", self.account).publish(TopicArn=self.outputs["TopicArn"], Message=json.dumps(
            {"event": event, "serviceId": self.service, "vpcEndpointId": endpoint.id}))

    def dead_letters(self):
        """The bodies in the dead-letter queue."""
        sqs, found = self.local.client("sqs", self.account), {}
        url = self.outputs["DeadLetterQueueUrl"]
        while True:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                break
            found.update((message["MessageId"], message["Body"]) for message in messages)
        self.local.release(url)
        return list(found.values())

    def connections(self):
        """The state of each connection, by endpoint."""
        answer = self.ec2.get_paginator("describe_vpc_endpoint_connections").paginate(
            Filters=[{"Name": "service-id", "Values": [self.service]}])
        return {one["VpcEndpointId"]: one["VpcEndpointState"]
                for page in answer for one in page["VpcEndpointConnections"]}

    @contextlib.contextmanager
    def deaf(self, **changes):
        """No event and no notification reaches the provider while this lasts; further parameters stay."""
        self.update(ConnectionNotifications="false", **changes)
        with self.local.set(cloudtrail=False):
            yield


    @contextlib.contextmanager
    def rules_disabled(self):
        """All rules of the stack are switched off while this lasts."""
        events = self.local.client("events", self.account)
        rules = [(rule["Name"], bus) for bus in ("default", self.outputs["BusName"])
                 for rule in events.list_rules(EventBusName=bus)["Rules"]]
        for name, bus in rules:
            events.disable_rule(Name=name, EventBusName=bus)
        try:
            yield
        finally:
            for name, bus in rules:
                events.enable_rule(Name=name, EventBusName=bus)


class Table:
    """The table, read and edited by hand."""

    def __init__(self, dynamodb, name):
        self._dynamodb, self._name = dynamodb, name

    def items(self, prefix=""):
        """All items whose partition key begins with the prefix, in order, as plain values.

        But for what moves on by itself, unless it is asked for: the buckets with each reservation, the runs with
        each sweep.
        """
        read = TypeDeserializer().deserialize
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._name, ConsistentRead=True)
        found = [{name: read(value) for name, value in item.items()}
                 for page in pages for item in page["Items"]]
        moving = () if prefix else ("bucket#", "run")
        return sorted((item for item in found
                       if item["pk"].startswith(prefix) and not item["pk"].startswith(moving)),
                      key=lambda item: (item["pk"], item["sk"]))

    def runs(self):
        """The runs of backfill, oldest first."""
        return [item for item in self.items("run") if item["pk"] == "run"]

    def parts(self, run):
        """What the messages of a run came to, by part."""
        return {item["sk"]: item for item in self.items(f"run#{run}")}

    def indexed(self):
        """The index of claims: the item of each, by zone and name."""
        return {item["sk"]: item for item in self.items("claims")}

    def holds(self):
        """The reason of each hold, by its subject."""
        return {item["sk"]: item["reason"] for item in self.items("hold")}

    def held_of_services(self):
        """The reason of each hold on a service, its allow list or a connection, and on no VPC."""
        return {subject: hold for subject, hold in self.holds().items() if subject.startswith("vpce-svc-")}

    def claims(self):
        """The claims by zone."""
        return {item["pk"].removeprefix("claim#"): item for item in self.items("claim#")}

    def waits(self):
        """The waiting chains by endpoint."""
        return {item["vpc_endpoint"]: item for item in self.items("wait#")}

    def endpoint(self, endpoint):
        """What is remembered of an endpoint, or None."""
        return next((item for item in self.items("service#") if item["sk"] == endpoint.id), None)

    def journal(self, about=""):
        """The journal's entries whose subject holds the text, oldest first."""
        found = [item for item in self.items("journal#") if about in item["subject"]]
        return sorted(found, key=lambda item: item["at"])

    def put(self, item):
        """Write an item of plain values."""
        write = TypeSerializer().serialize
        self._dynamodb.put_item(TableName=self._name,
                                Item={name: write(value) for name, value in item.items()})

    def delete(self, pk, sk):
        """Delete one item."""
        self._dynamodb.delete_item(TableName=self._name, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    def define(self, key, **definition):
        """Put a service definition into the table, as an operator does; the key is the service's id."""
        self.put({"pk": "service", "sk": key, "definition": {"service": key, **definition}})

    def let_pending_changes_expire(self):
        """Date back the moment until which announced changes may still be on their way."""
        for claim in self.claims().values():
            if "pending" in claim:
                pending = {**claim["pending"], "until": "2026-01-01T00:00:00Z"}
                self.put({**claim, "pending": pending})

    def clear(self):
        """Delete every item."""
        for item in self.items() + self.items("run"):
            self.delete(item["pk"], item["sk"])

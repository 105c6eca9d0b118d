"""The world that a claim asks for, made in the local AWS: `World` in tests/conformance/src/world.rs says what each is."""

import contextlib
import itertools
import json
import types

from local_aws import accounts
from stage.client import Client
from stage.local import QUICK
from stage.provider import ORGANIZATION, Provider

ROLE = "zonelink-client"
EXTERNAL_ID = "conformance"

# What each service says when it refuses for want of permission, and when it asks for patience.
DENIED = {"ec2": ("UnauthorizedOperation", 403), "route53": ("AccessDenied", 403), "sts": ("AccessDenied", 403),
          "route53profiles": ("AccessDeniedException", 403), "organizations": ("AccessDeniedException", 400)}
THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "route53": ("Throttling", 400), "sts": ("Throttling", 400)}
# For how long a slow answer keeps its caller waiting.
SLOW_SECONDS = 1.5
_MARK = '"heritage=external-dns,external-dns/owner=blue,external-dns/resource=ingress/default/web"'
_ALWAYS = 1000
_profiles = itertools.count(1)


class World:
    """A table and a queue of its own for each claim; accounts that the worker may enter, and one that it may not."""

    def __init__(self, local, number):
        self.local = local
        self.provider = Provider(local)
        self._clients = {account: Client(local, account, self.provider)
                         for account in (accounts.CLIENT_A, accounts.CLIENT_B)}
        self._vpcs, self._zones, self._faults, self._profiles = {}, {}, [], []
        self.table, self._sqs = f"conformance-{number}", local.client("sqs", accounts.PROVIDER)
        _make_table(local, self.table)
        self.queue = self._sqs.create_queue(QueueName=self.table)["QueueUrl"]
        self.heal()
        local.settings(**QUICK | {"cloudtrail": False})

    def answer(self, line):
        """What comes of one line that a claim writes."""
        asked = json.loads(line)
        return json.dumps(getattr(self, asked["what"])(**asked["with"]))

    def part(self, name):
        parents = self.local.client("organizations", accounts.PROVIDER).list_parents(ChildId=accounts.CLIENT_A)
        there = types.SimpleNamespace(
            own=accounts.PROVIDER, client=accounts.CLIENT_A, other=accounts.CLIENT_B, closed=accounts.CLIENT_C,
            region=accounts.REGION, service=self.provider.service, organization=ORGANIZATION,
            member=accounts.CLIENT_A, parent=parents["Parents"][0]["Id"])
        return getattr(there, name)

    def permit(self, principal):
        self.provider.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=self.provider.service, AddAllowedPrincipals=[principal])

    def vpc(self, account):
        vpc = self._clients[account].vpc(subnets=0)
        self._vpcs[vpc.id] = vpc
        return vpc.id

    def endpoint(self, vpc, subnets):
        vpc = self._vpcs[vpc]
        while len(vpc.subnets) < subnets:
            vpc.add_subnet()
        return vpc.endpoint(SubnetIds=vpc.subnets[:subnets]).id

    def zone(self, account, name, vpc):
        vpc = self._vpcs[vpc]
        if vpc.client.account == account:
            zone = vpc.zone(name)
        else:
            # A private zone begins with a VPC of its owner.
            zone = self._clients[account].vpc(subnets=0).zone(name)
            vpc.joins(zone)
        self._zones[zone.id] = zone
        return zone.id

    def serve(self, owner, guest):
        trust = _trust({"StringLike": {"sts:RoleSessionName": [f"zonelink-{guest}"]}})
        iam, name = self.local.client("iam", owner), f"{ROLE}-guests"
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_role(RoleName=name)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)

    def zone_of_aws(self, service, name, vpc):
        return self._vpcs[vpc].zone(name, made_by=service).id

    def profile(self, vpc, zones):
        account, profile = self._vpcs[vpc].client.account, f"rp-{next(_profiles):017x}"
        self._profiles.append({"account": account, "vpc": vpc, "profile": profile, "zones": zones})
        self.local.profiles(*self._profiles)
        return profile

    def disassociate(self, zone, vpc):
        zone = self._zones[zone]
        # Route 53 lets the last VPC of a zone not go.
        zone.owner.vpc(subnets=0).joins(zone)
        self._vpcs[vpc].leaves(zone)

    def delete_zone(self, zone):
        self._zones[zone].owner.route53.delete_hosted_zone(Id=zone)

    def write(self, zone, name, kind):
        value = {"CNAME": "elsewhere.example.com", "TXT": '"words"', "mark": _MARK}[kind]
        self._zones[zone].put(value, kind="TXT" if kind == "mark" else kind, name=name)

    def pages_of(self, items):
        self.local.settings(page_size=items)

    def fail(self, account, operation, how):
        service, action = operation.split(":")
        fault = {"service": service, "action": action, "times": _ALWAYS}
        if service != "sts":
            # A role is assumed by the worker's account, whichever account's it is.
            fault["account"] = account
        if how == "slow":
            fault["delay_seconds"] = SLOW_SECONDS
        elif how == "lost":
            fault |= {"code": "InternalFailure", "status": 500, "applied": True}
        else:
            code, status = {"denied": DENIED, "throttled": THROTTLED}[how][service]
            fault |= {"code": code, "status": status}
        self._faults.append(fault)
        self.local.faults(*self._faults)

    def heal(self):
        self._faults = []
        self.local.faults()

    def messages(self):
        received = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in received.get("Messages", [])]

    def take_message(self):
        received = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1, VisibilityTimeout=600)
        return received["Messages"][0]["ReceiptHandle"]

    def end_delays(self):
        self.local.release(self.queue)


def _make_table(local, name):
    local.client("dynamodb", accounts.PROVIDER).create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])


def open_accounts(local):
    """Make the client role in the accounts that may be entered, with the trust of the template's."""
    for account in (accounts.CLIENT_A, accounts.CLIENT_B):
        local.client("iam", account).create_role(RoleName=ROLE, AssumeRolePolicyDocument=_trust({}))


def _trust(conditions):
    """A trust policy of the client template's, with some more conditions."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": accounts.PROVIDER},
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}, **conditions}}]})

"""What tests/iam judges: the policies that were deployed, and what IAM would have been asked under them."""

import contextlib
import functools
import json
import os
import time

from local_aws import state
from stage.local import Local

FOLDER = state.REPOSITORY / ".local" / "flow" / "evidence"


def of_last_run():
    """The evidence of the last run, a part from each of its workers; none when there was none."""
    parts = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"), key=_age)]
    return [part for part in parts if part["run"] == parts[0]["run"]]


def _age(path):
    return -path.stat().st_mtime_ns


class Watched(Local):
    """A local AWS that keeps the evidence of each deployment."""

    def __init__(self, running):
        super().__init__(running)
        self.evidence = Evidence(self)

    def deployment(self, account):
        return self.evidence.deployment(account)

    def stands(self, account, outputs):
        self.evidence.note_resources(account, outputs)


class Evidence:
    """Collected over one run of these tests, or what one worker has of it."""

    def __init__(self, local):
        self.local = local
        self.modules = set()
        self.roles = {}
        self.resources = {}

    @contextlib.contextmanager
    def deployment(self, account):
        """Note the roles that a stack of this account has when the `with` is over, as of its beginning."""
        since = time.time()
        yield
        self._note_roles(account, since)

    def _note_roles(self, account, since):
        """Read the roles of an account as CloudFormation made them."""
        iam, there = self.local.client("iam", account), set()
        for page in iam.get_paginator("list_roles").paginate():
            for role in page["Roles"]:
                versions = self.roles.setdefault(role["Arn"], [])
                found = {"trust": role["AssumeRolePolicyDocument"], "policies": _policies(iam, role["RoleName"])}
                if not versions or {**versions[-1], "since": None} != {**found, "since": None}:
                    versions.append({**found, "since": since})
                there.add(role["Arn"])
        # A role that went with its stack trusts nobody and may do nothing.
        for arn, versions in self.roles.items():
            if arn.split(":")[4] == account and arn not in there and versions[-1]["trust"]["Statement"]:
                versions.append({"trust": {"Version": "2012-10-17", "Statement": []}, "policies": {}, "since": since})

    def note_resources(self, account, outputs):
        """Read the policies of a provider's stack that are not of roles, by the names in its outputs."""
        client = functools.partial(self.local.client, account=account)
        for url in (outputs["QueueUrl"], outputs["DeadLetterQueueUrl"]):
            attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            self.resources[attributes["QueueArn"]] = attributes["Policy"]
        topic = client("sns").get_topic_attributes(TopicArn=outputs["TopicArn"])["Attributes"]
        self.resources[outputs["TopicArn"]] = topic["Policy"]
        function = client("lambda").get_policy(FunctionName=outputs["AcceptConnectionsFunction"])["Policy"]
        self.resources[outputs["AcceptConnectionsFunction"]] = function
        if policy := client("events").describe_event_bus(Name=outputs["BusName"]).get("Policy"):
            self.resources[outputs["BusArn"]] = policy

    def write(self):
        """Write it all down, with the test modules that it comes from."""
        asked = [entry for emulator in ("moto", "ministack") for entry in self.local.asked(emulator)]
        FOLDER.mkdir(parents=True, exist_ok=True)
        worker, run = (os.environ.get(f"PYTEST_XDIST_{name}") for name in ("WORKER", "TESTRUNUID"))
        (FOLDER / f"{worker or 'alone'}.json").write_text(json.dumps({
            "run": run or time.time(), "modules": sorted(self.modules), "roles": self.roles,
            "resources": self.resources, "asked": asked}, indent=1))


def _policies(iam, role):
    """The role's own policies by name. Attached ones are AWS's, which the templates do not write."""
    names = [name for page in iam.get_paginator("list_role_policies").paginate(RoleName=role)
             for name in page["PolicyNames"]]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}

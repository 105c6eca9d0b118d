"""The local AWS with zonelink deployed in it, and everything that would run by itself switched off.

The functions run under the measure's own Runtime API, with the environment that the template gives them, and
get their messages from the measure. What they call are the emulators.
"""

import contextlib
import functools
import json
import os
import pathlib
import shutil
import urllib.error
import urllib.request

from local_aws import accounts, deploy, state, up
from stage.local import QUICK, Local

from .runtime_api import Function

DIRECTORY = state.own_folder("bench")
BENCH_PYTHON = state.REPOSITORY / ".local" / "bench-venv" / "bin" / "python"
EXTERNAL_ID = "zonelink-bench"

# Ten zones can hold the name: its own domain and nine parents.
DOMAIN = "aws-us-west-2.a.b.c.d.e.f.g.byoc.example.com"
NAME = f"*.{DOMAIN}"
ZONES = [".".join(DOMAIN.split(".")[first:]) for first in range(10)]

OUTPUTS = {"accept-connections": "AcceptConnectionsFunction", "reconcile-records": "ReconcileRecordsFunction",
           "backfill": "BackfillFunction"}
# File descriptors of an execution environment (Lambda's quotas).
DESCRIPTORS = 1024
# A parameter of CloudFormation has 4,096 characters at most, an account and its comma thirteen.
_MOST_NAMED = 300
# As much as a figure needs that is not about the quota.
UNLIMITED = {"Route53RequestsPerSecond": "1000", "Route53Burst": "5000"}

_MOTO_SERVICES = tuple(name.upper() for name in state.MOTO_SERVICES)
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
_FROM_HOST = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


def client_accounts(count):
    """Numbers of that many client accounts."""
    return [str(500_000_000_000 + number) for number in range(count)]


@contextlib.contextmanager
def raised(binaries, clients, unlimited=True, **parameters):
    """A stage for the length of a `with`; unless it is `unlimited`, with the template's own share of Route 53."""
    with up.apart(DIRECTORY) as running:
        yield Stage(running, pathlib.Path(binaries), clients, {**(UNLIMITED if unlimited else {}), **parameters})


class Stage:
    """One installation of zonelink, the baseline's table and queue beside it, and some client accounts."""

    def __init__(self, running, binaries, clients, parameters):
        self.binaries, self.clients = binaries, clients
        self.local = Local(running)
        self.local.settings(**QUICK | {"cloudtrail": False})
        self.service = self._make_service()
        self.outputs = deploy.deploy_provider({
            "ServiceId": self.service, "RecordName": NAME, "DeletionProtection": "false",
            "SweepState": "DISABLED", "ConnectionNotifications": "false", "ExternalId": EXTERNAL_ID,
            "AllowedPrincipals": self._allowed(), "ClientAccounts": ",".join(clients[:50]),
            **parameters}, binaries=binaries, running=running)
        self.switch_off()
        self._make_roles()
        self.baseline_table, self.baseline_queue = self._make_for_baseline()

    def client(self, service, account=accounts.PROVIDER):
        """A boto3 client that acts as the account."""
        return self.local.client(service, account)

    def ask(self, emulator, method, path, sent=None):
        """Knock at a door of an emulator."""
        request = urllib.request.Request(f"{self.local.running[emulator]['url']}/_local/{path}", method=method,
                                         data=None if sent is None else json.dumps(sent).encode())
        try:
            # A fleet of thousands is not made in a moment.
            with _opener.open(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise ValueError(f"{method} {path}: {refused.read().decode()}") from refused

    def switch_off(self):
        """No queue is polled by the emulator: the measure hands over the messages."""
        functions = self.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.delete_event_source_mapping(UUID=mapping["UUID"])

    def function(self, name, number=1):
        """One more process of a function of ours, not yet started, with as many descriptors as Lambda gives it."""
        command = ["/bin/sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$0"', str(self.binaries / name)]
        return Function(name, command, self.environment(name), self._log(name, number),
                        self._configuration(name)["Timeout"])

    def baseline(self, number=1):
        """One more process of the baseline, not yet started."""
        command = [str(BENCH_PYTHON), "-m", "awslambdaric", "handler.handler"]
        return Function("baseline", command, self.baseline_environment(), self._log("baseline", number))

    def baseline_environment(self):
        """What reconcile-records gets, its rights included, but for the baseline's own table and queue."""
        return {
            **self.environment("reconcile-records"),
            "TABLE_NAME": self.baseline_table, "QUEUE_URL": self.baseline_queue, "_HANDLER": "handler.handler",
            "PYTHONPATH": str(pathlib.Path(__file__).parent / "baseline"),
            "AWS_LAMBDA_FUNCTION_NAME": "baseline", "PYTHONUNBUFFERED": "1",
        }

    def environment(self, name):
        """What the template, Lambda and the local AWS give the function; nothing of this shell but the path."""
        made = self._configuration(name)
        running = self.local.running
        return {
            **{key: os.environ[key] for key in _FROM_HOST if key in os.environ},
            **made["Environment"]["Variables"],
            "AWS_REGION": accounts.REGION, "AWS_DEFAULT_REGION": accounts.REGION,
            "AWS_ACCESS_KEY_ID": accounts.PROVIDER, "AWS_SECRET_ACCESS_KEY": accounts.SECRET,
            "AWS_SESSION_TOKEN": f"role:{made['Role']}",
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": running["ministack"]["url"],
            **{f"AWS_ENDPOINT_URL_{service}": running["moto"]["url"] for service in _MOTO_SERVICES},
            "AWS_LAMBDA_FUNCTION_NAME": made["FunctionName"], "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(made["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": (made.get("LoggingConfig") or {}).get("ApplicationLogLevel", "INFO"),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{made['FunctionName']}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench", "_HANDLER": "bootstrap", "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(self.binaries),
            # Lambda's image has its root certificates in one file; a Debian has a folder of each alone besides.
            **({"SSL_CERT_FILE": _ROOTS} if os.path.exists(_ROOTS) else {}),
        }

    def memory_bytes(self, name):
        """The memory that the template gives the function."""
        return self._configuration(name)["MemorySize"] * 1024 * 1024

    @functools.cache
    def _configuration(self, name):
        return self.client("lambda").get_function_configuration(FunctionName=self.outputs[OUTPUTS[name]])

    def _log(self, name, number):
        return DIRECTORY / "functions" / f"{name}-{number}.log"

    def _make_service(self):
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        balancer = self.client("elbv2").create_load_balancer(
            Name="bench", Type="network", Subnets=[subnet])["LoadBalancers"][0]
        made = ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]], AcceptanceRequired=True)["ServiceConfiguration"]
        ec2.modify_vpc_endpoint_service_permissions(ServiceId=made["ServiceId"], AddAllowedPrincipals=[
            f"arn:aws:iam::{account}:root" for account in self.clients])
        return made["ServiceId"]

    def _allowed(self):
        """The accounts themselves, or, where they are more than a parameter takes, the service's own permissions."""
        return ",".join(self.clients) if len(self.clients) <= _MOST_NAMED else "service-permissions"

    def _make_roles(self):
        """The client stack in the first account, and its role as it is there in all others."""
        first, *others = self.clients
        deploy.deploy_client(first, {
            "ProviderAccountId": accounts.PROVIDER, "ProviderBusArn": self.outputs["BusArn"],
            "ClientRoleName": self.outputs["ClientRoleName"], "ExternalId": EXTERNAL_ID,
            "RecordNames": NAME}, running=self.local.running)
        role = self.client("iam", first).get_role(RoleName=self.outputs["ClientRoleName"])["Role"]
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        for account in others:
            self.client("iam", account).create_role(
                RoleName=role["RoleName"], Path=role["Path"], AssumeRolePolicyDocument=trust)

    def _make_for_baseline(self):
        self.client("dynamodb").create_table(
            TableName="baseline", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "endpoint", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "endpoint", "KeyType": "HASH"}])
        queue = self.client("sqs").create_queue(QueueName="baseline", Attributes={"VisibilityTimeout": "360"})
        return "baseline", queue["QueueUrl"]


def clean():
    """Nothing of earlier runs is left in the functions' logs."""
    shutil.rmtree(DIRECTORY / "functions", ignore_errors=True)

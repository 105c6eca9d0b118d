"""The SAM CLI with the project's own samconfig.toml: validate, deploy by answering its questions, upgrade while clients join."""

import threading

import pytest
import yaml

from local_aws import stacks, state
from local_aws.stacks import outputs
from stage.client import NAME, Client
from stage.provider import Provider

from . import tools
from .conftest import PROFILES

STACK = "zonelink"


def template():
    """The template, its intrinsic functions left as they are."""
    class Loader(yaml.SafeLoader):
        """Reads !Ref and the like as what follows them."""

    def plain(loader, _, node):
        kinds = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
        return kinds.get(type(node), loader.construct_mapping)(node)

    Loader.add_multi_constructor("!", plain)
    return yaml.load((state.REPOSITORY / "template.yaml").read_text(), Loader)  # noqa: S506: it is a SafeLoader


def deploy(shell, *overrides, profile="provider"):
    """`sam deploy` as docs/DEPLOY.md has it for machines."""
    return shell("sam", "deploy", "--no-confirm-changeset", "--parameter-overrides", *overrides, profile=profile, within=300)


def remove(local, account, stack=STACK):
    """Delete a stack without `sam delete`, which looks every half minute and is tested with its page."""
    stacks.delete(local.client("cloudformation", account), stack)


def test_template_is_valid(shell):
    assert "is a valid SAM Template" in shell("sam", "validate")


def test_functions_are_built_as_their_handlers_say(built):
    assert "Build Succeeded" in built
    for name in ("AcceptConnections", "ReconcileRecords", "Backfill"):
        bootstrap = state.REPOSITORY / ".aws-sam" / "build" / name / "bootstrap"
        assert bootstrap.read_bytes()[:4] == b"\x7fELF"
        assert bootstrap.stat().st_mode & 0o111


def test_build_passes_over_no_change_of_the_library(built):
    # SAM's own cache knows the folders of the functions alone.
    assert "Valid cache found" not in built
    assert "Starting Build use cache" not in built


def test_guided_deploy_asks_for_the_service_and_its_record_and_all_else_is_answered_by_enter(shell, local, built):
    parameters = template()["Parameters"]
    assert list(parameters)[:2] == ["ServiceId", "RecordName"]
    assert [name for name, one in parameters.items() if "Default" not in one] == ["ServiceId", "RecordName"]
    provider = Provider(local, PROFILES["alone"])
    # Stack name and region; the parameters; no confirmation of the change set; roles may be made; rollback stays;
    # the project's samconfig.toml stays as it is.
    answers = ["", "", provider.service, NAME, *[""] * (len(parameters) - 2), "n", "", "", "n"]
    said = shell("sam", "deploy", "--guided", given="\n".join(answers) + "\n", profile="alone", within=300)
    assert f"Successfully created/updated stack - {STACK}" in said
    made = outputs(local.client("cloudformation", provider.account), STACK)
    provider.read(made)
    # Nobody was allowed yet; the account lets itself in by an update, with what it answered before.
    deploy(shell, f"AllowedPrincipals={provider.account}", profile="alone")
    vpc = Client(local, provider.account, provider).vpc(subnets=2)
    zone, endpoint = vpc.zone(), vpc.endpoint()
    local.settled()
    assert endpoint.state == "available"
    assert zone.addresses() == endpoint.addresses
    remove(local, provider.account)
    local.queues.clear()


@pytest.mark.parametrize(("parameter", "value"), [
    ("ServiceId", "com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0"), ("RecordName", "*.Example.com."),
    ("RecordName", "a.*.example.com"), ("AllowedPrincipals", "*"), ("ClientAccounts", "222222222222, 333333333333"),
])
def test_wrong_values_are_refused_by_a_pattern_with_a_word_of_what_is_right(parameter, value):
    import re
    found = template()["Parameters"][parameter]
    assert not re.fullmatch(found["AllowedPattern"].strip("^$"), value)
    assert found["ConstraintDescription"]


def test_every_parameter_is_described_grouped_and_labelled():
    found = template()
    interface = found["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(found["Parameters"]) == sorted(interface["ParameterLabels"])
    for name, one in found["Parameters"].items():
        assert one["Description"], name
        assert "AllowedValues" in one or one["ConstraintDescription"], name
        if one["Type"] == "String":
            assert "AllowedValues" in one or "AllowedPattern" in one, name


class Joining(threading.Thread):
    """Makes one endpoint after the other, each in a VPC with a zone of its own, until it is told to stop."""

    def __init__(self, client):
        super().__init__()
        self.client = client
        self.made, self.failure = [], None
        self._stop_it = threading.Event()

    def run(self):
        """Join until told to stop."""
        try:
            while not self._stop_it.wait(0.2):
                vpc = self.client.vpc()
                self.made.append((vpc.zone(), vpc.endpoint()))
        except Exception as failure:  # noqa: BLE001: the test's own thread raises it again
            self.failure = failure

    def end(self):
        """Stop; gives the zones and endpoints that were made."""
        self._stop_it.set()
        self.join()
        if self.failure:
            raise self.failure
        return self.made


def test_upgrade_loses_no_event_of_the_clients_that_join_meanwhile(shell, local, built):
    provider, client = Provider(local), PROFILES["client"]
    # Without the sweep, and without notifications: only events tell.
    deploy(shell, f"Architecture={tools.ARCHITECTURE}", f"ServiceId={provider.service}", f"RecordName={NAME}",
           f"AllowedPrincipals={client}", f"ClientAccounts={client}", "ExternalId=upgrade", "SweepState=DISABLED",
           "ConnectionNotifications=false", "DeletionProtection=false",
           # Whoever joins meanwhile waits for the upgrade, not for Route 53's share.
           "Route53RequestsPerSecond=100", "Route53Burst=500")
    provider.read(outputs(local.client("cloudformation", provider.account), STACK))
    shell("bash", "-c", provider.outputs["ClientStackCommand"], profile="client")
    joining = Joining(Client(local, client, provider))
    joining.start()
    try:
        said = deploy(shell, "RecordTtl=30")
    finally:
        made = joining.end()
    assert "UPDATE_COMPLETE" in said
    local.settled(within=120)
    assert len(made) > 5
    assert [zone.addresses() for zone, _ in made] == [endpoint.addresses for _, endpoint in made]
    # Both versions have been at work.
    assert {zone.record()["TTL"] for zone, _ in made} == {60, 30}
    assert provider.dead_letters() == []
    remove(local, provider.account)
    remove(local, client, f"{STACK}-client")
    local.queues.clear()

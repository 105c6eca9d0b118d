"""What cannot be done is said in a sentence, with what helps, and never as a debug dump."""

import pathlib
import subprocess

import pytest

from .command import binary, check
from .passage import Passage

NOBODY = "vpce-0123456789abcdef0"


@pytest.fixture
def passage(command, local):
    """A way to Lambda that the test can close."""
    with Passage(local.running["ministack"]["url"]) as passage:
        yield passage


def test_wrong_arguments(command):
    check("wrong_arguments",
          command("stauts", profile=None),
          command("status", "--account", "42", profile=None),
          command("status", "--output", "xml", profile=None),
          command("explain", "vpce-svc-0123456789abcdef0", profile=None),
          command("explain", "Z1/a..b", profile=None),
          command("service", "remove", "vpce-svc-0123456789abcdef0", profile=None),
          command("service", "remove", "vpce-svc-0123456789abcdef0", "--keep-records", "--delete-records", profile=None),
          command("service", "show", "my-service", profile=None))


def test_nobody_is_signed_in(command):
    check("not_signed_in",
          command("status", profile=None),
          command("status", "--profile", "nobody", profile=None),
          command("status", profile=None, AWS_ACCESS_KEY_ID="111111111111", AWS_SECRET_ACCESS_KEY="local"),
          command("status", "--region", "nowhere in particular"))


def test_profile_that_is_asked_for_wins_over_keys_in_the_environment(zonelink):
    said = zonelink.run("service", "list", "--profile", "provider", profile=None, AWS_ACCESS_KEY_ID="222222222222",
                        AWS_SECRET_ACCESS_KEY="local")
    assert said.code == 0, said


def test_installation_is_not_there(zonelink):
    check("no_installation",
          zonelink.run("status", "--profile", "client-a"),
          zonelink.run("status", "--region", "eu-west-1"),
          zonelink.run("status", "--stack", "other"),
          zonelink.run("status", ZONELINK_STACK="other"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"])
def test_aws_refuses_the_first_call(command, passage, code):
    passage.refuse("/2015-03-31/functions/", code)
    passage.refuse("/2015-03-31/functions", code)
    check(f"refused_{code}", command("status", AWS_ENDPOINT_URL_LAMBDA=passage.url))


def test_aws_cannot_be_reached(command):
    said = command("status", AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:1")
    assert said.code == 1
    assert said.err.startswith("error: lambda:ListFunctions for us-west-2 failed (no connection)")
    assert "remedy: check the network, the region, and AWS_ENDPOINT_URL" in said.err


def test_table_refuses(zonelink):
    with Passage(zonelink.local.running["ministack"]["url"]) as table:
        table.refuse("Query", "AccessDeniedException", "User x is not authorized to perform: dynamodb:Query")
        check("table_refused", zonelink.run("service", "list", AWS_ENDPOINT_URL_DYNAMODB=table.url))


def test_role_that_does_not_trust_us(zonelink):
    check("role_refused", zonelink.run("status", "--role-arn", "arn:aws:iam::111111111111:role/nobody"))


def test_what_is_not_known(zonelink):
    check("unknown_ids",
          zonelink.run("explain", NOBODY),
          zonelink.run("explain", "Z0123456789/*.nowhere.example.com"),
          zonelink.run("explain", "*.nowhere.example.com"),
          zonelink.run("status", "--service", "vpce-svc-0123456789abcdef0"),
          zonelink.run("service", "show", "vpce-svc-0123456789abcdef0"),
          zonelink.run("service", "remove", "vpce-svc-0123456789abcdef0", "--keep-records"))


def test_empty_table(zonelink):
    check("empty_table",
          zonelink.run("status"),
          zonelink.run("status", "--held"),
          zonelink.run("status", "--account", zonelink.a.account),
          zonelink.run("service", "list"))


def test_reader_that_has_seen_enough_is_no_failure():
    with subprocess.Popen([binary(), "man"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_operator_role_sees_and_does_what_the_command_line_needs(zonelink):
    role = ["--role-arn", zonelink.provider.outputs["OperatorRoleArn"]]
    vpc = zonelink.a.vpc()
    vpc.zone()
    vpc.endpoint()
    zonelink.local.settled()
    assert zonelink.run("status", *role).code == 0
    assert zonelink.run("service", "list", *role).code == 0


def test_profile_that_assumes_the_operator_role_is_used(zonelink, tmp_path):
    provider = pathlib.Path(zonelink.local.running["aws_config"]).read_text()
    profile = (f"[profile zonelink]\nrole_arn = {zonelink.provider.outputs['OperatorRoleArn']}\nsource_profile = provider\n"
               f"region = us-west-2\nendpoint_url = {zonelink.local.running['ministack']['url']}\nservices = local-aws\n")
    (tmp_path / "config").write_text(profile + provider)
    (tmp_path / "definition").write_text(
        f'{{"service": "{zonelink.provider.make_service()[0]}", "names": ["*.second.example.com"]}}')
    for profile in ({"AWS_PROFILE": "zonelink"}, {}):
        named = [] if profile else ["--profile", "zonelink"]
        said = zonelink.run("service", "apply", str(tmp_path / "definition"), *named, profile=None,
                            AWS_CONFIG_FILE=str(tmp_path / "config"), **profile)
        assert said.code == 0, said
    [entry] = zonelink.table.journal("vpce-svc-")
    assert ":assumed-role/zonelink-OperatorRole-" in entry["cause"]

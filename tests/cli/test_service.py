"""Definitions: applied, compared, listed, shown, ended."""

import json
import re
import threading

import pytest
import yaml

from .command import check
from .passage import Passage

SECOND = "*.second.example.com"


@pytest.fixture
def second(zonelink, tmp_path):
    """A second service, a client's VPC with a zone for it, and a file to define it."""
    zonelink.service, zonelink.service_name = zonelink.provider.make_service()
    zonelink.vpc = zonelink.a.vpc()
    zonelink.zone = zonelink.vpc.zone("example.com")
    zonelink.file = tmp_path / "second.yaml"

    def define(**fields):
        definition = {"service": zonelink.service, "names": [SECOND], "allowed_principals": [zonelink.a.account],
                      **fields}
        zonelink.file.write_text(yaml.safe_dump(definition))

    def apply(*arguments, **environment):
        return zonelink.run("service", "apply", "-", *arguments, given=zonelink.file.read_text(), **environment)

    def stored():
        return {item["sk"]: item for item in zonelink.table.items("service") if item["pk"] == "service"}

    zonelink.define, zonelink.apply, zonelink.stored = define, apply, stored
    define()
    return zonelink


def test_definition_is_compared_written_once_and_shown(second):
    said = [second.apply("--dry-run"), second.apply(), second.apply(), second.apply("--dry-run")]
    second.define(names=["*.third.example.com", "*.fourth.example.com"], ttl=30)
    said += [second.apply("--dry-run"), second.apply(), second.run("service", "list"),
             second.run("service", "show", second.service)]
    check("service_apply", *said)
    assert second.stored()[second.service]["definition"]["ttl"] == 30


def test_applied_definition_works_and_its_edits_are_in_the_journal(second):
    assert second.apply().code == 0
    endpoint = second.vpc.endpoint(second.service_name)
    second.local.settled()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    entry = second.table.journal(second.service)[0]
    # The operators' role, taken on by itself, in a session of the caller's name.
    assert re.fullmatch(r"zonelink service apply by arn:aws:sts::111111111111:assumed-role/\S+-OperatorRole-\w+/root",
                        entry["cause"]), entry
    assert f"names: + {SECOND}" in entry["steps"] and entry["outcome"] == "done"


def test_several_definitions_are_applied_together(second, tmp_path):
    third, _ = second.provider.make_service()
    second.file.write_text(yaml.safe_dump({"services": [
        {"service": second.service, "names": [SECOND]}, {"service": third, "names": ["*.third.example.com"]}]}))
    said = second.run("service", "apply", str(second.file), "--output", "json")
    assert [(one["service"], one["action"]) for one in said.json["definitions"]] == [
        (second.service, "create"), (third, "create")]
    assert set(second.stored()) == {second.service, third}


def test_fields_of_another_version_are_kept_and_said(second):
    second.table.put({"pk": "service", "sk": second.service, "owner": "team data", "definition": {
        "service": second.service, "names": [SECOND], "weather": {"today": "fine"}}})
    said = second.apply()
    assert "weather stays: this version does not know it" in said.err
    item = second.stored()[second.service]
    assert item["definition"]["weather"] == {"today": "fine"} and item["owner"] == "team data"
    assert item["definition"]["allowed_principals"] == [second.a.account]


def test_edit_of_somebody_else_is_not_overwritten(second):
    second.apply()
    second.define(ttl=30)

    def edit():
        second.table.define(second.service, names=[SECOND], ttl=15)

    with Passage(second.local.running["ministack"]["url"]) as table:
        table.before("TransactWriteItems", edit)
        said = second.apply(AWS_ENDPOINT_URL_DYNAMODB=table.url)
    check("service_raced", said)
    assert second.stored()[second.service]["definition"]["ttl"] == 15
    assert len(second.table.journal(second.service)) == 1


def test_definition_that_somebody_else_makes_first_is_not_overwritten(second):
    with Passage(second.local.running["ministack"]["url"]) as table:
        table.before("TransactWriteItems", lambda: second.table.define(second.service, names=[SECOND], ttl=15))
        assert second.apply(AWS_ENDPOINT_URL_DYNAMODB=table.url).code == 1
    assert second.stored()[second.service]["definition"]["ttl"] == 15


def test_stacks_own_service_and_ends_of_services_are_not_applied(second):
    own = json.dumps({"service": second.provider.service, "names": [SECOND]})
    ended = json.dumps({"service": second.service, "names": [SECOND], "removed": "keep_records"})
    check("service_refused",
          second.run("service", "apply", "-", given=own),
          second.run("service", "apply", "-", given=ended))
    assert second.stored() == {}


def test_unsound_definition_in_the_table_is_listed_with_the_reason(second):
    second.table.define(second.service, names=[SECOND], allowed_principals=["*"])
    check("service_unsound", second.run("service", "list"), second.run("service", "show", second.service),
          second.apply("--dry-run"))


def test_removing_asks_marks_and_deletes_when_nothing_is_left(second):
    second.apply()
    second.vpc.endpoint(second.service_name)
    second.local.settled()
    remove = ("service", "remove", second.service, "--delete-records")
    said = [second.run(*remove), second.run(*remove, "--yes"), second.run("service", "list"), second.run(*remove)]
    assert second.stored()[second.service]["definition"]["removed"] == "delete_records"
    second.provider.sweep()
    assert second.zone.record(name=SECOND) is None
    said += [second.run(*remove), second.run("service", "show", second.service)]
    check("service_remove", *said)
    assert second.stored() == {}
    assert [entry["steps"] for entry in second.table.journal(second.service)][-2:] == [
        ["removed: delete_records"], ["definition deleted: no claim is left"]]


def test_removing_names_the_command_that_deletes_more_than_a_sweep_may(second):
    second.apply()
    for _ in range(2):
        vpc = second.a.vpc()
        vpc.zone(SECOND.removeprefix("*."))
        vpc.endpoint(second.service_name)
    second.local.settled()
    with second.provider.deaf(MaxDeletes="1"):
        said = second.run("service", "remove", second.service, "--delete-records", "--yes")
        second.provider.sweep()
        assert "1 claim left" in second.run("service", "remove", second.service, "--delete-records").out, "one is held"
        command = f"zonelink backfill --service {second.service} --allow-deletes 2"
        assert said.out.splitlines()[-1].strip() == command, said
        assert second.run(*command.split()[1:]).code == 0
    done = second.run("service", "remove", second.service, "--delete-records")
    assert done.code == 0 and "its definition is deleted" in done.out, done


def test_removing_waits_until_nothing_is_left(second):
    second.apply()
    second.vpc.endpoint(second.service_name)
    second.local.settled()
    threading.Timer(1, second.provider.sweep).start()
    said = second.run("service", "remove", second.service, "--keep-records", "--yes", "--wait", "--output", "json")
    assert said.code == 0 and said.json == {"service": second.service, "state": "deleted", "claims_left": 0}
    assert said.err.startswith("The next sweep lets go of all") and said.err.endswith("1 claim left\n"), said
    assert second.stored() == {} and second.zone.record(name=SECOND), "let go of, and left"


def test_removing_ends_its_wait_and_says_what_is_left(second):
    second.apply()
    second.vpc.endpoint(second.service_name)
    second.local.settled()
    said = second.run("service", "remove", second.service, "--keep-records", "--yes", "--wait", "--timeout", "0")
    assert said.code == 3 and "is ending: 1 claim left. The next sweep lets go of all" in said.out, said
    assert second.stored()[second.service]["definition"]["removed"] == "keep_records"


def test_removal_is_taken_back(second):
    second.apply()
    second.run("service", "remove", second.service, "--keep-records", "--yes")
    said = second.run("service", "remove", second.service, "--cancel", "--yes")
    assert said.code == 0 and "removed" not in second.stored()[second.service]["definition"]
    assert second.run("service", "remove", second.service, "--cancel", "--yes").code == 1


def test_applied_definition_is_in_force_again_after_a_removal(second):
    second.apply()
    second.run("service", "remove", second.service, "--keep-records", "--yes")
    said = second.apply()
    assert "removed: keep_records → not said" in said.err
    assert "removed" not in second.stored()[second.service]["definition"]


def test_stacks_own_service_is_ended_by_a_mark_that_stays(second):
    own = second.provider.service
    remove = ("service", "remove", own, "--keep-records", "--yes")
    assert second.run(*remove).code == 3
    definition = second.stored()[own]["definition"]
    assert definition["removed"] == "keep_records" and definition["names"]
    assert "delete the stack" in second.run(*remove).out
    assert set(second.stored()) == {own}
    assert [one["service"] for one in second.run("service", "list", "--output", "json").json["services"]] == [own]
    second.run("service", "remove", own, "--cancel", "--yes")
    assert second.stored() == {}

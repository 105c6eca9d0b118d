"""The published schema says what the binary says: of fields, of choices, and of every sample."""

import json
import re

import jsonschema
import pytest
import yaml

from local_aws import state

from .command import SAMPLES, check

SCHEMA = json.loads((state.REPOSITORY / "schemas" / "service-definition.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
LEAST = {"service": "vpce-svc-0a1b2c3d4e5f60718", "names": ["*.second.example.com"]}
# Written by `service remove` alone: a file that says so is refused.
NOT_IN_FILES = {"removed"}


def samples(folder):
    return sorted((SAMPLES / folder).iterdir())


def definitions(sample):
    """Each definition in a sample, as any YAML reader sees it."""
    for document in yaml.safe_load_all(sample.read_text()):
        listed = isinstance(document, dict) and set(document) == {"services"}
        yield from document["services"] if listed else [document]


def said_of(command, **changes):
    """What `check` says of the least definition with these changes."""
    return command("check", "-", given=json.dumps({**LEAST, **changes})).err


def test_schema_is_one_and_is_printed_as_it_stands(command):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert command("service", "schema", profile=None).json == SCHEMA


def test_schema_has_the_fields_of_the_binary_and_no_others(command):
    known = re.search(r"expected one of (.*?);|expected one of (.*)$", said_of(command, zzz=1), re.M)
    assert set(re.findall(r"`(\w+)`", known[0])) - NOT_IN_FILES == set(SCHEMA["properties"])


def test_schema_requires_what_the_binary_requires(command):
    required = {field for field in SCHEMA["properties"] if "missing field" in command(
        "check", "-", given=json.dumps({**{name: value for name, value in LEAST.items() if name != field}})).err}
    assert required == set(SCHEMA["required"])


@pytest.mark.parametrize("field", [name for name, what in SCHEMA["properties"].items() if "enum" in what])
def test_schema_has_the_choices_of_the_binary(command, field):
    said = said_of(command, **{field: "?"})
    assert re.findall(r"`(\w+)`", said.split("expected")[1]) == SCHEMA["properties"][field]["enum"]


@pytest.mark.parametrize("sample", samples("good"), ids=lambda sample: sample.name)
def test_good_sample_is_accepted_by_both(command, sample):
    said = command("check", str(sample))
    assert said.code == 0, said
    found = list(definitions(sample))
    assert found and said.out.count(" publishes ") == len(found)
    for definition in found:
        VALIDATOR.validate(definition)


@pytest.mark.parametrize("sample", samples("bad"), ids=lambda sample: sample.name)
def test_bad_sample_is_refused_by_both_with_the_reason(command, sample):
    first, second = (sample.read_text().splitlines() + [""])[:2]
    said = command("check", str(sample))
    assert said.code == 1 and said.out == ""
    assert first.removeprefix("# ") in said.err
    sound = all(VALIDATOR.is_valid(definition) for definition in definitions(sample))
    assert sound == (second == "# schema: accepts")


def test_defaults_of_the_schema_are_those_of_the_binary(command):
    default = command("check", str(SAMPLES / "good" / "least.yaml"), "--output", "json").json
    assert default == [LEAST]
    whole = {name: what["default"] for name, what in SCHEMA["properties"].items() if "default" in what}
    words = {command("check", "-", given=json.dumps({**LEAST, **more})).out for more in ({}, whole)}
    assert len(words) == 1


def test_all_faults_of_a_file_are_said_at_once(command):
    check("check_faults", command("check", "-", given="""services:
  - service: vpce-svc-0a1b2c3d4e5f60718
    names: ["a.*.example.com"]
  - service: vpce-svc-0a1b2c3d4e5f60719
    names: ["*.third.example.com"]
    alowed_principals: ["444455556666"]
"""), command("check", "-", given="names: [*.example.com]\n"), command("check", "-", given="{"),
          command("check", "tests/schema/nowhere.yaml"))

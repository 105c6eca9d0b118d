"""The Terraform modules make what the templates make. They are parsed and compared; nothing is applied."""

import json
import re

import hcl2
import pytest

from local_aws import state
from terraform import cloudformation
from terraform.documents import MODULES, TEMPLATES, documents
from terraform.variables import snake, variables

from .correspondence import ADDRESSES, OF_SAM, SETTINGS

ACCOUNT = "111111111111"
# What the provider's template has no default for.
GIVEN = {"ServiceId": "vpce-svc-0123456789abcdef0", "RecordName": "*.example.com"}


def parsed(module):
    """The blocks of a module: resources by address, locals, outputs."""
    found = {"resource": {}, "locals": {}, "output": set()}
    for path in sorted((MODULES / module).glob("*.tf")):
        blocks = _plain(hcl2.loads(path.read_text()))
        for block in blocks.get("resource", []):
            for kind, named in block.items():
                for name, body in named.items():
                    found["resource"][f"{kind}.{name}"] = body
        for block in blocks.get("locals", []):
            found["locals"] |= block
        found["output"] |= {name for block in blocks.get("output", []) for name in block}
    return found


def _plain(value):
    """Without the parser's marks: quotes around names and texts, comments."""
    if isinstance(value, dict):
        return {key.strip('"'): _plain(one) for key, one in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.strip('"').replace('\\"', '"') if isinstance(value, str) else value


def template(module):
    return cloudformation.read(state.REPOSITORY / TEMPLATES[module])


@pytest.mark.parametrize("module", TEMPLATES)
def test_policies_patterns_and_variables_are_those_of_the_template(module):
    stale = [path for path, text in {**documents(module), "variables.tf": variables(module)}.items()
             if not (MODULES / module / path).is_file() or (MODULES / module / path).read_text() != text]
    assert not stale, "the template has changed: PYTHONPATH=tools .local/venv/bin/python -m terraform"


@pytest.mark.parametrize("module", TEMPLATES)
def test_every_document_is_sound_once_it_is_completed_and_used_once(module):
    text = "".join(path.read_text() for path in (MODULES / module).glob("*.tf"))
    files = sorted((MODULES / module).rglob("*.json.tftpl"))
    assert bool(files) == bool(documents(module))
    for path in files:
        completed = re.sub(r"\$\{jsonencode\(\w+\)\}", '["x"]', path.read_text())
        completed = json.loads(re.sub(r"\$\{[\w.]+\}", "x", completed))
        assert completed.keys() & {"Statement", "source", "widgets", "DeadLetters"}
        assert "${" not in json.dumps(completed)
        # By name, or by a name that is put together: documents/${each.key}, patterns/${each.value.pattern}.
        stem = path.name.removesuffix(".json.tftpl")
        assert re.search(rf'\b{stem}(\.json\.tftpl|")', text) or f"{stem} = {{" in text or stem.startswith("event-bus-")


@pytest.mark.parametrize("module", TEMPLATES)
def test_every_word_of_a_document_is_given(module):
    words = {word for path in (MODULES / module).rglob("*.json.tftpl")
             for word in re.findall(r"\$\{(?:jsonencode\()?(\w+)", path.read_text())}
    text = "".join(path.read_text() for path in (MODULES / module).glob("*.tf"))
    assert bool(words) == bool(documents(module))
    assert {word for word in words if not re.search(rf"\b{word}\s*=", text)} == set()


@pytest.mark.parametrize("module", TEMPLATES)
def test_every_resource_has_its_counterpart(module):
    made = set(template(module)["Resources"])
    assert made == set(ADDRESSES[module]), "tests/tools/terraform/correspondence.py names what corresponds"
    there = set(parsed(module)["resource"])
    named = {address for addresses in ADDRESSES[module].values() for address in addresses}
    assert there == named | OF_SAM.get(module, set())


@pytest.mark.parametrize("module", TEMPLATES)
def test_every_setting_is_the_same(module):
    resources = template(module)["Resources"]
    blocks = parsed(module)
    wrong = []
    for (logical, path), (address, attribute) in SETTINGS[module].items():
        expected = _at(resources[logical].get("Properties", {}), path)
        found = _at(blocks["resource"][address], attribute)
        if found != expected:
            wrong.append(f"{logical}.{path} is {expected!r}, {address}.{attribute} is {found!r}")
    assert not wrong, "\n".join(wrong)


def _at(value, path):
    """A part by its dotted path; a block of Terraform is a list of one."""
    for step in path.split("."):
        if isinstance(value, list) and not step.isdigit():
            [value] = value
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_functions_are_the_same():
    resources, globals_ = template("provider")["Resources"], template("provider")["Globals"]["Function"]
    blocks = parsed("provider")
    one = blocks["resource"]["aws_lambda_function.function"]
    for function in blocks["locals"]["functions"].values():
        made = resources[_text(function["logical"])]["Properties"]
        assert _text(function["description"]) == made["Description"]
        for here, there in (("timeout", "Timeout"), ("memory_size", "MemorySize")):
            assert int(function[here]) == made.get(there, globals_[there])
    assert {_text(function["logical"]) for function in blocks["locals"]["functions"].values()} == {
        name for name, body in resources.items() if body["Type"] == "AWS::Serverless::Function"}
    assert (one["runtime"], one["handler"]) == (globals_["Runtime"], globals_["Handler"])
    [environment] = one["environment"]
    # One resource makes all functions, so that each has what one of the template's has.
    own = [body["Properties"].get("Environment", {}).get("Variables", {}) for body in resources.values()
           if body["Type"] == "AWS::Serverless::Function"]
    assert set(environment["variables"]) == set(globals_["Environment"]["Variables"]).union(*own)


def test_rules_are_the_same():
    resources = template("provider")["Resources"]
    rules = {name: body["Properties"] for name, body in resources.items() if body["Type"] == "AWS::Events::Rule"}
    found = parsed("provider")["locals"]["rules"]
    assert set(found) == set(rules)
    for name, rule in rules.items():
        assert _text(found[name]["description"]) == rule["Description"]
        assert bool(found[name]["of_clients"]) == ("EventBusName" in rule)
        assert [_text(target) for target in found[name]["targets"]] == [target["Id"] for target in rule["Targets"]]
        for target in rule["Targets"]:
            assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 32}


def test_every_property_of_an_alarm_is_handed_on():
    text = (MODULES / "provider" / "watching.tf").read_text()
    alarms = json.loads((MODULES / "provider" / "watching" / "alarms.json.tftpl").read_text())
    made = {name for name, body in template("provider")["Resources"].items()
            if body["Type"] == "AWS::CloudWatch::Alarm"}
    assert {f"{name}Alarm" for name in alarms} == made
    shown = cloudformation.Rendered(template("provider"), GIVEN, lambda name: f"<{name}>").resources()["Dashboard"]
    assert list(map(_text, parsed("provider")["locals"]["wanted"])) == re.findall(
        r":alarm:<AWS::StackName>-(\w+)", shown["Properties"]["DashboardBody"])
    # A metric's place is that of its words in the API; Dimensions stand in both.
    used = {field for alarm in alarms.values() for field in alarm} - {"Metrics"}
    used |= {field for alarm in alarms.values() for metric in alarm.get("Metrics", ()) for field in metric}
    used -= {"MetricStat"}
    assert len(used) > 10 and {field for field in used if f'"{field}"' not in text and f".{field}" not in text} == set()


def test_what_sweeps_measure_counts_as_long_where_none_is_overdue():
    given = {**GIVEN, "SweepOverdueMinutes": "0"}
    resources = cloudformation.Rendered(template("provider"), given, lambda name: f"<{name}>").resources()
    assert "SweepMissingAlarm" not in resources
    [minutes] = re.findall(r"sweep_overdue_minutes = .* : (\d+)$", (MODULES / "provider" / "watching.tf").read_text(),
                           re.MULTILINE)
    for name in ("AccountUnreachableAlarm", "LimitReachedAlarm"):
        assert resources[name]["Properties"]["EvaluationPeriods"] == int(minutes)


@pytest.mark.parametrize("module", TEMPLATES)
def test_outputs_are_the_same_but_for_the_commands(module):
    made = {snake(name) for name in template(module)["Outputs"] if not name.endswith("Command")}
    assert parsed(module)["output"] - {"client"} == made


def _text(value):
    return value.strip('"')

"""The recorded answers are what botocore's models give, and botocore itself can read them."""

from xml.etree import ElementTree

import botocore.parsers
import pytest

from answers.wire import UNKNOWN, answer, model
from answers.written import ANSWERS, answers

SERVICES = {"endpoints": "ec2", "connections": "ec2", "interfaces": "ec2", "services": "ec2",
            "zones": "route53", "record_sets": "route53", "zone": "route53"}


def read(path, text):
    """What botocore's parser makes of an answer."""
    service = model(SERVICES[path.partition("/")[0]])
    operation = service.operation_model(ElementTree.fromstring(text).tag.partition("}")[2].removesuffix("Response"))
    parser = botocore.parsers.create_parser(service.metadata["protocol"])
    response = {"status_code": 200, "headers": {}, "body": text.encode()}
    return parser.parse(response, operation.output_shape), operation.output_shape


def test_answers_are_what_the_models_give():
    found = {str(path.relative_to(ANSWERS)): path.read_text() for path in ANSWERS.rglob("*.xml")}
    assert found == answers(), "write them anew: PYTHONPATH=tools python -m answers"


@pytest.mark.parametrize("path", sorted(answers()))
def test_botocore_reads_each_item_of_an_answer(path):
    text = answers()[path]
    parsed, shape = read(path, text)
    assert UNKNOWN in text
    for name, member in shape.members.items():
        if member.type_name == "list" and name in parsed:
            inner = ElementTree.fromstring(text).find(f"{{*}}{member.serialization.get('name', name)}")
            assert len(parsed[name]) == len([one for one in inner if not one.tag.endswith(UNKNOWN)])


def test_each_member_of_an_endpoint_and_of_a_connection_stands_in_an_answer():
    for path, key in (("endpoints/of_every_type.xml", "VpcEndpoints"),
                      ("connections/in_every_state.xml", "VpcEndpointConnections"),
                      ("interfaces/of_every_family.xml", "NetworkInterfaces")):
        parsed, shape = read(path, answers()[path])
        members = set(shape.members[key].member.members)
        assert members - set(parsed[key][0]) == set()


def test_each_word_of_an_enumeration_stands_in_an_answer_and_one_more():
    for path, key, member, enum in (
            ("endpoints/of_every_type.xml", "VpcEndpoints", "VpcEndpointType", "VpcEndpointType"),
            ("endpoints/in_every_state.xml", "VpcEndpoints", "State", "State"),
            ("record_sets/of_every_type.xml", "ResourceRecordSets", "Type", "RRType")):
        parsed, _ = read(path, answers()[path])
        words = {one[member].lower() for one in parsed[key] if member in one}
        assert words > {word.lower() for word in model(SERVICES[path.partition("/")[0]]).shape_for(enum).enum}


def test_member_that_the_model_does_not_have_is_refused():
    with pytest.raises(ValueError, match="has no Colour"):
        answer("ec2", "DescribeVpcEndpoints", {"Colour": "red"})

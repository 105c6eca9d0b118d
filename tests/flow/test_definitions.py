"""Services that the table defines, sound and unsound, beside the one of the stack's parameters."""

import pytest

from stage.client import NAME

SECOND = "*.second.example.com"


@pytest.fixture
def second(fleet):
    """A second service in the provider's account, and a client's VPC with a zone for its name."""
    fleet.service, fleet.service_name = fleet.provider.make_service()
    fleet.vpc = fleet.a.vpc()
    fleet.zone = fleet.vpc.zone("example.com")
    return fleet


def test_sound_definition_in_the_table_works_like_the_stacks_own(second):
    second.table.define(second.service, names=[SECOND], allowed_principals=[second.a.account], ttl=15)
    endpoint = second.vpc.endpoint(second.service_name)
    own = second.vpc.endpoint()
    second.local.settled()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    assert second.zone.record(name=SECOND)["TTL"] == 15
    assert second.zone.addresses() == own.addresses
    endpoint.delete()
    second.local.settled()
    assert second.zone.record(name=SECOND) is None
    assert second.zone.record()


def test_each_service_has_its_own_allow_list(second):
    second.table.define(second.service, names=[SECOND], allowed_principals=[second.b.account])
    endpoint = second.vpc.endpoint(second.service_name)
    own = second.vpc.endpoint()
    second.local.settled()
    assert endpoint.state == "pendingAcceptance"
    assert own.state == "available"


def test_service_with_several_names_gets_a_record_for_each(second):
    names = [SECOND, "db.example.com", "*.third.example.com"]
    second.table.define(second.service, names=names, allowed_principals=[second.a.account])
    endpoint = second.vpc.endpoint(second.service_name)
    second.local.settled()
    assert [second.zone.addresses(name=name) for name in names] == [endpoint.addresses] * 3


def test_service_that_needs_no_acceptance_gets_its_record(second):
    service, name = second.provider.make_service(acceptance_required=False)
    second.table.define(service, names=[SECOND], allowed_principals=[second.a.account])
    endpoint = second.vpc.endpoint(name)
    second.local.settled()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    assert second.local.calls("AcceptVpcEndpointConnections") == []


@pytest.mark.parametrize("definition, words", [
    ({"allowed_principals": ["*"]}, "would accept everybody"),
    ({"allowed_principals": ["arn:aws:iam::222222222222:role/App"]}, "role/App"),
    ({"allowed_principals": ["42"]}, "12-digit account id"),
    ({"names": ["a.*.example.com"]}, "a.*.example.com"),
    ({"ttl": 0}, "1 to 86400"),
    ({"alowed_principals": []}, "alowed_principals"),
    ({"service": "vpce-svc-0123456789abcdef0"}, "sort key"),
], ids=lambda value: str(value)[:40])
def test_unsound_definition_is_held_and_the_others_go_on(second, definition, words):
    second.table.define(second.service, **{"names": [SECOND], **definition})
    refused = second.vpc.endpoint(second.service_name)
    own = second.vpc.endpoint()
    summary = second.provider.backfill()
    second.local.settled()
    assert own.state == "available"
    assert second.zone.addresses() == own.addresses
    assert refused.state == "pendingAcceptance"
    hold = second.table.holds()[f"definition/{second.service}"]
    assert hold["reason"] == "InvalidDefinition" and words in hold["message"]
    [held] = summary["refused_definitions"]
    assert held["subject"] == f"definition/{second.service}" and words in held["reason"]
    assert held["remedy"] == "correct the definition"
    assert second.provider.dead_letters() == []

    second.table.define(second.service, names=[SECOND], allowed_principals=[second.a.account])
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == refused.addresses
    assert second.table.holds() == {}


def test_definition_whose_own_key_is_no_service_id_is_reported_too(second):
    second.table.put({"pk": "service", "sk": "my-database", "definition": {
        "service": second.service, "names": [SECOND]}})
    summary = second.provider.backfill()
    assert "my-database" in str(summary.get("refused_definitions"))


def test_service_that_does_not_exist_is_held_and_named(fleet):
    missing = "vpce-svc-0123456789abcdef0"
    fleet.table.define(missing, names=[SECOND], allowed_principals=[fleet.a.account])
    own = fleet.a.vpc()
    zone, endpoint = own.zone(), own.endpoint()
    fleet.local.settled()
    summary = fleet.provider.backfill()
    fleet.local.settled()
    assert fleet.table.holds() == {f"{missing}/": {"reason": "ServiceNotFound"}}
    found = {service["service"]: service for service in summary["services"]}
    [held] = found[missing]["held"]
    assert held["reason"].startswith("ServiceNotFound") and "correct the service id" in held["remedy"]
    assert found[fleet.provider.service]["held"] == []
    assert zone.addresses() == endpoint.addresses
    assert fleet.provider.dead_letters() == []


def test_stack_whose_service_does_not_exist_says_so(fleet):
    missing = "vpce-svc-0123456789abcdef0"
    fleet.provider.update(ConnectionNotifications="false", ServiceId=missing)
    summary = fleet.provider.backfill()
    assert [held["subject"] for held in summary["services"][0]["held"]] == [f"{missing}/"]
    assert fleet.table.holds() == {f"{missing}/": {"reason": "ServiceNotFound"}}


def test_two_services_with_one_name_do_not_share_it(second):
    second.table.define(second.service, names=[NAME], allowed_principals=[second.a.account])
    first = second.vpc.endpoint()
    second.local.settled()
    second.vpc.endpoint(second.service_name)
    second.local.settled()
    assert second.zone.addresses() == first.addresses
    hold = second.table.holds()[f"{second.vpc.id}/{second.zone.id}/{NAME}"]
    assert hold == {"reason": "NameTaken", "service": second.provider.service}


def test_record_goes_when_its_service_is_no_longer_defined(second):
    second.table.define(second.service, names=[SECOND], allowed_principals=[second.a.account])
    second.vpc.endpoint(second.service_name)
    own = second.vpc.endpoint()
    second.local.settled()
    assert second.zone.record(name=SECOND)
    second.table.define(second.service, names=["*.renamed.example.com"], allowed_principals=[second.a.account])
    second.provider.sweep()
    assert second.zone.record(name=SECOND) is None
    assert second.zone.record(name="*.renamed.example.com")
    assert second.zone.addresses() == own.addresses


def test_record_stays_when_its_definition_is_lost(second):
    second.table.define(second.service, names=[SECOND], allowed_principals=[second.a.account])
    endpoint = second.vpc.endpoint(second.service_name)
    second.vpc.endpoint()
    second.local.settled()
    second.table.delete("service", second.service)
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    assert second.table.holds() == {f"{second.vpc.id}/{second.zone.id}/{SECOND}": {
        "reason": "NotDefined", "service": second.service}}

    second.table.define(second.service, names=[SECOND], allowed_principals=[second.a.account])
    second.provider.sweep()
    assert second.zone.addresses(name=SECOND) == endpoint.addresses
    assert second.table.holds() == {}


def test_holds_of_a_service_go_with_its_definition(second):
    missing = "vpce-svc-0123456789abcdef0"
    second.table.define(missing, names=[SECOND])
    second.table.define(second.service, names=[SECOND], ttl=0)
    second.provider.sweep()
    assert set(second.table.holds()) == {f"{missing}/", f"definition/{second.service}"}
    second.table.delete("service", missing)
    second.table.delete("service", second.service)
    second.provider.sweep()
    assert second.table.holds() == {}


def test_unsound_item_for_the_stacks_own_service_is_reported_and_the_stacks_word_counts(fleet):
    fleet.table.define(fleet.provider.service, names=[SECOND], allowed_principals=["*"])
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    summary = fleet.provider.backfill()
    fleet.local.settled()
    assert zone.addresses() == endpoint.addresses
    assert [held["subject"] for held in summary["refused_definitions"]] == [
        f"definition/{fleet.provider.service}"]

"""Claims about what a VPC is answered, a row of the table of resolver/answer.py each."""

import dns.name
import dns.rcode
import pytest

from resolver.answer import Known, Unresolvable, answer
from resolver.zones import RecordSet, Zone

DOMAIN = "aws-us-west-2.byoc.example.com"
HOST = f"in01.{DOMAIN}"


def zone(name, *sets):
    """A zone; each set is (name, type, values) or (name, type, alias)."""
    made = {}
    for owner, kind, held in sets:
        alias = isinstance(held, str)
        made[dns.name.from_text(owner), kind] = RecordSet(60, () if alias else tuple(held),
                                                          dns.name.from_text(held) if alias else None)
    return Zone(f"zone of {name}", dns.name.from_text(name), made)


def asked(name, private=(), public=(), endpoints=None, kind="A"):
    """(code, values) of an answer."""
    given = answer(Known(list(private), list(public), endpoints or {}), dns.name.from_text(name), kind)
    return dns.rcode.to_text(given.rcode), given.values


PUBLIC = zone("example.com", (f"*.{DOMAIN}", "A", ["203.0.113.10"]))
WILDCARD = zone(DOMAIN, (f"*.{DOMAIN}", "A", ["10.0.0.4", "10.0.1.4"]))


def test_without_a_private_zone_public_dns_answers():
    assert asked(HOST, public=[PUBLIC]) == ("NOERROR", {"203.0.113.10"})
    assert asked(HOST) == ("NXDOMAIN", set())


def test_closest_private_zone_answers_alone():
    parent = zone("example.com", (HOST, "A", ["10.9.9.9"]), ("www.example.com", "A", ["10.9.9.8"]))
    assert asked(HOST, [parent, WILDCARD], [PUBLIC]) == ("NOERROR", {"10.0.0.4", "10.0.1.4"})
    assert asked(HOST, [parent, zone(DOMAIN)], [PUBLIC]) == ("NXDOMAIN", set())
    assert asked("www.example.com", [parent, WILDCARD]) == ("NOERROR", {"10.9.9.8"})


def test_zone_of_a_name_that_only_ends_alike_is_not_asked():
    assert asked(HOST, [zone("2.byoc.example.com", (HOST, "A", ["10.9.9.9"]))], [PUBLIC])[1] == {"203.0.113.10"}


def test_names_are_the_same_in_capitals():
    assert asked(HOST.upper(), [WILDCARD])[1] == {"10.0.0.4", "10.0.1.4"}


def test_wildcard_answers_at_every_depth_and_not_the_apex():
    assert asked(f"a.b.c.{DOMAIN}", [WILDCARD])[1] == {"10.0.0.4", "10.0.1.4"}
    assert asked(DOMAIN, [WILDCARD]) == ("NOERROR", set())


def test_name_with_another_type_is_not_the_wildcards():
    own = zone(DOMAIN, (f"*.{DOMAIN}", "A", ["10.0.0.4"]), (HOST, "TXT", ['"mine"']))
    assert asked(HOST, [own]) == ("NOERROR", set())
    assert asked(HOST, [WILDCARD], kind="AAAA") == ("NOERROR", set())


def test_name_below_which_something_stands_is_not_the_wildcards():
    own = zone(DOMAIN, (f"*.{DOMAIN}", "A", ["10.0.0.4"]), (f"x.{HOST}", "A", ["10.9.9.9"]))
    assert asked(HOST, [own]) == ("NOERROR", set())
    assert asked(f"y.{HOST}", [own]) == ("NXDOMAIN", set())
    assert asked(f"x.{HOST}", [own])[1] == {"10.9.9.9"}


def test_cname_is_followed_to_private_and_public_names():
    cname = zone(DOMAIN, (HOST, "CNAME", [f"in02.{DOMAIN}."]), (f"in02.{DOMAIN}", "CNAME", ["www.example.org."]))
    elsewhere = zone("example.org", ("www.example.org", "A", ["203.0.113.20"]))
    assert asked(HOST, [cname], [elsewhere]) == ("NOERROR", {"203.0.113.20"})
    assert asked(HOST, [cname], kind="CNAME")[1] == {f"in02.{DOMAIN}."}
    assert asked(HOST, [cname])[0] == "NXDOMAIN"


def test_alias_of_an_endpoint_answers_its_addresses():
    target = "vpce-1.svc.us-west-2.vpce.amazonaws.com"
    endpoints = {dns.name.from_text(target): {"A": RecordSet(60, ("10.0.0.7",))}}
    own = zone(DOMAIN, (f"*.{DOMAIN}", "A", target))
    assert asked(HOST, [own], endpoints=endpoints) == ("NOERROR", {"10.0.0.7"})
    assert asked(HOST, [own], endpoints={dns.name.from_text(target): {}}) == ("NOERROR", set())
    with pytest.raises(Unresolvable, match="neither an endpoint"):
        asked(HOST, [own])


def test_alias_within_a_zone_is_followed():
    own = zone(DOMAIN, (HOST, "A", f"in02.{DOMAIN}"), (f"in02.{DOMAIN}", "A", ["10.0.0.9"]))
    assert asked(HOST, [own])[1] == {"10.0.0.9"}


def test_names_that_lead_in_a_circle_end():
    circle = zone(DOMAIN, (HOST, "CNAME", [f"{HOST}."]))
    with pytest.raises(Unresolvable, match="more than"):
        asked(HOST, [circle])
    with pytest.raises(Unresolvable, match="more than"):
        asked(HOST, [zone(DOMAIN, (HOST, "A", HOST))])

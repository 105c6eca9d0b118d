"""What a VPC is answered.

    private zone that can hold the name   in that zone                         answer
    none                                  -                                    as below, of the closest public zone
    one or more: the closest              a CNAME of the name                  it, and its target resolved anew
                                          a record set of the name and type    its values, an alias followed
                                          the name, with other types or below  no error and nothing (NODATA)
                                          a wildcard above the name            as the three rows before, of the wildcard
                                          none of it                           NXDOMAIN
"""

from dataclasses import dataclass, field

import dns.rcode
import dns.rrset

from .zones import closest

# Names that one question may lead through; Route 53 Resolver has a limit, too, and does not publish it.
_MOST_NAMES = 8


class Unresolvable(Exception):
    """A record that this resolver cannot follow."""


@dataclass(frozen=True)
class Known:
    """What a VPC's resolver knows: private and public zones, and the addresses of endpoints by their DNS names."""

    private: list
    public: list
    endpoints: dict


@dataclass
class Answer:
    """A code of DNS, the record sets of the answer, and the zones that were asked, one for each name."""

    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    sets: list = field(default_factory=list)
    zones: list = field(default_factory=list)

    @property
    def values(self):
        """The values of the last record set: what the one who asked goes on with."""
        return {value.to_text() for value in self.sets[-1]} if self.sets else set()


def answer(known, name, kind):
    """The answer to a question for a name (absolute) and a type (text)."""
    given = Answer()
    for _ in range(_MOST_NAMES):
        zone = closest(known.private, name) or closest(known.public, name)
        source = zone and zone.source(name)
        given.zones.append(zone)
        if source is None:
            given.rcode = dns.rcode.NXDOMAIN
            return given
        cname = zone.sets.get((source, "CNAME"))
        if cname and kind != "CNAME":
            given.sets.append(_values(name, "CNAME", cname))
            name = given.sets[-1][0].target
            continue
        found = zone.sets.get((source, kind))
        if followed := found and _followed(known, zone, found, kind):
            given.sets.append(_values(name, kind, followed))
        return given
    raise Unresolvable(f"{name}: more than {_MOST_NAMES} names lead to it")


def _followed(known, zone, found, kind):
    """The record set, or what it is an alias of: an endpoint, which may have none, or a name of the same zone."""
    for _ in range(_MOST_NAMES):
        if found.alias is None:
            return found
        if found.alias in known.endpoints:
            return known.endpoints[found.alias].get(kind)
        source = zone.source(found.alias) if found.alias.is_subdomain(zone.name) else None
        if (source, kind) not in zone.sets:
            raise Unresolvable(f"{found.alias} of an alias in {zone.id} is neither an endpoint nor a name of the zone")
        found = zone.sets[source, kind]
    raise Unresolvable(f"{zone.id}: an alias leads through more than {_MOST_NAMES} names")


def _values(name, kind, found):
    return dns.rrset.from_text(name, found.ttl, "IN", kind, *found.values)

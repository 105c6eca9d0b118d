"""Hosted zones as values, and what a zone has at a name."""

from dataclasses import dataclass

import dns.name

_WILDCARD = dns.name.from_text("*", origin=None)


@dataclass(frozen=True)
class RecordSet:
    """A record set: its values, or the name that it is an alias of."""

    ttl: int
    values: tuple = ()
    alias: dns.name.Name | None = None


@dataclass(frozen=True)
class Zone:
    """A hosted zone: its record sets by name and type."""

    id: str
    name: dns.name.Name
    sets: dict

    def source(self, name):
        """The name whose record sets answer for `name`: itself, a wildcard, or none.

        A name that has no set of its own exists when a name below it has one (an empty non-terminal), and no wildcard
        answers for it or below it (RFC 4592, section 2.2.2 and 3.3.1).
        """
        if self._exists(name):
            return name
        encloser = name.parent()
        while not self._exists(encloser):
            encloser = encloser.parent()
        wildcard = _WILDCARD + encloser
        return wildcard if self._has_sets(wildcard) else None

    def _exists(self, name):
        return name == self.name or any(known.is_subdomain(name) for known, _ in self.sets)

    def _has_sets(self, name):
        return any(known == name for known, _ in self.sets)


def closest(zones, name):
    """The most specific zone that can hold the name: the only one that Route 53 Resolver asks, whatever it holds.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """
    holding = [zone for zone in zones if name.is_subdomain(zone.name)]
    return max(holding, key=lambda zone: len(zone.name), default=None)

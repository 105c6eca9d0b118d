"""Which answers there are, by the files in which tests find them."""

import functools
from pathlib import Path

from . import ec2, route53

ANSWERS = Path(__file__).parents[2] / "tests" / "answers"

_GROUPS = {
    "endpoints": ec2.endpoints,
    "connections": ec2.connections,
    "interfaces": ec2.interfaces,
    "services": ec2.services,
    "zones": route53.zones,
    "record_sets": route53.record_sets,
    "zone": route53.zone,
}


@functools.cache
def answers() -> dict[str, str]:
    """Each answer by its path below the folder of answers."""
    return {f"{group}/{name}.xml": text for group, made in _GROUPS.items() for name, text in made().items()}

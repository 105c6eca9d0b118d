"""Figure 8: a sweep in sync with the template's own parameters, its share of Route 53's requests among them.

The sweep of figure 3 has all the requests that it wants. Here what finds no room goes back to the queue, and is read
again when its turn comes: that costs calls of the table and the queue. Nothing is scaled, so it takes as long as it takes.
"""

from .. import stage as stages
from . import sweep

ENDPOINTS = 100
_READS = ("dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:GetItem")


def measure(binaries, endpoints=ENDPOINTS):
    """All endpoints stand in one account, whose share they use up."""
    with stages.raised(binaries, stages.client_accounts(1), unlimited=False) as stage:
        sweep.seed(stage, endpoints)
        before = _read_units(stage)
        row = sweep.ours(stage, endpoints)
        return {"endpoints": endpoints, **row, "read_units_per_endpoint": (_read_units(stage) - before) / endpoints}


def _read_units(stage):
    """Strongly consistent, and no item is near 4 KB: one for a query's page or for each key."""
    return sum(entry["keys"] or entry["times"] for entry in stage.local.asked("ministack") if entry["action"] in _READS)

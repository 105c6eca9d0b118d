"""Fleets: many VPCs with an endpoint each, and the table's items for those that were published before.

The items are copies. The functions themselves publish one VPC; what they wrote for it is copied for each other
VPC, with its ids in the place of the first one's. That the copies are faithful is checked by what is measured: a
sweep of a fleet in sync writes nothing.
"""

import json

from . import stage as stages
from .calls import BOOKKEEPING

TTL = 60


def make(stage, account, vpcs, zones=1, available=False, written=False):
    """That many VPCs in one account; `written` has their records in the zones already."""
    wanted = {"account": account, "region": stage.local.running["region"], "service": stage.service,
              "vpcs": vpcs, "zones": stages.ZONES[:zones], "available": available}
    if written:
        wanted["record"] = {"name": stages.NAME, "ttl": TTL}
    return stage.ask("moto", "POST", "fleet", wanted)


def copy_items(stage, table, key, pattern, fleet):
    """Write for each VPC of the fleet what the table has for the VPC `pattern`; how many items that are."""
    dynamodb = stage.client("dynamodb")
    templates = [json.dumps(item) for item in items(stage, table)
                 if _names(pattern, json.dumps(item)) and _kind(item, key) not in ("journal", *BOOKKEEPING)]
    requests = [{"PutRequest": {"Item": json.loads(_renamed(text, pattern, vpc))}}
                for vpc in fleet for text in templates]
    for start in range(0, len(requests), 25):
        wanted = {table: requests[start:start + 25]}
        while wanted:
            wanted = dynamodb.batch_write_item(RequestItems=wanted)["UnprocessedItems"]
    return len(requests)


def items(stage, table):
    """All items of a table."""
    pages = stage.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def digest(stage):
    """Our table without what moves on with each sweep, to be compared."""
    return sorted(json.dumps(item, sort_keys=True) for item in items(stage, stage.outputs["TableName"])
                  if _kind(item, "pk") not in BOOKKEEPING)


def _kind(item, key):
    return item[key]["S"].partition("#")[0]


def _names(vpc, text):
    return any(one in text for one in (vpc["vpc"], vpc["endpoint"], *vpc["zones"]))


def _renamed(text, before, after):
    for name in ("vpc", "endpoint", "subnet", "interface", "account", "address"):
        text = text.replace(before[name], after[name])
    for one, other in zip(before["zones"], after["zones"], strict=True):
        text = text.replace(one, other)
    return text

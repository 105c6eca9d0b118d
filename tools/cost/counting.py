"""How many calls of what kind something takes."""

import collections
import contextlib
import pathlib


@contextlib.contextmanager
def counted(local):
    """A counter that is filled when the `with` is over: units by what is paid for, and calls that are free."""
    found = collections.Counter()
    before, logs = _asked(local), _log_bytes(local)
    yield found
    # Without hurrying messages: one that is given out twice would be counted twice.
    local.at_rest(within=300)
    after = _asked(local)
    for kind, times in after.items():
        if times > before[kind]:
            for unit, number in _units(*kind).items():
                found[unit] += number * (times - before[kind])
    found["log bytes"] = _log_bytes(local) - logs


def _asked(local):
    times = collections.Counter()
    for emulator in ("moto", "ministack"):
        for entry in local.asked(emulator):
            key = next(iter(entry["context"].get("dynamodb:LeadingKeys", [""]))).partition("#")[0]
            times[entry["principal"], entry["action"], key] += entry["keys"] or entry["times"]
    return times


def _units(principal, action, key):
    """What one question stands for."""
    service, name = action.split(":")
    if service == "dynamodb":
        if name in ("Query", "BatchGetItem", "GetItem"):
            # Strongly consistent, and no item of ours is near 4 KB: one unit for a query's page or for each key.
            return {"DynamoDB reads": 1}
        # Claims and their references are written in transactions, which cost twice.
        return {"DynamoDB writes": 2 if key in ("claim", "vpc") else 1}
    if service == "sqs" and name == "SendMessage":
        return {"messages": 1}
    if action == "events:PutEvents":
        return {"events across": 1}
    if action == "lambda:InvokeFunction":
        return {"direct invocations": 1}
    if service == "route53":
        return {"Route 53 requests": 1, "looks": int(name == "ListHostedZonesByVPC")}
    if service in ("ec2", "sts") and name != "DescribeVpcs" and principal.startswith("arn:"):
        return {f"{service.upper()} requests": 1}
    return {}


def _log_bytes(local):
    return sum(log.stat().st_size for log in pathlib.Path(local.running["logs"]).glob("zonelink-*.log"))

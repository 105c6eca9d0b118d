"""CloudTrail events as EventBridge delivers them, made of the captured ones in tests/events."""

import json
from datetime import UTC, datetime

from local_aws import state

_CAPTURED = {"CreateVpcEndpoint": "create_one_subnet.json", "DeleteVpcEndpoints": "delete_one.json"}


def envelope(action, stage, vpc):
    """The event of one call about the endpoint of a VPC."""
    text = (state.REPOSITORY / "tests" / "events" / _CAPTURED[action]).read_text()
    for captured, actual in {"444455556666": vpc["account"], "vpc-0aabbccddeeff0011": vpc["vpc"],
                             "vpce-01234567890abcdef": vpc["endpoint"], "subnet-0aaaaaaaaaaaaaaa1": vpc["subnet"],
                             "eni-0bbbbbbbbbbbbbbb1": vpc["interface"],
                             "vpce-svc-0a1b2c3d4e5f60718": stage.service}.items():
        text = text.replace(captured, actual)
    event = json.loads(text)
    event["time"] = event["detail"]["eventTime"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event

"""CloudTrail: a change that somebody made by API arrives as an event on that caller's default bus.

Only the caller's account gets the event, in the region of the call (Route 53: always us-east-1). A failed call
raises one too, with an error code and no response. Nothing is promised about order.
"""

import json
import random
import urllib.request
import uuid
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import BaseResponse

from . import trail_shapes
from .accounts import Caller
from .call_log import Call
from .courier import COURIER, ministack_url
from .settings import SETTINGS

# Chance that is the same in each run.
_LOTTERY = random.Random(1)

# The endpoint calls. Other EC2 calls raise events on AWS too; nothing here listens to them, and the older ones
# are recorded in another shape.
_EC2 = {
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    "DeleteVpcEndpoints",
    "AcceptVpcEndpointConnections",
    "RejectVpcEndpointConnections",
}
_ROUTE53 = {
    "ChangeResourceRecordSets",
    "CreateHostedZone",
    "DeleteHostedZone",
    "AssociateVPCWithHostedZone",
    "DisassociateVPCFromHostedZone",
    "CreateVPCAssociationAuthorization",
    "DeleteVPCAssociationAuthorization",
}


def record(
    response: BaseResponse,
    call: Call,
    caller: Caller,
    request_id: str,
    status: int,
    body: Any,
    code: str | None,
    message: str | None,
) -> None:
    """Raise the event of this call if it is of a kind that changes something."""
    if not SETTINGS.cloudtrail or ministack_url() is None:
        return
    if call.service == "ec2" and call.action in _EC2:
        region, source = response.region, "ec2"
        query = {name: values[0] for name, values in response.querystring.items()}
        request = trail_shapes.ec2_request(call.action, query)
        answer = trail_shapes.ec2_response(call.action, body) if code is None else None
    elif call.service == "route53" and call.action in _ROUTE53:
        region, source = "us-east-1", "route53"
        request = trail_shapes.route53_request(call.parameters)
        answer = trail_shapes.route53_response(body) if code is None else None
    else:
        return
    detail = _detail(call.account, caller.identity(), f"{source}.amazonaws.com", call.action, region, request, answer)
    detail |= {"userAgent": response.headers.get("User-Agent", ""), "requestID": request_id}
    if code is not None:
        detail["errorCode"] = f"{'Server' if status >= 500 else 'Client'}.{code}" if source == "ec2" else code
        detail["errorMessage"] = message
    _send(f"aws.{source}", detail)


def record_linked_zone(caller: Caller, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """AWS Cloud Map made a zone: a call of that service alone, recorded as by whom it works for."""
    if not SETTINGS.cloudtrail or ministack_url() is None:
        return
    action, service = "CreateServiceLinkedPrivateHostedZone", "servicediscovery.amazonaws.com"
    source = "route53.amazonaws.com"
    detail = _detail(caller.account, caller.identity(), source, action, "us-east-1", request, answer)
    detail |= {"sourceIPAddress": service, "userAgent": service, "requestID": str(uuid.uuid4())}
    _send("aws.route53", detail)


def _detail(
    account: str,
    identity: dict[str, Any],
    source: str,
    action: str,
    region: str,
    request: Any,
    answer: Any,
) -> dict[str, Any]:
    return {
        "eventVersion": "1.10",
        "userIdentity": identity,
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": action,
        "awsRegion": region,
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": request,
        "responseElements": answer,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": account,
    }


def _send(source: str, detail: dict[str, Any]) -> None:
    door = ministack_url()
    account, region = detail["recipientAccountId"], detail["awsRegion"]
    envelope = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": source,
        "account": account,
        "time": detail["eventTime"],
        "region": region,
        "resources": [],
        "detail": detail,
    }
    what = f"the CloudTrail event of {detail['eventName']} in {account}"
    for copy in range(_copies()):
        # The copy comes later, in the midst of what the first one has set off.
        after = SETTINGS.cloudtrail_seconds + copy * 0.2
        COURIER.send_later(after, what, lambda: _post(f"{door}/_local/events", envelope))


def _copies() -> int:
    if _LOTTERY.random() < SETTINGS.cloudtrail_lost:
        return 0
    return 2 if _LOTTERY.random() < SETTINGS.cloudtrail_doubled else 1


def _post(url: str, envelope: dict[str, Any]) -> None:
    request = urllib.request.Request(
        url,
        data=json.dumps(envelope).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()

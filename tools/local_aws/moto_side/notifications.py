"""Connection notifications: an SNS topic hears of Connect, Accept, Reject and Delete.

Only the fact that a message arrives is documented. Its body is not, anywhere that could be found: the text sent
here is invented and names the two ids, and a reader should rely on nothing else in it.
"""

import functools
import json
import re
import secrets
from datetime import datetime, timezone
from typing import Any

import boto3
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from . import endpoint, filters, services, settings
from .courier import COURIER, ministack_url
from .endpoint import VpcEndpoint
from .errors import AwsError

_EVENTS = ("Accept", "Connect", "Delete", "Reject")
_TOPIC = re.compile(r"arn:aws:sns:(?P<region>[^:]+):(?P<account>\d{12}):[^:]+")

# Notifications by id, each as Describe shows it, beside the account and region it belongs to.
_notifications: dict[str, tuple[str, str, dict[str, Any]]] = {}
_tokens: dict[tuple[str, str], str] = {}
settings.on_reset(_notifications.clear)
settings.on_reset(_tokens.clear)


def notify(event: str, one: VpcEndpoint) -> None:
    """Tell the topics of the service and of the endpoint."""
    if one.service is None or ministack_url() is None:
        return
    for _, _, notification in _notifications.values():
        about = (notification.get("ServiceId"), notification.get("VpcEndpointId"))
        if event in notification["ConnectionEvents"] and (one.service.id in about or one.id in about):
            _send(event, one, notification["ConnectionNotificationArn"])


def _send(event: str, one: VpcEndpoint, topic: str) -> None:
    message = json.dumps(
        {
            "notice": "An event of a VPC endpoint connection. The form of this message is not documented by AWS.",
            "event": event,
            "serviceId": one.service.id,
            "vpcEndpointId": one.id,
            "vpcEndpointOwner": one.account,
            "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
    what = f"the {event} notification of {one.id}"
    subject = "VPC endpoint connection notification"
    publish = lambda: _sns(topic).publish(TopicArn=topic, Subject=subject, Message=message)  # noqa: E731
    COURIER.send_later(settings.SETTINGS.cloudtrail_seconds, what, publish)


@functools.cache
def _sns(topic: str) -> Any:
    match = _TOPIC.fullmatch(topic)
    assert match, "the ARN was checked when the notification was made"
    session = boto3.session.Session(match["account"], "local", region_name=match["region"])
    return session.client("sns", endpoint_url=ministack_url())


def create_vpc_endpoint_connection_notification(self: EC2Response) -> ActionResult:
    service_id, endpoint_id = self._get_param("ServiceId"), self._get_param("VpcEndpointId")
    if bool(service_id) == bool(endpoint_id):
        words = "Exactly one of ServiceId and VpcEndpointId must be given."
        raise AwsError("InvalidParameterCombination", words)
    if service_id:
        services.owned(self, service_id)
    elif endpoint_id not in endpoint.of_account(self.current_account, self.region):
        raise AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")
    topic, events = _checked(self._get_param("ConnectionNotificationArn"), self._get_param("ConnectionEvents", []))
    token = self._get_param("ClientToken")
    known = _tokens.get((self.current_account, token)) if token else None
    if known not in _notifications:
        known = f"vpce-nfn-{secrets.token_hex(9)[:17]}"
        notification = {
            "ConnectionNotificationId": known,
            "ServiceId": service_id,
            "VpcEndpointId": endpoint_id,
            "ConnectionNotificationType": "Topic",
            "ConnectionNotificationArn": topic,
            "ConnectionEvents": events,
            "ConnectionNotificationState": "Enabled",
        }
        _notifications[known] = (self.current_account, self.region, notification)
        if token:
            _tokens[self.current_account, token] = known
    return ActionResult({"ConnectionNotification": _notifications[known][2], "ClientToken": token})


def _checked(topic: str, events: list[str]) -> tuple[str, list[str]]:
    if not _TOPIC.fullmatch(topic or ""):
        raise AwsError("InvalidParameter", f"Invalid Connection Notification Arn: {topic}")
    if not events or not set(events) <= set(_EVENTS):
        raise AwsError("InvalidParameter", f"Invalid Connection Events: {events}")
    return topic, list(events)


def describe_vpc_endpoint_connection_notifications(self: EC2Response) -> ActionResult:
    own = _own(self)
    if wanted := self._get_param("ConnectionNotificationId"):
        own = [_one(self, wanted)]
    facts = {
        "connection-notification-arn": lambda one: one["ConnectionNotificationArn"],
        "connection-notification-id": lambda one: one["ConnectionNotificationId"],
        "connection-notification-state": lambda one: one["ConnectionNotificationState"],
        "connection-notification-type": lambda one: one["ConnectionNotificationType"],
        "service-id": lambda one: one["ServiceId"],
        "vpc-endpoint-id": lambda one: one["VpcEndpointId"],
    }
    chosen = filters.select(own, filters.requested(self), facts, lambda _: {})
    return ActionResult({"ConnectionNotificationSet": chosen})


def modify_vpc_endpoint_connection_notification(self: EC2Response) -> ActionResult:
    notification = _one(self, self._get_param("ConnectionNotificationId"))
    topic, events = _checked(
        self._get_param("ConnectionNotificationArn", notification["ConnectionNotificationArn"]),
        self._get_param("ConnectionEvents", notification["ConnectionEvents"]),
    )
    notification["ConnectionNotificationArn"], notification["ConnectionEvents"] = topic, events
    return ActionResult({"ReturnValue": True})


def delete_vpc_endpoint_connection_notifications(self: EC2Response) -> ActionResult:
    own = {one["ConnectionNotificationId"] for one in _own(self)}
    unsuccessful = []
    for wanted in self._get_param("ConnectionNotificationIds", []):
        if wanted in own:
            del _notifications[wanted]
        else:
            words = f"The connection notification Id '{wanted}' does not exist"
            unsuccessful.append(endpoint.unsuccessful(wanted, "InvalidConnectionNotification", words))
    return ActionResult({"Unsuccessful": unsuccessful})


def _own(response: EC2Response) -> list[dict[str, Any]]:
    here = (response.current_account, response.region)
    return [one for account, region, one in _notifications.values() if (account, region) == here]


def _one(response: EC2Response, wanted: str) -> dict[str, Any]:
    for one in _own(response):
        if one["ConnectionNotificationId"] == wanted:
            return one
    raise AwsError("InvalidConnectionNotification", f"The connection notification Id '{wanted}' does not exist")


def install() -> None:
    for method in (
        create_vpc_endpoint_connection_notification,
        describe_vpc_endpoint_connection_notifications,
        modify_vpc_endpoint_connection_notification,
        delete_vpc_endpoint_connection_notifications,
    ):
        setattr(EC2Response, method.__name__, method)

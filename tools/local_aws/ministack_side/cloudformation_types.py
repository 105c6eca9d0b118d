"""CloudFormation resource types that ministack does not know."""

import json
import os

import boto3

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge as events
from ministack.services.cloudformation import provisioners, stacks

from . import event_buses

_NOTIFICATION = "AWS::EC2::VPCEndpointConnectionNotification"


def install():
    """Register the types with ministack's stack engine."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = {
        "create": _bus_policy_create,
        "update": _bus_policy_update,
        "delete": _bus_policy_delete,
    }
    provisioners._RESOURCE_HANDLERS[_NOTIFICATION] = {
        "create": _notification_create,
        "update": _notification_update,
        "delete": _notification_delete,
    }
    run_off_the_event_loop(_NOTIFICATION)


def run_off_the_event_loop(resource_type):
    """A call to the other emulator may lead back here, so it must not block the loop."""
    by_ministack = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda one: one == resource_type or by_ministack(one)


# AWS::Events::EventBusPolicy. Its identity is the bus and the statement's id.

def _bus_policy_create(_logical_id, props, _stack_name):
    bus, statement_id = props.get("EventBusName", "default"), props.get("StatementId")
    if not statement_id:
        raise ValueError("StatementId is required")
    events._ensure_default_bus()
    if bus not in events._event_buses:
        raise ValueError(f"Event bus {bus} does not exist.")
    event_buses.put_statement(bus, statement_id, _bus_statement(bus, props))
    return f"{bus}|{statement_id}", {}


def _bus_statement(bus, props):
    statement = props.get("Statement")
    if statement is None:
        return event_buses.statement_of(bus, props.get("Principal", "*"), props.get("Action"),
                                        props.get("Condition"))
    if isinstance(statement, str):
        statement = json.loads(statement)
    missing = [name for name in ("Effect", "Principal", "Action", "Resource") if name not in statement]
    if missing:
        raise ValueError(f"the policy statement lacks {', '.join(missing)}")
    return statement


def _bus_policy_update(physical_id, old_props, new_props, stack_name):
    created = _bus_policy_create(None, new_props, stack_name)
    if created[0] != physical_id:
        provisioners._delete_predecessor(_bus_policy_delete, physical_id, old_props)
    return created


def _bus_policy_delete(physical_id, _props):
    event_buses.remove_statement(*physical_id.split("|", 1))


# AWS::EC2::VPCEndpointConnectionNotification. EC2 is the other emulator's.

def _ec2():
    return boto3.client(
        "ec2", endpoint_url=os.environ["LOCAL_AWS_MOTO_URL"], region_name=get_region(),
        aws_access_key_id=get_account_id(), aws_secret_access_key="local")


def _notification_create(_logical_id, props, _stack_name):
    subject = {"ServiceId": props.get("ServiceId"), "VpcEndpointId": props.get("VPCEndpointId")}
    answer = _ec2().create_vpc_endpoint_connection_notification(
        ConnectionNotificationArn=props["ConnectionNotificationArn"],
        ConnectionEvents=props["ConnectionEvents"],
        **{name: value for name, value in subject.items() if value},
    )
    made = answer["ConnectionNotification"]["ConnectionNotificationId"]
    return made, {"VPCEndpointConnectionNotificationId": made}


def _notification_update(physical_id, old_props, new_props, stack_name):
    if any(old_props.get(name) != new_props.get(name) for name in ("ServiceId", "VPCEndpointId")):
        created = _notification_create(None, new_props, stack_name)
        provisioners._delete_predecessor(_notification_delete, physical_id, old_props)
        return created
    _ec2().modify_vpc_endpoint_connection_notification(
        ConnectionNotificationId=physical_id,
        ConnectionNotificationArn=new_props["ConnectionNotificationArn"],
        ConnectionEvents=new_props["ConnectionEvents"],
    )
    return physical_id, {"VPCEndpointConnectionNotificationId": physical_id}


def _notification_delete(physical_id, _props):
    unsuccessful = _ec2().delete_vpc_endpoint_connection_notifications(
        ConnectionNotificationIds=[physical_id]).get("Unsuccessful")
    if unsuccessful:
        raise ValueError(f"{physical_id}: {unsuccessful[0]['Error']['Message']}")

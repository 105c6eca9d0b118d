"""CloudFormation's types of EC2 and Route 53 that templates here use, made in the other emulator, which has these services.

ministack has handlers of its own for them, which would make a second network that nobody sees. What AWS does when a property
changes is the same here: an endpoint of another service or VPC, a group of another VPC and a zone of another name are new
ones; subnets, groups of an endpoint and rules change in place.
"""

import os
import time

import boto3

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from . import cloudformation_types

# CloudFormation waits until EC2 shows a deleted endpoint no more; so long at most.
_SECONDS = 60


def install():
    """Put these in the place of ministack's."""
    for resource_type, handlers in {
        "AWS::EC2::VPCEndpoint": (_endpoint_create, _endpoint_update, _endpoint_delete),
        "AWS::EC2::SecurityGroup": (_group_create, _group_update, _group_delete),
        "AWS::EC2::SecurityGroupIngress": (_ingress_create, _ingress_update, _ingress_delete),
        "AWS::Route53::HostedZone": (_zone_create, _zone_update, _zone_delete),
    }.items():
        provisioners._RESOURCE_HANDLERS[resource_type] = dict(zip(("create", "update", "delete"), handlers, strict=True))
        cloudformation_types.run_off_the_event_loop(resource_type)


def _client(service):
    return boto3.client(
        service, endpoint_url=os.environ["LOCAL_AWS_MOTO_URL"], region_name=get_region(),
        aws_access_key_id=get_account_id(), aws_secret_access_key="local")


def _replaced(create, delete, keys):
    """An update that makes another resource when one of these properties is another; else None."""
    def update(physical_id, old, new, stack_name):
        if all(old.get(key) == new.get(key) for key in keys):
            return None
        made = create(None, new, stack_name)
        provisioners._delete_predecessor(delete, physical_id, old)
        return made
    return update


# AWS::EC2::VPCEndpoint.

def _endpoint_create(_logical_id, props, _stack_name):
    taken = {name: props[name] for name in ("VpcEndpointType", "ServiceName", "VpcId", "SubnetIds", "SecurityGroupIds")
             if name in props}
    tags = [{"ResourceType": "vpc-endpoint", "Tags": props["Tags"]}] if props.get("Tags") else []
    made = _client("ec2").create_vpc_endpoint(
        **taken, PrivateDnsEnabled=_truth(props.get("PrivateDnsEnabled")), TagSpecifications=tags)["VpcEndpoint"]
    return made["VpcEndpointId"], {"Id": made["VpcEndpointId"]}


def _endpoint_update(physical_id, old, new, stack_name):
    replaced = _replaced(_endpoint_create, _endpoint_delete, ("VpcEndpointType", "ServiceName", "VpcId"))
    if made := replaced(physical_id, old, new, stack_name):
        return made
    changes = {}
    for property_name, plural in (("SubnetIds", "SubnetIds"), ("SecurityGroupIds", "SecurityGroupIds")):
        before, after = set(old.get(property_name, ())), set(new.get(property_name, ()))
        changes |= {f"Add{plural}": sorted(after - before), f"Remove{plural}": sorted(before - after)}
    changes = {name: value for name, value in changes.items() if value}
    if changes:
        _client("ec2").modify_vpc_endpoint(VpcEndpointId=physical_id, **changes)
    return physical_id, {"Id": physical_id}


def _endpoint_delete(physical_id, _props):
    ec2 = _client("ec2")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[physical_id])
    deadline = time.monotonic() + _SECONDS
    wanted = [{"Name": "vpc-endpoint-id", "Values": [physical_id]}]
    while ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]:
        if time.monotonic() > deadline:
            raise ValueError(f"{physical_id} is not deleted")
        time.sleep(0.1)


# AWS::EC2::SecurityGroup. Its rules are its own; each change takes the old ones away.

def _group_create(logical_id, props, stack_name):
    ec2 = _client("ec2")
    name = props.get("GroupName") or f"{stack_name}-{logical_id}-{time.time_ns()}"
    group = ec2.create_security_group(
        GroupName=name, Description=props["GroupDescription"], VpcId=props["VpcId"])["GroupId"]
    _put_rules(ec2, group, {}, props)
    return group, {"GroupId": group, "VpcId": props["VpcId"]}


def _group_update(physical_id, old, new, stack_name):
    replaced = _replaced(_group_create, _group_delete, ("GroupName", "GroupDescription", "VpcId"))
    if made := replaced(physical_id, old, new, stack_name):
        return made
    _put_rules(_client("ec2"), physical_id, old, new)
    return physical_id, {"GroupId": physical_id, "VpcId": new["VpcId"]}


def _group_delete(physical_id, _props):
    _client("ec2").delete_security_group(GroupId=physical_id)


def _put_rules(ec2, group, old, new):
    if old.get("SecurityGroupIngress"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=_rules(old["SecurityGroupIngress"]))
    if new.get("SecurityGroupIngress"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=_rules(new["SecurityGroupIngress"]))
    # A new group lets everything out, until a template says what.
    everything = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
    before = old.get("SecurityGroupEgress") or everything
    after = new.get("SecurityGroupEgress") or everything
    if before != after:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=_rules(before))
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_rules(after))


def _rules(rules):
    return [{"IpProtocol": rule["IpProtocol"],
             **{name: int(rule[name]) for name in ("FromPort", "ToPort") if name in rule},
             "IpRanges": [{"CidrIp": rule["CidrIp"],
                           **({"Description": rule["Description"]} if "Description" in rule else {})}]}
            for rule in rules]


# AWS::EC2::SecurityGroupIngress: one rule of a group that another resource makes.

def _ingress_create(_logical_id, props, _stack_name):
    answer = _client("ec2").authorize_security_group_ingress(GroupId=props["GroupId"], IpPermissions=_rules([props]))
    made = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return made, {"Id": made}


def _ingress_update(physical_id, old, new, stack_name):
    # EC2 refuses a second rule that says the same: the old one goes first.
    _ingress_delete(physical_id, old)
    return _ingress_create(None, new, stack_name)


def _ingress_delete(_physical_id, props):
    _client("ec2").revoke_security_group_ingress(GroupId=props["GroupId"], IpPermissions=_rules([props]))


# AWS::Route53::HostedZone.

def _zone_create(logical_id, props, stack_name):
    [vpc, *others] = props.get("VPCs") or [None]
    route53 = _client("route53")
    made = route53.create_hosted_zone(
        Name=props["Name"], CallerReference=f"{stack_name}-{logical_id}-{time.time_ns()}",
        HostedZoneConfig={**props.get("HostedZoneConfig", {}), "PrivateZone": vpc is not None},
        **({"VPC": vpc} if vpc else {}))["HostedZone"]["Id"].rpartition("/")[2]
    for other in others:
        route53.associate_vpc_with_hosted_zone(HostedZoneId=made, VPC=other)
    return made, {"Id": made}


def _zone_update(physical_id, old, new, stack_name):
    replaced = _replaced(_zone_create, _zone_delete, ("Name", "VPCs"))
    return replaced(physical_id, old, new, stack_name) or (physical_id, {"Id": physical_id})


def _zone_delete(physical_id, _props):
    _client("route53").delete_hosted_zone(Id=physical_id)


def _truth(value):
    return str(value).lower() == "true"

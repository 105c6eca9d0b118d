"""Endpoints of other types than Interface: another's, whatever is done to them, alone or in one call with ours."""

import boto3
import pytest

TYPES = boto3.client("ec2", region_name="us-west-2").meta.service_model.shape_for("VpcEndpointType").enum
OTHERS = [kind for kind in TYPES if kind != "Interface"]
RESOURCE = {"ResourceConfigurationArn": "arn:aws:vpc-lattice:us-west-2:111111111111:resourceconfiguration/rcfg-1"}
# What a request names that leads to no endpoint service.
NAMED = {"Resource": RESOURCE, "Tunnel": RESOURCE,
         "ServiceNetwork": {"ServiceNetworkArn": "arn:aws:vpc-lattice:us-west-2:111111111111:servicenetwork/sn-1"}}


def other(vpc, kind):
    """The id of an endpoint of that type in the VPC."""
    named = NAMED.get(kind, {"ServiceName": "com.amazonaws.us-west-2.s3"})
    made = vpc.client.ec2.create_vpc_endpoint(VpcEndpointType=kind, VpcId=vpc.id, **named)
    return made["VpcEndpoint"]["VpcEndpointId"]


def modify(vpc, name):
    """What Terraform does with each route table that it makes."""
    table = vpc.client.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    vpc.client.ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=[table])


@pytest.mark.parametrize("kind", OTHERS)
def test_endpoint_of_another_type_is_left_alone_and_ours_beside_it_is_served(fleet, kind):
    vpc = fleet.a.vpc(subnets=2)
    zone, ours, theirs = vpc.zone(), vpc.endpoint(SubnetIds=vpc.subnets[:1]), other(vpc, kind)
    fleet.local.settled()
    assert zone.addresses() == ours.addresses
    modify(vpc, theirs)
    ours.add_subnet(vpc.subnets[1])
    fleet.local.settled()
    assert zone.addresses() == ours.addresses
    assert len(ours.addresses) == 2
    fleet.local.settings(accept_seconds=0.0)
    fleet.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[theirs])
    fleet.local.settled()
    assert zone.addresses() == ours.addresses
    assert (fleet.provider.dead_letters(), fleet.table.holds()) == ([], {})


@pytest.mark.parametrize("kind", OTHERS)
def test_call_that_deletes_ours_and_another_works_for_ours(fleet, kind):
    vpc = fleet.a.vpc()
    zone, ours, theirs = vpc.zone(), vpc.endpoint(), other(vpc, kind)
    fleet.local.settled()
    # Both are shown for a while, ours as deleting; CloudTrail's event names both.
    fleet.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[theirs])
    again = other(vpc, kind)
    fleet.local.settings(accept_seconds=3600.0)
    fleet.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[ours.id, again])
    fleet.local.settled()
    assert zone.record() is None
    assert (fleet.provider.dead_letters(), fleet.table.holds()) == ([], {})


def test_event_that_names_ours_and_a_gateway_that_still_stands_works_for_ours(fleet):
    vpc = fleet.a.vpc()
    zone, ours, gateway = vpc.zone(), vpc.endpoint(), other(vpc, "Gateway")
    fleet.local.settled()
    fleet.local.settings(accept_seconds=3600.0)
    fleet.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[ours.id])
    ids = [{"tag": 1, "content": ours.id}, {"tag": 2, "content": gateway}]
    fleet.provider.send({
        "version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
        "account": fleet.a.account, "region": "us-west-2", "resources": [], "time": "2026-01-01T00:00:00Z",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "DeleteVpcEndpoints", "eventID": "e-1",
                   "awsRegion": "us-west-2", "recipientAccountId": fleet.a.account, "eventType": "AwsApiCall",
                   "requestParameters": {"DeleteVpcEndpointsRequest": {"VpcEndpointId": ids}},
                   "responseElements": {"DeleteVpcEndpointsResponse": {"unsuccessful": ""}}}})
    fleet.local.settled()
    assert zone.record() is None
    assert fleet.provider.dead_letters() == []

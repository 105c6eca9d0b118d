"""One client account that sends far more events than it may matter: what it costs the others is bounded."""

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor

# `ZONELINK_FLOOD=10000` sends more.
EVENTS = int(os.environ.get("ZONELINK_FLOOD", "300"))


def test_flood_of_forged_events_of_one_account_costs_the_others_nothing(fleet):
    calm = fleet.b.vpc()
    zone = calm.zone()
    fleet.local.settled()
    fleet.local.forget_calls()
    with ThreadPoolExecutor(4) as senders:
        # Half of them name endpoints that are not there, half name an endpoint of somebody else.
        theirs = calm.endpoint()
        list(senders.map(lambda n: _forge(fleet, theirs.id if n % 2 else f"vpce-{n:017x}"), range(EVENTS)))
    fleet.local.settled(within=600)
    assert zone.addresses() == theirs.addresses
    assert fleet.provider.dead_letters() == []
    of_flood = [item for item in fleet.table.items() if fleet.a.account in json.dumps(item, default=str)]
    assert of_flood == []
    assert fleet.local.calls("ChangeResourceRecordSets", fleet.a.account) == []
    assert len(fleet.local.calls("ChangeResourceRecordSets", fleet.b.account)) == 1
    # What a flood asks of EC2 is asked in the account that it comes from, and counts against that account's quota.
    assert len(fleet.local.calls(None, fleet.b.account)) < 60
    assert {call["action"] for call in fleet.local.calls(None, fleet.a.account)} == {"DescribeVpcEndpoints"}


def _forge(fleet, vpc_endpoint):
    number = str(uuid.uuid4())
    fleet.local.deliver({
        "version": "0", "id": number, "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
        "account": fleet.a.account, "region": "us-west-2", "resources": [], "time": "2026-01-01T00:00:00Z",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "DeleteVpcEndpoints", "eventID": number,
                   "awsRegion": "us-west-2", "recipientAccountId": fleet.a.account,
                   "requestParameters": {"DeleteVpcEndpointsRequest": {
                       "VpcEndpointId": {"tag": 1, "content": vpc_endpoint}}},
                   "responseElements": None}})

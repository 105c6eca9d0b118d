"""The same job as zonelink's, the plain way: one function behind one queue, boto3, one table of what was written.

Messages: CloudTrail events as EventBridge delivers them, {"sweep": true} from the schedule, and the function's own
{"account": ..., "endpoints": [...]}, a hundred at most, into which a sweep divides its work.
"""

import datetime
import json
import os
import re

import boto3
from botocore.config import Config

REGION, OWN_ACCOUNT = os.environ["AWS_REGION"], os.environ["ACCOUNT_ID"]
SERVICE, NAME = os.environ["SERVICE_ID"], os.environ["RECORD_NAME"].rstrip(".") + "."
ALLOWED = {one.strip() for one in os.environ["ALLOWED_PRINCIPALS"].split(",") if one.strip()}
TTL, QUEUE_URL = int(os.environ.get("RECORD_TTL", "60")), os.environ["QUEUE_URL"]
ROLE, EXTERNAL_ID = os.environ["CLIENT_ROLE_NAME"], os.environ.get("EXTERNAL_ID")

ENDPOINT = re.compile(r"vpce-(?!svc-)[0-9a-f]+")
GONE = {"deleting", "deleted", "rejected", "failed", "expired"}
RENEW_BEFORE = datetime.timedelta(minutes=10)
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5})

dynamodb = boto3.resource("dynamodb", config=CONFIG)
table = dynamodb.Table(os.environ["TABLE_NAME"])
ec2 = boto3.client("ec2", config=CONFIG)
sqs = boto3.client("sqs", config=CONFIG)
sts = boto3.client("sts", config=CONFIG)
clients = {}


class NotReady(Exception):
    """An endpoint is not available yet: the message comes back after the queue's visibility timeout."""


def handler(event, _context):
    """A batch of messages; one that fails goes back alone."""
    failures = []
    for record in event["Records"]:
        try:
            take(json.loads(record["body"]))
        except Exception as error:
            print(f"{record['messageId']} failed: {error!r}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def take(message):
    """What one message asks for."""
    if message.get("sweep"):
        sweep()
    elif "endpoints" in message:
        reconcile(message["account"], message["endpoints"])
    else:
        detail = message["detail"]
        endpoints = sorted(set(ENDPOINT.findall(json.dumps([detail["requestParameters"], detail["responseElements"]]))))
        if detail["eventName"] == "CreateVpcEndpoint":
            accept(connections(endpoints))
        reconcile(message["account"], endpoints)


def sweep():
    """Accept what waits, and look at every endpoint that is connected or was written."""
    found = connections()
    accept(found)
    accounts = {one["VpcEndpointId"]: one["VpcEndpointOwner"] for one in found}
    pages = table.meta.client.get_paginator("scan").paginate(TableName=table.name)
    accounts |= {item["endpoint"]: item["account"] for page in pages for item in page["Items"]}
    by_account = {}
    for endpoint, account in accounts.items():
        if account in ALLOWED:
            by_account.setdefault(account, []).append(endpoint)
    messages = [{"account": account, "endpoints": part}
                for account, endpoints in by_account.items() for part in parts(sorted(endpoints), 100)]
    for part in parts(messages, 10):
        entries = [{"Id": str(number), "MessageBody": json.dumps(message)} for number, message in enumerate(part)]
        answer = sqs.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries)
        if answer.get("Failed"):
            raise RuntimeError(f"not sent: {answer['Failed']}")


def connections(endpoints=()):
    """The service's connections: all of them, or those of some endpoints."""
    filters = [{"Name": "service-id", "Values": [SERVICE]}]
    if endpoints:
        filters.append({"Name": "vpc-endpoint-id", "Values": list(endpoints)})
    pages = ec2.get_paginator("describe_vpc_endpoint_connections").paginate(Filters=filters)
    return [one for page in pages for one in page["VpcEndpointConnections"]]


def accept(found):
    """Accept those of the allowed accounts that wait."""
    waiting = [one["VpcEndpointId"] for one in found
               if one["VpcEndpointState"] == "pendingAcceptance" and one["VpcEndpointOwner"] in ALLOWED]
    for part in parts(waiting, 100):
        refused = ec2.accept_vpc_endpoint_connections(ServiceId=SERVICE, VpcEndpointIds=part)["Unsuccessful"]
        if refused:
            raise RuntimeError(f"not accepted: {refused}")


def reconcile(account, endpoints):
    """Make the records of some endpoints of one account right."""
    if account not in ALLOWED:
        return
    ec2, route53 = clients_of(account)
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
        Filters=[{"Name": "vpc-endpoint-id", "Values": endpoints}])
    found = {one["VpcEndpointId"]: one for page in pages for one in page["VpcEndpoints"]
             if one["ServiceName"].endswith(SERVICE)}
    addresses = addresses_of(ec2, [eni for one in found.values() for eni in one["NetworkInterfaceIds"]])
    written, waiting = written_for(endpoints), []
    for endpoint in endpoints:
        one = found.get(endpoint)
        if one is None or one["State"] in GONE:
            remove(route53, written.get(endpoint))
        elif one["State"] != "available":
            waiting.append(endpoint)
        elif ips := sorted(addresses[eni] for eni in one["NetworkInterfaceIds"]):
            publish(route53, account, one, ips, written.get(endpoint))
    if waiting:
        raise NotReady(", ".join(waiting))


def publish(route53, account, endpoint, ips, before):
    """Write the record into every zone of the VPC that can hold it, unless it was written so before."""
    pages = paged_zones(route53, endpoint["VpcId"])
    zones = sorted(zone["HostedZoneId"] for zone in pages if ("." + NAME).endswith("." + zone["Name"]))
    if before and (before["zones"], before["ips"]) == (zones, ips):
        return
    for zone in zones:
        change(route53, zone, "UPSERT", ips)
    for zone in set(before["zones"]) - set(zones) if before else ():
        delete(route53, zone, before["ips"])
    table.put_item(Item={"endpoint": endpoint["VpcEndpointId"], "account": account, "zones": zones, "ips": ips})


def remove(route53, before):
    """Take back what was written for an endpoint that is gone."""
    if before:
        for zone in before["zones"]:
            delete(route53, zone, before["ips"])
        table.delete_item(Key={"endpoint": before["endpoint"]})


def delete(route53, zone, ips):
    """Delete a record as it was written. One that is gone or was edited since stays as it is."""
    try:
        change(route53, zone, "DELETE", ips)
    except (route53.exceptions.InvalidChangeBatch, route53.exceptions.NoSuchHostedZone) as refused:
        print(f"{NAME} in {zone}: {refused}")


def change(route53, zone, action, ips):
    """One change of the record in one zone."""
    records = {"Name": NAME, "Type": "A", "TTL": TTL, "ResourceRecords": [{"Value": ip} for ip in ips]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": records}]})


def paged_zones(route53, vpc):
    """The private zones of a VPC that are not an AWS service's; boto3 has no paginator for them."""
    more = {}
    while True:
        page = route53.list_hosted_zones_by_vpc(VPCId=vpc, VPCRegion=REGION, **more)
        yield from (zone for zone in page["HostedZoneSummaries"] if "OwningService" not in zone["Owner"])
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def addresses_of(ec2, interfaces):
    """The IPv4 address of each network interface."""
    found = {}
    for part in parts(interfaces, 200):
        pages = ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "network-interface-id", "Values": part}])
        found |= {eni["NetworkInterfaceId"]: eni["PrivateIpAddress"] for page in pages
                  for eni in page["NetworkInterfaces"]}
    return found


def written_for(endpoints):
    """What the table says was written, by endpoint."""
    found = []
    for part in parts(endpoints, 100):
        wanted = {table.name: {"Keys": [{"endpoint": endpoint} for endpoint in part]}}
        while wanted:
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            found += answer["Responses"].get(table.name, [])
            wanted = answer.get("UnprocessedKeys")
    return {item["endpoint"]: item for item in found}


def clients_of(account):
    """EC2 and Route 53 with the rights of an account, kept until their credentials are about to end."""
    made, expires = clients.get(account, (None, None))
    if made is None or (expires and expires - datetime.datetime.now(datetime.UTC) < RENEW_BEFORE):
        made, expires = make_clients(account)
        clients[account] = made, expires
    return made


def make_clients(account):
    """The function's own rights in its own account, the client role's anywhere else; and until when."""
    given, expires = {}, None
    if account != OWN_ACCOUNT:
        more = {"ExternalId": EXTERNAL_ID} if EXTERNAL_ID else {}
        keys = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="baseline",
                               **more)["Credentials"]
        given = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"],
                 "aws_session_token": keys["SessionToken"]}
        expires = keys["Expiration"]
    return (boto3.client("ec2", config=CONFIG, **given), boto3.client("route53", config=CONFIG, **given)), expires


def parts(items, size):
    """The items in lists of at most that size."""
    return [items[start:start + size] for start in range(0, len(items), size)]

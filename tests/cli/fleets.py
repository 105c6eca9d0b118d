"""What the tests of status and explain put into the table by hand."""

import concurrent.futures
import time

from boto3.dynamodb.types import TypeSerializer

_write = TypeSerializer().serialize


def remembered(service, account, number):
    """The items of one endpoint in a VPC with a zone of its own: what is remembered, its claim, the claim's index."""
    vpc_endpoint, vpc, zone = f"vpce-{number:017x}", f"vpc-{number:017x}", f"Z{number:012d}"
    name, addresses = "*.aws-us-west-2.byoc.example.com", {"a": [f"10.{number // 250}.{number % 250}.4"]}
    seen = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    key = {"zone": zone, "name": name}
    return [
        {"pk": f"service#{service}", "sk": vpc_endpoint, "service": service, "vpc_endpoint": vpc_endpoint,
         "account": account, "vpc": vpc, "state": "available", "addresses": addresses, "first_seen": seen},
        {"pk": f"claim#{zone}", "sk": name, "key": key, "zone_account": account, "service": service,
         "contributions": {vpc_endpoint: {"vpc": vpc, "account": account, "addresses": addresses}},
         "origin": "created", "confirmed": addresses, "version": 1},
        {"pk": "claims", "sk": f"{zone}/{name}", "service": service, "account": account, "vpc": vpc},
    ]


def write(fleet, items, delete=False):
    """Write or delete many items."""
    dynamodb = fleet.local.client("dynamodb", fleet.provider.account)
    name = fleet.provider.outputs["TableName"]

    def request(item):
        if delete:
            return {"DeleteRequest": {"Key": {part: _write(item[part]) for part in ("pk", "sk")}}}
        return {"PutRequest": {"Item": {part: _write(value) for part, value in item.items()}}}

    batches = [items[start:start + 25] for start in range(0, len(items), 25)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for answer in pool.map(lambda batch: dynamodb.batch_write_item(
                RequestItems={name: [request(item) for item in batch]}), batches):
            assert not answer["UnprocessedItems"]

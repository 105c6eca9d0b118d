"""tests/partitions.json says of AWS's partitions what botocore's own data says."""

import json
from pathlib import Path

import botocore

from local_aws import state


def data(name):
    return json.loads((Path(botocore.__file__).parent / "data" / name).read_text())["partitions"]


def route53_region(partition):
    service = partition["services"].get("route53")
    return service and service["endpoints"][service["partitionEndpoint"]]["credentialScope"]["region"]


def test_pinned_partitions_are_those_of_botocore():
    regions_of_route53 = {one["partition"]: route53_region(one) for one in data("endpoints.json")}
    pinned = json.loads((state.REPOSITORY / "tests" / "partitions.json").read_text())
    assert pinned == [
        {"id": one["id"],
         "regions": sorted(region for region in one["regions"] if not region.endswith("-global")),
         "route53_region": regions_of_route53.get(one["id"])}
        for one in data("partitions.json")]

"""A sweep that fails, tries again and fails is not lost in silence."""

import json


def test_sweep_that_fails_three_times_ends_in_the_dead_letter_queue(fleet):
    fleet.local.faults({"service": "ec2", "action": "DescribeVpcEndpointServiceConfigurations",
                        "account": fleet.provider.account, "code": "UnauthorizedOperation", "status": 403,
                        "times": 1000})
    fleet.provider.sweep()
    [letter] = [json.loads(body) for body in fleet.provider.dead_letters()]
    assert letter["requestContext"]["condition"] == "RetriesExhausted"
    assert "DescribeVpcEndpointServiceConfigurations" in letter["responsePayload"]["errorMessage"]

"""Alarms on what AWS tells of functions and queues."""

import json

import pytest

from stage.local import wait_until


def test_dead_letters(watch):
    """One client account throttles every read, and somebody sends what makes no sense."""
    fleet, local = watch.fleet, watch.local
    watch.pass_minutes(1)
    assert watch.state("DeadLetters") == "OK"
    with fleet.provider.deaf():
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        local.faults({"service": "ec2", "action": "DescribeVpcEndpoints", "account": fleet.a.account, "status": 503,
                      "code": "RequestLimitExceeded", "message": "slower", "times": 10_000})
        fleet.provider.send({"intent": "reconcile", "account": fleet.a.account, "cause": "a drill",
                             "vpc_endpoints": [endpoint.id]})
        fleet.provider.send("nonsense")
        local.settled(within=120)
        watch.pass_minutes(2)
        watch.fired("DeadLetters")
        assert zone.record() is None

        seen = watch.shell.follow("DeadLetters", "See")
        assert "nonsense" in seen and "a drill" in seen and "DeadLetterQueueSourceArn" in seen
        assert "RequestLimitExceeded" in seen, "the log says why"
        local.release(fleet.provider.outputs["DeadLetterQueueUrl"])
        local.faults()
        watch.shell.follow("DeadLetters", "Mend", 0)
        local.settled()
        assert zone.addresses() == endpoint.addresses, "the sweep finds what the messages would have told"
        watch.shell.follow("DeadLetters", "Mend", 1)
        local.settled(within=120)
        assert fleet.provider.dead_letters() == ["nonsense"], "the other could be handled now"
        watch.pass_minutes(2)
        assert watch.state("DeadLetters") == "ALARM"
        watch.shell.follow("DeadLetters", "Mend", 3)
        watch.pass_minutes(2)
        watch.over("DeadLetters")
        watch.shell.follow("DeadLetters", "Over")


def test_one_dead_letter_by_hand(watch):
    fleet, sqs = watch.fleet, watch.local.client("sqs", watch.provider.account)
    vpc = fleet.a.vpc()
    zone, endpoint = vpc.zone(), vpc.endpoint()
    watch.local.settled()
    url = fleet.provider.outputs["DeadLetterQueueUrl"]
    with watch.local.set(cloudtrail=False):
        zone.remove()
    intent = {"intent": "reconcile", "account": fleet.a.account, "cause": "by \"hand\"", "vpc_endpoints": [endpoint.id]}
    wanted = sqs.send_message(QueueUrl=url, MessageBody=json.dumps(intent))["MessageId"]
    sqs.send_message(QueueUrl=url, MessageBody="nonsense")
    watch.shell.follow("DeadLetters", "Mend", 2, MESSAGE=wanted)
    watch.local.settled()
    assert zone.addresses() == endpoint.addresses
    watch.local.release(url)
    assert fleet.provider.dead_letters() == ["nonsense"]


def waiting(watch):
    """How many messages the work queue gives to nobody."""
    found = watch.local.client("sqs", watch.provider.account).get_queue_attributes(
        QueueUrl=watch.provider.outputs["QueueUrl"], AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def test_queue_age(watch):
    """Somebody disables the event source mapping."""
    fleet, functions = watch.fleet, watch.local.client("lambda", watch.provider.account)
    function = fleet.provider.outputs["ReconcileRecordsFunction"]
    [mapping] = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        wait_until(lambda: waiting(watch))
        watch.pass_minutes(29)
        assert watch.state("QueueAge") == "OK"
        watch.pass_minutes(20)
        watch.fired("QueueAge")
        assert zone.record() is None
        assert "Disabled" in watch.shell.follow("QueueAge", "See")
        assert "nabl" in watch.shell.follow("QueueAge", "Mend")
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    watch.local.settled()
    assert zone.addresses() == endpoint.addresses
    watch.shell.follow("QueueAge", "Over")
    watch.pass_minutes(6)
    watch.over("QueueAge")


def test_function_errors(watch):
    """A right of backfill is taken away."""
    watch.local.faults({"service": "ec2", "action": "DescribeVpcEndpointServiceConfigurations",
                        "account": watch.provider.account, "code": "UnauthorizedOperation", "status": 403,
                        "message": "You are not authorized", "times": 1000})
    watch.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("FunctionErrors")
    seen = watch.shell.follow("FunctionErrors", "See")
    assert "DescribeVpcEndpointServiceConfigurations" in seen.split("== backfill")[1]
    watch.local.faults()
    assert "over" in watch.shell.follow("FunctionErrors", "Mend", 1)
    assert watch.state("FunctionErrors") == "ALARM", "what was is in its time still"
    watch.pass_minutes(15)
    watch.over("FunctionErrors")
    assert [float(one) for one in watch.shell.follow("FunctionErrors", "Over").split()] == [0, 0, 0]


def test_one_connection_that_aws_refuses_to_accept(watch):
    """Three alarms stand for it, and what waits besides is seen to."""
    fleet = watch.fleet
    with fleet.provider.deaf(SweepState="ENABLED"):
        vpc = fleet.b.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        fleet.provider.ec2.accept_vpc_endpoint_connections(
            ServiceId=fleet.provider.service, VpcEndpointIds=[endpoint.id])
        refused = fleet.a.vpc().endpoint()
        watch.local.faults({"service": "ec2", "action": "AcceptVpcEndpointConnections", "times": 1000,
                            "code": "OperationNotPermitted", "message": "not this one"})
        watch.pass_minutes(61)
        fleet.provider.sweep()
        watch.pass_minutes(2)
        told = watch.told()
        assert {("FunctionErrors", "ALARM"), ("DeadLetters", "ALARM"), ("SweepMissing", "ALARM")} <= set(told)
        assert watch.state("SweepMissing") == "ALARM"
        assert zone.addresses() == endpoint.addresses, "the sweep went on"
        seen = watch.shell.follow("FunctionErrors", "See").split("== backfill")[1]
        assert "ec2:AcceptVpcEndpointConnections" in seen and "not this one" in seen, seen
        assert refused.id in seen and fleet.provider.service in seen, seen
        watch.shell.follow("FunctionErrors", "Mend", SERVICE=fleet.provider.service, ENDPOINT=refused.id)
        assert refused.state == "rejected"
        watch.local.settled()
        watch.shell.follow("DeadLetters", "Mend", 3)
        watch.pass_minutes(16)
        for name in ("FunctionErrors", "DeadLetters", "SweepMissing"):
            assert watch.state(name) == "OK", name


def test_function_throttles(watch):
    """Somebody reserves nothing for a function, and so stops it."""
    fleet, functions = watch.fleet, watch.local.client("lambda", watch.provider.account)
    function = fleet.provider.outputs["AcceptConnectionsFunction"]
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        vpc = fleet.a.vpc()
        zone, endpoint = vpc.zone(), vpc.endpoint()
        wait_until(lambda: (watch.metric("Throttles", FunctionName=function) or 0) >= 3)
        watch.pass_minutes(1)
        watch.fired("FunctionThrottles")
        assert endpoint.state == "pendingAcceptance"
        seen = watch.shell.follow("FunctionThrottles", "See")
        assert "AcceptConnectionsFunction 0" in seen
        watch.shell.follow("FunctionThrottles", "Mend", FUNCTION="AcceptConnectionsFunction")
    finally:
        functions.delete_function_concurrency(FunctionName=function)
    watch.local.settled()
    assert zone.addresses() == endpoint.addresses, "what waited has run"
    watch.shell.follow("FunctionThrottles", "Over")
    watch.pass_minutes(15)
    watch.over("FunctionThrottles")


@pytest.mark.parametrize("parameters", [{"AlarmActions": ""}], ids=["nobody is told"])
def test_alarms_without_anybody_to_tell_have_no_actions(watch, parameters):
    watch.provider.update(**parameters)
    alarms = watch.cloudwatch.describe_alarms(AlarmNamePrefix="zonelink-")["MetricAlarms"]
    assert alarms and all(not alarm["AlarmActions"] and not alarm["OKActions"] for alarm in alarms)

"""What docs/RUNBOOK.md has before its sections: whoever follows it, and whatever stands beside the stack."""

from .runbook import FIRST


def test_commands_run_where_there_is_no_role_for_operators(watch):
    watch.provider.update(OperatorPrincipals="")
    assert "OperatorRoleArn" not in watch.provider.outputs
    assert watch.provider.service in watch.shell.run("zonelink service list\n")


def test_another_stack_whose_name_begins_alike_is_left_alone(watch):
    """zonelink-A stands beside zonelink, with a schedule and an alarm that come first in every list."""
    scheduler = watch.local.client("scheduler", watch.provider.account)
    there = scheduler.get_schedule(Name=watch.provider.schedule)
    fields = {field: there[field] for field in ("Target", "ScheduleExpression", "FlexibleTimeWindow")}
    alarm = {"Namespace": "zonelink", "MetricName": "SweepsCompleted", "Statistic": "Sum", "Period": 60,
             "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "LessThanThreshold",
             "TreatMissingData": "breaching", "Dimensions": [{"Name": "Stack", "Value": "zonelink-A"}]}
    watch.provider.update(SweepState="ENABLED")
    scheduler.create_schedule(Name="zonelink-A-Sweep-1", State="DISABLED", **fields)
    watch.cloudwatch.put_metric_alarm(AlarmName="zonelink-A-SweepMissing", **alarm)
    try:
        watch.local.settled()
        watch.pass_minutes(65)
        standing = {line.split()[0] for line in watch.shell.follow(FIRST, "See").splitlines()}
        assert "zonelink-SweepMissing" in standing and "zonelink-A-SweepMissing" not in standing
        assert there["Name"] in watch.shell.follow("SweepMissing", "See")
        watch.shell.follow("SweepMissing", "Mend")
        assert scheduler.get_schedule(Name="zonelink-A-Sweep-1")["State"] == "DISABLED"
    finally:
        scheduler.delete_schedule(Name="zonelink-A-Sweep-1")
        watch.cloudwatch.delete_alarms(AlarmNames=["zonelink-A-SweepMissing"])

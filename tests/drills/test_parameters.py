"""What the parameters of the alarms change in them."""

import botocore.exceptions
import pytest

from stage.client import Client


def test_sweeps_that_are_never_overdue_have_no_alarm(watch):
    """Nor does anybody hear of a day without a sweep."""
    watch.provider.update(SweepState="ENABLED", SweepOverdueMinutes="0")
    watch.local.settled()
    watch.pass_minutes(24 * 60)
    alarms = watch.cloudwatch.describe_alarms(AlarmNamePrefix="zonelink-")["MetricAlarms"]
    assert len(alarms) == 12 and "zonelink-SweepMissing" not in {one["AlarmName"] for one in alarms}
    assert watch.told() == []
    shown = watch.cloudwatch.get_dashboard(DashboardName=watch.provider.outputs["DashboardName"])["DashboardBody"]
    assert "-SweepMissing" not in shown and shown.count(":alarm:") == 12


def test_minutes_in_which_no_sweep_can_be_overdue_are_refused(watch):
    with pytest.raises(botocore.exceptions.ClientError, match="SweepOverdueMinutes must be at least 10 minutes, or 0"):
        watch.provider.update(SweepOverdueMinutes="9")


def test_accounts_that_may_be_unreachable_are_no_alarm(watch):
    """Two clients have endpoints, and no client stack; one of them is known."""
    fleet = watch.fleet
    first, second = (Client(fleet.local, account, fleet.provider) for account in ("700000000997", "700000000998"))
    fleet.provider.update(AllowedPrincipals=f"{first.account},{second.account}", UnreachableTolerated="1")
    first.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    assert [hold["reason"] for hold in fleet.table.holds().values()] == ["NoAccess"]
    assert watch.state("AccountUnreachable") == "OK"
    second.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("AccountUnreachable")


def test_holds_that_are_tolerated_are_no_alarm(watch):
    fleet = watch.fleet
    fleet.provider.update(HoldsTolerated="1")
    fleet.c.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    assert watch.state("HoldsStanding") == "OK"
    fleet.c.vpc().endpoint()
    watch.local.settled()
    fleet.provider.sweep()
    watch.pass_minutes(1)
    watch.fired("HoldsStanding")

# The alarms and the dashboard of template.yaml. What each alarm means stands in docs/RUNBOOK.md.
locals {
  # Nothing that is known only when it is made: a plan shows what the alarms will be.
  words_of_watching = {
    account               = local.account
    partition             = local.partition
    region                = local.region
    name                  = var.name
    # Without an alarm of its own, what a sweep measures counts for a day.
    sweep_overdue_minutes = var.sweep_overdue_minutes > 0 ? var.sweep_overdue_minutes : 1440
    unreachable_tolerated = var.unreachable_tolerated
    holds_tolerated       = var.holds_tolerated
    work_queue            = aws_sqs_queue.work_queue.name
    dead_letter_queue     = aws_sqs_queue.dead_letter_queue.name
    accept_connections    = aws_lambda_function.function["accept-connections"].function_name
    reconcile_records     = aws_lambda_function.function["reconcile-records"].function_name
    backfill              = aws_lambda_function.function["backfill"].function_name
    alarm_arns            = [for name in local.made : "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-${name}"]
  }

  # As CloudFormation's properties have them.
  alarms = jsondecode(templatefile("${path.module}/watching/alarms.json.tftpl", local.words_of_watching))
  # In the order in which the dashboard shows them.
  wanted = [
    "DeadLetters", "QueueAge", "FunctionErrors", "FunctionThrottles", "SweepMissing", "PendingAge", "AccountUnreachable",
    "LimitReached", "DefinitionsRefused", "HoldsStanding", "EventsMissing", "TimeToRecord", "Route53Throttled",
  ]
  made = [for name in local.wanted : name if name != "SweepMissing" || (var.sweep_state == "ENABLED" && var.sweep_overdue_minutes > 0)]
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  # Their names are known before anything is made.
  for_each = toset(local.made)

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = local.alarms[each.key].AlarmDescription
  alarm_actions     = var.alarm_actions
  ok_actions        = var.alarm_actions

  namespace           = lookup(local.alarms[each.key], "Namespace", null)
  metric_name         = lookup(local.alarms[each.key], "MetricName", null)
  dimensions          = { for one in lookup(local.alarms[each.key], "Dimensions", []) : one.Name => one.Value }
  statistic           = lookup(local.alarms[each.key], "Statistic", null)
  extended_statistic  = lookup(local.alarms[each.key], "ExtendedStatistic", null)
  period              = lookup(local.alarms[each.key], "Period", null)
  evaluation_periods  = local.alarms[each.key].EvaluationPeriods
  datapoints_to_alarm = lookup(local.alarms[each.key], "DatapointsToAlarm", null)
  comparison_operator = local.alarms[each.key].ComparisonOperator
  threshold           = local.alarms[each.key].Threshold
  treat_missing_data  = local.alarms[each.key].TreatMissingData

  dynamic "metric_query" {
    for_each = lookup(local.alarms[each.key], "Metrics", [])

    content {
      id          = metric_query.value.Id
      expression  = lookup(metric_query.value, "Expression", null)
      return_data = lookup(metric_query.value, "ReturnData", true)

      dynamic "metric" {
        for_each = contains(keys(metric_query.value), "MetricStat") ? [metric_query.value.MetricStat] : []

        content {
          namespace   = metric.value.Metric.Namespace
          metric_name = metric.value.Metric.MetricName
          dimensions  = { for one in metric.value.Metric.Dimensions : one.Name => one.Value }
          stat        = metric.value.Stat
          period      = metric.value.Period
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.sweep_overdue_minutes == 0 || var.sweep_overdue_minutes >= 10
      error_message = "sweep_overdue_minutes must be at least 10 minutes, or 0 for no alarm."
    }
  }
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = templatefile("${path.module}/watching/dashboard.json.tftpl", local.words_of_watching)
}

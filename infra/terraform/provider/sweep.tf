resource "aws_scheduler_schedule" "sweep" {
  # checkov:skip=CKV_AWS_297: the input says only who asks
  name                = "${var.name}-sweep"
  description         = "Looks at everything, because events may be lost."
  schedule_expression = var.sweep_interval
  state               = var.sweep_state

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 5
  }

  target {
    arn      = aws_lambda_function.function["backfill"].arn
    role_arn = aws_iam_role.sweep.arn
    input    = "{\"requested_by\": \"schedule\"}"

    retry_policy {
      maximum_event_age_in_seconds = 600
      maximum_retry_attempts       = 3
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letter_queue.arn
    }
  }
}

resource "aws_iam_role" "sweep" {
  name               = "${var.name}-SweepRole-${local.region}"
  description        = "Lets the sweep's schedule invoke the backfill function."
  assume_role_policy = templatefile("${path.module}/documents/sweep-trust.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "sweep" {
  name = "InvokeBackfill"
  role = aws_iam_role.sweep.id
  policy = templatefile(
    "${path.module}/documents/sweep.json.tftpl",
    merge(local.words, { backfill_arn = aws_lambda_function.function["backfill"].arn })
  )
}

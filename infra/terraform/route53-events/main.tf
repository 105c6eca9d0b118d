# zonelink, client side, us-east-1: the same as infra/route53-events.yaml, which has the reasons.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  words = {
    account       = data.aws_caller_identity.current.account_id
    partition     = data.aws_partition.current.partition
    region        = data.aws_region.current.name
    event_bus_arn = var.provider_bus_arn
    rule_name     = var.rule_name
  }
}

resource "aws_cloudwatch_event_rule" "hosted_zone_calls" {
  name          = var.rule_name
  description   = "Sends the calls that change private hosted zones, their VPCs and their addresses to zonelink."
  event_pattern = templatefile("${path.module}/patterns/hosted-zone-calls.json.tftpl", local.words)

  lifecycle {
    precondition {
      condition     = contains(["us-east-1", "cn-northwest-1", "us-gov-west-1", "eusc-de-east-1"], data.aws_region.current.name)
      error_message = "Route 53's calls are recorded in us-east-1, or in one region of China or GovCloud; give this module a provider for it."
    }
  }
}

resource "aws_cloudwatch_event_target" "provider" {
  rule      = aws_cloudwatch_event_rule.hosted_zone_calls.name
  target_id = "Provider"
  arn       = var.provider_bus_arn
  role_arn  = aws_iam_role.forwarding.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 32
  }
}

resource "aws_iam_role" "forwarding" {
  name_prefix        = "zonelink-route53-forwarding-"
  description        = "Lets the rule put events on zonelink's event bus."
  assume_role_policy = templatefile("${path.module}/documents/forwarding-trust.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "forwarding" {
  name   = "PutEvents"
  role   = aws_iam_role.forwarding.id
  policy = templatefile("${path.module}/documents/forwarding.json.tftpl", local.words)
}

output "rule_arn" {
  description = "The rule that forwards Route 53's calls."
  value       = aws_cloudwatch_event_rule.hosted_zone_calls.arn
}

resource "aws_cloudwatch_event_bus" "event_bus" {
  name = var.name
}

resource "aws_cloudwatch_event_bus_policy" "clients" {
  count = local.has_clients ? 1 : 0

  event_bus_name = aws_cloudwatch_event_bus.event_bus.name
  policy = templatefile(
    "${path.module}/documents/event-bus-${local.names_accounts ? "accounts" : "organization"}.json.tftpl", local.words
  )
}

locals {
  # Rules by the names of template.yaml: their pattern, on which bus, and where what matches goes.
  rules = {
    ClientEndpointCreated = {
      description = "An account of a client made an endpoint; accept it if allowed, and look at its VPC."
      pattern     = "client-endpoint-created"
      of_clients  = true
      targets     = ["AcceptConnections", "WorkQueue"]
    }
    ClientEndpointChanged = {
      description = "An account of a client modified or deleted endpoints; look at their VPCs."
      pattern     = "client-endpoint-changed"
      of_clients  = true
      targets     = ["WorkQueue"]
    }
    HostedZoneChanged = {
      description = "An account changed a private hosted zone or its VPCs; look at the VPCs that have to do with it."
      pattern     = "hosted-zone-changed"
      of_clients  = true
      targets     = ["WorkQueue"]
    }
    EndpointCreated = {
      description = "This account made an endpoint; accept it if allowed, and look at its VPC."
      pattern     = "endpoint-created"
      of_clients  = false
      targets     = ["AcceptConnections", "WorkQueue"]
    }
    EndpointChanged = {
      description = "This account modified or deleted endpoints; look at their VPCs."
      pattern     = "endpoint-changed"
      of_clients  = false
      targets     = ["WorkQueue"]
    }
    ConnectionDecided = {
      description = "Somebody accepted or rejected connections in this account; find out whose they are."
      pattern     = "connection-decided"
      of_clients  = false
      targets     = ["AcceptConnections"]
    }
  }
  targets = merge([for rule, of in local.rules : { for target in of.targets : "${rule}/${target}" => {
    rule   = rule
    target = target
  } }]...)

  # Changes of zones come from the provider's own account too.
  accounts_of = {
    ClientEndpointCreated = var.client_accounts
    ClientEndpointChanged = var.client_accounts
    HostedZoneChanged     = concat([local.account], var.client_accounts)
  }
  words_of_rules = merge(local.words, { rule_arns = { for name, rule in aws_cloudwatch_event_rule.rule : name => rule.arn } })
  arns_of_targets = {
    AcceptConnections = aws_lambda_function.function["accept-connections"].arn
    WorkQueue         = aws_sqs_queue.work_queue.arn
  }
}

resource "aws_cloudwatch_event_rule" "rule" {
  for_each = local.rules

  name           = "${var.name}-${each.key}"
  description    = each.value.description
  event_bus_name = each.value.of_clients ? aws_cloudwatch_event_bus.event_bus.name : "default"

  # With an organization, the bus policy is the only and sufficient filter.
  event_pattern = jsonencode({
    for name, value in jsondecode(templatefile(
      "${path.module}/patterns/${each.value.pattern}.json.tftpl",
      merge(local.words, { accounts = lookup(local.accounts_of, each.key, []) })
    )) : name => value if name != "account" || !each.value.of_clients || local.names_accounts
  })
}

resource "aws_cloudwatch_event_target" "target" {
  for_each = local.targets

  rule           = aws_cloudwatch_event_rule.rule[each.value.rule].name
  event_bus_name = aws_cloudwatch_event_rule.rule[each.value.rule].event_bus_name
  target_id      = each.value.target
  arn            = local.arns_of_targets[each.value.target]

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 32
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter_queue.arn
  }
}

resource "aws_lambda_permission" "rule" {
  for_each = { for name, rule in local.rules : name => rule if contains(rule.targets, "AcceptConnections") }

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["accept-connections"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.rule[each.key].arn
}

# Connection notifications: the one push signal that needs nothing in the client account.

resource "aws_sns_topic" "connection_topic" {
  # checkov:skip=CKV_AWS_26: AWS's own key for SNS does not let EC2 publish
  name         = "${var.name}-connections"
  display_name = "VPC endpoint connections"
}

resource "aws_sns_topic_policy" "connection_topic" {
  arn    = aws_sns_topic.connection_topic.arn
  policy = templatefile("${path.module}/documents/topic.json.tftpl", local.words)
}

resource "aws_sns_topic_subscription" "accept_connections" {
  topic_arn = aws_sns_topic.connection_topic.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.function["accept-connections"].arn

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letter_queue.arn })
}

resource "aws_lambda_permission" "connection_topic" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["accept-connections"].function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.connection_topic.arn
}

resource "aws_vpc_endpoint_connection_notification" "connection_topic" {
  count = var.connection_notifications ? 1 : 0

  vpc_endpoint_service_id     = var.service_id
  connection_notification_arn = aws_sns_topic.connection_topic.arn
  connection_events           = ["Accept", "Connect", "Delete", "Reject"]

  depends_on = [aws_sns_topic_policy.connection_topic]
}

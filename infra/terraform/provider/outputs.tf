# The outputs of template.yaml but for its commands: what a client module needs is the output `client`.

output "service_name" {
  description = "The name that clients give to CreateVpcEndpoint. In China and the EU sovereign cloud ask ec2 describe-vpc-endpoint-service-configurations for it."
  value       = "com.amazonaws.vpce.${local.region}.${var.service_id}"
}

output "accept_connections_function" {
  description = "Name of the function that accepts connections."
  value       = aws_lambda_function.function["accept-connections"].function_name
}

output "reconcile_records_function" {
  description = "Name of the function that keeps the records right."
  value       = aws_lambda_function.function["reconcile-records"].function_name
}

output "backfill_function" {
  description = "Name of the function that sweeps; invoke it with {} to sweep now."
  value       = aws_lambda_function.function["backfill"].function_name
}

output "reconcile_records_role_arn" {
  description = "The role that assumes the roles of the client accounts."
  value       = aws_iam_role.function["reconcile-records"].arn
}

output "table_name" {
  description = "The table of services, endpoints, claims and the journal."
  value       = aws_dynamodb_table.table.name
}

output "queue_url" {
  description = "The queue of events and intents."
  value       = aws_sqs_queue.work_queue.url
}

output "dead_letter_queue_url" {
  description = "What could not be delivered or handled. It is empty in health."
  value       = aws_sqs_queue.dead_letter_queue.url
}

output "topic_arn" {
  description = "The topic of the endpoint service's connection notifications."
  value       = aws_sns_topic.connection_topic.arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard. What each alarm means stands in docs/RUNBOOK.md."
  value       = aws_cloudwatch_dashboard.dashboard.dashboard_name
}

output "bus_name" {
  description = "Name of the event bus that client accounts put events on."
  value       = aws_cloudwatch_event_bus.event_bus.name
}

output "bus_arn" {
  description = "ARN of the event bus that client accounts put events on."
  value       = aws_cloudwatch_event_bus.event_bus.arn
}

output "client_role_name" {
  description = "Name that the role in the client accounts must have."
  value       = local.client_role_name
}

output "operator_role_arn" {
  description = "The role that operators assume for the command line tool."
  value       = one(aws_iam_role.operator[*].arn)
}

output "client" {
  description = "The variables of the client module, all of them."
  value = {
    provider_account_id = local.account
    provider_stack_name = var.name
    provider_bus_arn    = aws_cloudwatch_event_bus.event_bus.arn
    client_role_name    = local.client_role_name
    external_id         = var.external_id
    record_names        = concat([var.record_name], var.additional_record_names)
  }
}

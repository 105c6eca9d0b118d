# zonelink, provider side: the same as template.yaml, which has the reasons. One module for each region.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  client_role_name = coalesce(var.client_role_name, "${var.name}-client-${local.region}")
  names_accounts   = length(var.client_accounts) > 0
  has_clients      = local.names_accounts || var.client_organization_id != ""

  # What the documents are completed with. IAM compares the names in Route 53's form.
  words = {
    account                = local.account
    partition              = local.partition
    region                 = local.region
    name                   = var.name
    service_id             = var.service_id
    organization           = var.client_organization_id
    accounts               = var.client_accounts
    client_role_name       = local.client_role_name
    operators              = var.operator_principals
    organizations_role_arn = var.organizations_role_arn
    record_names           = [for name in concat([var.record_name], var.additional_record_names) : replace(name, "*", "\\052")]
    table_arn              = aws_dynamodb_table.table.arn
    work_queue_arn         = aws_sqs_queue.work_queue.arn
    dead_letter_queue_arn  = aws_sqs_queue.dead_letter_queue.arn
    event_bus_arn          = aws_cloudwatch_event_bus.event_bus.arn
    topic_arn              = aws_sns_topic.connection_topic.arn
  }

  functions = {
    accept-connections = {
      logical     = "AcceptConnections"
      description = "Reviews the pending connections of the endpoint services and accepts the allowed ones."
      memory_size = 256
      timeout     = 60
    }
    reconcile-records = {
      logical     = "ReconcileRecords"
      description = "Keeps the records of client VPCs right, one VPC at a time."
      memory_size = 256
      timeout     = 60
    }
    backfill = {
      logical     = "Backfill"
      description = "Sweeps all connections and endpoints, and sends intents for their VPCs."
      memory_size = 512
      timeout     = 300
    }
  }
  # Those that are invoked asynchronously. A queue has its own way with what fails.
  asynchronous = toset(["accept-connections", "backfill"])
}

# The rules of template.yaml, as far as variables cannot check them one by one.
resource "terraform_data" "clients" {
  lifecycle {
    precondition {
      condition     = !local.has_clients || var.external_id != ""
      error_message = "external_id is required with client_accounts or client_organization_id."
    }
    precondition {
      condition     = !(local.names_accounts && var.client_organization_id != "")
      error_message = "Give either client_accounts or client_organization_id, not both."
    }
  }
}

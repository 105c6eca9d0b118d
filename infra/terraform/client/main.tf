# zonelink, client side: the same as infra/client.yaml, which has the reasons. One module for each region with endpoints.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  words = {
    account             = data.aws_caller_identity.current.account_id
    partition           = data.aws_partition.current.partition
    region              = data.aws_region.current.name
    provider_account_id = var.provider_account_id
    provider_name       = var.provider_stack_name
    event_bus_arn       = var.provider_bus_arn
    client_role_name    = var.client_role_name
    external_id         = var.external_id
    guest_sessions      = [for one in var.serves_vpcs_of : "zonelink-${one}"]
    record_names        = [for name in var.record_names : replace(name, "*", "\\052")]
  }
}

resource "aws_cloudwatch_event_rule" "endpoint_calls" {
  name          = var.client_role_name
  description   = "Sends the calls that make, modify or delete VPC endpoints to zonelink."
  event_pattern = templatefile("${path.module}/patterns/endpoint-calls.json.tftpl", local.words)
}

resource "aws_cloudwatch_event_target" "provider" {
  rule      = aws_cloudwatch_event_rule.endpoint_calls.name
  target_id = "Provider"
  arn       = var.provider_bus_arn
  role_arn  = aws_iam_role.forwarding.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 32
  }
}

resource "aws_iam_role" "forwarding" {
  name_prefix        = "zonelink-forwarding-"
  description        = "Lets the rule put events on zonelink's event bus."
  assume_role_policy = templatefile("${path.module}/documents/forwarding-trust.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "forwarding" {
  name   = "PutEvents"
  role   = aws_iam_role.forwarding.id
  policy = templatefile("${path.module}/documents/forwarding.json.tftpl", local.words)
}

resource "aws_iam_role" "client" {
  name               = var.client_role_name
  description        = "Lets zonelink read endpoints and private hosted zones, and write the named records."
  assume_role_policy = templatefile("${path.module}/documents/client-role-trust.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "client" {
  name   = "ReconcileRecords"
  role   = aws_iam_role.client.id
  policy = templatefile("${path.module}/documents/client-role.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "make_zones" {
  count = var.may_create_zones ? 1 : 0

  name   = "MakeZones"
  role   = aws_iam_role.client.id
  policy = templatefile("${path.module}/documents/make-zones.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "delete_zones" {
  count = var.may_delete_zones ? 1 : 0

  name   = "DeleteZones"
  role   = aws_iam_role.client.id
  policy = templatefile("${path.module}/documents/delete-zones.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "share_zones" {
  count = var.may_share_zones ? 1 : 0

  name   = "ShareZones"
  role   = aws_iam_role.client.id
  policy = templatefile("${path.module}/documents/share-zones.json.tftpl", local.words)
}

# It says whose VPCs may be written in this account's zones, and grants nothing.
resource "aws_iam_role" "guests" {
  count = length(var.serves_vpcs_of) > 0 ? 1 : 0

  name               = "${var.client_role_name}-guests"
  description        = "Says for which other accounts' VPCs zonelink writes records in this account's zones. It grants nothing."
  assume_role_policy = templatefile("${path.module}/documents/guest-role-trust.json.tftpl", local.words)
}

output "client_role_arn" {
  description = "The role that zonelink assumes in this account."
  value       = aws_iam_role.client.arn
}

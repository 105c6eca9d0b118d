# zonelink, organization side: the same as infra/organizations.yaml, which has the reasons.

data "aws_partition" "current" {}

locals {
  words = {
    partition           = data.aws_partition.current.partition
    provider_account_id = var.provider_account_id
    provider_name       = var.provider_stack_name
    external_id         = var.external_id
  }
  # Without an external id the trust asks for none.
  trust = jsondecode(templatefile("${path.module}/documents/organizations-role-trust.json.tftpl", local.words))
}

resource "aws_iam_role" "organizations" {
  name_prefix = "zonelink-organizations-"
  description = "Lets zonelink read which accounts stand in which organizational units."
  assume_role_policy = jsonencode(merge(local.trust, {
    Statement = [for statement in local.trust.Statement : merge(statement, {
      Condition = { for operator, keys in statement.Condition : operator => keys if operator != "StringEquals" || var.external_id != "" }
    })]
  }))
}

resource "aws_iam_role_policy" "organizations" {
  name   = "ReadOrganization"
  role   = aws_iam_role.organizations.id
  policy = templatefile("${path.module}/documents/organizations-role.json.tftpl", local.words)
}

output "organizations_role_arn" {
  description = "The role by which zonelink reads the organization."
  value       = aws_iam_role.organizations.arn
}

# What the command line tool calls. The roles of the client accounts and the organization's trust it by its name,
# <name>-OperatorRole-<suffix>.
resource "aws_iam_role" "operator" {
  count = length(var.operator_principals) > 0 ? 1 : 0

  name               = "${var.name}-OperatorRole-${local.region}"
  description        = "Lets operators see what zonelink sees, define services, and do by hand what the functions do."
  assume_role_policy = templatefile("${path.module}/documents/operator-trust.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "operator" {
  count = length(var.operator_principals) > 0 ? 1 : 0

  name   = "Operate"
  role   = aws_iam_role.operator[0].id
  policy = templatefile("${path.module}/documents/operator.json.tftpl", local.words)
}

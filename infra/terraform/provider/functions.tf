resource "aws_lambda_function" "function" {
  # checkov:skip=CKV_AWS_115: reserved concurrency would be taken from the account for good; see template.yaml
  # checkov:skip=CKV_AWS_116: what fails goes to the dead-letter queue, by the invoke config or by the work queue
  # checkov:skip=CKV_AWS_117: it talks to AWS's APIs alone; a VPC would need a NAT gateway or an endpoint for each
  # checkov:skip=CKV_AWS_173: no variable is a secret, the external id neither; Lambda's own key encrypts them at rest
  # checkov:skip=CKV_AWS_272: the packages are built here and signed by nobody
  for_each = local.functions

  function_name    = "${var.name}-${each.value.logical}"
  description      = each.value.description
  role             = aws_iam_role.function[each.key].arn
  filename         = "${var.packages}/${each.key}/bootstrap.zip"
  source_code_hash = filebase64sha256("${var.packages}/${each.key}/bootstrap.zip")
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = each.value.memory_size
  timeout          = each.value.timeout

  tracing_config {
    mode = var.tracing
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  environment {
    variables = {
      TABLE_NAME                  = aws_dynamodb_table.table.name
      QUEUE_URL                   = aws_sqs_queue.work_queue.url
      ACCOUNT_ID                  = local.account
      STACK_NAME                  = var.name
      CLIENT_ROLE_NAME            = local.client_role_name
      EXTERNAL_ID                 = var.external_id
      SERVES_VPCS_OF              = join(",", var.serves_vpcs_of)
      SERVICE_ID                  = var.service_id
      RECORD_NAME                 = var.record_name
      ALLOWED_PRINCIPALS          = join(",", var.allowed_principals)
      RECORD_TTL                  = var.record_ttl
      ADOPT                       = var.adopt
      ON_REMOVE                   = var.on_remove
      SHARED_ZONES                = var.shared_zones
      WRITE                       = var.write
      ZONES                       = var.zones
      UNNEEDED_ZONES              = var.unneeded_zones
      MAX_ZONES                   = var.max_zones
      DISALLOWED                  = var.disallowed
      REVOCATION_GRACE            = var.revocation_grace
      MAX_REJECTS                 = var.max_rejects
      ORGANIZATIONS_ROLE_ARN      = var.organizations_role_arn
      MAX_DELETES                 = var.max_deletes
      ROUTE53_REQUESTS_PER_SECOND = var.route53_requests_per_second
      ROUTE53_BURST               = var.route53_burst
      # For the command line, which finds the installation by the function that reconciles records.
      OPERATOR_ROLE_ARN = try(aws_iam_role.operator[0].arn, "")
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  # checkov:skip=CKV_AWS_158: ids and decisions, no payloads; CloudWatch Logs encrypts them with its own key
  # checkov:skip=CKV_AWS_338: log_retention_days is the operator's choice
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

# The client accounts' roles trust the middle one by its name, <name>-ReconcileRecordsRole-<suffix>.
resource "aws_iam_role" "function" {
  for_each = local.functions

  name               = "${var.name}-${each.value.logical}Role-${local.region}"
  assume_role_policy = file("${path.module}/lambda-trust.json")
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = each.value.logical
  role   = aws_iam_role.function[each.key].id
  policy = templatefile("${path.module}/documents/${each.key}.json.tftpl", local.words)
}

resource "aws_iam_role_policy_attachment" "logs" {
  for_each = local.functions

  role       = aws_iam_role.function[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role_policy_attachment" "traces" {
  for_each = local.functions

  role       = aws_iam_role.function[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${local.partition == "aws" ? "AWSXrayWriteOnlyAccess" : "AWSXRayDaemonWriteAccess"}"
}

resource "aws_iam_role_policy" "failures" {
  for_each = local.asynchronous

  name   = "SendFailures"
  role   = aws_iam_role.function[each.key].id
  policy = templatefile("${path.module}/send-failures.json.tftpl", local.words)
}

# Those two review connections, and so read the organization where a definition allows one.
resource "aws_iam_role_policy" "read_organization" {
  for_each = var.read_organizations && var.organizations_role_arn == "" ? local.asynchronous : []

  name   = "ReadOrganization"
  role   = aws_iam_role.function[each.key].id
  policy = templatefile("${path.module}/documents/read-organization.json.tftpl", local.words)
}

resource "aws_iam_role_policy" "assume_organizations_role" {
  for_each = var.organizations_role_arn != "" ? local.asynchronous : []

  name   = "AssumeOrganizationsRole"
  role   = aws_iam_role.function[each.key].id
  policy = templatefile("${path.module}/documents/assume-organizations-role.json.tftpl", local.words)
}

resource "aws_lambda_function_event_invoke_config" "failures" {
  for_each = local.asynchronous

  function_name          = aws_lambda_function.function[each.key].function_name
  maximum_retry_attempts = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letter_queue.arn
    }
  }

  depends_on = [aws_iam_role_policy.failures]
}

# A wait is a chain of delayed messages from this function to its own queue, which Lambda takes for a runaway loop.
resource "aws_lambda_function_recursion_config" "reconcile_records" {
  function_name  = aws_lambda_function.function["reconcile-records"].function_name
  recursive_loop = "Allow"
}

resource "aws_lambda_event_source_mapping" "work_queue" {
  event_source_arn        = aws_sqs_queue.work_queue.arn
  function_name           = aws_lambda_function.function["reconcile-records"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 10
  }

  depends_on = [aws_iam_role_policy.function]
}

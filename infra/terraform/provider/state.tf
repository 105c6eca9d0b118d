# The claims in it alone say which records in other people's zones are zonelink's. template.yaml keeps the table when the
# stack goes; here deletion_protection and prevent_destroy do. Take it out of the state before destroying the rest:
# terraform state rm 'module.<…>.aws_dynamodb_table.table'
resource "aws_dynamodb_table" "table" {
  # checkov:skip=CKV_AWS_119: the account's key for DynamoDB encrypts it, which needs no key policy
  name                        = "${var.name}-table"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_sqs_queue" "work_queue" {
  # checkov:skip=CKV_AWS_27: SSE-SQS encrypts it; the rule knows keys of KMS only
  name                       = "${var.name}-work"
  message_retention_seconds  = 345600
  visibility_timeout_seconds = 360
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter_queue.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letter_queue" {
  # checkov:skip=CKV_AWS_27: SSE-SQS encrypts it; the rule knows keys of KMS only
  name                      = "${var.name}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "work_queue" {
  queue_url = aws_sqs_queue.work_queue.id
  policy    = templatefile("${path.module}/documents/work-queue.json.tftpl", local.words_of_rules)
}

resource "aws_sqs_queue_policy" "dead_letter_queue" {
  queue_url = aws_sqs_queue.dead_letter_queue.id
  policy    = templatefile("${path.module}/documents/dead-letter-queue.json.tftpl", local.words_of_rules)
}

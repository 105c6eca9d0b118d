# zonelink, one VPC of a client: the same as infra/join.yaml, which has the reasons. One module for each VPC; the module
# `client` once for the account. The VPC needs enable_dns_support and enable_dns_hostnames.

data "aws_region" "current" {}

locals {
  last_port = var.last_port == 0 ? var.port : var.last_port
}

resource "aws_route53_zone" "zone" {
  count = var.zone_name == "" ? 0 : 1

  name    = var.zone_name
  comment = "Made for ${var.vpc_id}. zonelink keeps its record."

  vpc {
    vpc_id     = var.vpc_id
    vpc_region = data.aws_region.current.name
  }
}

# Nothing goes out: Terraform takes EC2's rule for that away.
resource "aws_security_group" "clients_may_connect" {
  name_prefix = "zonelink-join-"
  description = "Lets clients of the VPC reach the endpoint of the service."
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id = aws_security_group.clients_may_connect.id
  description       = "Clients of the VPC"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = local.last_port
  cidr_ipv4         = var.client_range
}

resource "aws_vpc_security_group_ingress_rule" "second_range" {
  count = var.second_client_range == "" ? 0 : 1

  security_group_id = aws_security_group.clients_may_connect.id
  description       = "Clients of the second range"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = local.last_port
  cidr_ipv4         = var.second_client_range
}

resource "aws_vpc_endpoint" "endpoint" {
  vpc_endpoint_type   = "Interface"
  service_name        = var.service_name
  vpc_id              = var.vpc_id
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.clients_may_connect.id]
  private_dns_enabled = false

  # After the zone, and before it when both are destroyed: then zonelink has taken its record out.
  depends_on = [aws_route53_zone.zone]
}

output "vpc_endpoint_id" {
  description = "The endpoint. zonelink explain and zonelink doctor take it."
  value       = aws_vpc_endpoint.endpoint.id
}

output "security_group_id" {
  description = "The group that lets clients reach it."
  value       = aws_security_group.clients_may_connect.id
}

output "hosted_zone_id" {
  description = "The zone that this module has made."
  value       = one(aws_route53_zone.zone[*].zone_id)
}

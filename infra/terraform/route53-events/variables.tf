# The parameters of infra/route53-events.yaml, which has the reasons. Made from them: python -m terraform.

variable "provider_bus_arn" {
  description = "ARN of the provider's event bus, in the provider's region (output BusArn of the provider's stack)."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9_./-]+$", var.provider_bus_arn))
    error_message = "provider_bus_arn must be the ARN of an event bus."
  }
}

variable "rule_name" {
  description = "Name of the rule. It must be another one for each provider's bus."
  type        = string
  default     = "zonelink-route53"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,64}$", var.rule_name))
    error_message = "rule_name must have 1 to 64 letters, digits, dots, underscores and hyphens."
  }
}

# The parameters of infra/organizations.yaml, which has the reasons. Made from them: python -m terraform.

variable "provider_account_id" {
  description = "Id of the account that runs zonelink."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.provider_account_id))
    error_message = "provider_account_id must be a 12-digit account id."
  }
}

variable "provider_stack_name" {
  description = "Name of the provider's stack. 28 characters at most."
  type        = string
  default     = "zonelink"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,27}$", var.provider_stack_name))
    error_message = "provider_stack_name must be a stack name of at most 28 characters."
  }
}

variable "external_id" {
  description = "External id that the provider's stack was given, if it was given one."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[A-Za-z0-9_+=.@:/-]{2,1224})$", var.external_id))
    error_message = "external_id must have 2 to 1224 letters, digits or the characters _+=.@:/-."
  }
}

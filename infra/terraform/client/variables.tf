# The parameters of infra/client.yaml, which has the reasons. Made from them: python -m terraform.

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

variable "provider_bus_arn" {
  description = "ARN of the provider's event bus, in the region of this stack (output BusArn of the provider's stack)."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9_./-]+$", var.provider_bus_arn))
    error_message = "provider_bus_arn must be the ARN of an event bus."
  }
}

variable "client_role_name" {
  description = "Name of the role that zonelink assumes (output client_role_name of the provider's stack). It must be another one in each region."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,64}$", var.client_role_name))
    error_message = "client_role_name must have 1 to 64 letters, digits, dots, underscores and hyphens."
  }
}

variable "external_id" {
  description = "External id that the provider's stack was given."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=.@:/-]{2,1224}$", var.external_id))
    error_message = "external_id must have 2 to 1224 letters, digits or the characters _+=.@:/-."
  }
}

variable "record_names" {
  description = "The names zonelink may write, as in *.aws-us-west-2.byoc.example.com. Lower case, without trailing dots."
  type        = list(string)

  validation {
    condition     = alltrue([for one in var.record_names : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", one))])
    error_message = "record_names must be domain names in lower case without trailing dots; * may only be the whole leftmost label."
  }
}

variable "serves_vpcs_of" {
  description = "Ids of other accounts whose VPCs zonelink writes in private hosted zones of this account, or * for all, as in an account that owns the zones of a hub. Empty means that these zones hold addresses of this account's VPCs alone. With it client_role_name has at most 57 characters."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.serves_vpcs_of : can(regex("^([0-9]{12}|\\*)$", one))])
    error_message = "serves_vpcs_of must be 12-digit account ids, or *."
  }
}

variable "may_create_zones" {
  description = "Whether zonelink may make a private hosted zone for a VPC of this account that has an endpoint and no zone that can hold the record."
  type        = bool
  default     = false
}

variable "may_delete_zones" {
  description = "Whether zonelink may delete a private hosted zone that it has made, once nothing needs it any more. It deletes none that holds other records or serves another VPC, and Route 53 refuses to delete one that holds any. The right itself reaches every zone of this account that holds no record."
  type        = bool
  default     = false
}

variable "may_share_zones" {
  description = "Whether operators of zonelink may associate VPCs of this account with private hosted zones, and this account's private hosted zones with VPCs of other accounts, and take them out again."
  type        = bool
  default     = false
}

# The parameters of infra/join.yaml, which has the reasons. Made from them: python -m terraform.

variable "service_name" {
  description = "Name of the endpoint service (output service_name of the provider's stack)."
  type        = string

  validation {
    condition     = can(regex("^([a-z]+\\.)*vpce\\.[a-z0-9-]+\\.vpce-svc-[0-9a-f]{8,32}$", var.service_name))
    error_message = "service_name must be the name of an endpoint service, as in com.amazonaws.vpce.us-west-2.vpce-svc-0a1b2c3d4e5f60718."
  }
}

variable "port" {
  description = "The port on which the service listens, as in 19530; of several the first."
  type        = number

  validation {
    condition     = var.port >= 1 && var.port <= 65535
    error_message = "port must be a port, 1 to 65535."
  }
}

variable "last_port" {
  description = "The last port of a service that listens on several in a row. 0 means that it is port alone."
  type        = number
  default     = 0

  validation {
    condition     = var.last_port >= 0 && var.last_port <= 65535
    error_message = "last_port must be a port, 1 to 65535, or 0."
  }
}

variable "vpc_id" {
  description = "The VPC of the clients."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the VPC for the endpoint, one in each availability zone, and only in zones of the service."
  type        = list(string)
}

variable "client_range" {
  description = "The addresses from which clients come, as a rule the VPC's own range, as in 10.0.0.0/16."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$", var.client_range))
    error_message = "client_range must be a range of IPv4 addresses, as in 10.0.0.0/16."
  }
}

variable "second_client_range" {
  description = "One more such range, where the VPC has a second one, as in 100.64.0.0/16."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}|)$", var.second_client_range))
    error_message = "second_client_range must be a range of IPv4 addresses, as in 100.64.0.0/16, or empty."
  }
}

variable "zone_name" {
  description = "The domain of the record, as in aws-us-west-2.byoc.example.com, for which this stack makes a private hosted zone in the VPC. Empty where the VPC has one, or where zonelink makes it (zones: create in the definition, and MayCreateZones of infra/client.yaml)."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|)$", var.zone_name))
    error_message = "zone_name must be a domain name in lower case without a trailing dot, or empty."
  }
}

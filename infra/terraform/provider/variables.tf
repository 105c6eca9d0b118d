# The parameters of template.yaml, which has the reasons. Made from them: python -m terraform.

variable "name" {
  description = "What the stack's name is to template.yaml: names and roles begin with it. 28 characters at most."
  type        = string
  default     = "zonelink"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,27}$", var.name))
    error_message = "name must be a letter and at most 27 letters, digits and hyphens."
  }
}

variable "packages" {
  description = "The folder in which cargo lambda build --release --arm64 --output-format zip left <function>/bootstrap.zip."
  type        = string
}

variable "service_id" {
  description = "Id of the VPC endpoint service in this account and region, as in vpce-svc-0123456789abcdef0."
  type        = string

  validation {
    condition     = can(regex("^vpce-svc-([0-9a-f]{8}|[0-9a-f]{17})$", var.service_id))
    error_message = "service_id must be the id of an endpoint service (vpce-svc-…), not its name."
  }
}

variable "record_name" {
  description = "Name of the record that client VPCs resolve, as in *.aws-us-west-2.byoc.example.com: an exact name, or a wildcard in the leftmost label. Lower case, without a trailing dot."
  type        = string

  validation {
    condition     = can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.record_name))
    error_message = "record_name must be a domain name in lower case without a trailing dot; * may only be the whole leftmost label."
  }
}

variable "allowed_principals" {
  description = "Whose connections are accepted: account ids or root ARNs (arn:aws:iam::111122223333:root); an organization (o-a1b2c3d4e5) or a unit of it with all below (o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/); service-permissions for the accounts that the service's own permissions name; connected for whoever AWS has connected to a service that needs no acceptance. Empty accepts nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.allowed_principals : can(regex("^(|[0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:root|service-permissions|connected|o-[a-z0-9]{10,32}(/r-[0-9a-z]{4,32}(/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})*)?(/\\*?)?)$", one))])
    error_message = "allowed_principals must be 12-digit account ids, account root ARNs, organizations (o-…), paths of organizational units (o-…/r-…/ou-…/), service-permissions or connected; * and user or role ARNs are refused."
  }
}

variable "disallowed" {
  description = "What becomes of connections that no allowed principal matches: left and reported, or rejected, established ones after the grace."
  type        = string
  default     = "leave"

  validation {
    condition     = contains(["leave", "reject"], var.disallowed)
    error_message = "disallowed must be one of leave, reject."
  }
}

variable "revocation_grace" {
  description = "Seconds for which an established connection is left after its owner is allowed no more, before it is rejected."
  type        = number
  default     = 86400

  validation {
    condition     = var.revocation_grace >= 0 && var.revocation_grace <= 31536000
    error_message = "revocation_grace must be between 0 and 31536000 seconds."
  }
}

variable "max_rejects" {
  description = "How many connections one review of a service may reject. One that would reject more rejects none and reports it."
  type        = number
  default     = 10

  validation {
    condition     = var.max_rejects >= 0 && var.max_rejects <= 1000000
    error_message = "max_rejects must be a number from 0 to 1000000."
  }
}

variable "read_organizations" {
  description = "Whether the functions themselves may read the organization. AWS answers them only in the management account or in a delegated administrator's. Needed only where a definition allows an organization or a unit, and no role is given for it."
  type        = bool
  default     = false
}

variable "organizations_role_arn" {
  description = "Role of the management account, or of a delegated administrator's, by which the organization is read. It must let this stack's functions assume it, and allow organizations:DescribeOrganization and organizations:ListParents."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512})$", var.organizations_role_arn))
    error_message = "organizations_role_arn must be the ARN of a role."
  }
}

variable "connection_notifications" {
  description = "Whether the endpoint service notifies zonelink of connections through SNS. It works without a CloudTrail trail. Choose false when the service belongs to another account."
  type        = bool
  default     = true
}

variable "record_ttl" {
  description = "TTL of the record, in seconds."
  type        = number
  default     = 60

  validation {
    condition     = var.record_ttl >= 1 && var.record_ttl <= 86400
    error_message = "record_ttl must be between 1 and 86400 seconds."
  }
}

variable "adopt" {
  description = "Which records that stand at the name already are taken over; any takes over whatever they hold."
  type        = string
  default     = "identical"

  validation {
    condition     = contains(["never", "identical", "any"], var.adopt)
    error_message = "adopt must be one of never, identical, any."
  }
}

variable "on_remove" {
  description = "What becomes of a record that was taken over and never changed, when the last endpoint goes."
  type        = string
  default     = "keep"

  validation {
    condition     = contains(["keep", "delete"], var.on_remove)
    error_message = "on_remove must be one of keep, delete."
  }
}

variable "shared_zones" {
  description = "Whether VPCs that share a zone share its record. Merge only where they are routed to each other."
  type        = string
  default     = "refuse"

  validation {
    condition     = contains(["refuse", "merge"], var.shared_zones)
    error_message = "shared_zones must be one of refuse, merge."
  }
}

variable "write" {
  description = "Which of a VPC's zones that can hold a name get its record. Every one, or only the closest, which Route 53 asks."
  type        = string
  default     = "every"

  validation {
    condition     = contains(["every", "answering"], var.write)
    error_message = "write must be one of every, answering."
  }
}

variable "zones" {
  description = "What is done for a VPC that has an endpoint and no zone that can hold the record: it is held, or a private hosted zone is made, where its account permits it (MayCreateZones of infra/client.yaml)."
  type        = string
  default     = "existing"

  validation {
    condition     = contains(["existing", "create"], var.zones)
    error_message = "zones must be one of existing, create."
  }
}

variable "unneeded_zones" {
  description = "What becomes of a private hosted zone that zonelink has made, when nothing needs it any more: it stays and is the client's, or it is deleted where nobody else uses it and its account permits that (MayDeleteZones of infra/client.yaml)."
  type        = string
  default     = "keep"

  validation {
    condition     = contains(["keep", "delete"], var.unneeded_zones)
    error_message = "unneeded_zones must be one of keep, delete."
  }
}

variable "max_zones" {
  description = "How many zones that zonelink has made may live in one client account. VPCs beyond are held."
  type        = number
  default     = 20

  validation {
    condition     = var.max_zones >= 0 && var.max_zones <= 500
    error_message = "max_zones must be a number from 0 to 500."
  }
}

variable "additional_record_names" {
  description = "Record names of services that are defined in the table besides this one. zonelink may write these names in this account too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.additional_record_names : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9-]{1,63}$", one))])
    error_message = "additional_record_names must be domain names in lower case without trailing dots."
  }
}

variable "client_accounts" {
  description = "Ids of the accounts that may send events to the event bus. Leave it empty for a single account, or give client_organization_id instead."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.client_accounts : can(regex("^[0-9]{12}$", one))])
    error_message = "client_accounts must be 12-digit account ids."
  }
}

variable "client_organization_id" {
  description = "Id of the organization all of whose accounts may send events to the event bus, instead of client_accounts. It lets events in; it accepts nobody's connections."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|o-[a-z0-9]{10,32})$", var.client_organization_id))
    error_message = "client_organization_id must be an organization id, as in o-a1b2c3d4e5."
  }
}

variable "client_role_name" {
  description = "Name of the role that infra/client.yaml makes in every client account. Empty means the stack's name, -client- and the region."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[A-Za-z0-9_.-]{1,64})$", var.client_role_name))
    error_message = "client_role_name must be a role name of letters, digits, dots, underscores and hyphens, without a path."
  }
}

variable "external_id" {
  description = "External id for the role of the client accounts. Required as soon as there are client accounts."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[A-Za-z0-9_+=.@:/-]{2,1224})$", var.external_id))
    error_message = "external_id must have 2 to 1224 letters, digits or the characters _+=.@:/-."
  }
}

variable "serves_vpcs_of" {
  description = "Ids of other accounts whose VPCs are written in private hosted zones of this account, or * for all. Empty means that these zones hold addresses of this account's VPCs alone. For zones of a client account it is a parameter of that account's stack."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.serves_vpcs_of : can(regex("^([0-9]{12}|\\*)$", one))])
    error_message = "serves_vpcs_of must be 12-digit account ids, or *."
  }
}

variable "route53_requests_per_second" {
  description = "Route 53 requests a second that zonelink makes in one account, in the long run."
  type        = number
  default     = 5

  validation {
    condition     = var.route53_requests_per_second >= 1 && var.route53_requests_per_second <= 1000
    error_message = "route53_requests_per_second must be a number from 1 to 1000."
  }
}

variable "route53_burst" {
  description = "Route 53 requests that zonelink makes in one account at once. A sweep leaves half of them to events."
  type        = number
  default     = 25

  validation {
    condition     = var.route53_burst >= 2 && var.route53_burst <= 5000
    error_message = "route53_burst must be a number from 2 to 5000."
  }
}

variable "sweep_interval" {
  description = "How often everything is looked at without an event, as an EventBridge Scheduler expression."
  type        = string
  default     = "rate(15 minutes)"

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]* (minute|minutes|hour|hours|day|days)\\)|cron\\(.+\\))$", var.sweep_interval))
    error_message = "sweep_interval must be a rate(…) or cron(…) expression."
  }
}

variable "sweep_state" {
  description = "Whether the sweep runs. Events may be lost, so DISABLED is for maintenance only."
  type        = string
  default     = "ENABLED"

  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.sweep_state)
    error_message = "sweep_state must be one of ENABLED, DISABLED."
  }
}

variable "max_deletes" {
  description = "How many record sets one sweep removes at most. What is more is held, until somebody invokes the backfill function with allow_deletes. Removals that follow an event are not counted."
  type        = number
  default     = 20

  validation {
    condition     = var.max_deletes >= 0 && var.max_deletes <= 100000
    error_message = "max_deletes must be a number from 0 to 100000."
  }
}

variable "alarm_actions" {
  description = "ARNs of the SNS topics of this region that every alarm notifies when it begins and when it is over; five at most. Empty: the alarms notify nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.alarm_actions : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", one))])
    error_message = "alarm_actions must be ARNs of at most five SNS topics."
  }
}

variable "sweep_overdue_minutes" {
  description = "After how many minutes without a sweep that ended well there is an alarm. Some four times the sweep interval; 0, which means no such alarm, where that is more than a day."
  type        = number
  default     = 60

  validation {
    condition     = var.sweep_overdue_minutes >= 0 && var.sweep_overdue_minutes <= 1440
    error_message = "sweep_overdue_minutes must be 0, or between 10 minutes and 1440, which is a day."
  }
}

variable "unreachable_tolerated" {
  description = "How many NoAccess holds may stand without an alarm. Count in accounts that are allowed and have no client stack yet."
  type        = number
  default     = 0

  validation {
    condition     = var.unreachable_tolerated >= 0 && var.unreachable_tolerated <= 1000000
    error_message = "unreachable_tolerated must be a number from 0 to 1000000."
  }
}

variable "holds_tolerated" {
  description = "How many holds may stand without an alarm. Count in those that are meant to stand."
  type        = number
  default     = 0

  validation {
    condition     = var.holds_tolerated >= 0 && var.holds_tolerated <= 1000000
    error_message = "holds_tolerated must be a number from 0 to 1000000."
  }
}

variable "operator_principals" {
  description = "ARNs of the users, roles or accounts (arn:aws:iam::111122223333:root) that may use the command line tool through a role of its own. Empty makes no such role."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.operator_principals : can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role)/[A-Za-z0-9+=.@_/-]+)$", one))])
    error_message = "operator_principals must be ARNs of users, roles or accounts; * is refused."
  }
}

variable "architecture" {
  description = "Instruction set of the Lambda functions. It must be the one they were built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be one of arm64, x86_64."
  }
}

variable "log_level" {
  description = "The least severe level that the functions log."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level must be one of TRACE, DEBUG, INFO, WARN, ERROR."
  }
}

variable "log_retention_days" {
  description = "How many days the functions' logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653."
  }
}

variable "tracing" {
  description = "Whether Lambda records traces of the functions in X-Ray, of which it keeps a part: Active; or only those that a caller has begun: PassThrough."
  type        = string
  default     = "Active"

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "tracing must be one of Active, PassThrough."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Choose false in a sandbox."
  type        = bool
  default     = true
}

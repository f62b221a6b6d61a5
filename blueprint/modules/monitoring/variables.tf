variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
  nullable    = false
}

variable "database" {
  description = "Identifier of the RDS instance; null without one."
  type        = string
  default     = null
}

variable "emails" {
  description = "Addresses that get the alarms by mail."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", address))])
    error_message = "emails may hold mail addresses only, e.g. [\"ops@example.com\"]."
  }
}

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "load_balancer" {
  description = "Name of the load balancer in CloudWatch's metrics; null without one."
  type        = string
  default     = null
}

variable "prefix" {
  description = "Start of every resource's name, e.g. \"shop-dev\". At most 24 characters, so that names with a limit of 32 have room for a suffix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix)) && length(var.prefix) <= 24
    error_message = "prefix \"${var.prefix}\" will not do. Use 1 to 24 lower-case letters, digits and single hyphens; start with a letter and do not end with a hyphen."
  }
}

variable "services" {
  description = "The services to watch, by name."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "target_groups" {
  description = "Names in CloudWatch's metrics of the services' target groups, by service; none for services without routing."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "thresholds" {
  description = "From where on an alarm is raised. Percent for CPU and memory, seconds for response_seconds, GiB for database_free_gib."
  type = object({
    database_connections = optional(number, 80)
    database_cpu         = optional(number, 80)
    database_free_gib    = optional(number, 4)
    errors_per_minute    = optional(number, 10)
    response_seconds     = optional(number, 2)
    service_cpu          = optional(number, 90)
    service_memory       = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for threshold in values(var.thresholds) : threshold >= 0])
    error_message = "A threshold is below 0."
  }
}

variable "web" {
  description = "Whether there is a load balancer."
  type        = bool
  default     = false
  nullable    = false
}

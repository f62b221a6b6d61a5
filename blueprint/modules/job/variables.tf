variable "cluster" {
  description = "The ECS cluster, with the log group that records shells in its tasks."
  type = object({
    arn            = string
    exec_log_group = object({ arn = string, name = string })
    name           = string
  })
  nullable = false
}

variable "container" {
  description = "The container that runs; modules/task/variables.tf describes each setting."
  type = object({
    image        = string
    architecture = optional(string)
    command      = optional(list(string))
    cpu          = optional(number)
    environment  = optional(map(string))
    exec         = optional(bool)
    memory       = optional(number)
    policy_arns  = optional(map(string))
    read_only    = optional(bool)
    secrets      = optional(map(string))
    stop_seconds = optional(number)
  })
  nullable = false
}

variable "database" {
  description = "Security group of the database that tasks connect to, and its port; null for none."
  type = object({
    port              = optional(number, 5432)
    security_group_id = string
  })
  default = null
}

variable "egress_ports" {
  description = "TCP ports on which tasks may reach the internet. 443 is what AWS's APIs and image registries need."
  type        = set(number)
  default     = [443]
  nullable    = false

  validation {
    condition     = alltrue([for port in var.egress_ports : port >= 1 && port <= 65535])
    error_message = "egress_ports may hold 1 to 65535."
  }
}

variable "enabled" {
  description = "Whether the schedule is on."
  type        = bool
  default     = true
  nullable    = false
}

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days until a log record is deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}, which CloudWatch Logs does not offer. Use 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "name" {
  description = "Name of the job within the environment, e.g. \"cleanup\"."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "The name \"${var.name}\" will not do. Use 1 to 20 lower-case letters, digits and single hyphens; start with a letter and do not end with a hyphen."
  }
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

variable "repository_arns" {
  description = "ARNs of the ECR repositories that images may be pulled from, by a name of yours. Images of public registries need none."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "schedule" {
  description = "When the job runs, in EventBridge's terms and in UTC: rate(1 hour), or cron(0 3 * * ? *) for three o'clock each night."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(rate\\([0-9]+ (minute|hour|day)s?\\)|cron\\([^ ]+( [^ ]+){5}\\))$", var.schedule))
    error_message = "schedule \"${var.schedule}\" will not do. Write rate(5 minutes), or cron(minute hour day-of-month month day-of-week year) with ? in one of the two days, e.g. cron(0 3 * * ? *)."
  }
}

variable "spot" {
  description = "Run on Fargate Spot: cheaper, and AWS may stop a task at two minutes' notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "subnet_ids" {
  description = "The private subnets that tasks run in."
  type        = list(string)
  nullable    = false
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

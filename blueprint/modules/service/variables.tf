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
    exec         = optional(bool, false)
    memory       = optional(number)
    policy_arns  = optional(map(string))
    port         = optional(number)
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

variable "deployment" {
  description = <<-EOT
    How tasks are replaced. minimum_healthy_percent and maximum_percent: of the desired count, while it goes on. grace_seconds: how long failed health checks of a new
    task do not count. wait: have Terraform wait until the new tasks are healthy, and fail when ECS has rolled back; `atoll up` and deployments wait by themselves.
  EOT
  type = object({
    grace_seconds           = optional(number, 60)
    maximum_percent         = optional(number, 200)
    minimum_healthy_percent = optional(number, 100)
    wait                    = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.deployment.maximum_percent > var.deployment.minimum_healthy_percent && var.deployment.minimum_healthy_percent >= 0 && var.deployment.maximum_percent >= 100
    error_message = "deployment leaves no room to replace tasks: maximum_percent is ${var.deployment.maximum_percent}, minimum_healthy_percent ${var.deployment.minimum_healthy_percent}. Make maximum_percent the larger, and 100 or more."
  }
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

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "load_balancer" {
  description = "The load balancer that routes to the service; needed with routing."
  type = object({
    listener_arn      = string
    metric_name       = string
    security_group_id = string
  })
  default = null
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
  description = "Name of the service within the environment, e.g. \"web\"."
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

variable "routing" {
  description = <<-EOT
    Which requests the load balancer sends here; null for a service that takes none, such as a worker.
    paths, hosts: patterns with * and ?. priority: among all services' rules, the lowest that matches wins. stickiness_seconds: keep a client on its task for so long; 0 is off.
    drain_seconds: how long a task that stops may finish its requests. health_check: path and codes that mean healthy; interval and timeout in seconds; healthy and
    unhealthy are the checks in a row that change a task's state.
  EOT
  type = object({
    drain_seconds = optional(number, 30)
    health_check = optional(object({
      codes     = optional(string, "200")
      healthy   = optional(number, 2)
      interval  = optional(number, 10)
      path      = optional(string, "/healthz")
      timeout   = optional(number, 5)
      unhealthy = optional(number, 3)
    }), {})
    hosts              = optional(list(string), [])
    paths              = optional(list(string), ["/*"])
    priority           = optional(number, 1000)
    stickiness_seconds = optional(number, 0)
  })
  default = null

  validation {
    condition     = var.routing == null || try(length(var.routing.paths) >= 1 && length(var.routing.paths) + length(var.routing.hosts) <= 5, false)
    error_message = "A rule has 1 to 5 patterns, paths and hosts together. Use fewer, e.g. paths = [\"/*\"]."
  }

  validation {
    condition     = var.routing == null || try(var.routing.priority >= 1 && var.routing.priority <= 50000, false)
    error_message = "routing.priority must lie between 1 and 50000."
  }

  validation {
    condition     = var.routing == null || try(var.routing.health_check.timeout < var.routing.health_check.interval, false)
    error_message = "health_check.timeout must be shorter than health_check.interval."
  }
}

variable "scaling" {
  description = <<-EOT
    How many tasks run. min and max: the limits. cpu, memory: the average use in percent that the number of tasks is to keep; requests: per task and minute. null turns one off.
    in_seconds and out_seconds: the time between two steps down, and up.
  EOT
  type = object({
    cpu         = optional(number, 70)
    in_seconds  = optional(number, 300)
    max         = optional(number, 4)
    memory      = optional(number, 80)
    min         = optional(number, 1)
    out_seconds = optional(number, 60)
    requests    = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.scaling.min >= 0 && var.scaling.max >= var.scaling.min && floor(var.scaling.min) == var.scaling.min && floor(var.scaling.max) == var.scaling.max
    error_message = "scaling.min is ${var.scaling.min} and scaling.max ${var.scaling.max}. Use whole numbers, and a max that is not below min."
  }

  validation {
    condition     = alltrue([for percent in [var.scaling.cpu, var.scaling.memory] : try(percent > 0 && percent <= 100, percent == null)])
    error_message = "scaling.cpu and scaling.memory are percentages: above 0, and 100 at most."
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

variable "container" {
  description = <<-EOT
    The container that runs.
    image: with tag or digest. command: replaces the image's own. cpu, memory: CPU units (1024 is one vCPU) and MiB, a pair that Fargate has.
    architecture: X86_64 or ARM64. port: that it listens on. environment: variables. secrets: variables whose values come from Secrets Manager or
    Parameter Store, by ARN (append :KEY:: to a secret's ARN for one key of its JSON). policy_arns: IAM policies for what the app itself calls.
    read_only: mount the image read-only; /tmp can be written all the same. exec: allow a shell in the task, which needs read_only = false.
    stop_seconds: from the signal to end until the container is killed.
  EOT
  type = object({
    image        = string
    architecture = optional(string, "X86_64")
    command      = optional(list(string))
    cpu          = optional(number, 256)
    environment  = optional(map(string), {})
    exec         = optional(bool, false)
    memory       = optional(number, 512)
    policy_arns  = optional(map(string), {})
    port         = optional(number)
    read_only    = optional(bool, true)
    secrets      = optional(map(string), {})
    stop_seconds = optional(number, 30)
  })
  nullable = false

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4097, 1024)
      1024  = range(2048, 8193, 1024)
      2048  = range(4096, 16385, 1024)
      4096  = range(8192, 30721, 1024)
      8192  = range(16384, 61441, 4096)
      16384 = range(32768, 122881, 8192)
    }, var.container.cpu, []), var.container.memory)
    error_message = "Fargate has no task of ${var.container.cpu} CPU units with ${var.container.memory} MiB. Change cpu or memory: 256 takes 512, 1024 or 2048; 512 takes 1024 to 4096; 1024 takes 2048 to 8192; 2048 takes 4096 to 16384; 4096 takes 8192 to 30720 (in steps of 1024); 8192 takes 16384 to 61440 (steps of 4096); 16384 takes 32768 to 122880 (steps of 8192)."
  }

  validation {
    condition     = contains(["X86_64", "ARM64"], var.container.architecture)
    error_message = "architecture is \"${var.container.architecture}\". Use X86_64 or ARM64, as the image was built."
  }

  validation {
    condition     = !(var.container.exec && var.container.read_only)
    error_message = "exec needs read_only = false: a shell in a task writes to the container's file system."
  }

  validation {
    condition     = var.container.port == null || try(var.container.port >= 1 && var.container.port <= 65535, false)
    error_message = "port is ${coalesce(var.container.port, 0)}. Use 1 to 65535."
  }

  validation {
    condition     = length(setintersection(keys(var.container.environment), keys(var.container.secrets))) == 0
    error_message = "These are in environment and in secrets: ${join(", ", setintersection(keys(var.container.environment), keys(var.container.secrets)))}. Give each variable once."
  }

  validation {
    condition     = var.container.stop_seconds >= 2 && var.container.stop_seconds <= 120
    error_message = "stop_seconds is ${var.container.stop_seconds}. Fargate takes 2 to 120."
  }
}

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "exec_log_group" {
  description = "The log group that records shells in tasks."
  type        = object({ arn = string, name = string })
  nullable    = false
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
  description = "Name of the task within the environment, e.g. \"web\"."
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

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

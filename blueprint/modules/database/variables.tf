variable "allow_major_version_upgrade" {
  description = "Let a change of engine_version go to another major version. It cannot be taken back: take a snapshot first."
  type        = bool
  default     = false
  nullable    = false
}

variable "apply_immediately" {
  description = "Make changes at once, with their interruption; without it they wait for the maintenance window, and plans show them until then."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup" {
  description = "Automatic backups. retention_days: 0 (none) to 35. window: when they are made, in UTC, e.g. \"02:00-03:00\"."
  type = object({
    retention_days = optional(number, 7)
    window         = optional(string, "02:00-03:00")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.backup.retention_days >= 0 && var.backup.retention_days <= 35
    error_message = "backup.retention_days is ${var.backup.retention_days}. Use 0 to 35."
  }

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup.window))
    error_message = "backup.window \"${var.backup.window}\" will not do. Write it like \"02:00-03:00\", in UTC, 30 minutes or longer."
  }

  validation {
    condition     = var.backup.retention_days > 0 || !var.read_replica
    error_message = "A read replica needs backups of the instance that it copies. Set backup.retention_days to 1 or more, or read_replica to false."
  }
}

variable "database_name" {
  description = "Name of the database that is made with the instance."
  type        = string
  default     = "app"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name \"${var.database_name}\" will not do. Use up to 63 lower-case letters, digits and underscores; start with a letter."
  }
}

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "engine_version" {
  description = "Version of PostgreSQL. With the major one alone, e.g. \"17\", RDS takes its newest minor version and keeps it up to date."
  type        = string
  default     = "17"
  nullable    = false

  validation {
    condition     = can(regex("^1[3-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version \"${var.engine_version}\" is no version of PostgreSQL that RDS has. Write the major version, e.g. \"17\", or major and minor, e.g. \"17.6\"."
  }
}

variable "instance_class" {
  description = "Size of the instance, e.g. db.t4g.micro or db.m7g.large."
  type        = string
  default     = "db.t4g.micro"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_class))
    error_message = "instance_class \"${var.instance_class}\" will not do. Write it like \"db.t4g.micro\"."
  }
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

variable "maintenance_window" {
  description = "When RDS may interrupt the instance for updates, in UTC; it must not overlap backup.window."
  type        = string
  default     = "sun:03:30-sun:04:30"
  nullable    = false

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window \"${var.maintenance_window}\" will not do. Write it like \"sun:03:30-sun:04:30\", in lower case and UTC."
  }
}

variable "monitoring_seconds" {
  description = "Interval of the operating system's metrics (Enhanced Monitoring): 0 (off), 1, 5, 10, 15, 30 or 60."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.monitoring_seconds)
    error_message = "monitoring_seconds is ${var.monitoring_seconds}. Use 0, 1, 5, 10, 15, 30 or 60."
  }
}

variable "multi_az" {
  description = "Keep a standby in another zone, which takes over within a minute or two."
  type        = bool
  default     = false
  nullable    = false
}

variable "parameters" {
  description = "Settings of PostgreSQL beside the module's own, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "password" {
  description = "Password of the master user for an instance with a read replica; without one RDS makes it. Raise version to have another value taken over."
  type        = object({ value = string, version = number })
  default     = null
  sensitive   = true

  validation {
    condition     = var.password == null ? !var.read_replica : length(var.password.value) >= 8 && length(var.password.value) <= 128
    error_message = "An instance with a read replica needs a password of 8 to 128 characters: AWS does not manage the password of such an instance. Give database_password, e.g. by the environment variable TF_VAR_database_password, or set read_replica to false."
  }
}

variable "performance_insights" {
  description = "Record which statements load the database. Small burstable classes lack it."
  type        = bool
  default     = false
  nullable    = false
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

variable "protected" {
  description = "Guard against destroy: deletion protection, and a final snapshot. Automatic backups stay until they expire."
  type        = bool
  default     = true
  nullable    = false
}

variable "read_replica" {
  description = "Run a second instance that follows the first and answers reads. It needs password, and Terraform or OpenTofu 1.11."
  type        = bool
  default     = false
  nullable    = false
}

variable "storage" {
  description = "initial_gib: size to begin with; max_gib: up to which RDS grows it by itself. type: gp3, gp2 or io1/io2 with iops."
  type = object({
    initial_gib = optional(number, 20)
    iops        = optional(number)
    max_gib     = optional(number, 100)
    type        = optional(string, "gp3")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["gp2", "gp3", "io1", "io2"], var.storage.type)
    error_message = "storage.type is \"${var.storage.type}\". Use gp3 (usual), gp2, io1 or io2."
  }

  validation {
    condition     = var.storage.initial_gib >= 20 && var.storage.max_gib >= var.storage.initial_gib
    error_message = "storage.initial_gib is ${var.storage.initial_gib} and storage.max_gib ${var.storage.max_gib}. Begin with 20 or more, and make max_gib no smaller."
  }
}

variable "subnet_ids" {
  description = "The private subnets, in two zones or more."
  type        = list(string)
  nullable    = false
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "username" {
  description = "Name of the master user."
  type        = string
  default     = "app"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.username)) && !contains(["admin", "postgres", "rdsadmin"], var.username)
    error_message = "username \"${var.username}\" will not do. Use up to 63 lower-case letters, digits and underscores, start with a letter, and leave out admin, postgres and rdsadmin."
  }
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

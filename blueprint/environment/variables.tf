variable "account_id" {
  description = "The AWS account that this environment lives in. When given, Terraform refuses to work in any other."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the account's 12 digits, in quotes so that leading zeros stay, e.g. \"012345678901\"."
  }
}

variable "alarms" {
  description = "emails: who gets the alarms by mail. thresholds: from where on an alarm is raised; modules/monitoring/variables.tf has them all."
  type = object({
    emails = optional(set(string))
    thresholds = optional(object({
      database_connections = optional(number)
      database_cpu         = optional(number)
      database_free_gib    = optional(number)
      errors_per_minute    = optional(number)
      response_seconds     = optional(number)
      service_cpu          = optional(number)
      service_memory       = optional(number)
    }))
  })
  default  = {}
  nullable = false
}

variable "container_insights" {
  description = "Metrics of each task and container: disabled, enabled or enhanced."
  type        = string
  default     = null
}

variable "database" {
  description = "The PostgreSQL of the environment; null for none. Whatever is left out takes the default of modules/database, where each setting is described."
  type = object({
    allow_major_version_upgrade = optional(bool)
    apply_immediately           = optional(bool)
    backup = optional(object({
      retention_days = optional(number)
      window         = optional(string)
    }))
    engine_version       = optional(string)
    instance_class       = optional(string)
    maintenance_window   = optional(string)
    monitoring_seconds   = optional(number)
    multi_az             = optional(bool)
    name                 = optional(string)
    parameters           = optional(map(string))
    password_version     = optional(number, 1)
    performance_insights = optional(bool)
    read_replica         = optional(bool)
    storage = optional(object({
      initial_gib = optional(number)
      iops        = optional(number)
      max_gib     = optional(number)
      type        = optional(string)
    }))
    username = optional(string)
  })
  default = {}
}

variable "database_password" {
  description = "Password of the database's master user, for a database with a read replica alone: AWS manages that of any other. Give it by the environment variable TF_VAR_database_password, not in a file; Terraform does not keep it. Raise database.password_version to have another one taken over."
  type        = string
  default     = null
  sensitive   = true
}

variable "domain" {
  description = "The name under which the environment is reached, with HTTPS; null for the load balancer's own name and HTTP. zone: the public Route 53 zone of the account that holds it."
  type = object({
    alternative_names = optional(set(string), [])
    name              = string
    zone              = string
  })
  default = null

  validation {
    condition     = var.domain == null || try(alltrue([for name in concat([var.domain.name], tolist(var.domain.alternative_names)) : endswith(".${name}", ".${trimsuffix(var.domain.zone, ".")}")]), false)
    error_message = "A name of domain lies outside of the zone \"${try(var.domain.zone, "")}\". Every name must end in the zone's, e.g. shop.example.com in example.com."
  }
}

variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null

  validation {
    condition     = var.encryption_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.encryption_key_arn))
    error_message = "encryption_key_arn is not the ARN of a KMS key. Write it like \"arn:aws:kms:eu-west-1:123456789012:key/…\", not as an alias."
  }
}

variable "environment" {
  description = "Name of the environment, e.g. dev, staging or prod. Part of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.environment))
    error_message = "environment \"${var.environment}\" will not do. Use lower-case letters, digits and single hyphens, e.g. \"dev\"."
  }

  validation {
    condition     = length("${var.project}-${var.environment}") <= 24
    error_message = "\"${var.project}-${var.environment}\" starts every resource's name and has ${length("${var.project}-${var.environment}")} characters. Shorten project or environment to 24 in all: AWS allows a load balancer's name no more than 32."
  }
}

variable "first_image" {
  description = "The image that runs until the first deployment, in place of registry.first_image. `atoll up` gives the one that it has built."
  type        = string
  default     = null
}

variable "jobs" {
  description = "Tasks that run on a schedule and end, by name. schedule: rate(1 hour), or cron(0 3 * * ? *) in UTC. The rest as for services; modules/job and modules/task describe each setting."
  type = map(object({
    enabled      = optional(bool)
    schedule     = string
    architecture = optional(string)
    command      = optional(list(string))
    cpu          = optional(number)
    database     = optional(bool, false)
    egress_ports = optional(set(number))
    environment  = optional(map(string), {})
    exec         = optional(bool)
    image        = optional(string)
    memory       = optional(number)
    policy_arns  = optional(map(string))
    read_only    = optional(bool)
    repository   = optional(string, "app")
    secrets      = optional(map(string), {})
    spot         = optional(bool)
    stop_seconds = optional(number)
  }))
  default  = {}
  nullable = false

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = alltrue([for job in values(var.jobs) : contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4097, 1024)
      1024  = range(2048, 8193, 1024)
      2048  = range(4096, 16385, 1024)
      4096  = range(8192, 30721, 1024)
      8192  = range(16384, 61441, 4096)
      16384 = range(32768, 122881, 8192)
    }, coalesce(job.cpu, 256), []), coalesce(job.memory, 512))])
    error_message = "Fargate has no task of this size: ${join(", ", [for name, job in var.jobs : "jobs.${name} (cpu = ${coalesce(job.cpu, 256)}, memory = ${coalesce(job.memory, 512)})"])}. Change cpu or memory: 256 takes 512, 1024 or 2048; 512 takes 1024 to 4096; 1024 takes 2048 to 8192; 2048 takes 4096 to 16384; 4096 takes 8192 to 30720 (in steps of 1024); 8192 takes 16384 to 61440 (steps of 4096); 16384 takes 32768 to 122880 (steps of 8192)."
  }

  validation {
    condition     = alltrue([for job in values(var.jobs) : job.image != null || contains(var.registry.repositories, job.repository)])
    error_message = "One of jobs takes its image from a repository that registry.repositories does not have: ${join(", ", [for name, job in var.jobs : "jobs.${name}.repository = \"${job.repository}\"" if job.image == null && !contains(var.registry.repositories, job.repository)])}. Add it there, or give an image."
  }

  validation {
    condition     = var.database != null || alltrue([for job in values(var.jobs) : !job.database])
    error_message = "These want the database, and there is none: ${join(", ", [for name, job in var.jobs : "jobs.${name}" if job.database])}. Take their database = true out, or set database = {}."
  }
}

variable "load_balancer" {
  description = "How the services are reached; modules/load_balancer and modules/firewall describe each setting. certificate_arn: of your own certificate, where there is no domain."
  type = object({
    access_logs = optional(object({
      enabled        = optional(bool)
      retention_days = optional(number)
    }))
    allowed_cidrs   = optional(set(string))
    certificate_arn = optional(string)
    firewall = optional(object({
      count_only                = optional(bool)
      enabled                   = optional(bool, false)
      requests_per_five_minutes = optional(number)
    }), {})
    idle_timeout = optional(number)
    ssl_policy   = optional(string)
  })
  default  = {}
  nullable = false
}

variable "log_retention_days" {
  description = "Days until a log record of services, jobs, the cluster and the database is deleted."
  type        = number
  default     = null
}

variable "network" {
  description = "The VPC. Whatever is left out takes the default of modules/network, where each setting is described. availability_zones names the zones; without it, the region's first availability_zone_count zones are used."
  type = object({
    availability_zones      = optional(list(string), [])
    availability_zone_count = optional(number, 2)
    cidr                    = optional(string)
    endpoints = optional(object({
      gateway   = optional(set(string))
      interface = optional(set(string))
    }))
    flow_logs = optional(object({
      enabled             = optional(bool)
      aggregation_seconds = optional(number)
      retention_days      = optional(number)
      traffic_type        = optional(string)
    }))
    nat_gateways    = optional(string)
    private_subnets = optional(map(string))
    public_subnets  = optional(map(string))
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([2, 3], var.network.availability_zone_count)
    error_message = "network.availability_zone_count is ${var.network.availability_zone_count}. Use 2 or 3."
  }

  validation {
    condition     = alltrue([for zone in var.network.availability_zones : substr(zone, 0, length(zone) - 1) == var.region])
    error_message = "network.availability_zones must lie in the region ${var.region}. Change the zones or the region."
  }
}

variable "project" {
  description = "Name of the project, e.g. shop. Part of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && !startswith("${var.project}-", "internal-")
    error_message = "project \"${var.project}\" will not do. Use lower-case letters, digits and single hyphens; start with a letter. AWS refuses load balancers whose name starts with \"internal-\"."
  }
}

variable "protected" {
  description = "Guard what holds data against destroy: deletion protection on the load balancer and the database, a final snapshot, and no removal of buckets and repositories that hold something. Turn it off, and apply, before you destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "The AWS region, e.g. eu-west-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is not the name of an AWS region. Write it like \"eu-west-1\", without a zone's letter."
  }
}

variable "registry" {
  description = "Repositories for the images that you build. first_image: what runs until the first deployment. keep_images: how many each repository keeps."
  type = object({
    first_image  = optional(string, "public.ecr.aws/nginx/nginx:stable")
    keep_images  = optional(number)
    repositories = optional(set(string), ["app"])
  })
  default  = {}
  nullable = false
}

variable "services" {
  description = <<-EOT
    What runs all the time, by name. With routing, the load balancer sends requests to it; without, it is a worker.
    repository: where its image comes from; deployments say which. image: a fixed one instead, which Terraform alone changes. database: let it reach the database, and
    tell it how (PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE). modules/service and modules/task describe each setting.
  EOT
  type = map(object({
    architecture = optional(string)
    command      = optional(list(string))
    cpu          = optional(number)
    database     = optional(bool, false)
    egress_ports = optional(set(number))
    environment  = optional(map(string), {})
    exec         = optional(bool)
    image        = optional(string)
    memory       = optional(number)
    policy_arns  = optional(map(string))
    read_only    = optional(bool)
    repository   = optional(string, "app")
    secrets      = optional(map(string), {})
    spot         = optional(bool)
    stop_seconds = optional(number)
    deployment = optional(object({
      grace_seconds           = optional(number)
      maximum_percent         = optional(number)
      minimum_healthy_percent = optional(number)
      wait                    = optional(bool)
    }))
    port = optional(number)
    routing = optional(object({
      drain_seconds = optional(number)
      health_check = optional(object({
        codes     = optional(string)
        healthy   = optional(number)
        interval  = optional(number)
        path      = optional(string)
        timeout   = optional(number)
        unhealthy = optional(number)
      }))
      hosts              = optional(list(string))
      paths              = optional(list(string))
      priority           = optional(number, 1000)
      stickiness_seconds = optional(number)
    }))
    scaling = optional(object({
      cpu         = optional(number)
      in_seconds  = optional(number)
      max         = optional(number)
      memory      = optional(number)
      min         = optional(number)
      out_seconds = optional(number)
      requests    = optional(number)
    }))
  }))
  default  = {}
  nullable = false

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = alltrue([for service in values(var.services) : contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4097, 1024)
      1024  = range(2048, 8193, 1024)
      2048  = range(4096, 16385, 1024)
      4096  = range(8192, 30721, 1024)
      8192  = range(16384, 61441, 4096)
      16384 = range(32768, 122881, 8192)
    }, coalesce(service.cpu, 256), []), coalesce(service.memory, 512))])
    error_message = "Fargate has no task of this size: ${join(", ", [for name, service in var.services : "services.${name} (cpu = ${coalesce(service.cpu, 256)}, memory = ${coalesce(service.memory, 512)})"])}. Change cpu or memory: 256 takes 512, 1024 or 2048; 512 takes 1024 to 4096; 1024 takes 2048 to 8192; 2048 takes 4096 to 16384; 4096 takes 8192 to 30720 (in steps of 1024); 8192 takes 16384 to 61440 (steps of 4096); 16384 takes 32768 to 122880 (steps of 8192)."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.image != null || contains(var.registry.repositories, service.repository)])
    error_message = "One of services takes its image from a repository that registry.repositories does not have: ${join(", ", [for name, service in var.services : "services.${name}.repository = \"${service.repository}\"" if service.image == null && !contains(var.registry.repositories, service.repository)])}. Add it there, or give an image."
  }

  validation {
    condition     = var.database != null || alltrue([for service in values(var.services) : !service.database])
    error_message = "These want the database, and there is none: ${join(", ", [for name, service in var.services : "services.${name}" if service.database])}. Take their database = true out, or set database = {}."
  }

  validation {
    condition     = length(distinct([for service in values(var.services) : service.routing.priority if service.routing != null])) == length([for service in values(var.services) : service if service.routing != null])
    error_message = "Two of services have the same routing.priority (1000 where it is left out): ${join(", ", [for name, service in var.services : "services.${name} has ${service.routing.priority}" if service.routing != null])}. Give each its own; the lowest that matches a request wins."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.routing == null || service.port != null])
    error_message = "These have routing and no port: ${join(", ", [for name, service in var.services : "services.${name}" if service.routing != null && service.port == null])}. Give the port that the container listens on."
  }

  validation {
    condition     = length(setintersection(keys(var.services), keys(var.jobs))) == 0
    error_message = "These are names of services and of jobs: ${join(", ", setintersection(keys(var.services), keys(var.jobs)))}. Rename one of each."
  }
}

variable "tags" {
  description = "Tags for every resource, on top of Project, Environment and ManagedBy."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection([for key in keys(var.tags) : lower(key)], ["environment", "managedby", "project"])) == 0
    error_message = "tags holds Environment, ManagedBy or Project. Leave these out: they are set from environment and project."
  }

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "A key in tags starts with \"aws:\", which AWS keeps for itself. Choose another key."
  }
}

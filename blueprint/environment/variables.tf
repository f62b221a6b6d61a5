variable "account_id" {
  description = "The AWS account that this environment lives in. When given, Terraform refuses to work in any other."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the account's 12 digits, in quotes so that leading zeros stay, e.g. \"012345678901\"."
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

variable "region" {
  description = "The AWS region, e.g. eu-west-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is not the name of an AWS region. Write it like \"eu-west-1\", without a zone's letter."
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

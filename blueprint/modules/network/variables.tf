variable "availability_zones" {
  description = "The two or three availability zones to use, by name, e.g. [\"eu-west-1a\", \"eu-west-1b\"]. Subnets, NAT gateways and route tables are keyed by the zone's letter."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 3
    error_message = "availability_zones has ${length(var.availability_zones)} entries. Give two zones, or three: a load balancer and a database each need at least two."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+[a-h]$", zone))])
    error_message = "availability_zones must hold names of standard zones, such as \"eu-west-1a\" (a region, then a letter from a to h). Leave out local zones and zone ids such as \"euw1-az1\"."
  }

  validation {
    condition     = length(distinct([for zone in var.availability_zones : substr(zone, -1, 1)])) == length(var.availability_zones)
    error_message = "Two of the availability_zones end in the same letter. Name each zone once, and take all of them from one region."
  }
}

variable "cidr" {
  description = "IPv4 range of the VPC, between /16 and /22. Choose one that no network you will peer with uses. It cannot be changed later without replacing the VPC."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9.]+/[0-9]+$", var.cidr)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr \"${var.cidr}\" is not a network address in CIDR notation. Write it with all host bits zero, e.g. \"10.0.0.0/16\"."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "cidr \"${var.cidr}\" has the wrong size. AWS allows nothing larger than /16; below /22 the public subnets get too small for a load balancer (/27). Use a prefix from /16 to /22."
  }
}

variable "endpoints" {
  description = "VPC endpoints by the short name of the AWS service. Gateway endpoints (s3, dynamodb) are free; each interface endpoint (e.g. ecr.api, ecr.dkr, logs, secretsmanager) is billed per hour and zone."
  type = object({
    gateway   = optional(set(string), ["s3"])
    interface = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(var.endpoints.gateway, ["s3", "dynamodb"])) == 0
    error_message = "endpoints.gateway may hold \"s3\" and \"dynamodb\" only. Move ${join(", ", setsubtract(var.endpoints.gateway, ["s3", "dynamodb"]))} to endpoints.interface."
  }

  validation {
    condition     = alltrue([for name in var.endpoints.interface : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name)) && !startswith(name, "com.amazonaws.")])
    error_message = "endpoints.interface takes short service names: write \"ecr.api\", not \"com.amazonaws.eu-west-1.ecr.api\"."
  }

  validation {
    condition     = length(setintersection(var.endpoints.interface, ["s3", "dynamodb"])) == 0
    error_message = "endpoints.interface holds \"s3\" or \"dynamodb\". Put them in endpoints.gateway: that kind is free and needs no DNS set-up."
  }
}

variable "flow_logs" {
  description = "Record of the VPC's traffic in CloudWatch Logs. traffic_type: ALL, ACCEPT or REJECT. retention_days: how long records are kept. aggregation_seconds: 60 or 600."
  type = object({
    enabled             = optional(bool, true)
    aggregation_seconds = optional(number, 600)
    retention_days      = optional(number, 30)
    traffic_type        = optional(string, "ALL")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([60, 600], var.flow_logs.aggregation_seconds)
    error_message = "flow_logs.aggregation_seconds is ${var.flow_logs.aggregation_seconds}. Use 60 (finer, more records) or 600."
  }

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.flow_logs.retention_days,
    )
    error_message = "flow_logs.retention_days is ${var.flow_logs.retention_days}, which CloudWatch Logs does not offer. Use 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }

  validation {
    condition     = contains(["ALL", "ACCEPT", "REJECT"], var.flow_logs.traffic_type)
    error_message = "flow_logs.traffic_type is \"${var.flow_logs.traffic_type}\". Use ALL, ACCEPT or REJECT, in capitals."
  }
}

variable "nat_gateways" {
  description = "The way out to the internet for private subnets. per_az: a NAT gateway in each zone, so that losing one zone leaves the others working. single: one for all, cheaper. none: no way out."
  type        = string
  default     = "per_az"
  nullable    = false

  validation {
    condition     = contains(["per_az", "single", "none"], var.nat_gateways)
    error_message = "nat_gateways is \"${var.nat_gateways}\". Use \"per_az\" (production), \"single\" (cheaper) or \"none\"."
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

variable "private_subnets" {
  description = "IPv4 ranges of private subnets by zone letter, e.g. { a = \"10.0.0.0/20\" }. A zone that is left out gets a range computed from cidr."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for range in values(var.private_subnets) : can(regex("^[0-9.]+/[0-9]+$", range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "Each of private_subnets must be a network address in CIDR notation with all host bits zero, e.g. { a = \"10.0.0.0/20\" }."
  }

  validation {
    condition     = alltrue([for range in values(var.private_subnets) : try(tonumber(split("/", range)[1]) <= 28, true)])
    error_message = "One of private_subnets is too small. AWS needs /28 or larger; /24 or larger leaves room for tasks."
  }

  validation {
    condition     = alltrue([for letter in keys(var.private_subnets) : contains([for zone in var.availability_zones : substr(zone, -1, 1)], letter)])
    error_message = "private_subnets names a zone that is not in use. Its keys must be letters of availability_zones: ${join(", ", [for zone in var.availability_zones : substr(zone, -1, 1)])}."
  }
}

variable "public_subnets" {
  description = "IPv4 ranges of public subnets by zone letter, e.g. { a = \"10.0.128.0/21\" }. A zone that is left out gets a range computed from cidr."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for range in values(var.public_subnets) : can(regex("^[0-9.]+/[0-9]+$", range)) && try(cidrsubnet(range, 0, 0) == range, false)])
    error_message = "Each of public_subnets must be a network address in CIDR notation with all host bits zero, e.g. { a = \"10.0.128.0/21\" }."
  }

  validation {
    condition     = alltrue([for range in values(var.public_subnets) : try(tonumber(split("/", range)[1]) <= 27, true)])
    error_message = "One of public_subnets is too small. An Application Load Balancer needs /27 or larger."
  }

  validation {
    condition     = alltrue([for letter in keys(var.public_subnets) : contains([for zone in var.availability_zones : substr(zone, -1, 1)], letter)])
    error_message = "public_subnets names a zone that is not in use. Its keys must be letters of availability_zones: ${join(", ", [for zone in var.availability_zones : substr(zone, -1, 1)])}."
  }
}

variable "tags" {
  description = "Tags for every resource of the network, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "A key in tags starts with \"aws:\", which AWS keeps for itself. Choose another key."
  }
}

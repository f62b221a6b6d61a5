variable "access_logs" {
  description = "A record of each request in a bucket. retention_days: days until a record is deleted."
  type = object({
    enabled        = optional(bool, true)
    retention_days = optional(number, 90)
  })
  default  = {}
  nullable = false
}

variable "allowed_cidrs" {
  description = "IPv4 ranges that may reach the load balancer."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(regex("^[0-9.]+/[0-9]+$", cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "allowed_cidrs must hold at least one network address in CIDR notation with all host bits zero, e.g. [\"203.0.113.0/24\"]."
  }
}

variable "certificate" {
  description = "The certificate for HTTPS, as { arn = … }; null serves HTTP only."
  type        = object({ arn = string })
  default     = null
}

variable "idle_timeout" {
  description = "Seconds without a byte after which the load balancer closes a connection."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout >= 1 && var.idle_timeout <= 4000
    error_message = "idle_timeout is ${var.idle_timeout}. Use 1 to 4000 seconds."
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

variable "protected" {
  description = "Guard against destroy: deletion protection on the load balancer, and the bucket of access logs is kept while it holds some."
  type        = bool
  default     = true
  nullable    = false
}

variable "ssl_policy" {
  description = "TLS versions and ciphers of HTTPS, by the name of AWS's policy."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  nullable    = false
}

variable "subnet_ids" {
  description = "The public subnets, in two zones or more."
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

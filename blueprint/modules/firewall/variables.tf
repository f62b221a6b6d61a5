variable "count_only" {
  description = "Count what the rules match and let it through: for finding out what they would block."
  type        = bool
  default     = false
  nullable    = false
}

variable "load_balancer_arn" {
  description = "ARN of the load balancer to protect."
  type        = string
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

variable "requests_per_five_minutes" {
  description = "Requests that one address may make in five minutes."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.requests_per_five_minutes >= 10 && var.requests_per_five_minutes <= 2000000000
    error_message = "requests_per_five_minutes is ${var.requests_per_five_minutes}. AWS WAF takes 10 to 2,000,000,000."
  }
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

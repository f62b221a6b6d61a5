variable "name" {
  description = "Name of the bucket. Bucket names are unique over all accounts: put the account's id into it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" will not do. Use 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "protected" {
  description = "Keep the bucket on destroy while it holds logs. Without it, destroy removes the logs too."
  type        = bool
  default     = true
  nullable    = false
}

variable "retention_days" {
  description = "Days until a log is deleted."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is ${var.retention_days}. Use a whole number of days, 1 or more."
  }
}

variable "writers" {
  description = "AWS services that may write: service is the principal, path the object keys below the bucket (with * for any), source_arn what they write for."
  type = list(object({
    path       = string
    service    = string
    source_arn = string
  }))
  nullable = false
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

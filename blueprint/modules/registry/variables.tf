variable "encryption_key_arn" {
  description = "ARN of a KMS key of yours to encrypt with; null takes AWS's own keys. Choose a key that outlives the environment: what it has encrypted, such as a final snapshot, cannot be read without it."
  type        = string
  default     = null
}

variable "first_image" {
  description = "Image that runs until the first deployment."
  type        = string
  nullable    = false
}

variable "keep_images" {
  description = "How many images each repository keeps."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.keep_images >= 2
    error_message = "keep_images is ${var.keep_images}. Keep 2 or more: the one that runs, and the one to roll back to."
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
  description = "Keep repositories on destroy while they hold images."
  type        = bool
  default     = true
  nullable    = false
}

variable "repositories" {
  description = "Names of the repositories, one for each image that is built."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", name))])
    error_message = "repositories may hold lower-case letters and digits, with single hyphens, underscores or periods between them."
  }
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "alternative_names" {
  description = "Further names of the certificate; a wildcard such as *.shop.example.com among them."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "domain" {
  description = "The certificate's first name, e.g. shop.example.com."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags for every resource, on top of the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "zone_id" {
  description = "Id of the public Route 53 zone that holds all the names."
  type        = string
  nullable    = false
}

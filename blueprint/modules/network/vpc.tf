data "aws_region" "current" {}

resource "aws_vpc" "main" {
  cidr_block = var.cidr

  # Both are needed for the private names of interface endpoints.
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = merge(var.tags, { Name = var.prefix })

  lifecycle {
    precondition {
      condition     = length(local.stray_ranges) == 0
      error_message = "These subnets are not within the VPC's range ${var.cidr}: ${join(", ", local.stray_ranges)}. Choose ranges within it, or leave them out to have them computed."
    }

    precondition {
      condition     = length(local.overlapping_ranges) == 0
      error_message = "These subnets overlap: ${join("; ", local.overlapping_ranges)}. Give each its own range, or leave them all out to have them computed."
    }
  }
}

provider "aws" {
  region = var.region

  # With account_id given, Terraform stops before it touches any other account.
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = merge(var.tags, {
      Environment = var.environment
      ManagedBy   = "terraform"
      Project     = var.project
    })
  }
}

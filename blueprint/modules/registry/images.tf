# The image that runs. Terraform makes the parameter and never changes its value again: a deployment does. Task definitions read
# it, so that a change by Terraform keeps what was deployed.
resource "aws_ssm_parameter" "image" {
  for_each = var.repositories

  name           = "/${var.prefix}/image/${each.key}"
  description    = "The image that services of the repository ${each.key} run; written by deployments"
  type           = "String"
  insecure_value = var.first_image

  tags = var.tags

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

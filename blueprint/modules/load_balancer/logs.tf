data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# A line for each request. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
module "logs" {
  source = "../log_bucket"
  count  = var.access_logs.enabled ? 1 : 0

  name           = "${var.prefix}-access-logs-${data.aws_caller_identity.current.account_id}"
  protected      = var.protected
  retention_days = var.access_logs.retention_days
  tags           = var.tags

  writers = [{
    path       = "AWSLogs/${data.aws_caller_identity.current.account_id}/*"
    service    = "logdelivery.elasticloadbalancing.amazonaws.com"
    source_arn = "arn:${data.aws_partition.current.partition}:elasticloadbalancing:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:loadbalancer/*"
  }]
}

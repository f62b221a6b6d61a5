data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  flow_logs_count = var.flow_logs.enabled ? 1 : 0
  scope           = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  count = local.flow_logs_count

  name              = "/${var.prefix}/vpc-flow-logs"
  retention_in_days = var.flow_logs.retention_days

  tags = var.tags
}

resource "aws_iam_role" "flow_logs" {
  count = local.flow_logs_count

  name        = "${var.prefix}-vpc-flow-logs"
  description = "Lets VPC flow logs write to the log group /${var.prefix}/vpc-flow-logs"

  # The conditions keep another account's flow logs from using this role (the confused deputy).
  # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:ec2:${local.scope}:vpc-flow-log/*" }
      }
    }]
  })

  tags = var.tags
}

# No logs:CreateLogGroup: a record that arrives late must not bring the log group back after a destroy.
resource "aws_iam_role_policy" "flow_logs" {
  count = local.flow_logs_count

  name = "write-flow-logs"
  role = aws_iam_role.flow_logs[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [aws_cloudwatch_log_group.flow_logs[0].arn, "${aws_cloudwatch_log_group.flow_logs[0].arn}:*"]
      },
      {
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "arn:${data.aws_partition.current.partition}:logs:${local.scope}:log-group:*"
      },
    ]
  })
}

resource "aws_flow_log" "main" {
  count = local.flow_logs_count

  vpc_id                   = aws_vpc.main.id
  traffic_type             = var.flow_logs.traffic_type
  max_aggregation_interval = var.flow_logs.aggregation_seconds
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs[0].arn
  iam_role_arn             = aws_iam_role.flow_logs[0].arn

  tags = merge(var.tags, { Name = var.prefix })

  # The role must be able to write before the flow log exists, and for as long as it does.
  depends_on = [aws_iam_role_policy.flow_logs]
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # An ARN of a secret may go on with a key, a stage and a version, which are no part of the secret's name.
  secret_arns    = distinct([for arn in values(var.container.secrets) : join(":", slice(split(":", arn), 0, 7)) if split(":", arn)[2] == "secretsmanager"])
  parameter_arns = distinct([for arn in values(var.container.secrets) : arn if split(":", arn)[2] == "ssm"])

  # Tasks of this account alone may take the roles. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:*" }
      }
    }]
  })
}

# What ECS does to start a task: pull its image, read its secrets, write its log.
resource "aws_iam_role" "execution" {
  name               = "${local.family}-execution"
  description        = "Starts tasks of ${local.family}"
  assume_role_policy = local.trust

  tags = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in [
      {
        needed   = true
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.main.arn}:*"]
      },
      {
        needed   = length(var.repository_arns) > 0
        Sid      = "Registry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"] # it has no resource
      },
      {
        needed   = length(var.repository_arns) > 0
        Sid      = "Pull"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = values(var.repository_arns)
      },
      {
        needed   = length(local.secret_arns) > 0
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = local.secret_arns
      },
      {
        needed   = length(local.parameter_arns) > 0
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = local.parameter_arns
      },
      {
        needed   = var.encryption_key_arn != null && length(var.container.secrets) > 0
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.encryption_key_arn]
      },
    ] : { for key, value in statement : key => value if key != "needed" } if statement.needed]
  })
}

# What the app itself may do.
resource "aws_iam_role" "task" {
  name               = "${local.family}-task"
  description        = "What tasks of ${local.family} may do"
  assume_role_policy = local.trust

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "task" {
  for_each = var.container.policy_arns

  role       = aws_iam_role.task.name
  policy_arn = each.value
}

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
resource "aws_iam_role_policy" "exec" {
  count = var.container.exec ? 1 : 0

  name = "shell"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in [
      {
        needed = true
        Sid    = "Channel"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
        ]
        Resource = "*" # they have no resource
      },
      {
        needed   = true
        Sid      = "FindLog"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = "*" # it has no smaller one
      },
      {
        needed   = true
        Sid      = "Record"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${var.exec_log_group.arn}:*"
      },
      {
        needed   = var.encryption_key_arn != null
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = var.encryption_key_arn
      },
    ] : { for key, value in statement : key => value if key != "needed" } if statement.needed]
  })
}

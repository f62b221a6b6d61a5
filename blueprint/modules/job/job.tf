locals {
  full = "${var.prefix}-${var.name}"
}

module "task" {
  source = "../task"

  container          = var.container
  encryption_key_arn = var.encryption_key_arn
  exec_log_group     = var.cluster.exec_log_group
  log_retention_days = var.log_retention_days
  name               = var.name
  prefix             = var.prefix
  repository_arns    = var.repository_arns
  tags               = var.tags
}

resource "aws_cloudwatch_event_rule" "main" {
  name                = local.full
  description         = "Starts the job ${var.name}"
  schedule_expression = var.schedule
  state               = var.enabled ? "ENABLED" : "DISABLED"

  tags = var.tags
}

# Without a revision, each run takes the newest one: what was deployed last.
resource "aws_cloudwatch_event_target" "main" {
  rule      = aws_cloudwatch_event_rule.main.name
  target_id = var.name
  arn       = var.cluster.arn
  role_arn  = aws_iam_role.start.arn

  ecs_target {
    task_definition_arn = module.task.family_arn
    task_count          = 1
    propagate_tags      = "TASK_DEFINITION"

    capacity_provider_strategy {
      capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
      weight            = 1
    }

    network_configuration {
      subnets          = var.subnet_ids
      security_groups  = [aws_security_group.main.id]
      assign_public_ip = false
    }
  }

  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 2
  }

  depends_on = [aws_iam_role_policy.start]
}

data "aws_region" "current" {}

locals {
  family = "${var.prefix}-${var.name}"

  # Sorted and without nulls, as ECS gives it back: a plan then shows real changes only.
  definition = {
    for key, value in {
      name      = var.name
      image     = var.container.image
      essential = true
      command   = var.container.command

      environment  = [for name, value in var.container.environment : { name = name, value = value }]
      secrets      = [for name, arn in var.container.secrets : { name = name, valueFrom = arn }]
      portMappings = var.container.port == null ? null : [{ containerPort = var.container.port, hostPort = var.container.port, protocol = "tcp" }]
      mountPoints  = var.container.read_only ? [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }] : null

      readonlyRootFilesystem = var.container.read_only
      stopTimeout            = var.container.stop_seconds

      # A first process that reaps its children, and passes signals on.
      linuxParameters = { initProcessEnabled = true }

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.main.name
          awslogs-region        = data.aws_region.current.region
          awslogs-stream-prefix = var.name
          mode                  = "non-blocking"
          max-buffer-size       = "25m"
        }
      }
    } : key => value if value != null
  }
}

resource "aws_ecs_task_definition" "main" {
  family                   = local.family
  container_definitions    = jsonencode([local.definition])
  cpu                      = var.container.cpu
  memory                   = var.container.memory
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # A deployment registers revisions of its own. Terraform goes on from the newest.
  track_latest = true

  runtime_platform {
    cpu_architecture        = var.container.architecture
    operating_system_family = "LINUX"
  }

  dynamic "volume" {
    for_each = var.container.read_only ? ["tmp"] : []

    content {
      name = volume.value
    }
  }

  tags = var.tags

  # A task that starts before its role may read its secrets fails.
  depends_on = [aws_iam_role_policy.execution]
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/${var.prefix}/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.encryption_key_arn

  tags = var.tags
}

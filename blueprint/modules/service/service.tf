locals {
  web  = var.routing != null
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

resource "aws_ecs_service" "main" {
  name                   = var.name
  cluster                = var.cluster.arn
  task_definition        = module.task.arn
  desired_count          = var.scaling.min
  enable_execute_command = var.container.exec
  propagate_tags         = "SERVICE"
  wait_for_steady_state  = var.deployment.wait

  deployment_minimum_healthy_percent = var.deployment.minimum_healthy_percent
  deployment_maximum_percent         = var.deployment.maximum_percent
  health_check_grace_period_seconds  = local.web ? var.deployment.grace_seconds : null

  capacity_provider_strategy {
    capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
    weight            = 1
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.main.id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.main[*].arn

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.container.port
    }
  }

  tags = var.tags

  # How many tasks run is the scaling's to say, between min and max.
  lifecycle {
    ignore_changes = [desired_count]
  }

  # A target group takes targets only once a listener forwards to it. Tasks must reach what they start from for as long as they run.
  depends_on = [
    aws_lb_listener_rule.main,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_egress_rule.internet,
    aws_vpc_security_group_egress_rule.load_balancer,
    aws_vpc_security_group_ingress_rule.database,
    aws_vpc_security_group_ingress_rule.load_balancer,
  ]
}

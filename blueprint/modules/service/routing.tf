resource "aws_lb_target_group" "main" {
  count = local.web ? 1 : 0

  name                          = local.full
  vpc_id                        = var.vpc_id
  target_type                   = "ip"
  port                          = var.container.port
  protocol                      = "HTTP"
  deregistration_delay          = var.routing.drain_seconds
  load_balancing_algorithm_type = var.routing.stickiness_seconds > 0 ? "round_robin" : "least_outstanding_requests"
  slow_start                    = 0

  health_check {
    path                = var.routing.health_check.path
    matcher             = var.routing.health_check.codes
    interval            = var.routing.health_check.interval
    timeout             = var.routing.health_check.timeout
    healthy_threshold   = var.routing.health_check.healthy
    unhealthy_threshold = var.routing.health_check.unhealthy
  }

  stickiness {
    enabled         = var.routing.stickiness_seconds > 0
    type            = "lb_cookie"
    cookie_duration = var.routing.stickiness_seconds > 0 ? var.routing.stickiness_seconds : 86400
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.container.port != null && var.load_balancer != null
      error_message = "The service ${var.name} has routing and no port. Give its port, or leave routing out for a service that takes no requests."
    }

    precondition {
      condition     = length(local.full) <= 32
      error_message = "\"${local.full}\" has ${length(local.full)} characters; AWS allows a target group's name no more than 32. Shorten the service's name."
    }
  }
}

resource "aws_lb_listener_rule" "main" {
  count = local.web ? 1 : 0

  listener_arn = var.load_balancer.listener_arn
  priority     = var.routing.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main[0].arn
  }

  condition {
    path_pattern {
      values = var.routing.paths
    }
  }

  dynamic "condition" {
    for_each = length(var.routing.hosts) > 0 ? [1] : []

    content {
      host_header {
        values = var.routing.hosts
      }
    }
  }

  tags = merge(var.tags, { Name = local.full })
}

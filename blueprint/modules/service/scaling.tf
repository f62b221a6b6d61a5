resource "aws_appautoscaling_target" "main" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.main.name}"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max

  tags = var.tags
}

locals {
  targets = {
    for name, policy in {
      cpu      = { metric = "ECSServiceAverageCPUUtilization", value = var.scaling.cpu, label = null }
      memory   = { metric = "ECSServiceAverageMemoryUtilization", value = var.scaling.memory, label = null }
      requests = { metric = "ALBRequestCountPerTarget", value = var.scaling.requests, label = local.web ? "${var.load_balancer.metric_name}/${aws_lb_target_group.main[0].arn_suffix}" : null }
    } : name => policy if policy.value != null
  }
}

# The number of tasks follows each of these to its target; the one that asks for the most tasks wins.
resource "aws_appautoscaling_policy" "main" {
  for_each = local.targets

  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  resource_id        = aws_appautoscaling_target.main.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_in_cooldown  = var.scaling.in_seconds
    scale_out_cooldown = var.scaling.out_seconds

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }
}

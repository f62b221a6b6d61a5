locals {
  # One row for each alarm: what is measured, and from where on it is too much. minutes: how long it must last.
  service_alarms = merge([for name in var.services : {
    "${name}-cpu" = {
      text       = "The tasks of ${name} use more than ${var.thresholds.service_cpu} % of their CPU: scaling does not keep up, or is at its maximum"
      namespace  = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", minutes = 10, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.service_cpu, missing = "notBreaching"
      dimensions = { ClusterName = var.cluster_name, ServiceName = name }
    }
    "${name}-memory" = {
      text       = "The tasks of ${name} use more than ${var.thresholds.service_memory} % of their memory: they may be ended for want of it"
      namespace  = "AWS/ECS", metric = "MemoryUtilization", statistic = "Average", minutes = 10, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.service_memory, missing = "notBreaching"
      dimensions = { ClusterName = var.cluster_name, ServiceName = name }
    }
  }]...)

  web_alarms = merge([for name, target_group in var.target_groups : {
    "${name}-unhealthy" = {
      text       = "A task of ${name} fails its health check"
      namespace  = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", minutes = 5, comparison = "GreaterThanThreshold"
      threshold  = 0, missing = "notBreaching"
      dimensions = { LoadBalancer = var.load_balancer, TargetGroup = target_group }
    }
    "${name}-errors" = {
      text       = "${name} answers more than ${var.thresholds.errors_per_minute} requests a minute with an error of its own (5xx)"
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", minutes = 3, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.errors_per_minute, missing = "notBreaching"
      dimensions = { LoadBalancer = var.load_balancer, TargetGroup = target_group }
    }
    "${name}-response-time" = {
      text       = "${name} takes longer than ${var.thresholds.response_seconds} s to answer, on average"
      namespace  = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "Average", minutes = 5, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.response_seconds, missing = "notBreaching"
      dimensions = { LoadBalancer = var.load_balancer, TargetGroup = target_group }
    }
  }]...)

  edge_alarms = var.web ? {
    "load-balancer-errors" = {
      text       = "The load balancer answers more than ${var.thresholds.errors_per_minute} requests a minute with an error (5xx): no task was there to answer, or none in time"
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum", minutes = 3, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.errors_per_minute, missing = "notBreaching"
      dimensions = { LoadBalancer = var.load_balancer }
    }
  } : {}

  database_alarms = var.database == null ? {} : {
    "database-cpu" = {
      text       = "The database uses more than ${var.thresholds.database_cpu} % of its CPU"
      namespace  = "AWS/RDS", metric = "CPUUtilization", statistic = "Average", minutes = 10, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.database_cpu, missing = "breaching"
      dimensions = { DBInstanceIdentifier = var.database }
    }
    "database-storage" = {
      text       = "The database has less than ${var.thresholds.database_free_gib} GiB of storage left"
      namespace  = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum", minutes = 5, comparison = "LessThanThreshold"
      threshold  = var.thresholds.database_free_gib * 1024 * 1024 * 1024, missing = "breaching"
      dimensions = { DBInstanceIdentifier = var.database }
    }
    "database-connections" = {
      text       = "The database has more than ${var.thresholds.database_connections} connections"
      namespace  = "AWS/RDS", metric = "DatabaseConnections", statistic = "Maximum", minutes = 5, comparison = "GreaterThanThreshold"
      threshold  = var.thresholds.database_connections, missing = "notBreaching"
      dimensions = { DBInstanceIdentifier = var.database }
    }
  }

  alarms = merge(local.service_alarms, local.web_alarms, local.edge_alarms, local.database_alarms)
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = each.value.text
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  tags = var.tags
}

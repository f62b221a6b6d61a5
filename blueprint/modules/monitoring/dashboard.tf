data "aws_region" "current" {}

locals {
  lb = var.load_balancer

  # A row of graphs for each part; every graph is a third of the page wide.
  rows = concat(
    !var.web ? [] : [[
      { title = "Requests per minute", stat = "Sum", metrics = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", local.lb]] },
      { title = "Errors per minute", stat = "Sum", metrics = [
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", local.lb],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", local.lb],
      ] },
      { title = "Response time (s), 95 of 100", stat = "p95", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", local.lb]] },
    ]],
    length(var.services) == 0 ? [] : [[
      { title = "CPU of services (%)", stat = "Average", metrics = [for name in var.services : ["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster_name, "ServiceName", name]] },
      { title = "Memory of services (%)", stat = "Average", metrics = [for name in var.services : ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster_name, "ServiceName", name]] },
      { title = "Tasks that take requests", stat = "Minimum", metrics = [for name, group in var.target_groups : ["AWS/ApplicationELB", "HealthyHostCount", "LoadBalancer", local.lb, "TargetGroup", group]] },
    ]],
    var.database == null ? [] : [[
      { title = "CPU of the database (%)", stat = "Average", metrics = [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", var.database]] },
      { title = "Free storage of the database (bytes)", stat = "Minimum", metrics = [["AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", var.database]] },
      { title = "Connections to the database", stat = "Maximum", metrics = [["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", var.database]] },
    ]],
  )

  graphs = flatten([for y, row in local.rows : [for x, graph in row : {
    type   = "metric"
    x      = x * 8
    y      = 6 * y
    width  = 8
    height = 6
    properties = {
      title   = graph.title
      region  = data.aws_region.current.region
      stat    = graph.stat
      period  = 60
      view    = "timeSeries"
      metrics = graph.metrics
    }
  } if length(graph.metrics) > 0]])

  alarm_widget = {
    type   = "alarm"
    x      = 0
    y      = 6 * length(local.rows)
    width  = 24
    height = 4
    properties = {
      title  = "Alarms"
      alarms = [for alarm in aws_cloudwatch_metric_alarm.main : alarm.arn]
    }
  }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = var.prefix

  # Encoded apart: the widgets have different shapes.
  dashboard_body = format("{\"widgets\":[%s]}", join(",", concat(
    [for graph in local.graphs : jsonencode(graph)],
    length(local.alarms) == 0 ? [] : [jsonencode(local.alarm_widget)],
  )))
}

output "arn" {
  description = "ARN of the cluster, once services can use its capacity providers."
  value       = aws_ecs_cluster.main.arn

  depends_on = [aws_ecs_cluster_capacity_providers.main]
}

output "exec_log_group" {
  description = "The log group that records shells in tasks."
  value       = { arn = aws_cloudwatch_log_group.exec.arn, name = aws_cloudwatch_log_group.exec.name }
}

output "name" {
  description = "Name of the cluster, once services can use its capacity providers."
  value       = aws_ecs_cluster.main.name

  depends_on = [aws_ecs_cluster_capacity_providers.main]
}

output "log_group" {
  description = "Name of the service's log group."
  value       = module.task.log_group
}

output "name" {
  description = "Name of the service in its cluster."
  value       = aws_ecs_service.main.name
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.main.id
}

output "target_group_arn" {
  description = "ARN of the target group; null for a service without routing."
  value       = one(aws_lb_target_group.main[*].arn)
}

output "target_group_metric_name" {
  description = "Name of the target group in CloudWatch's metrics; null for a service without routing."
  value       = one(aws_lb_target_group.main[*].arn_suffix)
}

output "task_definition" {
  description = "Name of the task definition."
  value       = module.task.family
}

output "task_role_name" {
  description = "Name of the role that the app has, to attach policies to."
  value       = module.task.task_role_name
}

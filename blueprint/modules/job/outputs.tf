output "log_group" {
  description = "Name of the job's log group."
  value       = module.task.log_group
}

output "rule_name" {
  description = "Name of the EventBridge rule that starts the job."
  value       = aws_cloudwatch_event_rule.main.name
}

output "security_group_id" {
  description = "Security group of the job's tasks."
  value       = aws_security_group.main.id
}

output "task_definition" {
  description = "Name of the task definition."
  value       = module.task.family
}

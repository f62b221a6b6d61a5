output "arn" {
  description = "ARN of the newest revision of the task definition."
  value       = aws_ecs_task_definition.main.arn
}

output "execution_role_arn" {
  description = "Role by which ECS starts the task."
  value       = aws_iam_role.execution.arn
}

output "family" {
  description = "Name of the task definition."
  value       = aws_ecs_task_definition.main.family
}

output "family_arn" {
  description = "ARN of the task definition without a revision: whoever starts it takes the newest."
  value       = aws_ecs_task_definition.main.arn_without_revision
}

output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.main.name
}

output "task_role_arn" {
  description = "Role that the app itself has."
  value       = aws_iam_role.task.arn
}

output "task_role_name" {
  description = "Name of the role that the app itself has."
  value       = aws_iam_role.task.name
}

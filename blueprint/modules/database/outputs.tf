output "address" {
  description = "Host name of the instance."
  value       = aws_db_instance.main.address
}

output "arn" {
  description = "ARN of the instance."
  value       = aws_db_instance.main.arn
}

output "database_name" {
  description = "Name of the database that was made with the instance."
  value       = aws_db_instance.main.db_name
}

output "identifier" {
  description = "Name of the instance."
  value       = aws_db_instance.main.identifier
}

output "log_groups" {
  description = "Names of the log groups, by kind of log."
  value       = { for kind, group in aws_cloudwatch_log_group.main : kind => group.name }
}

output "port" {
  description = "Port of the instance."
  value       = aws_db_instance.main.port
}

output "replica_address" {
  description = "Host name of the read replica; null without one."
  value       = one(aws_db_instance.replica[*].address)
}

output "secret_arn" {
  description = "ARN of the secret with the master user's name and password, as JSON with the keys username and password."
  value       = var.read_replica ? aws_secretsmanager_secret_version.main[0].arn : one(aws_db_instance.main.master_user_secret[*].secret_arn)
}

output "security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.main.id
}

output "username" {
  description = "Name of the master user."
  value       = aws_db_instance.main.username
}

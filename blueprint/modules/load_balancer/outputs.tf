output "access_log_bucket" {
  description = "Name of the bucket with the access logs; null when they are off."
  value       = one(module.logs[*].name)
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.main.arn
}

output "dns_name" {
  description = "Name under which the load balancer answers."
  value       = aws_lb.main.dns_name
}

output "listener_arn" {
  description = "ARN of the listener that serves: HTTPS with a certificate, HTTP without."
  value       = local.https ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn
}

output "metric_name" {
  description = "Name of the load balancer in CloudWatch's metrics."
  value       = aws_lb.main.arn_suffix
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.main.id
}

output "zone_id" {
  description = "Id of the zone of dns_name, for alias records."
  value       = aws_lb.main.zone_id
}

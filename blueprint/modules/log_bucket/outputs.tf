output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.main.arn
}

output "name" {
  description = "Name of the bucket, once its writers may write."
  value       = aws_s3_bucket.main.id

  # AWS tries to write when a load balancer or a trail is told of the bucket.
  depends_on = [
    aws_s3_bucket_ownership_controls.main,
    aws_s3_bucket_policy.main,
    aws_s3_bucket_server_side_encryption_configuration.main,
  ]
}

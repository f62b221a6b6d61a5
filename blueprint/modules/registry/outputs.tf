output "image_parameters" {
  description = "Names of the parameters that say which image runs, by repository. A deployment writes them."
  value       = { for name, parameter in aws_ssm_parameter.image : name => parameter.name }
}

output "images" {
  description = "The images that run, by repository."
  value       = { for name, parameter in aws_ssm_parameter.image : name => parameter.insecure_value }
}

output "repository_arns" {
  description = "ARNs of the repositories, by name."
  value       = { for name, repository in aws_ecr_repository.main : name => repository.arn }
}

output "repository_urls" {
  description = "Where to push images to, by repository."
  value       = { for name, repository in aws_ecr_repository.main : name => repository.repository_url }
}

output "access_log_bucket" {
  description = "Name of the bucket with the load balancer's access logs; null when they are off."
  value       = one(module.load_balancer[*].access_log_bucket)
}

output "alarm_topic_arn" {
  description = "ARN of the topic that alarms are sent to."
  value       = module.monitoring.topic_arn
}

output "availability_zones" {
  description = "Names of the availability zones in use."
  value       = module.network.availability_zones
}

output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = module.cluster.arn
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.cluster.name
}

output "dashboard_url" {
  description = "Where the dashboard is shown."
  value       = module.monitoring.dashboard_url
}

output "database" {
  description = "How to reach the database; null without one."
  value = one([for database in module.database : {
    address         = database.address
    arn             = database.arn
    identifier      = database.identifier
    name            = database.database_name
    port            = database.port
    replica_address = database.replica_address
    secret_arn      = database.secret_arn
    username        = database.username
  }])
}

output "flow_log_group_name" {
  description = "Name of the log group that holds the VPC's flow logs; null when they are off."
  value       = module.network.flow_log_group_name
}

output "image_parameters" {
  description = "Names of the parameters that say which image runs, by repository. A deployment writes them."
  value       = module.registry.image_parameters
}

output "jobs" {
  description = "The scheduled jobs, by name."
  value = { for name, job in module.job : name => {
    log_group       = job.log_group
    rule            = job.rule_name
    task_definition = job.task_definition
  } }
}

output "load_balancer_arn" {
  description = "ARN of the load balancer; null without one."
  value       = one(module.load_balancer[*].arn)
}

output "log_groups" {
  description = "Names of all log groups of the environment."
  value = sort(concat(
    [for service in module.service : service.log_group],
    [for job in module.job : job.log_group],
    flatten([for database in module.database : values(database.log_groups)]),
    [module.cluster.exec_log_group.name],
    module.network.flow_log_group_name[*],
  ))
}

output "nat_public_ips" {
  description = "Public addresses that tasks' calls to the internet come from, by zone letter."
  value       = module.network.nat_public_ips
}

output "private_subnet_ids" {
  description = "The private subnets, one for each zone."
  value       = module.network.private_subnet_ids
}

output "public_subnet_ids" {
  description = "The public subnets, one for each zone."
  value       = module.network.public_subnet_ids
}

output "repository_urls" {
  description = "Where to push images to, by repository."
  value       = module.registry.repository_urls
}

output "services" {
  description = "The services, by name."
  value = { for name, service in module.service : name => {
    log_group        = service.log_group
    name             = service.name
    target_group_arn = service.target_group_arn
    task_definition  = service.task_definition
  } }
}

output "url" {
  description = "Where the environment is reached; null without a service that takes requests."
  value = !local.web ? null : (
    local.domain != null ? "https://${local.domain.name}" :
    "${var.load_balancer.certificate_arn != null ? "https" : "http"}://${module.load_balancer[0].dns_name}"
  )
}

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = module.network.vpc_cidr
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

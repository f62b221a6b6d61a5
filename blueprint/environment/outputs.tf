output "availability_zones" {
  description = "Names of the availability zones in use."
  value       = module.network.availability_zones
}

output "flow_log_group_name" {
  description = "Name of the log group that holds the VPC's flow logs; null when they are off."
  value       = module.network.flow_log_group_name
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

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = module.network.vpc_cidr
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "availability_zones" {
  description = "Names of the zones in use, in the order of the subnet lists."
  value       = [for letter in local.letters : local.zones[letter]]
}

output "database_subnet_ids" {
  description = "The private subnets, one for each zone, as soon as they exist. For what needs no way out, such as a database: it then does not wait for NAT gateways."
  value       = [for letter in local.letters : aws_subnet.private[letter].id]
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints; null without interface endpoints."
  value       = one(aws_security_group.endpoints[*].id)
}

output "flow_log_group_name" {
  description = "Name of the log group that holds the flow logs; null when they are off."
  value       = one(aws_cloudwatch_log_group.flow_logs[*].name)
}

output "nat_public_ips" {
  description = "Public addresses that tasks' calls to the internet come from, by zone letter. Give these to partners who keep allow lists."
  value       = { for letter, address in aws_eip.nat : letter => address.public_ip }
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets, by zone letter."
  value       = { for letter, table in aws_route_table.private : letter => table.id }
}

output "private_subnet_ids" {
  description = "The private subnets, one for each zone, once their routes and endpoints work. For tasks."
  value       = [for letter in local.letters : aws_subnet.private[letter].id]

  # A task that starts before its way out exists fails to pull its image; one that outlives it cannot drain.
  depends_on = [
    aws_route.private_nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_ingress_rule.endpoints_https,
  ]
}

output "public_route_table_id" {
  description = "Route table of the public subnets."
  value       = aws_route_table.public.id
}

output "public_subnet_ids" {
  description = "The public subnets, one for each zone, once their route to the internet works. For load balancers."
  value       = [for letter in local.letters : aws_subnet.public[letter].id]

  # AWS refuses an internet-facing load balancer in a VPC without an internet gateway, and does not let the gateway go
  # while the load balancer holds public addresses.
  depends_on = [
    aws_route.public_internet,
    aws_route_table_association.public,
  ]
}

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.main.cidr_block
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.main.id
}

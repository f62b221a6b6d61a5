# Builds the network and changes it. Needs a cloud: where it is comes from the environment (AWS_ENDPOINT_URL,
# AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY). Against an account on AWS this costs a little money.
provider "aws" {
  region = "eu-west-1"
}

variables {
  availability_zones = ["eu-west-1a", "eu-west-1b"]
  prefix             = "test-network"
  nat_gateways       = "single"
  endpoints          = { gateway = ["s3"], interface = ["logs"] }
}

run "build" {
  assert {
    condition     = startswith(output.vpc_id, "vpc-") && output.vpc_cidr == "10.0.0.0/16"
    error_message = "The VPC is not what was asked for: ${output.vpc_id}, ${output.vpc_cidr}."
  }

  assert {
    condition     = length(output.public_subnet_ids) == 2 && length(output.private_subnet_ids) == 2
    error_message = "Two zones need two public and two private subnets."
  }

  assert {
    condition     = length(distinct(concat(output.public_subnet_ids, output.private_subnet_ids))) == 4
    error_message = "A subnet is in the outputs twice."
  }

  assert {
    condition     = output.database_subnet_ids == output.private_subnet_ids
    error_message = "The database's subnets are not the private subnets."
  }

  assert {
    condition     = aws_route.public_internet.gateway_id == aws_internet_gateway.main.id && aws_route.public_internet.state == "active"
    error_message = "The public subnets have no working route to the internet gateway."
  }

  assert {
    condition     = alltrue([for route in values(aws_route.private_nat) : route.nat_gateway_id == aws_nat_gateway.main["a"].id && route.state == "active"])
    error_message = "A private subnet has no working route to the single NAT gateway."
  }

  assert {
    condition     = aws_nat_gateway.main["a"].subnet_id == aws_subnet.public["a"].id && keys(output.nat_public_ips) == ["a"]
    error_message = "The NAT gateway does not stand in the public subnet of zone a."
  }

  assert {
    condition     = output.nat_public_ips["a"] == aws_nat_gateway.main["a"].public_ip
    error_message = "The NAT gateway does not use the Elastic IP address that the outputs name."
  }

  assert {
    condition     = length(aws_default_security_group.main.ingress) == 0 && length(aws_default_security_group.main.egress) == 0
    error_message = "The default security group has rules."
  }

  assert {
    condition     = toset(aws_vpc_endpoint.gateway["s3"].route_table_ids) == toset(values(output.private_route_table_ids))
    error_message = "The S3 endpoint is not in every private route table."
  }

  assert {
    condition     = toset(aws_vpc_endpoint.interface["logs"].subnet_ids) == toset(output.private_subnet_ids) && length(aws_vpc_endpoint.interface["logs"].network_interface_ids) == 2
    error_message = "The interface endpoint has no network interface in each private subnet."
  }

  assert {
    condition     = output.flow_log_group_name == "/test-network/vpc-flow-logs" && aws_flow_log.main[0].vpc_id == output.vpc_id
    error_message = "The VPC's traffic is not recorded."
  }
}

run "one_nat_gateway_per_zone" {
  variables {
    nat_gateways = "per_az"
  }

  assert {
    condition     = output.vpc_id == run.build.vpc_id && output.private_route_table_ids == run.build.private_route_table_ids
    error_message = "A second NAT gateway replaced the VPC or a route table."
  }

  assert {
    condition     = output.nat_public_ips["a"] == run.build.nat_public_ips["a"] && keys(output.nat_public_ips) == ["a", "b"]
    error_message = "A second NAT gateway changed the first one's public address."
  }

  assert {
    condition     = alltrue([for letter, route in aws_route.private_nat : route.nat_gateway_id == aws_nat_gateway.main[letter].id])
    error_message = "A private subnet does not use its own zone's NAT gateway."
  }
}

run "third_zone" {
  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    nat_gateways       = "per_az"
  }

  assert {
    condition     = slice(output.private_subnet_ids, 0, 2) == run.build.private_subnet_ids && slice(output.public_subnet_ids, 0, 2) == run.build.public_subnet_ids
    error_message = "A third zone replaced the subnets of the others."
  }

  assert {
    condition     = length(output.private_subnet_ids) == 3 && length(output.public_subnet_ids) == 3
    error_message = "The third zone has not got its two subnets."
  }
}

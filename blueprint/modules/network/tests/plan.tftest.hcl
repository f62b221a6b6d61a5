# What is planned for each setting. A mocked provider: these need no cloud.
mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  availability_zones = ["eu-west-1b", "eu-west-1a"]
  prefix             = "test-network"
}

run "defaults" {
  command = plan

  assert {
    condition = { for letter, subnet in aws_subnet.private : letter => "${subnet.availability_zone} ${subnet.cidr_block}" } == {
      a = "eu-west-1a 10.0.0.0/20"
      b = "eu-west-1b 10.0.16.0/20"
    }
    error_message = "The private subnets do not follow the address plan."
  }

  assert {
    condition = { for letter, subnet in aws_subnet.public : letter => "${subnet.availability_zone} ${subnet.cidr_block}" } == {
      a = "eu-west-1a 10.0.128.0/21"
      b = "eu-west-1b 10.0.136.0/21"
    }
    error_message = "The public subnets do not follow the address plan."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch == false])
    error_message = "A subnet hands out public addresses."
  }

  assert {
    condition     = aws_vpc.main.enable_dns_hostnames && aws_vpc.main.enable_dns_support
    error_message = "DNS is not on in the VPC."
  }

  assert {
    condition     = keys(aws_nat_gateway.main) == ["a", "b"] && keys(aws_route.private_nat) == ["a", "b"]
    error_message = "The default is a NAT gateway and a route in each zone."
  }

  assert {
    condition     = length(aws_flow_log.main) == 1 && aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 30
    error_message = "The default is flow logs kept for 30 days."
  }

  assert {
    condition     = keys(aws_vpc_endpoint.gateway) == ["s3"] && length(aws_vpc_endpoint.interface) == 0 && length(aws_security_group.endpoints) == 0
    error_message = "The default is a gateway endpoint for S3 alone."
  }

  assert {
    condition     = output.availability_zones == ["eu-west-1a", "eu-west-1b"]
    error_message = "The zones are not in order."
  }
}

run "third_zone_moves_nothing" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  }

  assert {
    condition     = [for subnet in values(aws_subnet.private) : subnet.cidr_block] == ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]
    error_message = "The third zone changed the private subnets of the others."
  }

  assert {
    condition     = [for subnet in values(aws_subnet.public) : subnet.cidr_block] == ["10.0.128.0/21", "10.0.136.0/21", "10.0.144.0/21"]
    error_message = "The third zone changed the public subnets of the others."
  }

  assert {
    condition     = length(aws_route_table.private) == 3 && length(aws_route_table_association.private) == 3 && length(aws_route_table_association.public) == 3
    error_message = "Each zone needs its route table and two associations."
  }
}

run "last_letter" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1h"]
  }

  assert {
    condition     = aws_subnet.private["h"].cidr_block == "10.0.112.0/20" && aws_subnet.public["h"].cidr_block == "10.0.184.0/21"
    error_message = "Zone h does not get the last range of each kind."
  }
}

run "given_and_computed_ranges" {
  command = plan

  variables {
    cidr            = "172.16.0.0/20"
    private_subnets = { a = "172.16.4.0/22" }
    public_subnets  = { b = "172.16.15.0/24" }
  }

  assert {
    condition     = [for subnet in values(aws_subnet.private) : subnet.cidr_block] == ["172.16.4.0/22", "172.16.1.0/24"]
    error_message = "A given private range does not stand beside a computed one."
  }

  assert {
    condition     = [for subnet in values(aws_subnet.public) : subnet.cidr_block] == ["172.16.8.0/25", "172.16.15.0/24"]
    error_message = "A given public range does not stand beside a computed one."
  }
}

run "single_nat_gateway" {
  command = plan

  variables {
    nat_gateways = "single"
  }

  assert {
    condition     = keys(aws_nat_gateway.main) == ["a"] && keys(aws_eip.nat) == ["a"]
    error_message = "The single NAT gateway belongs in the first zone."
  }

  assert {
    condition     = keys(aws_route.private_nat) == ["a", "b"]
    error_message = "Each zone needs its route to the single NAT gateway."
  }
}

run "nothing_optional" {
  command = plan

  variables {
    nat_gateways = "none"
    endpoints    = { gateway = [] }
    flow_logs    = { enabled = false }
  }

  assert {
    condition = sum([
      length(aws_nat_gateway.main), length(aws_eip.nat), length(aws_route.private_nat),
      length(aws_vpc_endpoint.gateway), length(aws_vpc_endpoint.interface), length(aws_security_group.endpoints),
      length(aws_flow_log.main), length(aws_iam_role.flow_logs), length(aws_cloudwatch_log_group.flow_logs),
    ]) == 0
    error_message = "Something is planned that was turned off."
  }

  assert {
    condition     = output.flow_log_group_name == null && output.endpoint_security_group_id == null && length(output.nat_public_ips) == 0
    error_message = "An output names something that does not exist."
  }

  expect_failures = [check.way_out]
}

run "interface_endpoints" {
  command = plan

  variables {
    endpoints = {
      gateway   = ["s3", "dynamodb"]
      interface = ["ecr.api", "logs"]
    }
  }

  assert {
    condition = [for endpoint in values(aws_vpc_endpoint.interface) : endpoint.service_name] == [
      "com.amazonaws.eu-west-1.ecr.api", "com.amazonaws.eu-west-1.logs",
    ]
    error_message = "The interface endpoints are not those that were asked for."
  }

  assert {
    condition     = keys(aws_vpc_endpoint.gateway) == ["dynamodb", "s3"]
    error_message = "The gateway endpoints are not those that were asked for."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.endpoints_https[0].cidr_ipv4 == "10.0.0.0/16" &&
      aws_vpc_security_group_ingress_rule.endpoints_https[0].from_port == 443 &&
      aws_vpc_security_group_ingress_rule.endpoints_https[0].to_port == 443
    )
    error_message = "The interface endpoints must take HTTPS from the VPC and nothing else."
  }
}

run "flow_log_role" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.flow_logs[0].assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/*" }
    }
    error_message = "The role for flow logs can be assumed on behalf of another account."
  }
}

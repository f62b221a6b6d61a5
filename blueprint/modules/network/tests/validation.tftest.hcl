# Every refusal of a setting, and the warning. A mocked provider: these need no cloud.
mock_provider "aws" {}

variables {
  availability_zones = ["eu-west-1a", "eu-west-1b"]
  prefix             = "test-network"
}

run "one_zone" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "four_zones" {
  command = plan

  variables {
    availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]
  }

  expect_failures = [var.availability_zones]
}

run "zone_by_id" {
  command = plan

  variables {
    availability_zones = ["euw1-az1", "euw1-az2"]
  }

  expect_failures = [var.availability_zones]
}

run "zone_named_twice" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "cidr_is_no_cidr" {
  command = plan

  variables {
    cidr = "10.0.0.0"
  }

  expect_failures = [var.cidr]
}

run "cidr_with_host_bits" {
  command = plan

  variables {
    cidr = "10.0.1.0/16"
  }

  expect_failures = [var.cidr]
}

run "cidr_too_large" {
  command = plan

  variables {
    cidr = "10.0.0.0/8"
  }

  expect_failures = [var.cidr]
}

run "cidr_too_small" {
  command = plan

  variables {
    cidr = "10.0.0.0/23"
  }

  expect_failures = [var.cidr]
}

run "cidr_of_ipv6" {
  command = plan

  variables {
    cidr = "fd00::/16"
  }

  expect_failures = [var.cidr]
}

run "gateway_endpoint_of_another_service" {
  command = plan

  variables {
    endpoints = { gateway = ["ecr.api"] }
  }

  expect_failures = [var.endpoints]
}

run "interface_endpoint_by_full_name" {
  command = plan

  variables {
    endpoints = { interface = ["com.amazonaws.eu-west-1.logs"] }
  }

  expect_failures = [var.endpoints]
}

run "interface_endpoint_for_s3" {
  command = plan

  variables {
    endpoints = { interface = ["s3"] }
  }

  expect_failures = [var.endpoints]
}

run "flow_log_aggregation" {
  command = plan

  variables {
    flow_logs = { aggregation_seconds = 300 }
  }

  expect_failures = [var.flow_logs]
}

run "flow_log_retention" {
  command = plan

  variables {
    flow_logs = { retention_days = 10 }
  }

  expect_failures = [var.flow_logs]
}

run "flow_log_traffic" {
  command = plan

  variables {
    flow_logs = { traffic_type = "all" }
  }

  expect_failures = [var.flow_logs]
}

run "unknown_nat_mode" {
  command = plan

  variables {
    nat_gateways = "two"
  }

  expect_failures = [var.nat_gateways]
}

run "prefix_too_long" {
  command = plan

  variables {
    prefix = "a-very-long-name-for-a-prefix"
  }

  expect_failures = [var.prefix]
}

run "prefix_with_capitals" {
  command = plan

  variables {
    prefix = "Shop"
  }

  expect_failures = [var.prefix]
}

run "prefix_with_trailing_hyphen" {
  command = plan

  variables {
    prefix = "shop-"
  }

  expect_failures = [var.prefix]
}

run "private_subnet_with_host_bits" {
  command = plan

  variables {
    private_subnets = { a = "10.0.0.1/20" }
  }

  expect_failures = [var.private_subnets]
}

run "private_subnet_in_an_unused_zone" {
  command = plan

  variables {
    private_subnets = { c = "10.0.0.0/20" }
  }

  expect_failures = [var.private_subnets]
}

run "private_subnet_too_small" {
  command = plan

  variables {
    private_subnets = { a = "10.0.0.0/29" }
  }

  expect_failures = [var.private_subnets]
}

run "public_subnet_is_no_cidr" {
  command = plan

  variables {
    public_subnets = { a = "10.0.0.0-10.0.0.255" }
  }

  expect_failures = [var.public_subnets]
}

run "public_subnet_in_an_unused_zone" {
  command = plan

  variables {
    public_subnets = { c = "10.0.128.0/21" }
  }

  expect_failures = [var.public_subnets]
}

run "public_subnet_too_small_for_a_load_balancer" {
  command = plan

  variables {
    public_subnets = { a = "10.0.128.0/28" }
  }

  expect_failures = [var.public_subnets]
}

run "subnet_outside_the_vpc" {
  command = plan

  variables {
    private_subnets = { a = "10.1.0.0/20" }
  }

  expect_failures = [aws_vpc.main]
}

run "subnet_larger_than_the_vpc" {
  command = plan

  variables {
    cidr            = "10.0.0.0/20"
    private_subnets = { a = "10.0.0.0/16" }
  }

  expect_failures = [aws_vpc.main]
}

run "given_subnets_overlap" {
  command = plan

  variables {
    private_subnets = { a = "10.0.0.0/18", b = "10.0.32.0/20" }
  }

  expect_failures = [aws_vpc.main]
}

run "given_subnet_overlaps_a_computed_one" {
  command = plan

  variables {
    public_subnets = { a = "10.0.16.0/24" }
  }

  expect_failures = [aws_vpc.main]
}

run "reserved_tag" {
  command = plan

  variables {
    tags = { "aws:name" = "x" }
  }

  expect_failures = [var.tags]
}

run "no_way_out_for_tasks" {
  command = plan

  variables {
    nat_gateways = "none"
  }

  expect_failures = [check.way_out]
}

# What must pass: the smallest VPC, and no way out but endpoints.
run "smallest_vpc" {
  command = plan

  variables {
    cidr = "10.0.0.0/22"
  }
}

run "endpoints_instead_of_nat" {
  command = plan

  variables {
    nat_gateways = "none"
    endpoints    = { interface = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] }
  }
}

# Builds an environment. Needs a cloud: where it is comes from the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
# AWS_SECRET_ACCESS_KEY). Against an account on AWS this costs a little money.
variables {
  environment = "test"
  project     = "shop"
  region      = "eu-west-1"
  network     = { nat_gateways = "single", flow_logs = { retention_days = 1 } }
  tags        = { Team = "platform" }
  database    = null
}

run "build" {
  assert {
    condition     = startswith(output.vpc_id, "vpc-") && output.vpc_cidr == "10.0.0.0/16"
    error_message = "The VPC is not what was asked for: ${output.vpc_id}, ${output.vpc_cidr}."
  }

  assert {
    condition     = length(output.availability_zones) == 2 && length(output.public_subnet_ids) == 2 && length(output.private_subnet_ids) == 2
    error_message = "Two zones need two public and two private subnets."
  }

  assert {
    condition     = length(output.nat_public_ips) == 1
    error_message = "A single NAT gateway needs one public address."
  }

  assert {
    condition     = output.flow_log_group_name == "/shop-test/vpc-flow-logs"
    error_message = "The flow logs are not named after the project and the environment."
  }
}

run "three_zones" {
  variables {
    network = { availability_zone_count = 3, nat_gateways = "single", flow_logs = { retention_days = 1 } }
  }

  assert {
    condition     = output.vpc_id == run.build.vpc_id && slice(output.private_subnet_ids, 0, 2) == run.build.private_subnet_ids
    error_message = "A third zone replaced the VPC or a subnet."
  }

  assert {
    condition     = length(output.private_subnet_ids) == 3
    error_message = "The third zone has not got its private subnet."
  }
}

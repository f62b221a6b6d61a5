# Every refusal of a setting. A mocked provider: these need no cloud.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
}

variables {
  environment = "test"
  project     = "shop"
  region      = "eu-west-1"
}

run "account_id_with_hyphens" {
  command = plan

  variables {
    account_id = "1234-5678-9012"
  }

  expect_failures = [var.account_id]
}

run "environment_with_a_slash" {
  command = plan

  variables {
    environment = "feature/x"
  }

  expect_failures = [var.environment]
}

run "names_too_long" {
  command = plan

  variables {
    environment = "long-lived-integration"
  }

  expect_failures = [var.environment]
}

run "project_with_capitals" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "project_that_load_balancers_refuse" {
  command = plan

  variables {
    project = "internal"
  }

  expect_failures = [var.project]
}

run "region_that_is_a_zone" {
  command = plan

  variables {
    region = "eu-west-1a"
  }

  expect_failures = [var.region]
}

run "one_zone" {
  command = plan

  variables {
    network = { availability_zone_count = 1 }
  }

  expect_failures = [var.network]
}

run "zones_of_another_region" {
  command = plan

  variables {
    network = { availability_zones = ["us-east-1a", "us-east-1b"] }
  }

  expect_failures = [var.network]
}

run "tag_that_is_set_already" {
  command = plan

  variables {
    tags = { environment = "x" }
  }

  expect_failures = [var.tags]
}

run "reserved_tag" {
  command = plan

  variables {
    tags = { "aws:name" = "x" }
  }

  expect_failures = [var.tags]
}

run "zones_that_are_not_offered" {
  command = plan

  variables {
    network = { availability_zones = ["eu-west-1a", "eu-west-1f"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "too_few_zones_in_the_region" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

# What must pass.
run "defaults" {
  command = plan

  assert {
    condition     = output.availability_zones == ["eu-west-1a", "eu-west-1b"] && output.vpc_cidr == "10.0.0.0/16"
    error_message = "The defaults are not two zones and 10.0.0.0/16."
  }
}

run "chosen_zones" {
  command = plan

  variables {
    network = { availability_zones = ["eu-west-1c", "eu-west-1a"], endpoints = { interface = ["logs"] }, flow_logs = { enabled = false } }
  }

  assert {
    condition     = output.availability_zones == ["eu-west-1a", "eu-west-1c"]
    error_message = "The chosen zones are not used."
  }

  assert {
    condition     = output.flow_log_group_name == null
    error_message = "The settings do not reach the network module."
  }
}

# What a plan has, for the three environments that come with the blueprint. A mocked provider: these need no cloud.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  environment = "test"
  project     = "shop"
  region      = "eu-west-1"
  services = {
    web    = { port = 8080, database = true, routing = {} }
    worker = { command = ["worker"] }
  }
  jobs = {
    cleanup = { schedule = "rate(1 hour)" }
  }
}

run "everything" {
  command = plan

  assert {
    condition     = length(module.load_balancer) == 1 && length(module.database) == 1 && length(module.service) == 2 && length(module.job) == 1
    error_message = "A part is missing."
  }

  assert {
    condition     = length(module.firewall) == 0 && length(module.certificate) == 0
    error_message = "The firewall or a certificate came without being asked for."
  }
}

run "workers_alone" {
  command = plan

  variables {
    services = { worker = {} }
    jobs     = {}
    database = null
  }

  assert {
    condition     = length(module.load_balancer) == 0 && length(module.database) == 0 && output.url == null
    error_message = "A worker alone needs no load balancer and no database."
  }
}

run "nothing_but_the_network" {
  command = plan

  variables {
    services = {}
    jobs     = {}
    database = null
  }

  assert {
    condition     = length(module.service) == 0
    error_message = "There are services that nobody asked for."
  }
}

run "a_domain" {
  command = plan

  variables {
    domain = { name = "shop.example.com", zone = "example.com", alternative_names = ["*.shop.example.com", "www.example.com"] }
  }

  assert {
    condition     = output.url == "https://shop.example.com" && join(" ", keys(aws_route53_record.main)) == "shop.example.com www.example.com"
    error_message = "The domain's names are not all served."
  }
}

run "a_firewall" {
  command = plan

  variables {
    load_balancer = { firewall = { enabled = true } }
  }

  assert {
    condition     = length(module.firewall) == 1
    error_message = "There is no firewall."
  }
}

run "a_read_replica" {
  command = plan

  variables {
    database          = { read_replica = true }
    database_password = "correct-horse-battery"
  }

  assert {
    condition     = length(module.database) == 1
    error_message = "There is no database."
  }
}

project     = "shop"
environment = "staging"
region      = "eu-west-1"

# Give the account's 12 digits here to have Terraform refuse any other account.
# account_id = "123456789012"

# Like production in kind, smaller in size. Its data can be made anew.
protected          = false
log_retention_days = 30

network = {
  cidr         = "10.1.0.0/16"
  nat_gateways = "single"

  flow_logs = { retention_days = 30 }
}

load_balancer = {
  access_logs = { retention_days = 30 }
}

services = {
  web = {
    cpu      = 512
    memory   = 1024
    port     = 8080
    database = true
    routing  = { paths = ["/*"] }
    scaling  = { min = 2, max = 4 }
  }

  worker = {
    command  = ["worker"]
    database = true
    scaling  = { min = 1, max = 2 }
  }
}

jobs = {
  cleanup = {
    command  = ["cleanup"]
    database = true
    schedule = "cron(0 3 * * ? *)"
  }
}

database = {
  instance_class = "db.t4g.small"
  backup         = { retention_days = 3 }
}

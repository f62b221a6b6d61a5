project     = "shop"
environment = "prod"
region      = "eu-west-1"

# Give the account's 12 digits here to have Terraform refuse any other account.
# account_id = "123456789012"

# Nothing that holds data goes with a destroy: turn this off, and apply, before you take the environment down.
protected          = true
log_retention_days = 365

network = {
  cidr         = "10.2.0.0/16"
  nat_gateways = "per_az"

  flow_logs = { retention_days = 365 }
}

# Give the name under which the environment is reached, for HTTPS.
# domain = { name = "shop.example.com", zone = "example.com" }

load_balancer = {
  access_logs = { retention_days = 365 }
  firewall    = { enabled = true }
}

services = {
  web = {
    cpu      = 1024
    memory   = 2048
    port     = 8080
    database = true
    routing  = { paths = ["/*"] }
    scaling  = { min = 2, max = 10, requests = 1000 }
  }

  worker = {
    command  = ["worker"]
    cpu      = 512
    memory   = 1024
    database = true
    scaling  = { min = 2, max = 6 }
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
  instance_class       = "db.m7g.large"
  multi_az             = true
  monitoring_seconds   = 60
  performance_insights = true
  backup               = { retention_days = 30 }
  storage              = { initial_gib = 100, max_gib = 1000 }
}

alarms = {
  # Who gets the alarms. AWS asks each address by mail whether it agrees.
  emails = []
}

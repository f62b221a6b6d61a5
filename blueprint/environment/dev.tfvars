project     = "shop"
environment = "dev"
region      = "eu-west-1"

# Give the account's 12 digits here to have Terraform refuse any other account.
# account_id = "123456789012"

# A throw-away environment: nothing is kept on destroy.
protected          = false
log_retention_days = 7
container_insights = "disabled"

network = {
  # One NAT gateway for all zones: cheaper, and good enough where an outage of one zone may stop the environment.
  nat_gateways = "single"

  flow_logs = { retention_days = 7 }
}

load_balancer = {
  access_logs = { retention_days = 7 }
}

services = {
  web = {
    port     = 8080
    database = true
    routing  = { paths = ["/*"] }
    scaling  = { min = 1, max = 2 }
    spot     = true

    # A shell in a task, for looking around.
    exec      = true
    read_only = false
  }

  worker = {
    command  = ["worker"]
    database = true
    scaling  = { min = 1, max = 1 }
    spot     = true
  }
}

jobs = {
  cleanup = {
    command  = ["cleanup"]
    database = true
    schedule = "cron(0 3 * * ? *)"
    spot     = true
  }
}

database = {
  instance_class = "db.t4g.micro"
  backup         = { retention_days = 1 }
}

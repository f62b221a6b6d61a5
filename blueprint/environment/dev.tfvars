project     = "shop"
environment = "dev"
region      = "eu-west-1"

# Give the account's 12 digits here to have Terraform refuse any other account.
# account_id = "123456789012"

network = {
  # One NAT gateway for all zones: cheaper, and good enough where an outage of one zone may stop the environment.
  nat_gateways = "single"

  flow_logs = { retention_days = 7 }
}

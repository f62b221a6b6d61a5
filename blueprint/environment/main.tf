locals {
  prefix = "${var.project}-${var.environment}"
}

module "network" {
  source = "../modules/network"

  prefix             = local.prefix
  availability_zones = local.availability_zones
  cidr               = var.network.cidr
  endpoints          = var.network.endpoints
  flow_logs          = var.network.flow_logs
  nat_gateways       = var.network.nat_gateways
  private_subnets    = var.network.private_subnets
  public_subnets     = var.network.public_subnets
}

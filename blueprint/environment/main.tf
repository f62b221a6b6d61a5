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

module "registry" {
  source = "../modules/registry"

  prefix             = local.prefix
  encryption_key_arn = var.encryption_key_arn
  first_image        = coalesce(var.first_image, var.registry.first_image)
  keep_images        = var.registry.keep_images
  protected          = var.protected
  repositories       = var.registry.repositories
}

module "cluster" {
  source = "../modules/cluster"

  prefix             = local.prefix
  container_insights = var.container_insights
  encryption_key_arn = var.encryption_key_arn
  log_retention_days = var.log_retention_days
}

module "monitoring" {
  source = "../modules/monitoring"

  prefix             = local.prefix
  cluster_name       = local.prefix
  database           = one(module.database[*].identifier)
  emails             = var.alarms.emails
  encryption_key_arn = var.encryption_key_arn
  load_balancer      = one(module.load_balancer[*].metric_name)
  services           = keys(var.services)
  target_groups      = { for name, service in local.web_services : name => module.service[name].target_group_metric_name }
  thresholds         = var.alarms.thresholds
  web                = local.web
}

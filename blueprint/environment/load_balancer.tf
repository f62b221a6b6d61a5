locals {
  # A load balancer stands where a service takes requests.
  web_services = { for name, service in var.services : name => service if service.routing != null }
  web          = length(local.web_services) > 0
  domain       = local.web ? var.domain : null
}

module "load_balancer" {
  source = "../modules/load_balancer"
  count  = local.web ? 1 : 0

  prefix        = local.prefix
  access_logs   = var.load_balancer.access_logs
  allowed_cidrs = var.load_balancer.allowed_cidrs
  certificate = (
    local.domain != null ? { arn = module.certificate[0].arn } :
    var.load_balancer.certificate_arn != null ? { arn = var.load_balancer.certificate_arn } : null
  )
  idle_timeout = var.load_balancer.idle_timeout
  protected    = var.protected
  ssl_policy   = var.load_balancer.ssl_policy
  subnet_ids   = module.network.public_subnet_ids
  vpc_id       = module.network.vpc_id
}

module "firewall" {
  source = "../modules/firewall"
  count  = local.web && var.load_balancer.firewall.enabled ? 1 : 0

  prefix                    = local.prefix
  count_only                = var.load_balancer.firewall.count_only
  load_balancer_arn         = module.load_balancer[0].arn
  requests_per_five_minutes = var.load_balancer.firewall.requests_per_five_minutes
}

data "aws_route53_zone" "main" {
  count = local.domain != null ? 1 : 0

  name         = local.domain.zone
  private_zone = false
}

module "certificate" {
  source = "../modules/certificate"
  count  = local.domain != null ? 1 : 0

  domain            = local.domain.name
  alternative_names = local.domain.alternative_names
  zone_id           = data.aws_route53_zone.main[0].zone_id
}

# The domain's names, without wildcards of which a record would catch too much.
resource "aws_route53_record" "main" {
  for_each = toset(local.domain == null ? [] : [for name in concat([local.domain.name], tolist(local.domain.alternative_names)) : name if !startswith(name, "*.")])

  zone_id = data.aws_route53_zone.main[0].zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = module.load_balancer[0].dns_name
    zone_id                = module.load_balancer[0].zone_id
    evaluate_target_health = true
  }
}

resource "aws_acm_certificate" "main" {
  domain_name               = var.domain
  subject_alternative_names = var.alternative_names
  validation_method         = "DNS"

  tags = var.tags

  # A load balancer keeps the old certificate until the new one is valid.
  lifecycle {
    create_before_destroy = true
  }
}

# A name and its wildcard share one record, so the records are keyed by the name without "*.".
resource "aws_route53_record" "validation" {
  for_each = toset([for name in concat([var.domain], tolist(var.alternative_names)) : trimprefix(name, "*.")])

  zone_id         = var.zone_id
  name            = one(distinct([for option in aws_acm_certificate.main.domain_validation_options : option.resource_record_name if trimprefix(option.domain_name, "*.") == each.key]))
  type            = one(distinct([for option in aws_acm_certificate.main.domain_validation_options : option.resource_record_type if trimprefix(option.domain_name, "*.") == each.key]))
  records         = distinct([for option in aws_acm_certificate.main.domain_validation_options : option.resource_record_value if trimprefix(option.domain_name, "*.") == each.key])
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

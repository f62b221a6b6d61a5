resource "aws_vpc_endpoint" "gateway" {
  for_each = var.endpoints.gateway

  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for letter in local.letters : aws_route_table.private[letter].id]

  tags = merge(var.tags, { Name = "${var.prefix}-${each.key}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.endpoints.interface

  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.${data.aws_region.current.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  security_group_ids  = aws_security_group.endpoints[*].id
  subnet_ids          = [for letter in local.letters : aws_subnet.private[letter].id]

  tags = merge(var.tags, { Name = "${var.prefix}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  count = length(var.endpoints.interface) > 0 ? 1 : 0

  name        = "${var.prefix}-endpoints"
  description = "Interface endpoints: HTTPS from within the VPC"
  vpc_id      = aws_vpc.main.id

  tags = merge(var.tags, { Name = "${var.prefix}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_https" {
  count = length(var.endpoints.interface) > 0 ? 1 : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from within the VPC"
  cidr_ipv4         = aws_vpc.main.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = merge(var.tags, { Name = "${var.prefix}-endpoints-https" })
}

# A Fargate task pulls its image, reads its secrets and writes its log through these. A warning, not an error: a
# network for a database alone needs none of them.
check "way_out" {
  assert {
    condition = var.nat_gateways != "none" || (
      contains(var.endpoints.gateway, "s3") &&
      length(setsubtract(["ecr.api", "ecr.dkr", "logs", "secretsmanager"], var.endpoints.interface)) == 0
    )
    error_message = "With nat_gateways = \"none\", tasks cannot start: they reach no registry and no log group. Add endpoints = { gateway = [\"s3\"], interface = [\"ecr.api\", \"ecr.dkr\", \"logs\", \"secretsmanager\"] }, or use nat_gateways = \"single\"."
  }
}

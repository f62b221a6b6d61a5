resource "aws_security_group" "main" {
  name        = local.full
  description = "Tasks of the service ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = local.full })
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  count = local.web ? 1 : 0

  security_group_id            = aws_security_group.main.id
  description                  = "Requests and health checks from the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port

  tags = merge(var.tags, { Name = "${local.full}-load-balancer" })
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  count = local.web ? 1 : 0

  security_group_id            = var.load_balancer.security_group_id
  description                  = "Requests and health checks to the service ${var.name}"
  referenced_security_group_id = aws_security_group.main.id
  ip_protocol                  = "tcp"
  from_port                    = var.container.port
  to_port                      = var.container.port

  tags = merge(var.tags, { Name = "${local.full}-load-balancer" })
}

# The way to AWS's own APIs, image registries and other services on the internet.
resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each = toset([for port in var.egress_ports : tostring(port)])

  security_group_id = aws_security_group.main.id
  description       = "To the internet, port ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)

  tags = merge(var.tags, { Name = "${local.full}-internet-${each.key}" })
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count = var.database != null ? 1 : 0

  security_group_id            = aws_security_group.main.id
  description                  = "PostgreSQL"
  referenced_security_group_id = var.database.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.database.port
  to_port                      = var.database.port

  tags = merge(var.tags, { Name = "${local.full}-database" })
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = var.database != null ? 1 : 0

  security_group_id            = var.database.security_group_id
  description                  = "PostgreSQL from ${var.name}"
  referenced_security_group_id = aws_security_group.main.id
  ip_protocol                  = "tcp"
  from_port                    = var.database.port
  to_port                      = var.database.port

  tags = merge(var.tags, { Name = "${local.full}-database" })
}

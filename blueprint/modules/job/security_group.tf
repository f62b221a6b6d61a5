resource "aws_security_group" "main" {
  name        = local.full
  description = "Tasks of the job ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = local.full })
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

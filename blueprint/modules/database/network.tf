resource "aws_db_subnet_group" "main" {
  name        = local.identifier
  description = "Private subnets for ${local.identifier}"
  subnet_ids  = var.subnet_ids

  tags = var.tags
}

resource "aws_security_group" "main" {
  name        = "${local.identifier}-database"
  description = "Database ${local.identifier}: PostgreSQL from its clients, nothing out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${local.identifier}-database" })
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.clients

  security_group_id            = aws_security_group.main.id
  description                  = "PostgreSQL from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432

  tags = merge(var.tags, { Name = "${local.identifier}-${each.key}" })
}

resource "aws_vpc_security_group_egress_rule" "clients" {
  for_each = var.clients

  security_group_id            = each.value
  description                  = "PostgreSQL of ${local.identifier}"
  referenced_security_group_id = aws_security_group.main.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432

  tags = merge(var.tags, { Name = "${local.identifier}-${each.key}-database" })
}

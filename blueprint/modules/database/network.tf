resource "aws_db_subnet_group" "main" {
  name        = local.identifier
  description = "Private subnets for ${local.identifier}"
  subnet_ids  = var.subnet_ids

  tags = var.tags
}

# Each service and job lets itself in, before its first task starts: modules/service, modules/job.
resource "aws_security_group" "main" {
  name        = "${local.identifier}-database"
  description = "Database ${local.identifier}: PostgreSQL from its clients, nothing out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${local.identifier}-database" })
}

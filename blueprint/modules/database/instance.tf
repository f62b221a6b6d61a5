locals {
  identifier = var.prefix
  major      = split(".", var.engine_version)[0]
}

resource "aws_db_instance" "main" {
  identifier     = local.identifier
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = var.database_name
  port           = 5432

  allocated_storage     = var.storage.initial_gib
  max_allocated_storage = var.storage.max_gib
  storage_type          = var.storage.type
  iops                  = var.storage.iops
  storage_encrypted     = true
  kms_key_id            = var.encryption_key_arn

  # RDS makes the password, keeps it in Secrets Manager and changes it there: it is in no state and no plan.
  username                      = var.username
  manage_master_user_password   = var.read_replica ? null : true
  master_user_secret_kms_key_id = var.read_replica ? null : var.encryption_key_arn

  # Not for an instance with a read replica, which RDS refuses. Such a one has a password of yours, which Terraform hands on and does not keep.
  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations
  password_wo         = var.read_replica ? var.password.value : null
  password_wo_version = var.read_replica ? var.password.version : null

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.main.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.main.name

  backup_retention_period    = var.backup.retention_days
  backup_window              = var.backup.window
  maintenance_window         = var.maintenance_window
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true
  delete_automated_backups   = !var.protected

  performance_insights_enabled    = var.performance_insights
  performance_insights_kms_key_id = var.performance_insights ? var.encryption_key_arn : null
  enabled_cloudwatch_logs_exports = sort(keys(aws_cloudwatch_log_group.main))
  monitoring_interval             = var.monitoring_seconds
  monitoring_role_arn             = one(aws_iam_role.monitoring[*].arn)

  apply_immediately           = var.apply_immediately
  allow_major_version_upgrade = var.allow_major_version_upgrade

  deletion_protection       = var.protected
  skip_final_snapshot       = !var.protected
  final_snapshot_identifier = var.protected ? "${local.identifier}-final-${terraform_data.born.output}" : null

  tags = var.tags

  # RDS makes the log groups anew when it finds none, and would leave them behind.
  depends_on = [aws_cloudwatch_log_group.main]
}

# The name of the final snapshot has the time at which the instance was planned: a second instance of the name gets another one.
resource "terraform_data" "born" {
  input = formatdate("YYYYMMDDhhmmss", plantimestamp())

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_secretsmanager_secret" "main" {
  count = var.read_replica ? 1 : 0

  name                    = "${local.identifier}/database"
  description             = "Master user of the database ${local.identifier}"
  kms_key_id              = var.encryption_key_arn
  recovery_window_in_days = var.protected ? 30 : 0

  tags = var.tags
}

resource "aws_secretsmanager_secret_version" "main" {
  count = var.read_replica ? 1 : 0

  secret_id                = aws_secretsmanager_secret.main[0].id
  secret_string_wo         = jsonencode({ username = var.username, password = var.password.value })
  secret_string_wo_version = var.password.version
}

resource "aws_db_instance" "replica" {
  count = var.read_replica ? 1 : 0

  identifier          = "${local.identifier}-replica"
  replicate_source_db = aws_db_instance.main.identifier
  instance_class      = var.instance_class

  max_allocated_storage  = var.storage.max_gib
  storage_encrypted      = true
  vpc_security_group_ids = [aws_security_group.main.id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.main.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  maintenance_window         = var.maintenance_window
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true

  performance_insights_enabled    = var.performance_insights
  performance_insights_kms_key_id = var.performance_insights ? var.encryption_key_arn : null
  monitoring_interval             = var.monitoring_seconds
  monitoring_role_arn             = one(aws_iam_role.monitoring[*].arn)

  apply_immediately   = var.apply_immediately
  deletion_protection = var.protected
  skip_final_snapshot = true # the instance that it copies has one

  tags = var.tags
}

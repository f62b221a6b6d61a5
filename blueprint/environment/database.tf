module "database" {
  source = "../modules/database"
  count  = var.database == null ? 0 : 1

  prefix                      = local.prefix
  allow_major_version_upgrade = var.database.allow_major_version_upgrade
  apply_immediately           = var.database.apply_immediately
  backup                      = var.database.backup
  database_name               = var.database.name
  encryption_key_arn          = var.encryption_key_arn
  engine_version              = var.database.engine_version
  instance_class              = var.database.instance_class
  log_retention_days          = var.log_retention_days
  maintenance_window          = var.database.maintenance_window
  monitoring_seconds          = var.database.monitoring_seconds
  multi_az                    = var.database.multi_az
  parameters                  = var.database.parameters
  password                    = var.database_password == null ? null : { value = var.database_password, version = var.database.password_version }
  performance_insights        = var.database.performance_insights
  protected                   = var.protected
  read_replica                = var.database.read_replica
  storage                     = var.database.storage
  subnet_ids                  = module.network.database_subnet_ids
  username                    = var.database.username
  vpc_id                      = module.network.vpc_id
}

locals {
  load_balancer = local.web ? {
    listener_arn      = module.load_balancer[0].listener_arn
    metric_name       = module.load_balancer[0].metric_name
    security_group_id = module.load_balancer[0].security_group_id
  } : null

  # How a task finds the database, by the names that PostgreSQL's own clients and most drivers read.
  # https://www.postgresql.org/docs/current/libpq-envars.html
  database_environment = var.database == null ? {} : {
    PGDATABASE = module.database[0].database_name
    PGHOST     = module.database[0].address
    PGPORT     = tostring(module.database[0].port)
    PGSSLMODE  = "require"
    PGUSER     = module.database[0].username
  }
  database_secrets = var.database == null ? {} : {
    PGPASSWORD = "${module.database[0].secret_arn}:password::"
  }

  database_access = var.database == null ? null : { security_group_id = module.database[0].security_group_id }

  # What services and jobs have in common.
  containers = {
    for name, task in merge(var.services, var.jobs) : name => {
      image        = task.image != null ? task.image : module.registry.images[task.repository]
      architecture = task.architecture
      command      = task.command
      cpu          = task.cpu
      environment  = merge(task.database ? local.database_environment : {}, task.environment)
      exec         = task.exec
      memory       = task.memory
      policy_arns  = task.policy_arns
      port         = try(task.port, null)
      read_only    = task.read_only
      secrets      = merge(task.database ? local.database_secrets : {}, task.secrets)
      stop_seconds = task.stop_seconds
    }
  }

  # Tasks pull from the environment's own repositories, unless they run an image from elsewhere.
  repository_arns = { for name, task in merge(var.services, var.jobs) : name => task.image != null ? {} : { (task.repository) = module.registry.repository_arns[task.repository] } }

  cluster = {
    arn            = module.cluster.arn
    exec_log_group = module.cluster.exec_log_group
    name           = module.cluster.name
  }
}

module "service" {
  source   = "../modules/service"
  for_each = var.services

  cluster            = local.cluster
  container          = local.containers[each.key]
  database           = each.value.database ? local.database_access : null
  deployment         = each.value.deployment
  egress_ports       = each.value.egress_ports
  encryption_key_arn = var.encryption_key_arn
  load_balancer      = each.value.routing == null ? null : local.load_balancer
  log_retention_days = var.log_retention_days
  name               = each.key
  prefix             = local.prefix
  repository_arns    = local.repository_arns[each.key]
  routing            = each.value.routing
  scaling            = each.value.scaling
  spot               = each.value.spot
  subnet_ids         = module.network.private_subnet_ids
  vpc_id             = module.network.vpc_id
}

module "job" {
  source   = "../modules/job"
  for_each = var.jobs

  cluster            = local.cluster
  container          = local.containers[each.key]
  database           = each.value.database ? local.database_access : null
  egress_ports       = each.value.egress_ports
  enabled            = each.value.enabled
  encryption_key_arn = var.encryption_key_arn
  log_retention_days = var.log_retention_days
  name               = each.key
  prefix             = local.prefix
  repository_arns    = local.repository_arns[each.key]
  schedule           = each.value.schedule
  spot               = each.value.spot
  subnet_ids         = module.network.private_subnet_ids
  vpc_id             = module.network.vpc_id
}

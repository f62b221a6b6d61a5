# A major version has a group of its own, which must stand before the instance moves to it.
resource "aws_db_parameter_group" "main" {
  name        = "${local.identifier}-postgres${local.major}"
  family      = "postgres${local.major}"
  description = "Settings of ${local.identifier}"

  dynamic "parameter" {
    for_each = merge({
      "log_lock_waits"             = "1"
      "log_min_duration_statement" = "1000" # milliseconds
      "rds.force_ssl"              = "1"
    }, var.parameters)

    content {
      name  = parameter.key
      value = parameter.value

      # Parameters that PostgreSQL reads at its start alone take effect with the next reboot; so AWS takes no "immediate" for them.
      apply_method = contains(local.static_parameters, parameter.key) ? "pending-reboot" : "immediate"
    }
  }

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  static_parameters = [
    "autovacuum_freeze_max_age", "autovacuum_max_workers", "huge_pages", "max_connections", "max_locks_per_transaction", "max_logical_replication_workers",
    "max_prepared_transactions", "max_replication_slots", "max_wal_senders", "max_worker_processes", "pg_stat_statements.max", "rds.logical_replication",
    "shared_buffers", "shared_preload_libraries", "track_activity_query_size", "track_commit_timestamp", "wal_buffers",
  ]
}

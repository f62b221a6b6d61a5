resource "aws_lb" "main" {
  name               = var.prefix
  load_balancer_type = "application"
  security_groups    = [aws_security_group.main.id]
  subnets            = var.subnet_ids

  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected
  idle_timeout               = var.idle_timeout

  dynamic "access_logs" {
    for_each = module.logs[*].name

    content {
      bucket  = access_logs.value
      enabled = true
    }
  }

  tags = var.tags
}

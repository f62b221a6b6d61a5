# The architecture of the blueprint in another hand: the default VPC, rules inline and as resources of their own, count, one file, other names.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags {
    tags = { App = "ledger" }
  }
}

variable "web_count" {
  default = 2
}

variable "db_class" {
  default = "db.t3.micro"
}

variable "image" {
  default = "public.ecr.aws/docker/library/httpd:2.4"
}

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_security_group" "alb" {
  name   = "ledger-alb"
  vpc_id = data.aws_vpc.default.id

  ingress {
    from_port        = 80
    to_port          = 80
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "app" {
  name_prefix = "ledger-app-"
  vpc_id      = data.aws_vpc.default.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "app_in" {
  type                     = "ingress"
  from_port                = 80
  to_port                  = 80
  protocol                 = "tcp"
  security_group_id        = aws_security_group.app.id
  source_security_group_id = aws_security_group.alb.id
}

resource "aws_security_group_rule" "app_out" {
  type              = "egress"
  from_port         = 0
  to_port           = 65535
  protocol          = "tcp"
  security_group_id = aws_security_group.app.id
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group" "db" {
  name   = "ledger-db"
  vpc_id = data.aws_vpc.default.id

  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.app.id]
    description     = "from the app"
  }
}

resource "aws_lb" "front" {
  name            = "ledger-front"
  subnets         = data.aws_subnets.default.ids
  security_groups = [aws_security_group.alb.id]
}

resource "aws_lb_target_group" "web" {
  count       = 2
  name        = "ledger-web-${count.index}"
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = data.aws_vpc.default.id

  health_check {
    path    = "/"
    matcher = "200-399"
  }
}

resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  port              = "80"

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.web[0].arn
        weight = 90
      }
      target_group {
        arn    = aws_lb_target_group.web[1].arn
        weight = 10
      }
      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }
}

resource "aws_lb_listener_rule" "health" {
  listener_arn = aws_lb_listener.front.arn
  priority     = 5

  action {
    type = "fixed-response"
    fixed_response {
      content_type = "application/json"
      message_body = "{}"
      status_code  = "200"
    }
  }

  condition {
    http_request_method {
      values = ["GET", "HEAD"]
    }
  }
  condition {
    path_pattern {
      values = ["/ping"]
    }
  }
  condition {
    query_string {
      key   = "from"
      value = "probe*"
    }
  }
}

resource "aws_lb_listener_rule" "old" {
  listener_arn = aws_lb_listener.front.arn

  action {
    type = "redirect"
    redirect {
      path        = "/new/#{path}"
      status_code = "HTTP_302"
    }
  }

  condition {
    http_header {
      http_header_name = "X-Version"
      values           = ["1.*"]
    }
  }
  condition {
    source_ip {
      values = ["203.0.113.0/24"]
    }
  }
}

resource "aws_ecs_cluster" "main" {
  name = "ledger"
}

resource "aws_iam_role" "exec" {
  name               = "ledger-exec"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "exec" {
  role       = aws_iam_role.exec.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_cloudwatch_log_group" "app" {
  name = "ledger"
}

resource "aws_ecs_task_definition" "web" {
  family                   = "ledger-web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "512"
  memory                   = "1024"
  execution_role_arn       = aws_iam_role.exec.arn

  container_definitions = jsonencode([
    {
      name         = "web"
      image        = var.image
      portMappings = [{ containerPort = 80 }]
      environment = [
        { name = "ZONE", value = "b" },
        { name = "A_FIRST", value = "a" },
      ]
      secrets = [
        { name = "TOKEN", valueFrom = aws_ssm_parameter.token.arn },
        { name = "DB", valueFrom = aws_secretsmanager_secret.db.arn },
      ]
      dependsOn   = [{ containerName = "init", condition = "SUCCESS" }]
      healthCheck = { command = ["CMD-SHELL", "curl -f http://localhost/ || exit 1"] }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.app.name
          "awslogs-region"        = data.aws_region.here.region
          "awslogs-stream-prefix" = "web"
        }
      }
    },
    {
      name      = "init"
      image     = "public.ecr.aws/docker/library/busybox:stable"
      essential = false
      command   = ["true"]
    },
  ])
}

resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = var.web_count
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = data.aws_subnets.default.ids
    security_groups  = [aws_security_group.app.id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.web[0].arn
    container_name   = "web"
    container_port   = 80
  }

  depends_on = [aws_lb_listener.front]
}

resource "aws_appautoscaling_target" "web" {
  min_capacity       = var.web_count
  max_capacity       = 6
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.web.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  policy_type        = "StepScaling"
  resource_id        = aws_appautoscaling_target.web.resource_id
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension
  service_namespace  = aws_appautoscaling_target.web.service_namespace

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 60
    metric_aggregation_type = "Maximum"

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.web.service_namespace
  resource_id        = aws_appautoscaling_target.web.resource_id
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension
  schedule           = "cron(0 22 * * ? *)"
  timezone           = "Europe/Berlin"

  scalable_target_action {
    min_capacity = 1
    max_capacity = 2
  }
}

resource "aws_cloudwatch_metric_alarm" "busy" {
  alarm_name          = "ledger-busy"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/ECS"
  period              = 60
  statistic           = "Average"
  threshold           = 75
  alarm_actions       = [aws_appautoscaling_policy.steps.arn, aws_sns_topic.ops.arn]

  dimensions = {
    ClusterName = aws_ecs_cluster.main.name
    ServiceName = aws_ecs_service.web.name
  }
}

resource "aws_cloudwatch_composite_alarm" "any" {
  alarm_name = "ledger-any"
  alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.busy.alarm_name}) OR ALARM(${aws_cloudwatch_metric_alarm.errors.alarm_name})"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "ledger-error-rate"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 5

  metric_query {
    id          = "rate"
    expression  = "100 * errors / requests"
    return_data = true
  }
  metric_query {
    id = "errors"
    metric {
      metric_name = "HTTPCode_Target_5XX_Count"
      namespace   = "AWS/ApplicationELB"
      period      = 60
      stat        = "Sum"
      dimensions  = { LoadBalancer = aws_lb.front.arn_suffix }
    }
  }
  metric_query {
    id = "requests"
    metric {
      metric_name = "RequestCount"
      namespace   = "AWS/ApplicationELB"
      period      = 60
      stat        = "Sum"
      dimensions  = { LoadBalancer = aws_lb.front.arn_suffix }
    }
  }
}

resource "aws_sns_topic" "ops" {
  name = "ledger-ops"
}

resource "aws_sns_topic_subscription" "ops" {
  topic_arn = aws_sns_topic.ops.arn
  protocol  = "email"
  endpoint  = "ops@example.com"
}

resource "aws_ssm_parameter" "token" {
  name  = "/ledger/token"
  type  = "SecureString"
  value = "not-a-secret"
}

resource "aws_secretsmanager_secret" "db" {
  name                    = "ledger/db"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = jsonencode({ host = aws_db_instance.db.address, password = "correct-horse-battery" })
}

resource "aws_kms_key" "db" {
  description             = "ledger's database"
  deletion_window_in_days = 7
}

resource "aws_db_subnet_group" "db" {
  name       = "ledger"
  subnet_ids = data.aws_subnets.default.ids
}

resource "aws_db_instance" "db" {
  identifier             = "ledger"
  engine                 = "postgres"
  engine_version         = "16"
  instance_class         = var.db_class
  allocated_storage      = 20
  username               = "ledger"
  password               = "correct-horse-battery"
  db_subnet_group_name   = aws_db_subnet_group.db.name
  vpc_security_group_ids = [aws_security_group.db.id]
  storage_encrypted      = true
  kms_key_id             = aws_kms_key.db.arn
  skip_final_snapshot    = true
  apply_immediately      = true
}

resource "aws_ecr_repository" "app" {
  name         = "ledger/app"
  force_delete = true
}

resource "aws_ecr_repository_policy" "app" {
  repository = aws_ecr_repository.app.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "pull"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}

resource "aws_s3_bucket" "trail" {
  bucket        = "ledger-trail-${data.aws_caller_identity.me.account_id}"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.trail.arn
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.trail.arn}/AWSLogs/${data.aws_caller_identity.me.account_id}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}

resource "aws_cloudtrail" "all" {
  name                       = "ledger"
  s3_bucket_name             = aws_s3_bucket_policy.trail.bucket
  is_multi_region_trail      = true
  enable_log_file_validation = true
}

resource "aws_route53_zone" "public" {
  name = "ledger.example.com"
}

resource "aws_route53_zone" "private" {
  name = "ledger.internal"

  vpc {
    vpc_id = data.aws_vpc.default.id
  }
}

resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "www"
  type    = "A"

  alias {
    name                   = aws_lb.front.dns_name
    zone_id                = aws_lb.front.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "db" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "db.ledger.internal"
  type    = "CNAME"
  ttl     = 60
  records = [aws_db_instance.db.address]
}

resource "aws_acm_certificate" "www" {
  domain_name       = "www.ledger.example.com"
  validation_method = "DNS"
}

resource "aws_route53_record" "validation" {
  for_each = {
    for o in aws_acm_certificate.www.domain_validation_options : o.domain_name => o
  }

  zone_id = aws_route53_zone.public.zone_id
  name    = each.value.resource_record_name
  type    = each.value.resource_record_type
  records = [each.value.resource_record_value]
  ttl     = 60
}

resource "aws_acm_certificate_validation" "www" {
  certificate_arn         = aws_acm_certificate.www.arn
  validation_record_fqdns = [for r in aws_route53_record.validation : r.fqdn]
}

resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate_validation.www.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web[1].arn
  }
}

resource "aws_wafv2_ip_set" "blocked" {
  name               = "ledger-blocked"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = ["198.51.100.0/24"]
}

resource "aws_wafv2_web_acl" "front" {
  name  = "ledger"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "blocked"
    priority = 1

    action {
      block {}
    }

    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.blocked.arn
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "blocked"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = false
    metric_name                = "ledger"
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl_association" "front" {
  resource_arn = aws_lb.front.arn
  web_acl_arn  = aws_wafv2_web_acl.front.arn
}

resource "aws_cloudwatch_event_rule" "stopped" {
  name = "ledger-stopped"
  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail        = { lastStatus = ["STOPPED"], clusterArn = [aws_ecs_cluster.main.arn] }
  })
}

resource "aws_cloudwatch_event_target" "stopped" {
  rule = aws_cloudwatch_event_rule.stopped.name
  arn  = aws_sns_topic.ops.arn

  input_transformer {
    input_paths    = { task = "$.detail.taskArn" }
    input_template = "\"Task <task> has stopped\""
  }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "ledger"
  dashboard_body = jsonencode({ widgets = [{ type = "text", x = 0, y = 0, width = 3, height = 3, properties = { markdown = "Ledger" } }] })
}

resource "aws_budgets_budget" "month" {
  name         = "ledger"
  budget_type  = "COST"
  limit_amount = "100"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = ["ops@example.com"]
  }
}

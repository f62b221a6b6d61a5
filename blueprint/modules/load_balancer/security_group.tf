# What leaves the load balancer is the services' to say: each adds its own rule.
resource "aws_security_group" "main" {
  name        = "${var.prefix}-load-balancer"
  description = "Load balancer ${var.prefix}: HTTP and HTTPS in"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.prefix}-load-balancer" })
}

locals {
  ports = local.https ? { http = 80, https = 443 } : { http = 80 }
  sources = {
    for pair in setproduct(keys(local.ports), var.allowed_cidrs) :
    "${pair[0]} ${pair[1]}" => { name = pair[0], port = local.ports[pair[0]], cidr = pair[1] }
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = local.sources

  security_group_id = aws_security_group.main.id
  description       = "${upper(each.value.name)} from clients"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = merge(var.tags, { Name = "${var.prefix}-${each.value.name}" })
}

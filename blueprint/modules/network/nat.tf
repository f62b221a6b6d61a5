locals {
  # The zones that have a NAT gateway. A single one stands in the first zone, so that a later change to per_az keeps it.
  nat_zones = {
    none   = []
    per_az = local.letters
    single = slice(local.letters, 0, min(1, length(local.letters)))
  }
  nat_letters = try(local.nat_zones[var.nat_gateways], [])
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_letters)

  domain = "vpc"

  tags = merge(var.tags, { Name = "${var.prefix}-nat-${each.key}" })

  # A public address works only in a VPC that has an internet gateway.
  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  for_each = toset(local.nat_letters)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = merge(var.tags, { Name = "${var.prefix}-${each.key}" })

  depends_on = [aws_internet_gateway.main]
}

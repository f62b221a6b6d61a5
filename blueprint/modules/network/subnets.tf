# For load balancers and NAT gateways. Both bring their own public addresses, so nothing here gets one by default.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value
  cidr_block              = local.public_cidrs[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, {
    Name = "${var.prefix}-public-${each.key}"
    Tier = "public"
  })
}

# For tasks and the database.
resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value
  cidr_block              = local.private_cidrs[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, {
    Name = "${var.prefix}-private-${each.key}"
    Tier = "private"
  })
}

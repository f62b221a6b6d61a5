# AWS opens a VPC's default security group to its own members and to the world outbound. Without rules, whatever is
# put into it by mistake can reach nothing. https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id

  tags = merge(var.tags, { Name = "${var.prefix}-default-closed" })
}

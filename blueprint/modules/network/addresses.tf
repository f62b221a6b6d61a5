# The address plan. A subnet's range depends on the VPC's range and its zone's letter only: adding or removing a zone
# never moves another zone's subnets. In 10.0.0.0/16:
#
#   10.0.0.0/17    private subnets, a /20 for each letter from a to h
#   10.0.128.0/18  public subnets, a /21 for each letter from a to h
#   10.0.192.0/18  free
locals {
  zones   = { for zone in var.availability_zones : substr(zone, -1, 1) => zone }
  letters = sort(keys(local.zones))

  private_cidrs = {
    for letter in local.letters : letter =>
    try(var.private_subnets[letter], cidrsubnet(var.cidr, 4, index(local.zone_letters, letter)))
  }
  public_cidrs = {
    for letter in local.letters : letter =>
    try(var.public_subnets[letter], cidrsubnet(var.cidr, 5, 16 + index(local.zone_letters, letter)))
  }
  zone_letters = ["a", "b", "c", "d", "e", "f", "g", "h"]

  ranges = concat(
    [for letter, cidr in local.private_cidrs : { name = "private ${letter}", cidr = cidr, address = split("/", cidr)[0], bits = tonumber(split("/", cidr)[1]) }],
    [for letter, cidr in local.public_cidrs : { name = "public ${letter}", cidr = cidr, address = split("/", cidr)[0], bits = tonumber(split("/", cidr)[1]) }],
  )

  vpc_bits = tonumber(split("/", var.cidr)[1])

  # A range lies in the VPC when it is no larger and has the VPC's network address at the VPC's prefix length.
  stray_ranges = [
    for range in local.ranges : "${range.name} (${range.cidr})"
    if range.bits < local.vpc_bits || cidrhost("${range.address}/${local.vpc_bits}", 0) != cidrhost(var.cidr, 0)
  ]

  # Two ranges overlap when they have the same network address at the shorter of their prefix lengths.
  overlapping_ranges = flatten([
    for i, one in local.ranges : [
      for other in slice(local.ranges, i + 1, length(local.ranges)) :
      "${one.name} (${one.cidr}) and ${other.name} (${other.cidr})"
      if cidrhost("${one.address}/${min(one.bits, other.bits)}", 0) == cidrhost("${other.address}/${min(one.bits, other.bits)}", 0)
    ]
  ])
}

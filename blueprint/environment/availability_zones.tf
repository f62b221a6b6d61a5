# Zones that are open to every account: no local zones, no zones to opt in to.
data "aws_availability_zones" "available" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(var.network.availability_zones) > 0 || length(self.names) >= var.network.availability_zone_count
      error_message = "Region ${var.region} offers ${length(self.names)} availability zones and network.availability_zone_count asks for ${var.network.availability_zone_count}. Lower the count, or choose another region."
    }

    postcondition {
      condition     = length(setsubtract(var.network.availability_zones, self.names)) == 0
      error_message = "network.availability_zones names zones that ${var.region} does not offer to this account: ${join(", ", setsubtract(var.network.availability_zones, self.names))}. Choose from ${join(", ", self.names)}."
    }
  }
}

locals {
  availability_zones = length(var.network.availability_zones) > 0 ? var.network.availability_zones : slice(
    sort(data.aws_availability_zones.available.names),
    0,
    var.network.availability_zone_count,
  )
}

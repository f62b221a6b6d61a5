package ec2

import (
	"net/netip"

	"atoll/internal/cloud/wire"
)

// parseCIDR reads an IPv4 or IPv6 block. EC2 takes a block with host bits set and stores the network.
func parseCIDR(cidr string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Prefix{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", cidr)
	}
	return p.Masked(), nil
}

// checkVPCBlock checks a VPC's IPv4 block: /16 to /28.
func checkVPCBlock(cidr string) (netip.Prefix, error) {
	p, err := parseCIDR(cidr)
	if err != nil {
		return p, err
	}
	if !p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28 {
		return p, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", cidr)
	}
	return p, nil
}

// within reports whether inner lies wholly in outer.
func within(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// usable is the number of addresses of a subnet that can be given out: AWS keeps the first four and the last.
func usable(p netip.Prefix) int64 { return 1<<(32-p.Bits()) - 5 }

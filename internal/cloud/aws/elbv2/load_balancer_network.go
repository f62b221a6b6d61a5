package elbv2

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/wire"
)

const (
	minFreeAddresses  = 8 // in each subnet of an application load balancer
	maxSecurityGroups = 5
)

// place checks the subnets of a load balancer and gives it its zones and its VPC.
func (t *txn) place(b *balancerRecord, subnets []string, mappings []SubnetMapping) error {
	if len(subnets) > 0 && len(mappings) > 0 {
		return invalid("You must specify either subnets or subnet mappings, but not both")
	}
	for _, m := range mappings {
		if m.SubnetId == nil {
			return invalid("A subnet must be specified in each subnet mapping")
		}
		switch {
		case m.AllocationId != nil && (b.Type != typeNetwork || b.Scheme != schemePublic):
			return badConfiguration("Elastic IP addresses can be specified only for internet-facing load balancers with type 'network'")
		case m.PrivateIPv4Address != nil && (b.Type != typeNetwork || b.Scheme == schemePublic):
			return badConfiguration("Private IPv4 addresses can be specified only for internal load balancers with type 'network'")
		}
		for what, set := range map[string]bool{"IPv6Address": m.IPv6Address != nil, "SourceNatIpv6Prefix": m.SourceNatIpv6Prefix != nil} {
			if set {
				return wire.NotImplemented("elasticloadbalancing: a subnet mapping with " + what)
			}
		}
		subnets = append(subnets, *m.SubnetId)
	}
	var zones []zoneRecord
	vpc := ""
	for _, id := range subnets {
		sub, ok := t.d.Networks.Subnet(t.tx, t.sc, id)
		if !ok {
			return wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && sub.VPC != vpc {
			return badConfiguration("All subnets must belong to the same VPC: '%s'", vpc)
		}
		vpc = sub.VPC
		if slices.ContainsFunc(zones, func(z zoneRecord) bool { return z.Zone == sub.Zone }) {
			return badConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		if b.Type == typeApplication && sub.Free < minFreeAddresses && !slices.ContainsFunc(b.Zones, func(z zoneRecord) bool { return z.Subnet == id }) {
			return wire.Errorf("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least %d free IP addresses in each subnet.", id, minFreeAddresses)
		}
		z := zoneRecord{Zone: sub.Zone, Subnet: id}
		for _, m := range mappings {
			if *m.SubnetId == id {
				z.ElasticIP, z.PrivateIP = text(m.AllocationId), text(m.PrivateIPv4Address)
			}
		}
		zones = append(zones, z)
	}
	switch {
	case b.Type == typeApplication && len(zones) < 2:
		return invalid("At least two subnets in two different Availability Zones must be specified")
	case len(zones) == 0:
		return invalid("At least one subnet must be specified")
	case b.VPC != "" && vpc != b.VPC:
		return badConfiguration("The subnets must belong to the VPC of the load balancer: '%s'", b.VPC)
	}
	if v, _ := t.d.Networks.VPC(t.tx, t.sc, vpc); b.Scheme == schemePublic && !v.HasInternetGateway {
		return wire.Errorf("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	slices.SortFunc(zones, func(a, c zoneRecord) int { return cmp.Compare(a.Zone, c.Zone) })
	b.Zones, b.VPC = zones, vpc
	return nil
}

// checkAddrType holds a load balancer's address type against its subnets, its scheme and its type.
func (t *txn) checkAddrType(b *balancerRecord) error {
	if b.AddrType == "ipv4" {
		return nil
	}
	if b.AddrType != "dualstack" && (b.Type != typeApplication || b.Scheme != schemePublic) {
		return badConfiguration("The IP address type '%s' is supported only by internet-facing Application Load Balancers", b.AddrType)
	}
	for _, z := range b.Zones {
		if sub, _ := t.d.Networks.Subnet(t.tx, t.sc, z.Subnet); len(sub.IPv6) == 0 {
			return wire.Errorf("InvalidSubnet", "You must specify subnets with an associated IPv6 CIDR block.")
		}
	}
	return nil
}

// securityGroups checks a load balancer's groups; an application load balancer without any has the VPC's default one.
func (t *txn) securityGroups(b *balancerRecord, ids []string) ([]string, error) {
	if len(ids) == 0 {
		if b.Type != typeApplication {
			return nil, nil
		}
		standard, ok := t.d.SecurityGroups.DefaultSecurityGroup(t.tx, t.sc, b.VPC)
		if !ok {
			return nil, wire.Errorf("InvalidSecurityGroup", "The VPC '%s' has no default security group", b.VPC)
		}
		return []string{standard.ID}, nil
	}
	if b.Type == typeGateway {
		return nil, badConfiguration("Security groups are not supported for load balancers with type 'gateway'")
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) > maxSecurityGroups {
		return nil, wire.Errorf("InvalidSecurityGroup", "A load balancer can have no more than %d security groups", maxSecurityGroups)
	}
	for _, id := range ids {
		if g, ok := t.d.SecurityGroups.SecurityGroup(t.tx, t.sc, id); !ok || g.VPC != b.VPC {
			return nil, badConfiguration("One or more security groups are invalid")
		}
	}
	return ids, nil
}

// attach gives each zone of a load balancer that has none its network interface.
func (t *txn) attach(b *balancerRecord) error {
	for i, z := range b.Zones {
		if z.Interface != "" {
			continue
		}
		eni, err := t.d.Interfaces.AttachInterface(t.tx, t.sc, network.InterfaceRequest{
			Subnet: z.Subnet, Groups: b.Groups, Description: "ELB " + b.ID, Type: interfaceType(b.Type), Requester: "amazon-elb",
			PublicIP: b.Scheme == schemePublic && b.AddrType != "dualstack-without-public-ipv4", PrivateIP: z.PrivateIP,
			ElasticIP: z.ElasticIP, Service: "nlb",
		})
		if err != nil {
			return z.refusal(err)
		}
		b.Zones[i].Interface = eni.ID
	}
	return nil
}

// refusal words EC2's refusal of a zone's interface as Elastic Load Balancing does.
func (z *zoneRecord) refusal(err error) error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "InsufficientFreeAddressesInSubnet":
		return wire.Errorf("InvalidSubnet", "Not enough IP space available in %s.", z.Subnet)
	case "InvalidAllocationID.NotFound":
		return wire.Errorf("AllocationIdNotFound", "The allocation ID '%s' does not exist", z.ElasticIP)
	case "Resource.AlreadyAssociated":
		return wire.Errorf("ResourceInUse", "The allocation IDs are not available for use")
	case "InvalidIPAddress.InUse":
		return badConfiguration("The private IPv4 address '%s' is already in use", z.PrivateIP)
	case "InvalidParameterValue":
		return badConfiguration("The private IPv4 address '%s' does not belong to the subnet '%s'", z.PrivateIP, z.Subnet)
	}
	return err
}

func interfaceType(balancerType string) string {
	switch balancerType {
	case typeNetwork:
		return "network_load_balancer"
	case typeGateway:
		return "gateway_load_balancer"
	default:
		return "interface"
	}
}

// SetSubnets moves a load balancer to other subnets. Those that stay keep their interface.
func (s *Service) SetSubnets(ctx context.Context, in *SetSubnetsInput) (*SetSubnetsOutput, error) {
	if text(in.EnablePrefixForIpv6SourceNat) == "on" {
		return nil, wire.NotImplemented("elasticloadbalancing:SetSubnets with EnablePrefixForIpv6SourceNat")
	}
	out := &SetSubnetsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		old := b.Zones
		if err := t.place(b, in.Subnets, in.SubnetMappings); err != nil {
			return err
		}
		if in.IpAddressType != nil {
			if b.AddrType, err = addrType(in.IpAddressType); err != nil {
				return err
			}
		}
		if err := t.checkAddrType(b); err != nil {
			return err
		}
		for _, was := range old {
			i := slices.IndexFunc(b.Zones, func(z zoneRecord) bool { return z.Subnet == was.Subnet })
			if i < 0 {
				t.d.Interfaces.ReleaseInterface(t.tx, t.sc, was.Interface)
				continue
			}
			if len(in.SubnetMappings) > 0 && (b.Zones[i].ElasticIP != was.ElasticIP || b.Zones[i].PrivateIP != was.PrivateIP) {
				return badConfiguration("You cannot change the IP address of a subnet that is enabled for the load balancer: '%s'", was.Subnet)
			}
			b.Zones[i] = was
		}
		if err := t.attach(b); err != nil {
			return err
		}
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		out.AvailabilityZones, out.IpAddressType = t.describeZones(b), new(b.AddrType)
		return nil
	})
}

// SetSecurityGroups gives a load balancer, and its interfaces, other security groups.
func (s *Service) SetSecurityGroups(ctx context.Context, in *SetSecurityGroupsInput) (*SetSecurityGroupsOutput, error) {
	out := &SetSecurityGroupsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		switch {
		case b.Type == typeGateway:
			return badConfiguration("Security groups are not supported for load balancers with type 'gateway'")
		case b.Type == typeNetwork && len(b.Groups) == 0 && len(in.SecurityGroups) > 0:
			return badConfiguration("You cannot set security groups for a Network Load Balancer that was created without security groups")
		case len(in.SecurityGroups) == 0:
			return invalid("At least one security group must be specified")
		}
		if b.Groups, err = t.securityGroups(b, in.SecurityGroups); err != nil {
			return err
		}
		if v := in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic; v != nil {
			if b.Type != typeNetwork {
				return badConfiguration("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is supported only for load balancers with type 'network'")
			}
			if b.Enforce, err = oneOf(v, "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on", "off"); err != nil {
				return err
			}
		}
		for _, z := range b.Zones {
			if err := t.d.Interfaces.SetInterfaceGroups(t.tx, t.sc, z.Interface, b.Groups); err != nil {
				return err
			}
		}
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		out.SecurityGroupIds = b.Groups
		if b.Enforce != "" {
			out.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic = new(b.Enforce)
		}
		return nil
	})
}

// SetIpAddressType changes the address type of a load balancer.
func (s *Service) SetIpAddressType(ctx context.Context, in *SetIpAddressTypeInput) (*SetIpAddressTypeOutput, error) {
	out := &SetIpAddressTypeOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		was := b.AddrType
		if b.AddrType, err = addrType(in.IpAddressType); err != nil {
			return err
		}
		if err := t.checkAddrType(b); err != nil {
			return err
		}
		if hasPublic(was) != hasPublic(b.AddrType) { // interfaces get or lose their public address by being made again
			for i, z := range b.Zones {
				t.d.Interfaces.ReleaseInterface(t.tx, t.sc, z.Interface)
				b.Zones[i].Interface = ""
			}
			if err := t.attach(b); err != nil {
				return err
			}
		}
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		out.IpAddressType = new(b.AddrType)
		return nil
	})
}

func addrType(v *string) (string, error) {
	return oneOf(v, "ipAddressType", "ipv4", "dualstack", "dualstack-without-public-ipv4")
}

func hasPublic(addrType string) bool { return addrType != "dualstack-without-public-ipv4" }

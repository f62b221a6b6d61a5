package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

type subnetRecord struct {
	ID, VpcID    string
	CIDR         string // empty in an IPv6-only subnet
	IPv6         []blockAssociation
	Zone, ZoneID string
	DefaultForAZ bool
	MapPublicIP  bool
	AssignIPv6   bool
	DNS64        bool
	IPv6Native   bool
	HostnameType string // "ip-name" or "resource-name"
	NameA        bool   // resource-name A records on launch
	NameAAAA     bool
}

var subnetQuery = query[subnetRecord]{
	kind: "subnet", notFound: "InvalidSubnetID.NotFound", noun: "subnet", prefix: "subnet-", malform: "InvalidSubnetID.Malformed",
	values: subnetValues, narrow: map[string]string{"vpc-id": "vpc", "vpcId": "vpc"},
}

func subnetValues(t *txn, r *subnetRecord, name string) ([]string, bool) {
	switch name {
	case "availability-zone", "availabilityZone":
		return []string{r.Zone}, true
	case "availability-zone-id", "availabilityZoneId":
		return []string{r.ZoneID}, true
	case "available-ip-address-count":
		return []string{strconv.FormatInt(t.freeAddresses(r), 10)}, true
	case "cidr-block", "cidr", "cidrBlock":
		return some(r.CIDR), true
	case "customer-owned-ipv4-pool", "outpost-arn":
		return nil, true
	case "default-for-az", "defaultForAz":
		return []string{boolText(r.DefaultForAZ)}, true
	case "enable-dns64":
		return []string{boolText(r.DNS64)}, true
	case "enable-lni-at-device-index":
		return nil, true
	case "ipv6-cidr-block-association.ipv6-cidr-block":
		return cidrsOf(r.IPv6), true
	case "ipv6-cidr-block-association.association-id":
		return idsOf(r.IPv6), true
	case "ipv6-cidr-block-association.state":
		if len(r.IPv6) == 0 {
			return nil, true
		}
		return []string{"associated"}, true
	case "ipv6-native":
		return []string{boolText(r.IPv6Native)}, true
	case "map-customer-owned-ip-on-launch":
		return []string{"false"}, true
	case "map-public-ip-on-launch":
		return []string{boolText(r.MapPublicIP)}, true
	case "owner-id":
		return []string{t.sc.Account}, true
	case "private-dns-name-options-on-launch.hostname-type":
		return []string{r.HostnameType}, true
	case "private-dns-name-options-on-launch.enable-resource-name-dns-a-record":
		return []string{boolText(r.NameA)}, true
	case "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record":
		return []string{boolText(r.NameAAAA)}, true
	case "state":
		return []string{"available"}, true
	case "subnet-arn":
		return []string{arn(t.sc, "subnet", r.ID)}, true
	case "subnet-id":
		return []string{r.ID}, true
	case "vpc-id", "vpcId":
		return []string{r.VpcID}, true
	}
	return nil, false
}

func (t *txn) subnet(id string) (*subnetRecord, error) { return get(t, t.s.subnets, subnetQuery, id) }

func (t *txn) putSubnet(r *subnetRecord) { t.s.subnets.Put(t.tx, t.sc, r.ID, r) }

// newSubnet stores a subnet with the settings of a new one, under the VPC's default network ACL.
func (t *txn) newSubnet(vpc *vpcRecord, block netip.Prefix, z zone) *subnetRecord {
	r := &subnetRecord{ID: t.id("subnet"), VpcID: vpc.ID, Zone: z.name, ZoneID: z.id, HostnameType: "ip-name"}
	if block.IsValid() {
		r.CIDR = block.String()
	}
	t.putSubnet(r)
	if acl := t.defaultACL(vpc.ID); acl != nil {
		t.associateACL(acl, r.ID)
	}
	return r
}

// freeAddresses counts the addresses that a subnet can still give out.
func (t *txn) freeAddresses(r *subnetRecord) int64 {
	if r.CIDR == "" {
		return 0
	}
	n := usable(netip.MustParsePrefix(r.CIDR))
	for _, eni := range t.s.interfaces.By(t.tx, t.sc, "subnet", r.ID) {
		n -= int64(len(eni.PrivateIPs))
	}
	return n
}

func (t *txn) renderSubnet(r *subnetRecord) Subnet {
	v := Subnet{
		SubnetId: new(r.ID), SubnetArn: new(arn(t.sc, "subnet", r.ID)), VpcId: new(r.VpcID), OwnerId: new(t.sc.Account), State: new("available"),
		AvailabilityZone: new(r.Zone), AvailabilityZoneId: new(r.ZoneID), AvailableIpAddressCount: new(t.freeAddresses(r)),
		DefaultForAz: new(r.DefaultForAZ), MapPublicIpOnLaunch: new(r.MapPublicIP), MapCustomerOwnedIpOnLaunch: new(false),
		AssignIpv6AddressOnCreation: new(r.AssignIPv6), EnableDns64: new(r.DNS64), Ipv6Native: new(r.IPv6Native),
		Ipv6CidrBlockAssociationSet: []SubnetIpv6CidrBlockAssociation{}, Tags: t.tagSet("subnet", r.ID),
		PrivateDnsNameOptionsOnLaunch: &PrivateDnsNameOptionsOnLaunch{HostnameType: new(r.HostnameType),
			EnableResourceNameDnsARecord: new(r.NameA), EnableResourceNameDnsAAAARecord: new(r.NameAAAA)},
		BlockPublicAccessStates: &BlockPublicAccessStates{InternetGatewayBlockMode: new("off")},
	}
	if r.CIDR != "" {
		v.CidrBlock = new(r.CIDR)
	}
	for _, b := range r.IPv6 {
		v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, renderSubnetIPv6(b, "associated"))
	}
	return v
}

func renderSubnetIPv6(b blockAssociation, state string) SubnetIpv6CidrBlockAssociation {
	return SubnetIpv6CidrBlockAssociation{AssociationId: new(b.ID), Ipv6CidrBlock: new(b.CIDR), IpSource: new("amazon"),
		Ipv6AddressAttribute: new("public"), Ipv6CidrBlockState: &SubnetCidrBlockState{State: new(state)}}
}

// CreateSubnet makes a subnet in a VPC's blocks, apart from all other subnets of the VPC.
func (s *Service) CreateSubnet(ctx context.Context, in *CreateSubnetInput) (*CreateSubnetOutput, error) {
	switch {
	case in.Ipv4IpamPoolId != nil || in.Ipv6IpamPoolId != nil || in.Ipv4NetmaskLength != nil || in.Ipv6NetmaskLength != nil:
		return nil, wire.NotImplemented("ec2:CreateSubnet with an IPAM pool")
	case in.OutpostArn != nil:
		return nil, wire.NotImplemented("ec2:CreateSubnet on an Outpost")
	case in.CidrBlock == nil && !truth(in.Ipv6Native):
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter CidrBlock")
	case truth(in.Ipv6Native) && (in.CidrBlock != nil || in.Ipv6CidrBlock == nil):
		return nil, wire.Errorf("InvalidParameterCombination", "An IPv6-only subnet needs an IPv6 CIDR block and has no IPv4 one.")
	}
	out := &CreateSubnetOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		vpc, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		z, err := t.zoneBy(in.AvailabilityZone, in.AvailabilityZoneId)
		if err != nil {
			return err
		}
		var block netip.Prefix
		if in.CidrBlock != nil {
			if block, err = t.checkSubnetBlock(vpc, *in.CidrBlock); err != nil {
				return err
			}
		}
		r := t.newSubnet(vpc, block, z)
		r.IPv6Native = truth(in.Ipv6Native)
		r.AssignIPv6 = r.IPv6Native
		if in.Ipv6CidrBlock != nil {
			if _, err := t.addSubnetIPv6(vpc, r, *in.Ipv6CidrBlock); err != nil {
				return err
			}
		}
		t.putSubnet(r)
		if err := t.applyTags(in.TagSpecifications, "subnet", "subnet", r.ID); err != nil {
			return err
		}
		out.Subnet = new(t.renderSubnet(r))
		return nil
	})
}

// checkSubnetBlock checks an IPv4 block for a new subnet: /16 to /28, in the VPC, apart from its neighbours.
func (t *txn) checkSubnetBlock(vpc *vpcRecord, cidr string) (netip.Prefix, error) {
	block, err := parseCIDR(cidr)
	if err != nil {
		return block, err
	}
	inside := slices.ContainsFunc(vpc.Blocks, func(b blockAssociation) bool { return within(netip.MustParsePrefix(b.CIDR), block) })
	if !block.Addr().Is4() || block.Bits() < 16 || block.Bits() > 28 || !inside {
		return block, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, other := range t.s.subnets.By(t.tx, t.sc, "vpc", vpc.ID) {
		if other.CIDR != "" && netip.MustParsePrefix(other.CIDR).Overlaps(block) {
			return block, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return block, nil
}

// addSubnetIPv6 gives a subnet a block of its VPC's IPv6 range: /44 to /64 in steps of 4.
func (t *txn) addSubnetIPv6(vpc *vpcRecord, r *subnetRecord, cidr string) (blockAssociation, error) {
	block, err := parseCIDR(cidr)
	if err != nil {
		return blockAssociation{}, err
	}
	inside := slices.ContainsFunc(vpc.IPv6, func(b blockAssociation) bool { return within(netip.MustParsePrefix(b.CIDR), block) })
	if block.Addr().Is4() || block.Bits() < 44 || block.Bits() > 64 || block.Bits()%4 != 0 || !inside {
		return blockAssociation{}, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	if len(r.IPv6) > 0 {
		return blockAssociation{}, wire.Errorf("InvalidParameterValue", "The subnet %s already has an IPv6 CIDR block.", r.ID)
	}
	for _, other := range t.s.subnets.By(t.tx, t.sc, "vpc", vpc.ID) {
		for _, have := range other.IPv6 {
			if netip.MustParsePrefix(have.CIDR).Overlaps(block) {
				return blockAssociation{}, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
			}
		}
	}
	b := blockAssociation{t.id("subnet-cidr-assoc"), block.String()}
	r.IPv6 = append(r.IPv6, b)
	return b, nil
}

// CreateDefaultSubnet makes a zone's default subnet anew in the default VPC.
func (s *Service) CreateDefaultSubnet(ctx context.Context, in *CreateDefaultSubnetInput) (*CreateDefaultSubnetOutput, error) {
	if truth(in.Ipv6Native) {
		return nil, wire.NotImplemented("ec2:CreateDefaultSubnet with an IPv6-only subnet")
	}
	out := &CreateDefaultSubnetOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		z, err := t.zoneBy(in.AvailabilityZone, in.AvailabilityZoneId)
		if err != nil {
			return err
		}
		vpc := t.defaultVPC()
		if vpc == nil {
			return wire.Errorf("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
		}
		for id, sub := range s.subnets.By(t.tx, t.sc, "vpc", vpc.ID) {
			if sub.DefaultForAZ && sub.Zone == z.name {
				return wire.Errorf("DefaultSubnetAlreadyExistsInAvailabilityZone", "'%s' is already the default subnet in %s.", id, z.name)
			}
		}
		for n := range 16 {
			cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(n * 16), 0}), 20).String()
			block, err := t.checkSubnetBlock(vpc, cidr)
			if err != nil {
				continue
			}
			r := t.newSubnet(vpc, block, z)
			r.DefaultForAZ, r.MapPublicIP = true, true
			t.putSubnet(r)
			out.Subnet = new(t.renderSubnet(r))
			return nil
		}
		return wire.Errorf("InvalidSubnet.Conflict", "The default VPC has no free /20 block left.")
	})
}

// DescribeSubnets lists subnets.
func (s *Service) DescribeSubnets(ctx context.Context, in *DescribeSubnetsInput) (*DescribeSubnetsOutput, error) {
	out := &DescribeSubnetsOutput{Subnets: []Subnet{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.subnets, subnetQuery, in.SubnetIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.Subnets = append(out.Subnets, t.renderSubnet(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteSubnet deletes a subnet that no network interface stands in.
func (s *Service) DeleteSubnet(ctx context.Context, in *DeleteSubnetInput) (*DeleteSubnetOutput, error) {
	return &DeleteSubnetOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.subnet(*in.SubnetId)
		if err != nil {
			return err
		}
		for range s.interfaces.By(t.tx, t.sc, "subnet", r.ID) {
			return wire.Errorf("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", r.ID)
		}
		t.dropSubnetAssociations(r.ID)
		t.deleteFlowLogsOf(r.ID)
		s.subnets.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

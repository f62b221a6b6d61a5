package ec2

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"atoll/internal/cloud/wire"
)

// blockAssociation is one of a VPC's address blocks.
type blockAssociation struct {
	ID, CIDR string
}

type vpcRecord struct {
	ID            string
	CIDR          string
	Blocks        []blockAssociation // IPv4; the first is the primary one
	IPv6          []blockAssociation
	BorderGroup   string // of the IPv6 blocks
	DHCPOptionsID string
	Tenancy       string
	Default       bool
	DNSSupport    bool
	DNSHostnames  bool
	UsageMetrics  bool
}

var vpcQuery = query[vpcRecord]{
	kind: "vpc", notFound: "InvalidVpcID.NotFound", noun: "vpc", prefix: "vpc-", malform: "InvalidVpcID.Malformed",
	values: func(t *txn, r *vpcRecord, name string) ([]string, bool) {
		switch name {
		case "cidr", "cidr-block", "cidrBlock":
			return []string{r.CIDR}, true
		case "cidr-block-association.cidr-block":
			return cidrsOf(r.Blocks), true
		case "cidr-block-association.association-id":
			return idsOf(r.Blocks), true
		case "cidr-block-association.state", "ipv6-cidr-block-association.state":
			return []string{"associated"}, true
		case "dhcp-options-id", "dhcpOptionsId":
			return []string{r.DHCPOptionsID}, true
		case "ipv6-cidr-block-association.ipv6-cidr-block":
			return cidrsOf(r.IPv6), true
		case "ipv6-cidr-block-association.association-id":
			return idsOf(r.IPv6), true
		case "ipv6-cidr-block-association.ipv6-pool":
			return []string{"Amazon"}, true
		case "is-default", "isDefault":
			return []string{boolText(r.Default)}, true
		case "owner-id":
			return []string{t.sc.Account}, true
		case "state":
			return []string{"available"}, true
		case "vpc-id":
			return []string{r.ID}, true
		}
		return nil, false
	},
}

func cidrsOf(blocks []blockAssociation) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = b.CIDR
	}
	return out
}

func idsOf(blocks []blockAssociation) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = b.ID
	}
	return out
}

func (t *txn) vpc(id string) (*vpcRecord, error) { return get(t, t.s.vpcs, vpcQuery, id) }

func (t *txn) putVPC(r *vpcRecord) { t.s.vpcs.Put(t.tx, t.sc, r.ID, r) }

// newVPC makes a VPC with what AWS makes beside each one: a main route table, a default network ACL, a default security group.
func (t *txn) newVPC(block netip.Prefix, tenancy string, isDefault bool) *vpcRecord {
	r := &vpcRecord{
		ID: t.id("vpc"), CIDR: block.String(), Blocks: []blockAssociation{{t.id("vpc-cidr-assoc"), block.String()}},
		DHCPOptionsID: t.defaultDHCPOptions(), Tenancy: tenancy, Default: isDefault, DNSSupport: true, DNSHostnames: isDefault,
	}
	t.putVPC(r)
	t.newRouteTable(r, true)
	t.newNetworkACL(r.ID, true)
	t.newSecurityGroup(r.ID, "default", "default VPC security group", true)
	return r
}

func (t *txn) renderVPC(r *vpcRecord) Vpc {
	v := Vpc{
		VpcId: new(r.ID), CidrBlock: new(r.CIDR), DhcpOptionsId: new(r.DHCPOptionsID), InstanceTenancy: new(r.Tenancy),
		IsDefault: new(r.Default), OwnerId: new(t.sc.Account), State: new("available"), Tags: t.tagSet("vpc", r.ID),
		BlockPublicAccessStates: &BlockPublicAccessStates{InternetGatewayBlockMode: new("off")},
	}
	for _, b := range r.Blocks {
		v.CidrBlockAssociationSet = append(v.CidrBlockAssociationSet, renderBlock(b, "associated"))
	}
	for _, b := range r.IPv6 {
		v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, renderIPv6Block(r, b, "associated"))
	}
	return v
}

func renderBlock(b blockAssociation, state string) VpcCidrBlockAssociation {
	return VpcCidrBlockAssociation{AssociationId: new(b.ID), CidrBlock: new(b.CIDR), CidrBlockState: &VpcCidrBlockState{State: new(state)}}
}

func renderIPv6Block(r *vpcRecord, b blockAssociation, state string) VpcIpv6CidrBlockAssociation {
	return VpcIpv6CidrBlockAssociation{AssociationId: new(b.ID), Ipv6CidrBlock: new(b.CIDR), Ipv6Pool: new("Amazon"), IpSource: new("amazon"),
		Ipv6AddressAttribute: new("public"), NetworkBorderGroup: new(r.BorderGroup), Ipv6CidrBlockState: &VpcCidrBlockState{State: new(state)}}
}

// CreateVpc makes a VPC with one IPv4 block and, when asked, an IPv6 block.
func (s *Service) CreateVpc(ctx context.Context, in *CreateVpcInput) (*CreateVpcOutput, error) {
	switch {
	case in.Ipv4IpamPoolId != nil || in.Ipv6IpamPoolId != nil || in.Ipv4NetmaskLength != nil || in.Ipv6NetmaskLength != nil:
		return nil, wire.NotImplemented("ec2:CreateVpc with an IPAM pool")
	case in.Ipv6Pool != nil || in.Ipv6CidrBlock != nil:
		return nil, wire.NotImplemented("ec2:CreateVpc with an IPv6 pool of one's own")
	case in.VpcEncryptionControl != nil:
		return nil, wire.NotImplemented("ec2:CreateVpc with encryption control")
	case in.CidrBlock == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter CidrBlock or an IPAM pool")
	}
	tenancy, err := checkTenancy(in.InstanceTenancy)
	if err != nil {
		return nil, err
	}
	block, err := checkVPCBlock(*in.CidrBlock)
	if err != nil {
		return nil, err
	}
	out := &CreateVpcOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r := t.newVPC(block, tenancy, false)
		if truth(in.AmazonProvidedIpv6CidrBlock) {
			t.addIPv6Block(r, text(in.Ipv6CidrBlockNetworkBorderGroup))
			t.putVPC(r)
		}
		if err := t.applyTags(in.TagSpecifications, "vpc", "vpc", r.ID); err != nil {
			return err
		}
		out.Vpc = new(t.renderVPC(r))
		return nil
	})
}

func checkTenancy(tenancy *string) (string, error) {
	switch text(tenancy) {
	case "", "default":
		return "default", nil
	case "dedicated":
		return "dedicated", nil
	}
	return "", wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceTenancy.", *tenancy)
}

// addIPv6Block gives a VPC a /56 of the local cloud's IPv6 range. The first block comes from the VPC's own id, so no two VPCs'
// collide but by the chance of 28 random bits.
func (t *txn) addIPv6Block(r *vpcRecord, borderGroup string) blockAssociation {
	var n uint32
	_, _ = fmt.Sscanf(r.ID[len("vpc-0"):], "%07x", &n)
	block := func() string {
		a := netip.AddrFrom16([16]byte{0x26, 0x00, 0x1f, byte(n >> 24 & 15), byte(n >> 16), byte(n >> 8), byte(n)})
		return netip.PrefixFrom(a, 56).String()
	}
	for slices.Contains(cidrsOf(r.IPv6), block()) {
		n++
	}
	b := blockAssociation{t.id("vpc-cidr-assoc"), block()}
	if borderGroup == "" {
		borderGroup = t.sc.Region
	}
	r.IPv6, r.BorderGroup = append(r.IPv6, b), borderGroup
	t.allowIPv6(r.ID)
	t.openIPv6Egress(r.ID)
	return b
}

// DescribeVpcs lists VPCs.
func (s *Service) DescribeVpcs(ctx context.Context, in *DescribeVpcsInput) (*DescribeVpcsOutput, error) {
	out := &DescribeVpcsOutput{Vpcs: []Vpc{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.vpcs, vpcQuery, in.VpcIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.Vpcs = append(out.Vpcs, t.renderVPC(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteVpc deletes a VPC that nothing but its own defaults stands in.
func (s *Service) DeleteVpc(ctx context.Context, in *DeleteVpcInput) (*DeleteVpcOutput, error) {
	return &DeleteVpcOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		if t.vpcInUse(r.ID) {
			return wire.Errorf("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", r.ID)
		}
		for id := range t.s.routeTables.By(t.tx, t.sc, "vpc", r.ID) {
			t.s.routeTables.Delete(t.tx, t.sc, id)
		}
		for id := range t.s.acls.By(t.tx, t.sc, "vpc", r.ID) {
			t.s.acls.Delete(t.tx, t.sc, id)
		}
		for id := range t.s.groups.By(t.tx, t.sc, "vpc", r.ID) {
			t.deleteGroup(id)
		}
		t.deleteFlowLogsOf(r.ID)
		t.s.vpcs.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// vpcInUse reports whether anything stands in a VPC beside what was made with it.
func (t *txn) vpcInUse(id string) bool {
	for range t.s.subnets.By(t.tx, t.sc, "vpc", id) {
		return true
	}
	for range t.s.gateways.By(t.tx, t.sc, "vpc", id) {
		return true
	}
	for range t.s.egressGateways.By(t.tx, t.sc, "vpc", id) {
		return true
	}
	for range t.s.endpoints.By(t.tx, t.sc, "vpc", id) {
		return true
	}
	for range t.s.interfaces.By(t.tx, t.sc, "vpc", id) {
		return true
	}
	for _, r := range t.s.routeTables.By(t.tx, t.sc, "vpc", id) {
		if !r.main() {
			return true
		}
	}
	for _, r := range t.s.acls.By(t.tx, t.sc, "vpc", id) {
		if !r.Default {
			return true
		}
	}
	for gid, r := range t.s.groups.By(t.tx, t.sc, "vpc", id) {
		if !r.Default {
			return true
		}
		for _, rule := range t.s.rules.By(t.tx, t.sc, "source", gid) {
			if rule.GroupID != gid {
				return true
			}
		}
	}
	return false
}

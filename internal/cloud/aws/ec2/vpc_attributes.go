package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// DescribeVpcAttribute answers one attribute of a VPC.
func (s *Service) DescribeVpcAttribute(ctx context.Context, in *DescribeVpcAttributeInput) (*DescribeVpcAttributeOutput, error) {
	out := &DescribeVpcAttributeOutput{VpcId: in.VpcId}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		r, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		switch *in.Attribute {
		case "enableDnsSupport":
			out.EnableDnsSupport = &AttributeBooleanValue{Value: new(r.DNSSupport)}
		case "enableDnsHostnames":
			out.EnableDnsHostnames = &AttributeBooleanValue{Value: new(r.DNSHostnames)}
		case "enableNetworkAddressUsageMetrics":
			out.EnableNetworkAddressUsageMetrics = &AttributeBooleanValue{Value: new(r.UsageMetrics)}
		default:
			return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", *in.Attribute)
		}
		return nil
	})
}

// ModifyVpcAttribute changes one attribute of a VPC.
func (s *Service) ModifyVpcAttribute(ctx context.Context, in *ModifyVpcAttributeInput) (*ModifyVpcAttributeOutput, error) {
	given := 0
	for _, a := range []*AttributeBooleanValue{in.EnableDnsSupport, in.EnableDnsHostnames, in.EnableNetworkAddressUsageMetrics} {
		if a != nil && a.Value != nil {
			given++
		}
	}
	if given != 1 {
		return nil, wire.Errorf("InvalidParameterCombination", "Exactly one attribute of the VPC must be given; the request has %d.", given)
	}
	return &ModifyVpcAttributeOutput{}, s.update(ctx, nil, func(t *txn) error {
		r, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		switch {
		case in.EnableDnsSupport != nil:
			r.DNSSupport = *in.EnableDnsSupport.Value
		case in.EnableDnsHostnames != nil:
			r.DNSHostnames = *in.EnableDnsHostnames.Value
		default:
			r.UsageMetrics = *in.EnableNetworkAddressUsageMetrics.Value
		}
		t.putVPC(r)
		return nil
	})
}

// ModifyVpcTenancy turns a dedicated VPC into a default one, the only change that AWS allows.
func (s *Service) ModifyVpcTenancy(ctx context.Context, in *ModifyVpcTenancyInput) (*ModifyVpcTenancyOutput, error) {
	if *in.InstanceTenancy != "default" {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceTenancy; a VPC can only be changed to default.", *in.InstanceTenancy)
	}
	return &ModifyVpcTenancyOutput{ReturnValue: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		r.Tenancy = "default"
		t.putVPC(r)
		return nil
	})
}

// maxBlocks is AWS's quota of blocks of each family in a VPC.
const maxBlocks = 5

// AssociateVpcCidrBlock adds an IPv4 block, or an Amazon-provided IPv6 block, to a VPC.
func (s *Service) AssociateVpcCidrBlock(ctx context.Context, in *AssociateVpcCidrBlockInput) (*AssociateVpcCidrBlockOutput, error) {
	switch {
	case in.Ipv4IpamPoolId != nil || in.Ipv6IpamPoolId != nil || in.Ipv4NetmaskLength != nil || in.Ipv6NetmaskLength != nil:
		return nil, wire.NotImplemented("ec2:AssociateVpcCidrBlock with an IPAM pool")
	case in.Ipv6Pool != nil || in.Ipv6CidrBlock != nil:
		return nil, wire.NotImplemented("ec2:AssociateVpcCidrBlock with an IPv6 pool of one's own")
	case in.CidrBlock == nil && !truth(in.AmazonProvidedIpv6CidrBlock):
		return nil, wire.Errorf("MissingParameter", "Either CidrBlock or AmazonProvidedIpv6CidrBlock must be provided")
	}
	out := &AssociateVpcCidrBlockOutput{VpcId: in.VpcId}
	return out, s.update(ctx, nil, func(t *txn) error {
		r, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		defer func() { t.putVPC(r) }()
		if in.CidrBlock == nil && len(r.IPv6) == maxBlocks || in.CidrBlock != nil && len(r.Blocks) == maxBlocks {
			return wire.Errorf("CidrLimitExceeded", "This network '%s' has met its maximum number of allowed CIDRs: %d", r.ID, maxBlocks)
		}
		if in.CidrBlock == nil {
			b := t.addIPv6Block(r, text(in.Ipv6CidrBlockNetworkBorderGroup))
			out.Ipv6CidrBlockAssociation = new(renderIPv6Block(r, b, "associating"))
			return nil
		}
		block, err := checkVPCBlock(*in.CidrBlock)
		if err != nil {
			return err
		}
		for _, have := range r.Blocks {
			if p, err := parseCIDR(have.CIDR); err == nil && p.Overlaps(block) {
				return wire.Errorf("InvalidVpc.Range", "The CIDR '%s' conflicts with another CIDR block of the VPC.", *in.CidrBlock)
			}
		}
		b := blockAssociation{t.id("vpc-cidr-assoc"), block.String()}
		r.Blocks = append(r.Blocks, b)
		out.CidrBlockAssociation = new(renderBlock(b, "associating"))
		return nil
	})
}

// DisassociateVpcCidrBlock takes a block from a VPC, if no subnet uses it and it is not the primary one.
func (s *Service) DisassociateVpcCidrBlock(ctx context.Context, in *DisassociateVpcCidrBlockInput) (*DisassociateVpcCidrBlockOutput, error) {
	out := &DisassociateVpcCidrBlockOutput{}
	is := func(b blockAssociation) bool { return b.ID == *in.AssociationId }
	return out, s.update(ctx, nil, func(t *txn) error {
		for id, shared := range s.vpcs.All(t.tx, t.sc) {
			v4, v6 := slices.IndexFunc(shared.Blocks, is), slices.IndexFunc(shared.IPv6, is)
			if v4 < 0 && v6 < 0 {
				continue
			}
			r, err := t.vpc(id)
			if err != nil {
				return err
			}
			out.VpcId = new(id)
			if v4 == 0 {
				return wire.Errorf("OperationNotPermitted", "The vpc CIDR block with association ID %s may not be disassociated. It is the primary IPv4 CIDR block of the VPC", *in.AssociationId)
			}
			var b blockAssociation
			if v4 > 0 {
				b = r.Blocks[v4]
				r.Blocks = slices.Delete(r.Blocks, v4, v4+1)
				out.CidrBlockAssociation = new(renderBlock(b, "disassociating"))
			} else {
				b = r.IPv6[v6]
				r.IPv6 = slices.Delete(r.IPv6, v6, v6+1)
				out.Ipv6CidrBlockAssociation = new(renderIPv6Block(r, b, "disassociating"))
			}
			if t.blockInUse(id, b.CIDR) {
				return wire.Errorf("DependencyViolation", "The CIDR block '%s' is used by a subnet of the VPC and cannot be disassociated.", b.CIDR)
			}
			t.putVPC(r)
			return nil
		}
		return wire.Errorf("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", *in.AssociationId)
	})
}

// blockInUse reports whether a subnet of the VPC lies in the block.
func (t *txn) blockInUse(vpcID, cidr string) bool {
	block, err := parseCIDR(cidr)
	if err != nil {
		return false
	}
	for _, sub := range t.s.subnets.By(t.tx, t.sc, "vpc", vpcID) {
		for _, have := range append([]string{sub.CIDR}, cidrsOf(sub.IPv6)...) {
			if p, err := parseCIDR(have); err == nil && p.Overlaps(block) {
				return true
			}
		}
	}
	return false
}

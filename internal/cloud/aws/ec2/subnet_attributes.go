package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// ModifySubnetAttribute changes one attribute of a subnet.
func (s *Service) ModifySubnetAttribute(ctx context.Context, in *ModifySubnetAttributeInput) (*ModifySubnetAttributeOutput, error) {
	switch {
	case in.MapCustomerOwnedIpOnLaunch != nil || in.CustomerOwnedIpv4Pool != nil:
		return nil, wire.NotImplemented("ec2:ModifySubnetAttribute for customer-owned addresses")
	case in.EnableLniAtDeviceIndex != nil || in.DisableLniAtDeviceIndex != nil:
		return nil, wire.NotImplemented("ec2:ModifySubnetAttribute for local network interfaces")
	}
	return &ModifySubnetAttributeOutput{}, s.update(ctx, nil, func(t *txn) error {
		r, err := t.subnet(*in.SubnetId)
		if err != nil {
			return err
		}
		set := func(field *bool, a *AttributeBooleanValue) {
			if a != nil && a.Value != nil {
				*field = *a.Value
			}
		}
		if in.AssignIpv6AddressOnCreation != nil && truth(in.AssignIpv6AddressOnCreation.Value) && len(r.IPv6) == 0 {
			return wire.Errorf("InvalidParameterValue", "Invalid value 'true' for assignIpv6AddressOnCreation. No IPv6 CIDR block is associated with the subnet %s.", r.ID)
		}
		set(&r.AssignIPv6, in.AssignIpv6AddressOnCreation)
		set(&r.MapPublicIP, in.MapPublicIpOnLaunch)
		set(&r.DNS64, in.EnableDns64)
		set(&r.NameA, in.EnableResourceNameDnsARecordOnLaunch)
		set(&r.NameAAAA, in.EnableResourceNameDnsAAAARecordOnLaunch)
		if in.PrivateDnsHostnameTypeOnLaunch != nil {
			if !slices.Contains([]string{"ip-name", "resource-name"}, *in.PrivateDnsHostnameTypeOnLaunch) {
				return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter privateDnsHostnameTypeOnLaunch is invalid.", *in.PrivateDnsHostnameTypeOnLaunch)
			}
			r.HostnameType = *in.PrivateDnsHostnameTypeOnLaunch
		}
		t.putSubnet(r)
		return nil
	})
}

// AssociateSubnetCidrBlock gives a subnet an IPv6 block.
func (s *Service) AssociateSubnetCidrBlock(ctx context.Context, in *AssociateSubnetCidrBlockInput) (*AssociateSubnetCidrBlockOutput, error) {
	switch {
	case in.Ipv6IpamPoolId != nil || in.Ipv6NetmaskLength != nil:
		return nil, wire.NotImplemented("ec2:AssociateSubnetCidrBlock with an IPAM pool")
	case in.Ipv6CidrBlock == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter Ipv6CidrBlock")
	}
	out := &AssociateSubnetCidrBlockOutput{SubnetId: in.SubnetId}
	return out, s.update(ctx, nil, func(t *txn) error {
		r, err := t.subnet(*in.SubnetId)
		if err != nil {
			return err
		}
		vpc, err := t.vpc(r.VpcID)
		if err != nil {
			return err
		}
		b, err := t.addSubnetIPv6(vpc, r, *in.Ipv6CidrBlock)
		if err != nil {
			return err
		}
		t.putSubnet(r)
		out.Ipv6CidrBlockAssociation = new(renderSubnetIPv6(b, "associating"))
		return nil
	})
}

// DisassociateSubnetCidrBlock takes the IPv6 block from a subnet.
func (s *Service) DisassociateSubnetCidrBlock(ctx context.Context, in *DisassociateSubnetCidrBlockInput) (*DisassociateSubnetCidrBlockOutput, error) {
	out := &DisassociateSubnetCidrBlockOutput{}
	is := func(b blockAssociation) bool { return b.ID == *in.AssociationId }
	return out, s.update(ctx, nil, func(t *txn) error {
		for id, shared := range s.subnets.All(t.tx, t.sc) {
			i := slices.IndexFunc(shared.IPv6, is)
			if i < 0 {
				continue
			}
			r, err := t.subnet(id)
			if err != nil {
				return err
			}
			if r.IPv6Native {
				return wire.Errorf("OperationNotPermitted", "The IPv6 CIDR block of an IPv6-only subnet cannot be disassociated.")
			}
			out.SubnetId, out.Ipv6CidrBlockAssociation = new(id), new(renderSubnetIPv6(r.IPv6[i], "disassociating"))
			r.IPv6, r.AssignIPv6 = slices.Delete(r.IPv6, i, i+1), false
			t.putSubnet(r)
			return nil
		}
		return wire.Errorf("InvalidSubnetCidrBlockAssociationID.NotFound", "The subnet CIDR block with association ID '%s' does not exist", *in.AssociationId)
	})
}

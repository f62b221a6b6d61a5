package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// AssociateNatGatewayAddress gives a public gateway further Elastic IPs.
func (s *Service) AssociateNatGatewayAddress(ctx context.Context, in *AssociateNatGatewayAddressInput) (*AssociateNatGatewayAddressOutput, error) {
	if in.AvailabilityZone != nil || in.AvailabilityZoneId != nil {
		return nil, wire.NotImplemented("ec2:AssociateNatGatewayAddress of a regional NAT gateway")
	}
	out := &AssociateNatGatewayAddressOutput{NatGatewayId: in.NatGatewayId}
	return out, s.changeNAT(ctx, in.DryRun, *in.NatGatewayId, &out.NatGatewayAddresses, func(t *txn, r *natGatewayRecord, eni *interfaceRecord, sub *subnetRecord) error {
		if r.Private {
			return wire.Errorf("InvalidParameterCombination", "The NAT gateway %s is private and has no Elastic IP address.", r.ID)
		}
		return t.addNATAddresses(sub, eni, in.AllocationIds, in.PrivateIpAddresses, 0)
	})
}

// DisassociateNatGatewayAddress takes secondary Elastic IPs from a gateway, with the private addresses that they were mapped to.
func (s *Service) DisassociateNatGatewayAddress(ctx context.Context, in *DisassociateNatGatewayAddressInput) (*DisassociateNatGatewayAddressOutput, error) {
	out := &DisassociateNatGatewayAddressOutput{NatGatewayId: in.NatGatewayId}
	return out, s.changeNAT(ctx, in.DryRun, *in.NatGatewayId, &out.NatGatewayAddresses, func(t *txn, _ *natGatewayRecord, eni *interfaceRecord, _ *subnetRecord) error {
		for _, id := range in.AssociationIds {
			i := slices.IndexFunc(eni.PrivateIPs, func(p privateAddress) bool {
				a, ok := t.s.addresses.Get(t.tx, t.sc, p.AllocationID)
				return ok && a.AssociationID == id
			})
			if err := t.dropNATAddress(eni, i, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// AssignPrivateNatGatewayAddress gives a private gateway further private addresses.
func (s *Service) AssignPrivateNatGatewayAddress(ctx context.Context, in *AssignPrivateNatGatewayAddressInput) (*AssignPrivateNatGatewayAddressOutput, error) {
	out := &AssignPrivateNatGatewayAddressOutput{NatGatewayId: in.NatGatewayId}
	return out, s.changeNAT(ctx, in.DryRun, *in.NatGatewayId, &out.NatGatewayAddresses, func(t *txn, _ *natGatewayRecord, eni *interfaceRecord, sub *subnetRecord) error {
		return t.addNATAddresses(sub, eni, nil, in.PrivateIpAddresses, intOf(in.PrivateIpAddressCount))
	})
}

// UnassignPrivateNatGatewayAddress takes secondary private addresses from a gateway.
func (s *Service) UnassignPrivateNatGatewayAddress(ctx context.Context, in *UnassignPrivateNatGatewayAddressInput) (*UnassignPrivateNatGatewayAddressOutput, error) {
	out := &UnassignPrivateNatGatewayAddressOutput{NatGatewayId: in.NatGatewayId}
	return out, s.changeNAT(ctx, in.DryRun, *in.NatGatewayId, &out.NatGatewayAddresses, func(t *txn, _ *natGatewayRecord, eni *interfaceRecord, _ *subnetRecord) error {
		for _, ip := range in.PrivateIpAddresses {
			i := slices.IndexFunc(eni.PrivateIPs, func(p privateAddress) bool { return p.IP == ip })
			if err := t.dropNATAddress(eni, i, ip); err != nil {
				return err
			}
		}
		return nil
	})
}

// changeNAT runs a change of a gateway's addresses, and answers those that it has afterwards.
func (s *Service) changeNAT(ctx context.Context, dryRun *bool, id string, answer *[]NatGatewayAddress, change func(t *txn, r *natGatewayRecord, eni *interfaceRecord, sub *subnetRecord) error) error {
	return s.update(ctx, dryRun, func(t *txn) error {
		r, eni, err := t.natGateway(id)
		if err != nil {
			return err
		}
		sub, err := t.subnet(r.SubnetID)
		if err != nil {
			return err
		}
		if err := change(t, r, eni, sub); err != nil {
			return err
		}
		*answer = t.natAddresses(r)
		return nil
	})
}

// dropNATAddress takes the i-th private address from a gateway's interface, and frees its Elastic IP. The primary one stays.
func (t *txn) dropNATAddress(eni *interfaceRecord, i int, name string) error {
	switch {
	case i < 0:
		return wire.Errorf("InvalidParameterValue", "The NAT gateway has no address '%s'.", name)
	case i == 0:
		return wire.Errorf("InvalidParameterValue", "The NAT gateway's primary address '%s' cannot be removed.", name)
	}
	if id := eni.PrivateIPs[i].AllocationID; id != "" {
		t.releaseNATAddress(id)
	}
	eni.PrivateIPs = slices.Delete(eni.PrivateIPs, i, i+1)
	t.putInterface(eni)
	return nil
}

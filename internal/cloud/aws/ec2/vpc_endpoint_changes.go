package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// ModifyVpcEndpoint changes an endpoint's policy, routes, subnets, security groups or private DNS.
func (s *Service) ModifyVpcEndpoint(ctx context.Context, in *ModifyVpcEndpointInput) (*ModifyVpcEndpointOutput, error) {
	if err := refuseEndpointOptions("ec2:ModifyVpcEndpoint", in.IpAddressType, in.DnsOptions); err != nil {
		return nil, err
	}
	return &ModifyVpcEndpointOutput{Return: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.endpoints, endpointQuery, *in.VpcEndpointId)
		if err != nil {
			return err
		}
		if in.PolicyDocument != nil || truth(in.ResetPolicy) {
			if r.Policy, err = endpointPolicy(in.PolicyDocument); err != nil {
				return err
			}
		}
		if r.Kind == "Gateway" {
			if len(in.AddSubnetIds)+len(in.RemoveSubnetIds)+len(in.AddSecurityGroupIds)+len(in.RemoveSecurityGroupIds) > 0 || truth(in.PrivateDnsEnabled) {
				return wire.Errorf("InvalidParameter", "Subnets, security groups and private DNS are for interface endpoints; %s is a gateway endpoint.", r.ID)
			}
			r.RouteTableIDs = slices.DeleteFunc(r.RouteTableIDs, func(id string) bool { return slices.Contains(in.RemoveRouteTableIds, id) })
			if err := t.addEndpointRoutes(r, in.AddRouteTableIds); err != nil {
				return err
			}
			t.putEndpoint(r)
			return nil
		}
		if len(in.AddRouteTableIds)+len(in.RemoveRouteTableIds) > 0 {
			return wire.Errorf("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
		}
		return t.modifyInterfaceEndpoint(r, in)
	})
}

func (t *txn) modifyInterfaceEndpoint(r *endpointRecord, in *ModifyVpcEndpointInput) error {
	for _, id := range in.RemoveSubnetIds {
		i := slices.Index(r.SubnetIDs, id)
		if i < 0 {
			return wire.Errorf("InvalidParameter", "The subnet %s is not one of the VPC endpoint %s.", id, r.ID)
		}
		t.dropInterface(r.InterfaceIDs[i])
		r.SubnetIDs, r.InterfaceIDs = slices.Delete(r.SubnetIDs, i, i+1), slices.Delete(r.InterfaceIDs, i, i+1)
	}
	if err := t.moveEndpointAddresses(r, in.SubnetConfigurations); err != nil {
		return err
	}
	if len(in.AddSecurityGroupIds)+len(in.RemoveSecurityGroupIds) > 0 {
		ids := slices.DeleteFunc(slices.Clone(r.GroupIDs), func(id string) bool { return slices.Contains(in.RemoveSecurityGroupIds, id) })
		for _, id := range in.AddSecurityGroupIds {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			return wire.Errorf("InvalidParameter", "A VPC endpoint needs at least one security group.")
		}
		if err := t.setEndpointGroups(r, ids); err != nil {
			return err
		}
	}
	if err := t.addEndpointSubnets(r, in.AddSubnetIds, in.SubnetConfigurations); err != nil {
		return err
	}
	if in.PrivateDnsEnabled != nil {
		if err := t.setPrivateDNS(r, *in.PrivateDnsEnabled); err != nil {
			return err
		}
	}
	t.putEndpoint(r)
	return nil
}

// moveEndpointAddresses gives an endpoint other addresses in subnets that it has already: a new interface takes the old one's place.
func (t *txn) moveEndpointAddresses(r *endpointRecord, configurations []SubnetConfiguration) error {
	for _, c := range configurations {
		i := slices.Index(r.SubnetIDs, text(c.SubnetId))
		if i < 0 || c.Ipv4 == nil {
			continue
		}
		old, err := get(t, t.s.interfaces, interfaceQuery, r.InterfaceIDs[i])
		if err != nil {
			return err
		}
		if old.PrivateIPs[0].IP == *c.Ipv4 {
			continue
		}
		sub, err := t.subnet(r.SubnetIDs[i])
		if err != nil {
			return err
		}
		t.dropInterface(old.ID)
		eni, err := t.newEndpointInterface(r, sub, *c.Ipv4)
		if err != nil {
			return err
		}
		r.InterfaceIDs[i] = eni.ID
	}
	return nil
}

// DeleteVpcEndpoints deletes endpoints with their routes and interfaces. Ids that do not exist are named in the answer.
func (s *Service) DeleteVpcEndpoints(ctx context.Context, in *DeleteVpcEndpointsInput) (*DeleteVpcEndpointsOutput, error) {
	out := &DeleteVpcEndpointsOutput{Unsuccessful: []UnsuccessfulItem{}}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		for _, id := range in.VpcEndpointIds {
			r, err := get(t, s.endpoints, endpointQuery, id)
			if err != nil {
				missing := endpointQuery.missing(id)
				out.Unsuccessful = append(out.Unsuccessful, UnsuccessfulItem{ResourceId: new(id), Error: &UnsuccessfulItemError{Code: new(missing.Code), Message: new(missing.Message)}})
				continue
			}
			for _, eni := range r.InterfaceIDs {
				t.dropInterface(eni)
			}
			s.endpoints.Delete(t.tx, t.sc, id)
		}
		return nil
	})
}

package ec2

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

// natGatewayRecord is a zonal NAT gateway. Its addresses are those of its network interface.
type natGatewayRecord struct {
	ID, VpcID, SubnetID, InterfaceID string
	Private                          bool
	Created                          time.Time
}

func (r *natGatewayRecord) connectivity() string {
	if r.Private {
		return "private"
	}
	return "public"
}

var natGatewayQuery = query[natGatewayRecord]{
	kind: "natgateway", notFound: "NatGatewayNotFound", noun: "NatGateway", prefix: "nat-", malform: "NatGatewayMalformed",
	values: func(_ *txn, r *natGatewayRecord, name string) ([]string, bool) {
		switch name {
		case "connectivity-type":
			return []string{r.connectivity()}, true
		case "nat-gateway-id":
			return []string{r.ID}, true
		case "state":
			return []string{"available"}, true
		case "subnet-id":
			return []string{r.SubnetID}, true
		case "vpc-id":
			return []string{r.VpcID}, true
		}
		return nil, false
	},
	narrow: map[string]string{"vpc-id": "vpc", "subnet-id": "subnet"},
}

func (t *txn) natGateway(id string) (*natGatewayRecord, *interfaceRecord, error) {
	r, err := get(t, t.s.natGateways, natGatewayQuery, id)
	if err != nil {
		return nil, nil, err
	}
	eni, err := get(t, t.s.interfaces, interfaceQuery, r.InterfaceID)
	return r, eni, err
}

// CreateNatGateway makes a gateway in a subnet: a network interface, with an Elastic IP unless it is private. It is available at once.
func (s *Service) CreateNatGateway(ctx context.Context, in *CreateNatGatewayInput) (*CreateNatGatewayOutput, error) {
	private := text(in.ConnectivityType) == "private"
	switch {
	case in.AvailabilityMode != nil && *in.AvailabilityMode != "zonal" || in.VpcId != nil || len(in.AvailabilityZoneAddresses) > 0:
		return nil, wire.NotImplemented("ec2:CreateNatGateway with the regional availability mode")
	case in.SubnetId == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter subnetId")
	case private && (in.AllocationId != nil || len(in.SecondaryAllocationIds) > 0):
		return nil, wire.Errorf("InvalidParameterCombination", "A private NAT gateway has no Elastic IP address.")
	case !private && in.AllocationId == nil:
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter allocationId")
	case !private && in.SecondaryPrivateIpAddressCount != nil:
		return nil, wire.Errorf("InvalidParameterCombination", "SecondaryPrivateIpAddressCount is for private NAT gateways.")
	}
	out := &CreateNatGatewayOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateNatGateway", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		sub, err := t.subnet(*in.SubnetId)
		if err != nil {
			return err
		}
		if !private && !t.hasGateway(sub.VpcID) {
			return wire.Errorf("Gateway.NotAttached", "Network %s has no Internet gateway attached", sub.VpcID)
		}
		r := &natGatewayRecord{ID: t.id("nat"), VpcID: sub.VpcID, SubnetID: sub.ID, Private: private, Created: t.s.d.Clock.Now()}
		eni, err := t.newInterface(sub, interfaceOptions{Type: "nat_gateway", Description: "Interface for NAT Gateway " + r.ID, PrivateIP: text(in.PrivateIpAddress),
			RequesterID: t.sc.Account, RequesterManaged: true, AttachedBy: "amazon-aws"})
		if err != nil {
			return err
		}
		r.InterfaceID = eni.ID
		s.natGateways.Put(t.tx, t.sc, r.ID, r)
		if !private {
			if err := t.natAddress(*in.AllocationId, eni, 0); err != nil {
				return err
			}
		}
		if err := t.addNATAddresses(sub, eni, in.SecondaryAllocationIds, in.SecondaryPrivateIpAddresses, intOf(in.SecondaryPrivateIpAddressCount)); err != nil {
			return err
		}
		if err := t.applyTags(in.TagSpecifications, "natgateway", "natgateway", r.ID); err != nil {
			return err
		}
		out.NatGateway = new(t.renderNATGateway(r))
		return nil
	})
}

// natAddress maps an Elastic IP to one of the gateway's private addresses.
func (t *txn) natAddress(allocationID string, eni *interfaceRecord, i int) error {
	return t.lendAddress(allocationID, "nat", eni, i)
}

// lendAddress maps an Elastic IP to a private address of a service's interface. It is the service's until the interface is dropped.
func (t *txn) lendAddress(allocationID, service string, eni *interfaceRecord, i int) error {
	a, err := t.address(allocationID)
	if err != nil {
		return err
	}
	if a.AssociationID != "" {
		return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", a.ID, a.AssociationID)
	}
	a.ServiceOwned = service
	return t.mapAddress(a, eni, eni.PrivateIPs[i].IP)
}

// addNATAddresses gives the gateway more private addresses: those asked for, count free ones, and one for each Elastic IP.
func (t *txn) addNATAddresses(sub *subnetRecord, eni *interfaceRecord, allocations, private []string, count int64) error {
	if count < 0 || count > 31 {
		return wire.Errorf("InvalidParameterValue", "A NAT gateway has at most 31 secondary private addresses.")
	}
	want := append([]string{}, private...)
	for len(want) < len(allocations) || int64(len(want)) < count {
		want = append(want, "")
	}
	for i, ip := range want {
		got, err := t.takeAddress(sub, ip)
		if err != nil {
			return err
		}
		eni.PrivateIPs = append(eni.PrivateIPs, privateAddress{IP: got})
		t.putInterface(eni)
		if i < len(allocations) {
			if err := t.natAddress(allocations[i], eni, len(eni.PrivateIPs)-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *txn) renderNATGateway(r *natGatewayRecord) NatGateway {
	return NatGateway{
		NatGatewayId: new(r.ID), VpcId: new(r.VpcID), SubnetId: new(r.SubnetID), ConnectivityType: new(r.connectivity()), AvailabilityMode: new("zonal"),
		State: new("available"), CreateTime: new(r.Created), NatGatewayAddresses: t.natAddresses(r), Tags: t.tagSet("natgateway", r.ID),
	}
}

func (t *txn) natAddresses(r *natGatewayRecord) []NatGatewayAddress {
	out := []NatGatewayAddress{}
	eni, ok := t.s.interfaces.Get(t.tx, t.sc, r.InterfaceID)
	if !ok {
		return out
	}
	for i, p := range eni.PrivateIPs {
		v := NatGatewayAddress{NetworkInterfaceId: new(eni.ID), PrivateIp: new(p.IP), IsPrimary: new(i == 0), Status: new("succeeded")}
		if a, ok := t.s.addresses.Get(t.tx, t.sc, p.AllocationID); ok {
			v.AllocationId, v.PublicIp, v.AssociationId = new(a.ID), new(a.PublicIP), new(a.AssociationID)
		}
		out = append(out, v)
	}
	return out
}

// DescribeNatGateways lists gateways. A deleted one is gone at once; AWS shows it as "deleted" for an hour.
func (s *Service) DescribeNatGateways(ctx context.Context, in *DescribeNatGatewaysInput) (*DescribeNatGatewaysOutput, error) {
	out := &DescribeNatGatewaysOutput{NatGateways: []NatGateway{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.natGateways, natGatewayQuery, in.NatGatewayIds, in.Filter, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.NatGateways = append(out.NatGateways, t.renderNATGateway(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteNatGateway deletes a gateway and frees its addresses. Routes to it stay, as blackholes.
func (s *Service) DeleteNatGateway(ctx context.Context, in *DeleteNatGatewayInput) (*DeleteNatGatewayOutput, error) {
	return &DeleteNatGatewayOutput{NatGatewayId: in.NatGatewayId}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, eni, err := t.natGateway(*in.NatGatewayId)
		if err != nil {
			return err
		}
		for _, p := range eni.PrivateIPs {
			t.releaseNATAddress(p.AllocationID)
		}
		t.dropInterface(eni.ID)
		t.deleteFlowLogsOf(r.ID)
		s.natGateways.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

func (t *txn) releaseNATAddress(allocationID string) {
	if a, ok := t.s.addresses.Get(t.tx, t.sc, allocationID); ok {
		a.ServiceOwned = ""
		t.unmapAddress(a)
	}
}

package ec2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// routeTableAssociation ties a table to a subnet, to a gateway, or, as the main one, to all of the VPC's other subnets.
type routeTableAssociation struct {
	ID        string
	Main      bool
	SubnetID  string
	GatewayID string
}

type routeTableRecord struct {
	ID, VpcID    string
	Associations []routeTableAssociation
	Routes       []routeRecord // without the local ones, which follow the VPC's blocks
}

func (r *routeTableRecord) main() bool {
	return slices.ContainsFunc(r.Associations, func(a routeTableAssociation) bool { return a.Main })
}

func (r *routeTableRecord) associationIDs() []string {
	out := make([]string, len(r.Associations))
	for i, a := range r.Associations {
		out[i] = a.ID
	}
	return out
}

func (r *routeTableRecord) subnetIDs() []string {
	var out []string
	for _, a := range r.Associations {
		if a.SubnetID != "" {
			out = append(out, a.SubnetID)
		}
	}
	return out
}

var routeTableQuery = query[routeTableRecord]{
	kind: "route-table", notFound: "InvalidRouteTableID.NotFound", noun: "routeTable", prefix: "rtb-",
	values: routeTableValues,
	narrow: map[string]string{"vpc-id": "vpc", "association.route-table-association-id": "association", "association.subnet-id": "subnet"},
}

func routeTableValues(t *txn, r *routeTableRecord, name string) ([]string, bool) {
	associations := func(f func(a routeTableAssociation) string) ([]string, bool) {
		var out []string
		for _, a := range r.Associations {
			if v := f(a); v != "" {
				out = append(out, v)
			}
		}
		return out, true
	}
	switch name {
	case "association.gateway-id":
		return associations(func(a routeTableAssociation) string { return a.GatewayID })
	case "association.main":
		return associations(func(a routeTableAssociation) string { return boolText(a.Main) })
	case "association.route-table-association-id":
		return r.associationIDs(), true
	case "association.route-table-id", "route-table-id":
		return []string{r.ID}, true
	case "association.subnet-id":
		return r.subnetIDs(), true
	case "owner-id":
		return []string{t.sc.Account}, true
	case "vpc-id":
		return []string{r.VpcID}, true
	}
	return routeValues(t, r, name)
}

func (t *txn) routeTable(id string) (*routeTableRecord, error) {
	return get(t, t.s.routeTables, routeTableQuery, id)
}

func (t *txn) putRouteTable(r *routeTableRecord) { t.s.routeTables.Put(t.tx, t.sc, r.ID, r) }

func (t *txn) newRouteTable(vpc *vpcRecord, main bool) *routeTableRecord {
	r := &routeTableRecord{ID: t.id("rtb"), VpcID: vpc.ID}
	if main {
		r.Associations = []routeTableAssociation{{ID: t.id("rtbassoc"), Main: true}}
	}
	t.putRouteTable(r)
	return r
}

func (t *txn) mainRouteTable(vpcID string) *routeTableRecord {
	for id, shared := range t.s.routeTables.By(t.tx, t.sc, "vpc", vpcID) {
		if shared.main() {
			r, _ := t.s.routeTables.Get(t.tx, t.sc, id)
			return r
		}
	}
	return nil
}

// addDefaultRoute sends the main table's traffic to the internet, as a default VPC's does.
func (t *txn) addDefaultRoute(vpcID, gatewayID string) {
	r := t.mainRouteTable(vpcID)
	r.Routes = append(r.Routes, routeRecord{Destination: "0.0.0.0/0", Target: target{Kind: targetGateway, ID: gatewayID}, Origin: "CreateRoute"})
	t.putRouteTable(r)
}

func (t *txn) renderRouteTable(r *routeTableRecord) RouteTable {
	v := RouteTable{RouteTableId: new(r.ID), VpcId: new(r.VpcID), OwnerId: new(t.sc.Account), PropagatingVgws: []PropagatingVgw{},
		Associations: []RouteTableAssociation{}, Routes: t.renderRoutes(r), Tags: t.tagSet("route-table", r.ID)}
	for _, a := range r.Associations {
		ra := RouteTableAssociation{Main: new(a.Main), RouteTableAssociationId: new(a.ID), RouteTableId: new(r.ID), AssociationState: associated()}
		if a.SubnetID != "" {
			ra.SubnetId = new(a.SubnetID)
		}
		if a.GatewayID != "" {
			ra.GatewayId = new(a.GatewayID)
		}
		v.Associations = append(v.Associations, ra)
	}
	return v
}

func associated() *RouteTableAssociationState {
	return &RouteTableAssociationState{State: new("associated")}
}

// CreateRouteTable makes a table with the local routes.
func (s *Service) CreateRouteTable(ctx context.Context, in *CreateRouteTableInput) (*CreateRouteTableOutput, error) {
	out := &CreateRouteTableOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateRouteTable", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		vpc, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		r := t.newRouteTable(vpc, false)
		if err := t.applyTags(in.TagSpecifications, "route-table", "route-table", r.ID); err != nil {
			return err
		}
		out.RouteTable = new(t.renderRouteTable(r))
		return nil
	})
}

// DescribeRouteTables lists tables with their routes and associations.
func (s *Service) DescribeRouteTables(ctx context.Context, in *DescribeRouteTablesInput) (*DescribeRouteTablesOutput, error) {
	out := &DescribeRouteTablesOutput{RouteTables: []RouteTable{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.routeTables, routeTableQuery, in.RouteTableIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.RouteTables = append(out.RouteTables, t.renderRouteTable(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteRouteTable deletes a table that nothing is associated with; the main table cannot be deleted.
func (s *Service) DeleteRouteTable(ctx context.Context, in *DeleteRouteTableInput) (*DeleteRouteTableOutput, error) {
	return &DeleteRouteTableOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		if len(r.Associations) > 0 {
			return wire.Errorf("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", r.ID)
		}
		s.routeTables.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// AssociateRouteTable gives a subnet, or an internet gateway, this table instead of the main one. The same association asked for
// again is answered with its id, another table's is an error.
func (s *Service) AssociateRouteTable(ctx context.Context, in *AssociateRouteTableInput) (*AssociateRouteTableOutput, error) {
	if in.PublicIpv4Pool != nil {
		return nil, wire.NotImplemented("ec2:AssociateRouteTable with a public IPv4 pool")
	}
	if (in.SubnetId == nil) == (in.GatewayId == nil) {
		return nil, wire.Errorf("InvalidParameterCombination", "Exactly one of subnetId and gatewayId must be given.")
	}
	out := &AssociateRouteTableOutput{AssociationState: associated()}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		if err := t.checkAssociationTarget(r, in.SubnetId, in.GatewayId); err != nil {
			return err
		}
		for id, other := range s.routeTables.By(t.tx, t.sc, "vpc", r.VpcID) {
			for _, a := range other.Associations {
				if in.SubnetId != nil && a.SubnetID == *in.SubnetId || in.GatewayId != nil && a.GatewayID == *in.GatewayId {
					if id != r.ID {
						return wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", r.ID)
					}
					out.AssociationId = new(a.ID)
					return nil
				}
			}
		}
		a := routeTableAssociation{ID: t.id("rtbassoc"), SubnetID: text(in.SubnetId), GatewayID: text(in.GatewayId)}
		r.Associations = append(r.Associations, a)
		t.putRouteTable(r)
		out.AssociationId = new(a.ID)
		return nil
	})
}

func (t *txn) checkAssociationTarget(r *routeTableRecord, subnetID, gatewayID *string) error {
	vpcID := ""
	if subnetID != nil {
		sub, err := t.subnet(*subnetID)
		if err != nil {
			return err
		}
		vpcID = sub.VpcID
	} else {
		g, err := get(t, t.s.gateways, internetGatewayQuery, *gatewayID)
		if err != nil {
			return err
		}
		vpcID = g.VpcID
	}
	if vpcID != r.VpcID {
		return wire.Errorf("InvalidParameterValue", "Route table %s and network %s belong to different networks", r.ID, text(subnetID)+text(gatewayID))
	}
	return nil
}

// association finds the table that has an association.
func (t *txn) association(id string) (*routeTableRecord, int, error) {
	for rid := range t.s.routeTables.By(t.tx, t.sc, "association", id) {
		r, err := t.routeTable(rid)
		if err != nil {
			return nil, 0, err
		}
		return r, slices.IndexFunc(r.Associations, func(a routeTableAssociation) bool { return a.ID == id }), nil
	}
	return nil, 0, wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

// DisassociateRouteTable puts a subnet back under the main table.
func (s *Service) DisassociateRouteTable(ctx context.Context, in *DisassociateRouteTableInput) (*DisassociateRouteTableOutput, error) {
	return &DisassociateRouteTableOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, i, err := t.association(*in.AssociationId)
		if err != nil {
			return err
		}
		if r.Associations[i].Main {
			return wire.Errorf("InvalidParameterValue", "cannot disassociate the main route table association %s", *in.AssociationId)
		}
		r.Associations = slices.Delete(r.Associations, i, i+1)
		t.putRouteTable(r)
		return nil
	})
}

// ReplaceRouteTableAssociation moves a subnet, or the role of the main table, to another table, under a new id.
func (s *Service) ReplaceRouteTableAssociation(ctx context.Context, in *ReplaceRouteTableAssociationInput) (*ReplaceRouteTableAssociationOutput, error) {
	out := &ReplaceRouteTableAssociationOutput{AssociationState: associated()}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		from, i, err := t.association(*in.AssociationId)
		if err != nil {
			return err
		}
		to, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		if to.VpcID != from.VpcID {
			return wire.Errorf("InvalidParameterValue", "Route tables %s and %s belong to different networks", from.ID, to.ID)
		}
		a := from.Associations[i]
		from.Associations = slices.Delete(from.Associations, i, i+1)
		t.putRouteTable(from)
		if to.ID == from.ID {
			to = from
		}
		a.ID = t.id("rtbassoc")
		to.Associations = append(to.Associations, a)
		t.putRouteTable(to)
		out.NewAssociationId = new(a.ID)
		return nil
	})
}

// dropSubnetAssociations ends a deleted subnet's associations with route tables and puts its network ACL association away.
func (t *txn) dropSubnetAssociations(subnetID string) {
	for id := range t.s.routeTables.By(t.tx, t.sc, "subnet", subnetID) {
		r, _ := t.s.routeTables.Get(t.tx, t.sc, id)
		r.Associations = slices.DeleteFunc(r.Associations, func(a routeTableAssociation) bool { return a.SubnetID == subnetID })
		t.putRouteTable(r)
	}
	t.dropACLAssociation(subnetID)
}

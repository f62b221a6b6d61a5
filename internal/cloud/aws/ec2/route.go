package ec2

import (
	"context"
	"net/netip"
	"slices"

	"atoll/internal/cloud/wire"
)

// targetKind says what a route leads to.
type targetKind string

const (
	targetGateway   targetKind = "gateway" // an internet gateway, or "local"
	targetNAT       targetKind = "nat"
	targetInterface targetKind = "interface"
	targetEgress    targetKind = "egress"
)

type target struct {
	Kind targetKind
	ID   string
}

type routeRecord struct {
	Destination string // a CIDR block, or a prefix list's id
	Target      target
	Origin      string // CreateRoute
}

func isPrefixList(destination string) bool { return len(destination) > 3 && destination[:3] == "pl-" }

// alive reports whether a route's target is still there; a route to one that is gone is a blackhole.
func (t *txn) alive(vpcID string, to target) bool {
	switch to.Kind {
	case targetGateway:
		g, ok := t.s.gateways.Get(t.tx, t.sc, to.ID)
		return to.ID == "local" || ok && g.VpcID == vpcID
	case targetNAT:
		_, ok := t.s.natGateways.Get(t.tx, t.sc, to.ID)
		return ok
	case targetInterface:
		_, ok := t.s.interfaces.Get(t.tx, t.sc, to.ID)
		return ok
	case targetEgress:
		_, ok := t.s.egressGateways.Get(t.tx, t.sc, to.ID)
		return ok
	}
	return false
}

// renderRoutes gives a table's routes in AWS's order: local ones first, then those made, then gateway endpoints'.
func (t *txn) renderRoutes(r *routeTableRecord) []Route {
	out := []Route{}
	for _, cidr := range t.localBlocks(r) {
		out = append(out, t.renderRoute(r.VpcID, routeRecord{Destination: cidr, Target: target{targetGateway, "local"}, Origin: "CreateRouteTable"}))
	}
	for _, route := range r.Routes {
		out = append(out, t.renderRoute(r.VpcID, route))
	}
	for _, e := range t.gatewayEndpointRoutes(r) {
		out = append(out, Route{DestinationPrefixListId: new(e.PrefixListID), GatewayId: new(e.EndpointID), Origin: new("CreateRoute"), State: new("active")})
	}
	return out
}

func (t *txn) renderRoute(vpcID string, route routeRecord) Route {
	v := Route{Origin: new(route.Origin), State: new("active")}
	if !t.alive(vpcID, route.Target) {
		v.State = new("blackhole")
	}
	switch {
	case isPrefixList(route.Destination):
		v.DestinationPrefixListId = new(route.Destination)
	case netip.MustParsePrefix(route.Destination).Addr().Is4():
		v.DestinationCidrBlock = new(route.Destination)
	default:
		v.DestinationIpv6CidrBlock = new(route.Destination)
	}
	switch route.Target.Kind {
	case targetGateway:
		v.GatewayId = new(route.Target.ID)
	case targetNAT:
		v.NatGatewayId = new(route.Target.ID)
	case targetInterface:
		v.NetworkInterfaceId = new(route.Target.ID)
	case targetEgress:
		v.EgressOnlyInternetGatewayId = new(route.Target.ID)
	}
	return v
}

// routeValues answers the route filters of DescribeRouteTables.
func routeValues(t *txn, r *routeTableRecord, name string) ([]string, bool) {
	var get func(v Route) *string
	switch name {
	case "route.destination-cidr-block":
		get = func(v Route) *string { return v.DestinationCidrBlock }
	case "route.destination-ipv6-cidr-block":
		get = func(v Route) *string { return v.DestinationIpv6CidrBlock }
	case "route.destination-prefix-list-id":
		get = func(v Route) *string { return v.DestinationPrefixListId }
	case "route.egress-only-internet-gateway-id":
		get = func(v Route) *string { return v.EgressOnlyInternetGatewayId }
	case "route.gateway-id":
		get = func(v Route) *string { return v.GatewayId }
	case "route.nat-gateway-id":
		get = func(v Route) *string { return v.NatGatewayId }
	case "route.origin":
		get = func(v Route) *string { return v.Origin }
	case "route.state":
		get = func(v Route) *string { return v.State }
	case "route.instance-id", "route.transit-gateway-id", "route.vpc-peering-connection-id":
		return nil, true
	default:
		return nil, false
	}
	var out []string
	if r.ID != "" {
		for _, v := range t.renderRoutes(r) {
			out = append(out, some(text(get(v)))...)
		}
	}
	return out, true
}

// destination reads which of the three kinds of destination a request names, in its canonical form.
func destination(v4, v6, list *string) (string, error) {
	given := 0
	for _, p := range []*string{v4, v6, list} {
		if p != nil {
			given++
		}
	}
	if given != 1 {
		return "", wire.Errorf("InvalidParameterCombination", "Exactly one of destinationCidrBlock, destinationIpv6CidrBlock and destinationPrefixListId must be given.")
	}
	if list != nil {
		return *list, nil
	}
	cidr := text(v4) + text(v6)
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Addr().Is4() != (v4 != nil) {
		return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", cidr)
	}
	return p.Masked().String(), nil
}

// routeTargets are the parameters by which CreateRoute and ReplaceRoute name a target.
type routeTargets struct {
	gateway, nat, eni, egress, endpoint                   *string
	instance, transit, local, carrier, peering, core, odb *string
}

// target checks that exactly one target is named, that it exists, and that it belongs to the table's network.
func (t *txn) target(r *routeTableRecord, in routeTargets) (target, error) {
	for name, p := range map[string]*string{"an instance": in.instance, "a transit gateway": in.transit, "a local gateway": in.local,
		"a carrier gateway": in.carrier, "a VPC peering connection": in.peering, "a core network": in.core, "an ODB network": in.odb, "a Gateway Load Balancer endpoint": in.endpoint} {
		if p != nil {
			return target{}, wire.NotImplemented("a route to " + name)
		}
	}
	var got []target
	for _, p := range []struct {
		kind targetKind
		id   *string
	}{{targetGateway, in.gateway}, {targetNAT, in.nat}, {targetInterface, in.eni}, {targetEgress, in.egress}} {
		if p.id != nil {
			got = append(got, target{p.kind, *p.id})
		}
	}
	if len(got) != 1 {
		return target{}, wire.Errorf("InvalidParameterCombination", "Exactly one target of the route must be given; the request has %d.", len(got))
	}
	to := got[0]
	vpcID, err := t.targetNetwork(to)
	if err != nil {
		return to, err
	}
	if vpcID != r.VpcID {
		return to, wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", r.ID, to.ID)
	}
	return to, nil
}

func (t *txn) targetNetwork(to target) (string, error) {
	switch to.Kind {
	case targetNAT:
		n, err := get(t, t.s.natGateways, natGatewayQuery, to.ID)
		if err != nil {
			return "", err
		}
		return n.VpcID, nil
	case targetInterface:
		n, err := get(t, t.s.interfaces, interfaceQuery, to.ID)
		if err != nil {
			return "", err
		}
		return n.VpcID, nil
	case targetEgress:
		n, err := get(t, t.s.egressGateways, egressGatewayQuery, to.ID)
		if err != nil {
			return "", err
		}
		return n.VpcID, nil
	}
	if to.ID == "local" {
		return "", wire.NotImplemented("a route to the local target")
	}
	n, err := get(t, t.s.gateways, internetGatewayQuery, to.ID)
	if err != nil {
		return "", err
	}
	return n.VpcID, nil
}

// checkDestination checks a new route's destination against the VPC's own blocks: within them a route may only lead over a network
// interface of the VPC.
func (t *txn) checkDestination(r *routeTableRecord, dst string, to target) error {
	if isPrefixList(dst) {
		return t.prefixListExists(dst)
	}
	for _, cidr := range t.localBlocks(r) {
		switch {
		case dst == cidr:
			return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", dst)
		case to.Kind != targetInterface && to.Kind != targetNAT && within(netip.MustParsePrefix(cidr), netip.MustParsePrefix(dst)):
			return wire.Errorf("InvalidParameterValue", "The destination CIDR block %s is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.", dst)
		}
	}
	return nil
}

// localBlocks gives the destinations of a table's local routes.
func (t *txn) localBlocks(r *routeTableRecord) []string {
	vpc, ok := t.s.vpcs.Get(t.tx, t.sc, r.VpcID)
	if !ok {
		return nil
	}
	return append(cidrsOf(vpc.Blocks), cidrsOf(vpc.IPv6)...)
}

func (r *routeTableRecord) route(dst string) int {
	return slices.IndexFunc(r.Routes, func(x routeRecord) bool { return x.Destination == dst })
}

// CreateRoute adds a route to a table.
func (s *Service) CreateRoute(ctx context.Context, in *CreateRouteInput) (*CreateRouteOutput, error) {
	dst, err := destination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	return &CreateRouteOutput{Return: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		to, err := t.target(r, routeTargets{gateway: in.GatewayId, nat: in.NatGatewayId, eni: in.NetworkInterfaceId, egress: in.EgressOnlyInternetGatewayId,
			endpoint: in.VpcEndpointId, instance: in.InstanceId, transit: in.TransitGatewayId, local: in.LocalGatewayId, carrier: in.CarrierGatewayId,
			peering: in.VpcPeeringConnectionId, core: in.CoreNetworkArn, odb: in.OdbNetworkArn})
		if err != nil {
			return err
		}
		if err := t.checkDestination(r, dst, to); err != nil {
			return err
		}
		if i := r.route(dst); i >= 0 {
			if r.Routes[i].Target == to && t.alive(r.VpcID, to) {
				return nil // the same route again is no error
			}
			return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", dst)
		}
		r.Routes = append(r.Routes, routeRecord{Destination: dst, Target: to, Origin: "CreateRoute"})
		t.putRouteTable(r)
		return nil
	})
}

// ReplaceRoute gives an existing route another target.
func (s *Service) ReplaceRoute(ctx context.Context, in *ReplaceRouteInput) (*ReplaceRouteOutput, error) {
	dst, err := destination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	if truth(in.LocalTarget) {
		return nil, wire.NotImplemented("ec2:ReplaceRoute with the local target")
	}
	return &ReplaceRouteOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		to, err := t.target(r, routeTargets{gateway: in.GatewayId, nat: in.NatGatewayId, eni: in.NetworkInterfaceId, egress: in.EgressOnlyInternetGatewayId,
			endpoint: in.VpcEndpointId, instance: in.InstanceId, transit: in.TransitGatewayId, local: in.LocalGatewayId, carrier: in.CarrierGatewayId,
			peering: in.VpcPeeringConnectionId, core: in.CoreNetworkArn, odb: in.OdbNetworkArn})
		if err != nil {
			return err
		}
		i := r.route(dst)
		if i < 0 {
			return wire.Errorf("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", dst)
		}
		r.Routes[i].Target = to
		t.putRouteTable(r)
		return nil
	})
}

// DeleteRoute takes a route from a table.
func (s *Service) DeleteRoute(ctx context.Context, in *DeleteRouteInput) (*DeleteRouteOutput, error) {
	dst, err := destination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	return &DeleteRouteOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.routeTable(*in.RouteTableId)
		if err != nil {
			return err
		}
		if slices.Contains(t.localBlocks(r), dst) {
			return wire.Errorf("InvalidParameterValue", "cannot remove local route %s in route table %s", dst, r.ID)
		}
		i := r.route(dst)
		if i < 0 {
			return wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", dst, r.ID)
		}
		r.Routes = slices.Delete(r.Routes, i, i+1)
		t.putRouteTable(r)
		return nil
	})
}

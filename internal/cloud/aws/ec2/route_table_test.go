package ec2_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/wire"
)

func (n *network) routeTable(vpcID string) string {
	n.t.Helper()
	return *call(n.CreateRouteTable(n.t.Context(), &ec2.CreateRouteTableInput{VpcId: &vpcID})).ok(n.t).RouteTable.RouteTableId
}

func (n *network) describeRouteTable(id string) types.RouteTable {
	n.t.Helper()
	return call(n.DescribeRouteTables(n.t.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{id}})).ok(n.t).RouteTables[0]
}

func (n *network) mainTable(vpcID string) types.RouteTable {
	n.t.Helper()
	out := call(n.DescribeRouteTables(n.t.Context(), &ec2.DescribeRouteTablesInput{Filters: filters("vpc-id", vpcID, "association.main", "true")})).ok(n.t).RouteTables
	if len(out) != 1 {
		n.t.Fatalf("%d main route tables, want one", len(out))
	}
	return out[0]
}

// routesOf writes a table's routes as "destination target state".
func (n *network) routesOf(id string) (out []string) {
	n.t.Helper()
	for _, r := range n.describeRouteTable(id).Routes {
		target := aws.ToString(r.GatewayId) + aws.ToString(r.NatGatewayId) + aws.ToString(r.NetworkInterfaceId) + aws.ToString(r.EgressOnlyInternetGatewayId)
		out = append(out, aws.ToString(r.DestinationCidrBlock)+aws.ToString(r.DestinationIpv6CidrBlock)+aws.ToString(r.DestinationPrefixListId)+" "+target+" "+string(r.State))
	}
	return out
}

func (n *network) createRoute(table string, in ec2.CreateRouteInput) result[*ec2.CreateRouteOutput] {
	in.RouteTableId = &table
	return call(n.CreateRoute(n.t.Context(), &in))
}

func TestRouteTableLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	made := call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID, ClientToken: new("once"), TagSpecifications: tagged(types.ResourceTypeRouteTable, "Name", "public")})).ok(t).RouteTable
	id := *made.RouteTableId
	if again := call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID, ClientToken: new("once"), TagSpecifications: tagged(types.ResourceTypeRouteTable, "Name", "public")})).ok(t).RouteTable; *again.RouteTableId != id {
		t.Errorf("the same token gave %s, then %s", id, *again.RouteTableId)
	}
	call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID, ClientToken: new("once")})).fails(t, "IdempotentParameterMismatch")
	table := n.describeRouteTable(id)
	if *table.VpcId != vpcID || len(table.Associations) != 0 || tagValue(table.Tags, "Name") != "public" {
		t.Errorf("the table reads back as %+v", table)
	}
	if r := table.Routes[0]; len(table.Routes) != 1 || *r.GatewayId != "local" || *r.DestinationCidrBlock != "10.0.0.0/16" || r.Origin != types.RouteOriginCreateRouteTable || r.State != types.RouteStateActive {
		t.Errorf("the new table's routes are %+v", table.Routes)
	}
	remove := func(id string) result[*ec2.DeleteRouteTableOutput] {
		return call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &id}))
	}
	remove(*n.mainTable(vpcID).RouteTableId).fails(t, "DependencyViolation")
	remove(id).ok(t)
	if m := remove(id).fails(t, "InvalidRouteTableID.NotFound"); m != "The routeTable ID '"+id+"' does not exist" {
		t.Errorf("the message is %q", m)
	}
	call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{"table"}})).fails(t, "InvalidRouteTableID.NotFound")
	call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: new("vpc-0123456789abcdef0")})).fails(t, "InvalidVpcID.NotFound")
	call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID, DryRun: new(true)})).fails(t, "DryRunOperation")
}

func TestRoutes(t *testing.T) {
	n, ctx := start(t), t.Context()
	v := call(n.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: new(true)})).ok(t).Vpc
	vpcID, v6 := *v.VpcId, *v.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	subnet, gateway := n.subnet(vpcID, "10.0.1.0/24"), n.gateway(vpcID)
	address, eni := n.address(), n.networkInterface(subnet)
	nat := *call(n.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &address})).ok(t).NatGateway.NatGatewayId
	egress := *call(n.CreateEgressOnlyInternetGateway(ctx, &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: &vpcID})).ok(t).EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
	list := *call(n.CreateManagedPrefixList(ctx, &ec2.CreateManagedPrefixListInput{PrefixListName: new("offices"), AddressFamily: new("IPv4"), MaxEntries: new(int32(1))})).ok(t).PrefixList.PrefixListId
	id := n.routeTable(vpcID)
	for _, in := range []ec2.CreateRouteInput{
		{DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &gateway},
		{DestinationCidrBlock: new("192.168.1.1/16"), NatGatewayId: &nat},
		{DestinationCidrBlock: new("172.16.0.0/12"), NetworkInterfaceId: &eni},
		{DestinationIpv6CidrBlock: new("::/0"), EgressOnlyInternetGatewayId: &egress},
		{DestinationPrefixListId: &list, NatGatewayId: &nat},
	} {
		if out := n.createRoute(id, in).ok(t); !*out.Return {
			t.Errorf("the answer is %+v", out)
		}
	}
	want := []string{"10.0.0.0/16 local active", v6 + " local active", "0.0.0.0/0 " + gateway + " active", "192.168.0.0/16 " + nat + " active",
		"172.16.0.0/12 " + eni + " active", "::/0 " + egress + " active", list + " " + nat + " active"}
	if got := n.routesOf(id); !slices.Equal(got, want) {
		t.Errorf("the routes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if m := n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: &nat}).fails(t, "RouteAlreadyExists"); m != "The route identified by 0.0.0.0/0 already exists." {
		t.Errorf("the message is %q", m)
	}
	n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("10.0.0.0/16"), GatewayId: &gateway}).fails(t, "RouteAlreadyExists")
	call(n.DeleteManagedPrefixList(ctx, &ec2.DeleteManagedPrefixListInput{PrefixListId: &list})).fails(t, "DependencyViolation")

	replace := func(in ec2.ReplaceRouteInput) result[*ec2.ReplaceRouteOutput] {
		in.RouteTableId = &id
		return call(n.ReplaceRoute(ctx, &in))
	}
	remove := func(in ec2.DeleteRouteInput) result[*ec2.DeleteRouteOutput] {
		in.RouteTableId = &id
		return call(n.DeleteRoute(ctx, &in))
	}
	replace(ec2.ReplaceRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: &nat}).ok(t)
	if got := n.routesOf(id)[2]; got != "0.0.0.0/0 "+nat+" active" {
		t.Errorf("the replaced route is %q", got)
	}
	replace(ec2.ReplaceRouteInput{DestinationCidrBlock: new("198.51.100.0/24"), NatGatewayId: &nat}).fails(t, "InvalidParameterValue")
	remove(ec2.DeleteRouteInput{DestinationPrefixListId: &list}).ok(t)
	remove(ec2.DeleteRouteInput{DestinationIpv6CidrBlock: new("::/0")}).ok(t)
	if m := remove(ec2.DeleteRouteInput{DestinationIpv6CidrBlock: new("::/0")}).fails(t, "InvalidRoute.NotFound"); m != "no route with destination-cidr-block ::/0 in route table "+id {
		t.Errorf("the message is %q", m)
	}
	if m := remove(ec2.DeleteRouteInput{DestinationCidrBlock: new("10.0.0.0/16")}).fails(t, "InvalidParameterValue"); m != "cannot remove local route 10.0.0.0/16 in route table "+id {
		t.Errorf("the message is %q", m)
	}

	// A target that goes leaves a blackhole, which a new route may not replace and ReplaceRoute may.
	call(n.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &nat})).ok(t)
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni})).ok(t)
	want = []string{"0.0.0.0/0 " + nat + " blackhole", "192.168.0.0/16 " + nat + " blackhole", "172.16.0.0/12 " + eni + " blackhole"}
	if got := n.routesOf(id)[2:]; !slices.Equal(got, want) {
		t.Errorf("the routes are %q, want %q", got, want)
	}
	n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &gateway}).fails(t, "RouteAlreadyExists")
	replace(ec2.ReplaceRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &gateway}).ok(t)
	call(n.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &gateway, VpcId: &vpcID})).ok(t)
	if got := n.routesOf(id)[2]; got != "0.0.0.0/0 "+gateway+" blackhole" {
		t.Errorf("the route to a detached gateway is %q", got)
	}
}

func TestCreateRouteRefuses(t *testing.T) {
	n := start(t)
	vpcID, other := n.vpc("10.0.0.0/16"), n.vpc("10.1.0.0/16")
	id, gateway, far := n.routeTable(vpcID), n.gateway(vpcID), n.gateway(other)
	internet := new("0.0.0.0/0")
	for _, c := range []struct {
		in      ec2.CreateRouteInput
		code    string
		message string
	}{
		{ec2.CreateRouteInput{GatewayId: &gateway}, "InvalidParameterCombination", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet}, "InvalidParameterCombination", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, GatewayId: &gateway, NatGatewayId: new("nat-1")}, "InvalidParameterCombination", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: new("0.0.0.0"), GatewayId: &gateway}, "InvalidParameterValue", "Value (0.0.0.0) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block."},
		{ec2.CreateRouteInput{DestinationCidrBlock: new("::/0"), GatewayId: &gateway}, "InvalidParameterValue", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, GatewayId: new("igw-0123456789abcdef0")}, "InvalidInternetGatewayID.NotFound", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, NatGatewayId: new("nat-0123456789abcdef0")}, "NatGatewayNotFound", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, NetworkInterfaceId: new("eni-0123456789abcdef0")}, "InvalidNetworkInterfaceID.NotFound", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, GatewayId: &far}, "InvalidParameterValue", "route table " + id + " and network gateway " + far + " belong to different networks"},
		{ec2.CreateRouteInput{DestinationPrefixListId: new("pl-0123456789abcdef0"), GatewayId: &gateway}, "InvalidPrefixListID.NotFound", ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, TransitGatewayId: new("tgw-1")}, wire.CodeNotImplemented, ""},
		{ec2.CreateRouteInput{DestinationCidrBlock: new("10.0.7.0/24"), GatewayId: &gateway}, "InvalidParameterValue",
			"The destination CIDR block 10.0.7.0/24 is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance."},
		{ec2.CreateRouteInput{DestinationCidrBlock: internet, GatewayId: &gateway, DryRun: new(true)}, "DryRunOperation", ""},
	} {
		if m := n.createRoute(id, c.in).fails(t, c.code); c.message != "" && m != c.message {
			t.Errorf("the message is %q, want %q", m, c.message)
		}
	}
	n.createRoute("rtb-0123456789abcdef0", ec2.CreateRouteInput{DestinationCidrBlock: internet, GatewayId: &gateway}).fails(t, "InvalidRouteTableID.NotFound")
	if got := n.routesOf(id); len(got) != 1 {
		t.Errorf("refused requests left routes: %q", got)
	}
	eni := n.networkInterface(n.subnet(vpcID, "10.0.1.0/24"))
	n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("10.0.1.0/24"), NetworkInterfaceId: &eni}).ok(t)
}

func TestRouteTableAssociations(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	subnet := n.subnet(vpcID, "10.0.1.0/24")
	first, second := n.routeTable(vpcID), n.routeTable(vpcID)
	associate := func(table, subnet string) result[*ec2.AssociateRouteTableOutput] {
		return call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &table, SubnetId: &subnet}))
	}
	made := associate(first, subnet).ok(t)
	id := *made.AssociationId
	if made.AssociationState.State != types.RouteTableAssociationStateCodeAssociated || !strings.HasPrefix(id, "rtbassoc-") {
		t.Errorf("the association is %+v", made)
	}
	if again := *associate(first, subnet).ok(t).AssociationId; again != id {
		t.Errorf("the same association again is %s, was %s", again, id)
	}
	if m := associate(second, subnet).fails(t, "Resource.AlreadyAssociated"); m != "the specified association for route table "+second+" conflicts with an existing association" {
		t.Errorf("the message is %q", m)
	}
	associate(first, n.subnet(n.vpc("10.1.0.0/16"), "10.1.1.0/24")).fails(t, "InvalidParameterValue")
	associate(first, "subnet-0123456789abcdef0").fails(t, "InvalidSubnetID.NotFound")
	call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &first})).fails(t, "InvalidParameterCombination")
	found := call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("association.route-table-association-id", id)})).ok(t).RouteTables
	if len(found) != 1 || *found[0].Associations[0].SubnetId != subnet || *found[0].Associations[0].Main {
		t.Errorf("the filter by association gives %+v", found)
	}
	if m := call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &first})).fails(t, "DependencyViolation"); m != "The routeTable '"+first+"' has dependencies and cannot be deleted." {
		t.Errorf("the message is %q", m)
	}
	moved := call(n.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: &id, RouteTableId: &second})).ok(t).NewAssociationId
	if *moved == id {
		t.Error("a moved association keeps its id")
	}
	call(n.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: &id, RouteTableId: &second})).fails(t, "InvalidAssociationID.NotFound")
	call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &first})).ok(t)
	disassociate := func(id *string) result[*ec2.DisassociateRouteTableOutput] {
		return call(n.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: id}))
	}
	disassociate(moved).ok(t)
	disassociate(moved).fails(t, "InvalidAssociationID.NotFound")

	// The role of the main table moves too.
	old := n.mainTable(vpcID)
	disassociate(old.Associations[0].RouteTableAssociationId).fails(t, "InvalidParameterValue")
	call(n.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: old.Associations[0].RouteTableAssociationId, RouteTableId: &second})).ok(t)
	if got := n.mainTable(vpcID); *got.RouteTableId != second {
		t.Errorf("the main table is %s, want %s", *got.RouteTableId, second)
	}
	call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: old.RouteTableId})).ok(t)

	gateway := n.gateway(vpcID)
	edge := n.routeTable(vpcID)
	call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &edge, GatewayId: &gateway})).ok(t)
	if found := call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("association.gateway-id", gateway)})).ok(t).RouteTables; len(found) != 1 || *found[0].RouteTableId != edge {
		t.Errorf("the filter by the associated gateway gives %+v", found)
	}
}

func TestRouteTableFilters(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	gateway, subnet := n.gateway(vpcID), n.subnet(vpcID, "10.0.1.0/24")
	id := n.routeTable(vpcID)
	n.tag(id, "Name", "public")
	n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &gateway}).ok(t)
	call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &id, SubnetId: &subnet})).ok(t)
	names := map[string]string{id: "p", *n.mainTable(vpcID).RouteTableId: "m"}
	for _, c := range []struct{ name, value, want string }{
		{"association.main", "false", "p"}, {"association.subnet-id", subnet, "p"}, {"association.route-table-id", id, "p"}, {"route-table-id", id, "p"},
		{"route.gateway-id", gateway, "p"}, {"route.gateway-id", "local", "mp"}, {"route.destination-cidr-block", "0.0.0.0/0", "p"}, {"route.state", "blackhole", ""},
		{"route.origin", "CreateRoute", "p"}, {"route.nat-gateway-id", "*", ""}, {"tag:Name", "pub*", "p"},
	} {
		got := ""
		for _, r := range call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: append(filters("vpc-id", vpcID), filters(c.name, c.value)...)})).ok(t).RouteTables {
			got += names[*r.RouteTableId]
		}
		if string(sortedBytes([]byte(got))) != c.want {
			t.Errorf("the filter %s=%s gives %q, want %q", c.name, c.value, got, c.want)
		}
	}
	call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("route.colour", "red")})).fails(t, "InvalidParameterValue")
}

func TestRouteTablesSurviveRestart(t *testing.T) {
	n, ctx := start(t, cloudtest.Durable()), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	gateway, subnet, id := n.gateway(vpcID), n.subnet(vpcID, "10.0.1.0/24"), n.routeTable(vpcID)
	n.createRoute(id, ec2.CreateRouteInput{DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &gateway}).ok(t)
	association := *call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &id, SubnetId: &subnet})).ok(t).AssociationId
	before := n.routesOf(id)
	n.cloud.Restart()
	if after := n.routesOf(id); !slices.Equal(after, before) {
		t.Errorf("after the restart the routes are %q, before they were %q", after, before)
	}
	call(n.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &association})).ok(t)
	call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &id})).ok(t)
}

package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// endpointRoutes gives the endpoints that a VPC's main route table leads to, by prefix list.
func (n *network) endpointRoutes(vpcID string) (table string, routes map[string]string) {
	n.t.Helper()
	out := call(n.DescribeRouteTables(n.t.Context(), &ec2.DescribeRouteTablesInput{Filters: filters("vpc-id", vpcID)})).ok(n.t).RouteTables[0]
	routes = map[string]string{}
	for _, r := range out.Routes {
		if r.DestinationPrefixListId != nil {
			routes[*r.DestinationPrefixListId] = *r.GatewayId
		}
	}
	return *out.RouteTableId, routes
}

func TestGatewayEndpoint(t *testing.T) {
	n := start(t)
	ctx := t.Context()
	vpc := n.vpc("10.0.0.0/16")
	table, _ := n.endpointRoutes(vpc)
	service := "com.amazonaws.us-east-1.s3"
	list := *call(n.DescribePrefixLists(ctx, &ec2.DescribePrefixListsInput{Filters: filters("prefix-list-name", service)})).ok(t).PrefixLists[0].PrefixListId
	made := call(n.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: &service, RouteTableIds: []string{table}})).ok(t).VpcEndpoint
	if made.State != "available" || *made.PolicyDocument == "" || len(made.DnsEntries) != 0 {
		t.Errorf("the endpoint is %+v", made)
	}
	if _, routes := n.endpointRoutes(vpc); routes[list] != *made.VpcEndpointId {
		t.Errorf("the routes are %v, want %s to %s", routes, list, *made.VpcEndpointId)
	}
	call(n.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: &service, RouteTableIds: []string{table}})).fails(t, "RouteAlreadyExists")
	call(n.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: new("com.amazonaws.us-east-1.nothing")})).fails(t, "InvalidServiceName")
	call(n.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &vpc})).fails(t, "DependencyViolation")
	call(n.ModifyVpcEndpoint(ctx, &ec2.ModifyVpcEndpointInput{VpcEndpointId: made.VpcEndpointId, RemoveRouteTableIds: []string{table}})).ok(t)
	if _, routes := n.endpointRoutes(vpc); len(routes) != 0 {
		t.Errorf("the routes are %v, want none", routes)
	}
	call(n.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*made.VpcEndpointId}})).ok(t)
	call(n.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{*made.VpcEndpointId}})).fails(t, "InvalidVpcEndpointId.NotFound")
	call(n.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &vpc})).ok(t)
}

func TestInterfaceEndpoint(t *testing.T) {
	n := start(t)
	ctx := t.Context()
	vpc := n.vpc("10.0.0.0/16")
	subnet := n.subnet(vpc, "10.0.0.0/24")
	in := ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: new("com.amazonaws.us-east-1.logs"), VpcEndpointType: types.VpcEndpointTypeInterface,
		SubnetIds: []string{subnet}, SubnetConfigurations: []types.SubnetConfiguration{{SubnetId: &subnet, Ipv4: new("10.0.0.10")}}, PrivateDnsEnabled: new(true)}
	call(n.CreateVpcEndpoint(ctx, &in)).fails(t, "InvalidParameter") // private DNS needs DNS hostnames
	in.PrivateDnsEnabled = nil
	made := call(n.CreateVpcEndpoint(ctx, &in)).ok(t).VpcEndpoint
	if len(made.Groups) != 1 || *made.Groups[0].GroupName != "default" || len(made.NetworkInterfaceIds) != 1 || len(made.DnsEntries) != 2 {
		t.Errorf("the endpoint is %+v", made)
	}
	address := func() string {
		t.Helper()
		out := call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters("vpc-id", vpc)})).ok(t).NetworkInterfaces
		if len(out) != 1 {
			t.Fatalf("%d interfaces, want one", len(out))
		}
		return *out[0].PrivateIpAddress
	}
	if got := address(); got != "10.0.0.10" {
		t.Errorf("the address is %s", got)
	}
	call(n.ModifyVpcEndpoint(ctx, &ec2.ModifyVpcEndpointInput{VpcEndpointId: made.VpcEndpointId,
		SubnetConfigurations: []types.SubnetConfiguration{{SubnetId: &subnet, Ipv4: new("10.0.0.20")}}})).ok(t)
	if got := address(); got != "10.0.0.20" {
		t.Errorf("the address is %s after the change", got)
	}
	call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})).fails(t, "DependencyViolation")
	call(n.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*made.VpcEndpointId}})).ok(t)
	call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})).ok(t)
}

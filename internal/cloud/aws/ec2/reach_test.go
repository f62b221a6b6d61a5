package ec2

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
	"atoll/internal/reach"
)

// app is a VPC with a public and a private subnet, a NAT gateway, and a load balancer, a task and a database as network interfaces.
type app struct {
	*Service
	t                              testing.TB
	ctx                            context.Context
	sc                             state.Scope
	vpc, public, private, data     string
	lbGroup, webGroup, dbGroup     string
	lb, web, db                    network.Interface
	publicTable, privateTable, nat string
}

func did[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func newApp(t testing.TB) *app {
	t.Helper()
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &app{t: t, sc: state.Scope{Account: "111122223333", Region: "us-east-1"},
		Service: New(Deps{Store: store, Clock: clock.NewManual(time.Now()), Logger: slog.New(slog.DiscardHandler)})}
	a.ctx = a.call("us-east-1")
	a.vpc = *did(a.CreateVpc(a.ctx, &CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t).Vpc.VpcId
	a.public, a.private, a.data = a.subnet("10.0.0.0/24"), a.subnet("10.0.1.0/24"), a.subnet("10.0.2.0/24")
	igw := *did(a.CreateInternetGateway(a.ctx, &CreateInternetGatewayInput{}))(t).InternetGateway.InternetGatewayId
	did(a.AttachInternetGateway(a.ctx, &AttachInternetGatewayInput{InternetGatewayId: &igw, VpcId: &a.vpc}))(t)
	eip := did(a.AllocateAddress(a.ctx, &AllocateAddressInput{}))(t).AllocationId
	a.nat = *did(a.CreateNatGateway(a.ctx, &CreateNatGatewayInput{SubnetId: &a.public, AllocationId: eip}))(t).NatGateway.NatGatewayId
	a.publicTable, a.privateTable = a.table(a.public), a.table(a.private)
	did(a.CreateRoute(a.ctx, &CreateRouteInput{RouteTableId: &a.publicTable, DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &igw}))(t)
	did(a.CreateRoute(a.ctx, &CreateRouteInput{RouteTableId: &a.privateTable, DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: &a.nat}))(t)
	a.lbGroup, a.webGroup, a.dbGroup = a.group("lb"), a.group("web"), a.group("db")
	a.permit(a.lbGroup, 80, "")
	a.permit(a.webGroup, 8080, a.lbGroup)
	a.permit(a.dbGroup, 5432, a.webGroup)
	a.lb = a.attach(network.InterfaceRequest{Subnet: a.public, Groups: []string{a.lbGroup}, Requester: "amazon-elb", PublicIP: true})
	a.web = a.attach(network.InterfaceRequest{Subnet: a.private, Groups: []string{a.webGroup}, Requester: "amazon-ecs"})
	a.db = a.attach(network.InterfaceRequest{Subnet: a.data, Groups: []string{a.dbGroup}, Requester: "amazon-rds"})
	return a
}

func (a *app) call(region string) context.Context {
	return wire.WithCall(a.t.Context(), &wire.Call{Principal: auth.Principal{Account: a.sc.Account}, Region: region})
}

func (a *app) subnet(cidr string) string {
	return *did(a.CreateSubnet(a.ctx, &CreateSubnetInput{VpcId: &a.vpc, CidrBlock: &cidr}))(a.t).Subnet.SubnetId
}

func (a *app) table(subnet string) string {
	id := *did(a.CreateRouteTable(a.ctx, &CreateRouteTableInput{VpcId: &a.vpc}))(a.t).RouteTable.RouteTableId
	did(a.AssociateRouteTable(a.ctx, &AssociateRouteTableInput{RouteTableId: &id, SubnetId: &subnet}))(a.t)
	return id
}

func (a *app) group(name string) string {
	return *did(a.CreateSecurityGroup(a.ctx, &CreateSecurityGroupInput{VpcId: &a.vpc, GroupName: &name, Description: &name}))(a.t).GroupId
}

func tcp(port int64, from string) []IpPermission {
	p := IpPermission{IpProtocol: new("tcp"), FromPort: &port, ToPort: &port, IpRanges: []IpRange{{CidrIp: new("0.0.0.0/0")}}}
	if from != "" {
		p.IpRanges, p.UserIdGroupPairs = nil, []UserIdGroupPair{{GroupId: &from}}
	}
	return []IpPermission{p}
}

func (a *app) permit(group string, port int64, from string) {
	did(a.AuthorizeSecurityGroupIngress(a.ctx, &AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: tcp(port, from)}))(a.t)
}

func (a *app) attach(in network.InterfaceRequest) (out network.Interface) {
	a.t.Helper()
	err := a.d.Store.Update(a.t.Context(), func(tx *state.Tx) (err error) {
		out, err = a.AttachInterface(tx, a.sc, in)
		return err
	})
	return did(out, err)(a.t)
}

// wants checks what becomes of a flow: reason is a part of why it is blocked, or empty.
func (a *app) wants(f reach.Flow, reason, to string) {
	a.t.Helper()
	p := a.Decide(f)
	if p.Allowed != (reason == "") || !strings.Contains(p.Reason(), reason) || p.Allowed && p.To != to {
		a.t.Errorf("%+v is allowed %t to %q: %s", f, p.Allowed, p.To, p.Reason())
	}
}

var office = netip.MustParseAddr("192.0.2.10")

func TestDecide(t *testing.T) {
	a := newApp(t)
	toDB := reach.Flow{From: a.web.ID, To: netip.MustParseAddr(a.db.PrivateIP), Port: 5432}
	a.wants(toDB, "", a.db.ID)
	a.wants(reach.Flow{From: a.web.ID, To: netip.MustParseAddr(a.db.PrivateIP), Port: 5433}, "No inbound rule of db ("+a.dbGroup+")", "")
	a.wants(reach.Flow{From: a.lb.ID, ToInterface: a.web.ID, Port: 8080}, "", a.web.ID)
	a.wants(reach.Flow{From: a.lb.ID, ToInterface: a.db.ID, Port: 5432}, "No inbound rule of db ("+a.dbGroup, "")
	a.wants(reach.Flow{Source: office, ToInterface: a.lb.ID, Port: 80}, "", a.lb.ID)
	a.wants(reach.Flow{Source: office, To: netip.MustParseAddr(a.lb.PublicIP), Port: 80}, "", a.lb.ID)
	a.wants(reach.Flow{Source: office, ToInterface: a.web.ID, Port: 80}, "has no public address", "")
	a.wants(reach.Flow{From: a.web.ID, To: office, Port: 443}, "", "")
	a.wants(reach.Flow{From: a.web.ID, To: netip.MustParseAddr(a.lb.PublicIP), Port: 80}, "", a.lb.ID)
	a.wants(reach.Flow{From: a.db.ID, To: office, Port: 443}, "has no route", "")

	// Each change is seen at once.
	did(a.RevokeSecurityGroupIngress(a.ctx, &RevokeSecurityGroupIngressInput{GroupId: &a.dbGroup, IpPermissions: tcp(5432, a.webGroup)}))(t)
	a.wants(toDB, "No inbound rule of db ("+a.dbGroup, "")
	a.permit(a.dbGroup, 5432, a.webGroup)
	a.wants(toDB, "", a.db.ID)

	acl := did(a.DescribeNetworkAcls(a.ctx, &DescribeNetworkAclsInput{Filters: []Filter{{Name: new("vpc-id"), Values: []string{a.vpc}}}}))(t).NetworkAcls[0].NetworkAclId
	did(a.CreateNetworkAclEntry(a.ctx, &CreateNetworkAclEntryInput{NetworkAclId: acl, RuleNumber: new(int64(50)), Egress: new(false), RuleAction: new("deny"), Protocol: new("6"),
		CidrBlock: new("10.0.1.0/24"), PortRange: &PortRange{From: new(int64(5432)), To: new(int64(5432))}}))(t)
	a.wants(toDB, "Entry 50 of "+*acl, "")
	did(a.DeleteNetworkAclEntry(a.ctx, &DeleteNetworkAclEntryInput{NetworkAclId: acl, RuleNumber: new(int64(50)), Egress: new(false)}))(t)
	a.wants(toDB, "", a.db.ID)

	did(a.DeleteNatGateway(a.ctx, &DeleteNatGatewayInput{NatGatewayId: &a.nat}))(t)
	a.wants(reach.Flow{From: a.web.ID, To: office, Port: 443}, a.nat+", which is gone", "")

	s3 := did(a.CreateVpcEndpoint(a.ctx, &CreateVpcEndpointInput{VpcId: &a.vpc, ServiceName: new("com.amazonaws.us-east-1.s3"), RouteTableIds: []string{a.privateTable}}))(t)
	if *s3.VpcEndpoint.VpcEndpointType != "Gateway" {
		t.Fatal(*s3.VpcEndpoint.VpcEndpointType)
	}
	a.wants(reach.Flow{From: a.web.ID, To: netip.MustParseAddr("52.216.1.1"), Port: 443}, "", "")

	resolver := reach.Flow{From: a.web.ID, To: netip.MustParseAddr("10.0.0.2"), Protocol: reach.UDP, Port: 53}
	a.wants(resolver, "", "")
	did(a.ModifyVpcAttribute(a.ctx, &ModifyVpcAttributeInput{VpcId: &a.vpc, EnableDnsSupport: &AttributeBooleanValue{Value: new(false)}}))(t)
	a.wants(resolver, "enableDnsSupport", "")

	// A new interface is known at once, and forgotten at once.
	next := a.attach(network.InterfaceRequest{Subnet: a.private, Groups: []string{a.webGroup}})
	a.wants(reach.Flow{From: next.ID, ToInterface: a.db.ID, Port: 5432}, "", a.db.ID)
	err := a.d.Store.Update(t.Context(), func(tx *state.Tx) error {
		a.ReleaseInterface(tx, a.sc, next.ID)
		if p := reach.Decide(a.Reach(tx), reach.Flow{From: next.ID, ToInterface: a.db.ID, Port: 5432}); p.Allowed {
			t.Error("within the transaction the interface is still there")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a.wants(reach.Flow{From: next.ID, ToInterface: a.db.ID, Port: 5432}, "There is no network interface "+next.ID, "")
}

// TestOtherRegion has a task reach a load balancer in another region, over the internet.
func TestOtherRegion(t *testing.T) {
	a := newApp(t)
	far := a.call("eu-west-1")
	vpc := *did(a.DescribeVpcs(far, &DescribeVpcsInput{}))(t).Vpcs[0].VpcId
	sub := *did(a.DescribeSubnets(far, &DescribeSubnetsInput{}))(t).Subnets[0].SubnetId
	group := *did(a.CreateSecurityGroup(far, &CreateSecurityGroupInput{VpcId: &vpc, GroupName: new("lb"), Description: new("lb")}))(t).GroupId
	var lb network.Interface
	err := a.d.Store.Update(t.Context(), func(tx *state.Tx) (err error) {
		lb, err = a.AttachInterface(tx, state.Scope{Account: a.sc.Account, Region: "eu-west-1"}, network.InterfaceRequest{Subnet: sub, Groups: []string{group}, PublicIP: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f := reach.Flow{From: a.web.ID, To: netip.MustParseAddr(lb.PublicIP), Port: 80}
	a.wants(f, "No inbound rule of lb ("+group, "")
	did(a.AuthorizeSecurityGroupIngress(far, &AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: tcp(80, "")}))(t)
	a.wants(f, "", lb.ID)

	err = a.d.Store.View(func(tx *state.Tx) error {
		if v, sc, ok := a.FindInterface(tx, lb.ID); !ok || sc.Region != "eu-west-1" || v.PrivateIP != lb.PrivateIP || v.SubnetCIDR == "" {
			t.Errorf("found %+v in %v", v, sc)
		}
		if v, sc, ok := a.InterfaceByPublicIP(tx, netip.MustParseAddr(lb.PublicIP)); !ok || sc.Region != "eu-west-1" || v.ID != lb.ID {
			t.Errorf("found %+v in %v", v, sc)
		}
		if v, ok := a.InterfaceAt(tx, a.sc, a.vpc, netip.MustParseAddr(a.web.PrivateIP)); !ok || v.ID != a.web.ID {
			t.Errorf("found %+v", v)
		}
		nat := did(a.DescribeNatGateways(a.ctx, &DescribeNatGatewaysInput{}))(t).NatGateways[0].NatGatewayAddresses[0]
		if v, _, ok := a.InterfaceByPublicIP(tx, netip.MustParseAddr(*nat.PublicIp)); !ok || v.ID != *nat.NetworkInterfaceId || v.PublicIP != *nat.PublicIp {
			t.Errorf("found %+v by an Elastic IP", v)
		}
		if v, ok := a.VPC(tx, a.sc, a.vpc); !ok || !v.DNSSupport || v.DNSHostnames {
			t.Errorf("the VPC is %+v", v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDecide asks about flows with few and with many interfaces there.
func BenchmarkDecide(b *testing.B) {
	for _, others := range []int{0, 1000} {
		a := newApp(b)
		wide := a.subnet("10.0.128.0/20")
		for range others {
			a.attach(network.InterfaceRequest{Subnet: wide, Groups: []string{a.webGroup}})
		}
		for name, f := range map[string]reach.Flow{
			"task to database":       {From: a.web.ID, To: netip.MustParseAddr(a.db.PrivateIP), Port: 5432},
			"task to internet":       {From: a.web.ID, To: office, Port: 443},
			"internet to a balancer": {Source: office, ToInterface: a.lb.ID, Port: 80},
		} {
			b.Run(fmt.Sprintf("%s/%d others", name, others), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if p := a.Decide(f); !p.Allowed {
						b.Fatal(p.Reason())
					}
				}
			})
		}
	}
}

package ec2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/wire"
)

func (n *network) describeSubnet(id string) types.Subnet {
	n.t.Helper()
	return call(n.DescribeSubnets(n.t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})).ok(n.t).Subnets[0]
}

func TestSubnetLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	id := *call(n.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &vpcID, CidrBlock: new("10.0.1.9/24"), AvailabilityZone: new("us-east-1b"),
		TagSpecifications: tagged(types.ResourceTypeSubnet, "tier", "private")})).ok(t).Subnet.SubnetId
	s := n.describeSubnet(id)
	if *s.CidrBlock != "10.0.1.0/24" || *s.AvailabilityZone != "us-east-1b" || *s.AvailableIpAddressCount != 251 || *s.MapPublicIpOnLaunch || *s.DefaultForAz ||
		s.State != types.SubnetStateAvailable || tagValue(s.Tags, "tier") != "private" || !strings.HasSuffix(*s.SubnetArn, ":subnet/"+id) {
		t.Errorf("the subnet reads back as %+v", s)
	}
	byZoneID := call(n.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &vpcID, CidrBlock: new("10.0.2.0/24"), AvailabilityZoneId: s.AvailabilityZoneId})).ok(t).Subnet
	if *byZoneID.AvailabilityZone != "us-east-1b" {
		t.Errorf("the zone id %s led to %s", *s.AvailabilityZoneId, *byZoneID.AvailabilityZone)
	}
	// A subnet has its place in the default network ACL from the start.
	acls := call(n.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: filters("association.subnet-id", id)})).ok(t).NetworkAcls
	if len(acls) != 1 || !*acls[0].IsDefault {
		t.Errorf("the subnet's ACLs are %+v", acls)
	}
	eni := n.networkInterface(id)
	if got := *n.describeSubnet(id).AvailableIpAddressCount; got != 250 {
		t.Errorf("with an interface there are %d addresses, want 250", got)
	}
	remove := func() result[*ec2.DeleteSubnetOutput] {
		return call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &id}))
	}
	if m := remove().fails(t, "DependencyViolation"); m != "The subnet '"+id+"' has dependencies and cannot be deleted." {
		t.Errorf("the message is %q", m)
	}
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni})).ok(t)
	table := call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID})).ok(t).RouteTable.RouteTableId
	call(n.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table, SubnetId: &id})).ok(t)
	remove().ok(t) // its associations go with it
	if m := remove().fails(t, "InvalidSubnetID.NotFound"); m != "The subnet ID '"+id+"' does not exist" {
		t.Errorf("the message is %q", m)
	}
	call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: table})).ok(t)
	if acls := call(n.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: filters("association.subnet-id", id)})).ok(t).NetworkAcls; len(acls) != 0 {
		t.Errorf("the deleted subnet is still associated: %+v", acls)
	}
}

func TestCreateSubnetRefuses(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	n.subnet(vpcID, "10.0.1.0/24")
	create := func(in ec2.CreateSubnetInput) result[*ec2.CreateSubnetOutput] {
		if in.VpcId == nil {
			in.VpcId = &vpcID
		}
		return call(n.CreateSubnet(ctx, &in))
	}
	for _, cidr := range []string{"10.1.0.0/24", "10.0.0.0/15", "10.0.2.0/29", "192.168.0.0/24"} {
		if m := create(ec2.CreateSubnetInput{CidrBlock: &cidr}).fails(t, "InvalidSubnet.Range"); m != "The CIDR '"+cidr+"' is invalid." {
			t.Errorf("the message is %q", m)
		}
	}
	for _, cidr := range []string{"10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/23"} {
		if m := create(ec2.CreateSubnetInput{CidrBlock: &cidr}).fails(t, "InvalidSubnet.Conflict"); m != "The CIDR '"+cidr+"' conflicts with another subnet" {
			t.Errorf("the message is %q", m)
		}
	}
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0")}).fails(t, "InvalidParameterValue")
	create(ec2.CreateSubnetInput{}).fails(t, "MissingParameter")
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0/24"), VpcId: new("vpc-0123456789abcdef0")}).fails(t, "InvalidVpcID.NotFound")
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0/24"), AvailabilityZone: new("us-east-1z")}).fails(t, "InvalidParameterValue")
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0/24"), Ipv6CidrBlock: new("2001:db8::/64")}).fails(t, "InvalidSubnet.Range")
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0/24"), OutpostArn: new("arn:aws:outposts:x")}).fails(t, wire.CodeNotImplemented)
	create(ec2.CreateSubnetInput{CidrBlock: new("10.0.2.0/24"), DryRun: new(true)}).fails(t, "DryRunOperation")
	if out := call(n.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters("vpc-id", vpcID)})).ok(t).Subnets; len(out) != 1 {
		t.Errorf("refused requests left subnets: there are %d", len(out))
	}
}

func TestSubnetAttributes(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.subnet(n.vpc("10.0.0.0/16"), "10.0.1.0/24")
	yes := &types.AttributeBooleanValue{Value: new(true)}
	modify := func(in ec2.ModifySubnetAttributeInput) result[*ec2.ModifySubnetAttributeOutput] {
		in.SubnetId = &id
		return call(n.ModifySubnetAttribute(ctx, &in))
	}
	modify(ec2.ModifySubnetAttributeInput{MapPublicIpOnLaunch: yes}).ok(t)
	modify(ec2.ModifySubnetAttributeInput{EnableResourceNameDnsARecordOnLaunch: yes}).ok(t)
	modify(ec2.ModifySubnetAttributeInput{PrivateDnsHostnameTypeOnLaunch: types.HostnameTypeResourceName}).ok(t)
	s := n.describeSubnet(id)
	if o := s.PrivateDnsNameOptionsOnLaunch; !*s.MapPublicIpOnLaunch || !*o.EnableResourceNameDnsARecord || *o.EnableResourceNameDnsAAAARecord || o.HostnameType != types.HostnameTypeResourceName {
		t.Errorf("the changed subnet is %+v with %+v", s, o)
	}
	modify(ec2.ModifySubnetAttributeInput{AssignIpv6AddressOnCreation: yes}).fails(t, "InvalidParameterValue") // it has no IPv6 block
	modify(ec2.ModifySubnetAttributeInput{PrivateDnsHostnameTypeOnLaunch: "colour"}).fails(t, "InvalidParameterValue")
	modify(ec2.ModifySubnetAttributeInput{CustomerOwnedIpv4Pool: new("pool")}).fails(t, wire.CodeNotImplemented)
}

func TestSubnetIPv6(t *testing.T) {
	n, ctx := start(t), t.Context()
	v := call(n.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: new(true)})).ok(t).Vpc
	base := strings.TrimSuffix(*v.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock, "00::/56")
	first, second := n.subnet(*v.VpcId, "10.0.1.0/24"), n.subnet(*v.VpcId, "10.0.2.0/24")
	associate := func(id, cidr string) result[*ec2.AssociateSubnetCidrBlockOutput] {
		return call(n.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &id, Ipv6CidrBlock: &cidr}))
	}
	association := associate(first, base+"01::/64").ok(t).Ipv6CidrBlockAssociation.AssociationId
	associate(first, base+"02::/64").fails(t, "InvalidParameterValue") // one is enough
	associate(second, base+"01::/64").fails(t, "InvalidSubnet.Conflict")
	associate(second, base+"02::/63").fails(t, "InvalidSubnet.Range")
	associate(second, "2001:db8::/64").fails(t, "InvalidSubnet.Range")
	call(n.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &first, AssignIpv6AddressOnCreation: &types.AttributeBooleanValue{Value: new(true)}})).ok(t)
	if s := n.describeSubnet(first); !*s.AssignIpv6AddressOnCreation || *s.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock != base+"01::/64" {
		t.Errorf("the subnet is %+v", s)
	}
	if out := call(n.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters("ipv6-cidr-block-association.ipv6-cidr-block", base+"01*")})).ok(t).Subnets; len(out) != 1 {
		t.Errorf("the filter by IPv6 block gives %d subnets, want one", len(out))
	}
	call(n.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: association})).ok(t)
	call(n.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: association})).fails(t, "InvalidSubnetCidrBlockAssociationID.NotFound")
	if s := n.describeSubnet(first); len(s.Ipv6CidrBlockAssociationSet) != 0 || *s.AssignIpv6AddressOnCreation {
		t.Errorf("without its IPv6 block the subnet is %+v", s)
	}
	native := call(n.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.VpcId, Ipv6Native: new(true), Ipv6CidrBlock: new(base + "03::/64")})).ok(t).Subnet
	if !*native.Ipv6Native || native.CidrBlock != nil || !*native.AssignIpv6AddressOnCreation {
		t.Errorf("the IPv6-only subnet is %+v", native)
	}
}

func TestSubnetAddresses(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.subnet(n.vpc("10.0.0.0/16"), "10.0.1.0/28")
	var got []string
	for range 11 {
		eni := call(n.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: &id})).ok(t).NetworkInterface
		got = append(got, *eni.PrivateIpAddress)
	}
	var want []string
	for i := 4; i < 15; i++ { // AWS keeps the first four and the last
		want = append(want, fmt.Sprintf("10.0.1.%d", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the addresses are %q, want %q", got, want)
	}
	call(n.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: &id})).fails(t, "InsufficientFreeAddressesInSubnet")
	if left := *n.describeSubnet(id).AvailableIpAddressCount; left != 0 {
		t.Errorf("the full subnet has %d addresses left", left)
	}
}

func TestSubnetFilters(t *testing.T) {
	n := start(t)
	vpcID := n.vpc("10.0.0.0/16")
	a, b := n.subnet(vpcID, "10.0.1.0/24"), n.subnet(vpcID, "10.0.2.0/25")
	n.tag(a, "Name", "app-1")
	n.tag(b, "Name", "app-2")
	names := map[string]string{a: "a", b: "b"}
	for _, c := range []struct{ name, value, want string }{
		{"cidr-block", "10.0.1.0/24", "a"}, {"availability-zone", "us-east-1?", "ab"}, {"available-ip-address-count", "123", "b"}, {"default-for-az", "true", ""},
		{"map-public-ip-on-launch", "false", "ab"}, {"state", "available", "ab"}, {"subnet-id", b, "b"}, {"tag:Name", "app-*", "ab"}, {"tag:Name", "app-1", "a"},
	} {
		got := ""
		for _, s := range call(n.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: append(filters("vpc-id", vpcID), filters(c.name, c.value)...)})).ok(t).Subnets {
			got += names[*s.SubnetId]
		}
		if string(sortedBytes([]byte(got))) != c.want {
			t.Errorf("the filter %s=%s gives %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func TestSubnetsSurviveRestart(t *testing.T) {
	n := start(t, cloudtest.Durable())
	vpcID := n.vpc("10.0.0.0/16")
	id := n.subnet(vpcID, "10.0.1.0/24")
	n.cloud.Restart()
	if s := n.describeSubnet(id); *s.CidrBlock != "10.0.1.0/24" {
		t.Errorf("after the restart the subnet is %+v", s)
	}
	call(n.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &vpcID, CidrBlock: new("10.0.1.0/25")})).fails(t, "InvalidSubnet.Conflict")
}

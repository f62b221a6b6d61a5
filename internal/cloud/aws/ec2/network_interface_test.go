package ec2_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/wire"
)

func (n *network) describeInterface(id string) types.NetworkInterface {
	n.t.Helper()
	return call(n.DescribeNetworkInterfaces(n.t.Context(), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}})).ok(n.t).NetworkInterfaces[0]
}

func groupsOf(eni types.NetworkInterface) (out []string) {
	for _, g := range eni.Groups {
		out = append(out, *g.GroupName)
	}
	return out
}

func TestNetworkInterfaceLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	subnet, web := n.subnet(vpcID, "10.0.1.0/24"), n.group(vpcID, "web")
	id := n.networkInterface(subnet)
	eni := n.describeInterface(id)
	if *eni.SubnetId != subnet || *eni.VpcId != vpcID || eni.Status != types.NetworkInterfaceStatusAvailable || eni.InterfaceType != types.NetworkInterfaceTypeInterface ||
		!*eni.SourceDestCheck || *eni.PrivateIpAddress != "10.0.1.4" || *eni.PrivateDnsName != "ip-10-0-1-4.ec2.internal" || len(*eni.MacAddress) != 17 || *eni.Description != "" {
		t.Errorf("the interface reads back as %+v", eni)
	}
	if got := groupsOf(eni); !slices.Equal(got, []string{"default"}) {
		t.Errorf("the interface's groups are %q, want the VPC's default one", got)
	}
	modify := func(in ec2.ModifyNetworkInterfaceAttributeInput) result[*ec2.ModifyNetworkInterfaceAttributeOutput] {
		in.NetworkInterfaceId = &id
		return call(n.ModifyNetworkInterfaceAttribute(ctx, &in))
	}
	modify(ec2.ModifyNetworkInterfaceAttributeInput{Groups: []string{web}}).ok(t)
	modify(ec2.ModifyNetworkInterfaceAttributeInput{Description: &types.AttributeValue{Value: new("the web")}}).ok(t)
	modify(ec2.ModifyNetworkInterfaceAttributeInput{SourceDestCheck: &types.AttributeBooleanValue{Value: new(false)}}).ok(t)
	modify(ec2.ModifyNetworkInterfaceAttributeInput{Groups: []string{n.group(n.vpc("10.1.0.0/16"), "far")}}).fails(t, "InvalidGroup.NotFound")
	many := []string{web}
	for i := range 5 {
		many = append(many, n.group(vpcID, fmt.Sprintf("more-%d", i)))
	}
	modify(ec2.ModifyNetworkInterfaceAttributeInput{Groups: many}).fails(t, "SecurityGroupsPerInterfaceLimitExceeded")
	modify(ec2.ModifyNetworkInterfaceAttributeInput{EnablePrimaryIpv6: new(true)}).fails(t, wire.CodeNotImplemented)
	if eni := n.describeInterface(id); *eni.Description != "the web" || *eni.SourceDestCheck || !slices.Equal(groupsOf(eni), []string{"web"}) {
		t.Errorf("the changed interface is %+v", eni)
	}
	attribute := call(n.DescribeNetworkInterfaceAttribute(ctx, &ec2.DescribeNetworkInterfaceAttributeInput{NetworkInterfaceId: &id, Attribute: types.NetworkInterfaceAttributeGroupSet})).ok(t)
	if len(attribute.Groups) != 1 || *attribute.Groups[0].GroupId != web {
		t.Errorf("the groupSet attribute is %+v", attribute.Groups)
	}
	remove := func() result[*ec2.DeleteNetworkInterfaceOutput] {
		return call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &id}))
	}
	remove().ok(t)
	if m := remove().fails(t, "InvalidNetworkInterfaceID.NotFound"); m != "The networkInterface ID '"+id+"' does not exist" {
		t.Errorf("the message is %q", m)
	}
	call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}})).fails(t, "InvalidNetworkInterfaceID.NotFound")
	call(n.DetachNetworkInterface(ctx, &ec2.DetachNetworkInterfaceInput{AttachmentId: new("eni-attach-0123456789abcdef0")})).fails(t, "InvalidAttachmentID.NotFound")
}

func TestNetworkInterfaceAddresses(t *testing.T) {
	n, ctx := start(t), t.Context()
	subnet := n.subnet(n.vpc("10.0.0.0/16"), "10.0.1.0/24")
	create := func(in ec2.CreateNetworkInterfaceInput) result[*ec2.CreateNetworkInterfaceOutput] {
		in.SubnetId = &subnet
		return call(n.CreateNetworkInterface(ctx, &in))
	}
	ips := func(eni *types.NetworkInterface) (out []string) {
		for _, p := range eni.PrivateIpAddresses {
			out = append(out, fmt.Sprintf("%s %v", *p.PrivateIpAddress, *p.Primary))
		}
		return out
	}
	eni := create(ec2.CreateNetworkInterfaceInput{PrivateIpAddress: new("10.0.1.50"), SecondaryPrivateIpAddressCount: new(int32(2))}).ok(t).NetworkInterface
	if got, want := ips(eni), []string{"10.0.1.50 true", "10.0.1.4 false", "10.0.1.5 false"}; !slices.Equal(got, want) {
		t.Errorf("the addresses are %q, want %q", got, want)
	}
	eni = create(ec2.CreateNetworkInterfaceInput{PrivateIpAddresses: []types.PrivateIpAddressSpecification{
		{PrivateIpAddress: new("10.0.1.60")}, {PrivateIpAddress: new("10.0.1.61"), Primary: new(true)}}}).ok(t).NetworkInterface
	if got, want := ips(eni), []string{"10.0.1.61 true", "10.0.1.60 false"}; !slices.Equal(got, want) {
		t.Errorf("the addresses are %q, want %q", got, want)
	}
	create(ec2.CreateNetworkInterfaceInput{PrivateIpAddress: new("10.0.1.60")}).fails(t, "InvalidIPAddress.InUse")
	for _, ip := range []string{"10.0.2.9", "10.0.1.255", "nonsense"} {
		create(ec2.CreateNetworkInterfaceInput{PrivateIpAddress: &ip}).fails(t, "InvalidParameterValue")
	}
	create(ec2.CreateNetworkInterfaceInput{PrivateIpAddress: new("10.0.1.2")}).fails(t, "InvalidIPAddress.InUse") // kept by AWS
	create(ec2.CreateNetworkInterfaceInput{Ipv6AddressCount: new(int32(1))}).fails(t, wire.CodeNotImplemented)
	create(ec2.CreateNetworkInterfaceInput{InterfaceType: types.NetworkInterfaceCreationTypeEfa}).fails(t, wire.CodeNotImplemented)
	if out := call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters("addresses.private-ip-address", "10.0.1.6?")})).ok(t).NetworkInterfaces; len(out) != 1 {
		t.Errorf("the filter by address gives %d interfaces, want one", len(out))
	}
}

func TestNetworkInterfaceFilters(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	a, b := n.subnet(vpcID, "10.0.1.0/24"), n.subnet(vpcID, "10.0.2.0/24")
	web := n.group(vpcID, "web")
	first, second := n.networkInterface(a, web), n.networkInterface(b)
	n.tag(first, "Name", "one")
	names := map[string]string{first: "1", second: "2"}
	for _, c := range []struct{ name, value, want string }{
		{"subnet-id", a, "1"}, {"vpc-id", vpcID, "12"}, {"group-id", web, "1"}, {"group-name", "default", "2"}, {"status", "available", "12"}, {"status", "in-use", ""},
		{"private-ip-address", "10.0.2.4", "2"}, {"tag:Name", "o*", "1"}, {"interface-type", "interface", "12"}, {"requester-managed", "false", "12"},
		{"attachment.instance-owner-id", "amazon-elb", ""}, {"description", "ELB app/*", ""}, {"network-interface-id", second, "2"},
	} {
		got := ""
		for _, eni := range call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters(c.name, c.value)})).ok(t).NetworkInterfaces {
			got += names[*eni.NetworkInterfaceId]
		}
		if string(sortedBytes([]byte(got))) != c.want {
			t.Errorf("the filter %s=%s gives %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func TestNetworkInterfaceClientToken(t *testing.T) {
	n, ctx := start(t, cloudtest.Durable()), t.Context()
	subnet := n.subnet(n.vpc("10.0.0.0/16"), "10.0.1.0/24")
	create := func(description string) result[*ec2.CreateNetworkInterfaceOutput] {
		return call(n.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: &subnet, Description: &description, ClientToken: new("token")}))
	}
	first := *create("one").ok(t).NetworkInterface.NetworkInterfaceId
	n.cloud.Restart()
	if again := *create("one").ok(t).NetworkInterface.NetworkInterfaceId; again != first {
		t.Errorf("the same token gave %s, then %s", first, again)
	}
	create("two").fails(t, "IdempotentParameterMismatch")
	if out := call(n.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters("subnet-id", subnet)})).ok(t).NetworkInterfaces; len(out) != 1 {
		t.Errorf("the token made %d interfaces, want one", len(out))
	}
}

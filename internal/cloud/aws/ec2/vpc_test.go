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

func (n *network) describeVPC(id string) types.Vpc {
	n.t.Helper()
	return call(n.DescribeVpcs(n.t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{id}})).ok(n.t).Vpcs[0]
}

func (n *network) deleteVPC(id string) result[*ec2.DeleteVpcOutput] {
	return call(n.DeleteVpc(n.t.Context(), &ec2.DeleteVpcInput{VpcId: &id}))
}

func TestVPCLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	made := call(n.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.99.7/16"), TagSpecifications: tagged(types.ResourceTypeVpc, "Name", "blue")})).ok(t).Vpc
	id := *made.VpcId
	v := n.describeVPC(id)
	if *v.CidrBlock != "10.0.0.0/16" || *v.IsDefault || v.InstanceTenancy != types.TenancyDefault || v.State != types.VpcStateAvailable || tagValue(v.Tags, "Name") != "blue" {
		t.Errorf("the VPC reads back as %+v", v)
	}
	if len(v.CidrBlockAssociationSet) != 1 || v.CidrBlockAssociationSet[0].CidrBlockState.State != types.VpcCidrBlockStateCodeAssociated {
		t.Errorf("the VPC's blocks are %+v", v.CidrBlockAssociationSet)
	}
	// What Terraform's provider looks up beside each VPC.
	tables := call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters("association.main", "true", "vpc-id", id)})).ok(t).RouteTables
	acls := call(n.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: filters("default", "true", "vpc-id", id)})).ok(t).NetworkAcls
	groups := call(n.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters("group-name", "default", "vpc-id", id)})).ok(t).SecurityGroups
	if len(tables) != 1 || len(acls) != 1 || len(groups) != 1 {
		t.Fatalf("a new VPC has %d main tables, %d default ACLs and %d default groups, want one of each", len(tables), len(acls), len(groups))
	}
	n.deleteVPC(id).ok(t)
	if m := n.deleteVPC(id).fails(t, "InvalidVpcID.NotFound"); m != "The vpc ID '"+id+"' does not exist" {
		t.Errorf("the message is %q", m)
	}
	call(n.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})).fails(t, "InvalidVpcID.NotFound")
	call(n.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{*tables[0].RouteTableId}})).fails(t, "InvalidRouteTableID.NotFound")
	call(n.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{NetworkAclIds: []string{*acls[0].NetworkAclId}})).fails(t, "InvalidNetworkAclID.NotFound")
	if left := call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filters("resource-id", id)})).ok(t).Tags; len(left) != 0 {
		t.Errorf("the deleted VPC left tags: %v", left)
	}
}

func TestCreateVPCRefuses(t *testing.T) {
	n, ctx := start(t), t.Context()
	create := func(in *ec2.CreateVpcInput) result[*ec2.CreateVpcOutput] { return call(n.CreateVpc(ctx, in)) }
	for _, cidr := range []string{"10.0.0.0/15", "10.0.0.0/29", "2001:db8::/56"} {
		create(&ec2.CreateVpcInput{CidrBlock: &cidr}).fails(t, "InvalidVpc.Range")
	}
	create(&ec2.CreateVpcInput{CidrBlock: new("10.0.0.0")}).fails(t, "InvalidParameterValue")
	create(&ec2.CreateVpcInput{}).fails(t, "MissingParameter")
	create(&ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), InstanceTenancy: "host"}).fails(t, "InvalidParameterValue")
	create(&ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), TagSpecifications: tagged(types.ResourceTypeSubnet, "a", "b")}).fails(t, "InvalidParameterValue")
	create(&ec2.CreateVpcInput{Ipv4IpamPoolId: new("ipam-pool-1")}).fails(t, wire.CodeNotImplemented)
	create(&ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), DryRun: new(true)}).fails(t, "DryRunOperation")
	if all := call(n.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})).ok(t).Vpcs; len(all) != 1 {
		t.Errorf("refused requests left VPCs: there are %d, want the default one alone", len(all))
	}
	call(n.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{"blue"}})).fails(t, "InvalidVpcID.Malformed")
	call(n.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{DryRun: new(true)})).fails(t, "DryRunOperation")
}

func TestVPCAttributes(t *testing.T) {
	n, ctx := start(t), t.Context()
	read := func(id string) string {
		t.Helper()
		var out []string
		for _, a := range []types.VpcAttributeName{types.VpcAttributeNameEnableDnsSupport, types.VpcAttributeNameEnableDnsHostnames, types.VpcAttributeNameEnableNetworkAddressUsageMetrics} {
			v := call(n.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: a})).ok(t)
			for _, b := range []*types.AttributeBooleanValue{v.EnableDnsSupport, v.EnableDnsHostnames, v.EnableNetworkAddressUsageMetrics} {
				if b != nil {
					out = append(out, fmt.Sprint(*b.Value))
				}
			}
		}
		return strings.Join(out, " ")
	}
	id := n.vpc("10.0.0.0/16")
	yes, no := &types.AttributeBooleanValue{Value: new(true)}, &types.AttributeBooleanValue{Value: new(false)}
	if got := read(id); got != "true false false" {
		t.Errorf("a new VPC's attributes are %s", got)
	}
	if got := read(n.defaultVPC()); got != "true true false" {
		t.Errorf("the default VPC's attributes are %s", got)
	}
	call(n.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsSupport: no})).ok(t)
	call(n.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsHostnames: yes})).ok(t)
	call(n.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableNetworkAddressUsageMetrics: yes})).ok(t)
	if got := read(id); got != "false true true" {
		t.Errorf("the changed attributes are %s", got)
	}
	call(n.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsHostnames: yes, EnableDnsSupport: yes})).fails(t, "InvalidParameterCombination")
	call(n.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: new("vpc-0123456789abcdef0"), EnableDnsHostnames: yes})).fails(t, "InvalidVpcID.NotFound")
	call(n.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: "colour"})).fails(t, "InvalidParameterValue")
}

func TestVPCTenancy(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := *call(n.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), InstanceTenancy: types.TenancyDedicated})).ok(t).Vpc.VpcId
	call(n.ModifyVpcTenancy(ctx, &ec2.ModifyVpcTenancyInput{VpcId: &id, InstanceTenancy: "dedicated"})).fails(t, "InvalidParameterValue")
	call(n.ModifyVpcTenancy(ctx, &ec2.ModifyVpcTenancyInput{VpcId: &id, InstanceTenancy: types.VpcTenancyDefault})).ok(t)
	if got := n.describeVPC(id).InstanceTenancy; got != types.TenancyDefault {
		t.Errorf("the tenancy is %s", got)
	}
}

func TestVPCBlocks(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.vpc("10.0.0.0/16")
	associate := func(cidr string) result[*ec2.AssociateVpcCidrBlockOutput] {
		return call(n.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &id, CidrBlock: &cidr}))
	}
	disassociate := func(association string) result[*ec2.DisassociateVpcCidrBlockOutput] {
		return call(n.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: &association}))
	}
	second := *associate("10.1.0.0/16").ok(t).CidrBlockAssociation.AssociationId
	associate("10.1.128.0/24").fails(t, "InvalidVpc.Range")
	associate("10.2.0.0/15").fails(t, "InvalidVpc.Range")
	subnet := n.subnet(id, "10.1.4.0/24")
	disassociate(second).fails(t, "DependencyViolation")
	call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})).ok(t)
	disassociate(second).ok(t)
	disassociate(second).fails(t, "InvalidVpcCidrBlockAssociationID.NotFound")
	disassociate(*n.describeVPC(id).CidrBlockAssociationSet[0].AssociationId).fails(t, "OperationNotPermitted")
	if v := n.describeVPC(id); len(v.CidrBlockAssociationSet) != 1 {
		t.Errorf("the blocks left are %+v", v.CidrBlockAssociationSet)
	}
	call(n.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &id})).fails(t, "MissingParameter")
	for i := range 4 {
		associate(fmt.Sprintf("10.%d.0.0/16", i+1)).ok(t)
	}
	associate("10.5.0.0/16").fails(t, "CidrLimitExceeded")
}

func TestVPCIPv6Blocks(t *testing.T) {
	n, ctx := start(t), t.Context()
	v := call(n.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: new(true)})).ok(t).Vpc
	id := *v.VpcId
	first := v.Ipv6CidrBlockAssociationSet[0]
	if !strings.HasSuffix(*first.Ipv6CidrBlock, "/56") || *first.Ipv6Pool != "Amazon" || *first.NetworkBorderGroup != "us-east-1" {
		t.Errorf("the block is %+v", first)
	}
	add := func() types.VpcIpv6CidrBlockAssociation {
		t.Helper()
		return *call(n.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &id, AmazonProvidedIpv6CidrBlock: new(true)})).ok(t).Ipv6CidrBlockAssociation
	}
	second := add()
	call(n.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: first.AssociationId})).ok(t)
	third := add()
	if *second.Ipv6CidrBlock == *first.Ipv6CidrBlock || *third.Ipv6CidrBlock == *second.Ipv6CidrBlock {
		t.Errorf("the blocks %s, %s and %s are not all apart", *first.Ipv6CidrBlock, *second.Ipv6CidrBlock, *third.Ipv6CidrBlock)
	}
	inner := strings.TrimSuffix(*second.Ipv6CidrBlock, "/56") + "/64"
	call(n.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &id, CidrBlock: new("10.0.1.0/24"), Ipv6CidrBlock: &inner})).ok(t)
	call(n.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: second.AssociationId})).fails(t, "DependencyViolation")
}

func TestVPCDependencies(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.vpc("10.0.0.0/16")
	for what, makeAndDrop := range map[string]func() func() error{
		"a subnet": func() func() error {
			s := n.subnet(id, "10.0.1.0/24")
			return func() error { _, err := n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &s}); return err }
		},
		"an internet gateway": func() func() error {
			g := n.gateway(id)
			return func() error {
				_, err := n.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &g, VpcId: &id})
				return err
			}
		},
		"a route table": func() func() error {
			r := call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &id})).ok(t).RouteTable.RouteTableId
			return func() error {
				_, err := n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: r})
				return err
			}
		},
		"a network ACL": func() func() error {
			a := call(n.CreateNetworkAcl(ctx, &ec2.CreateNetworkAclInput{VpcId: &id})).ok(t).NetworkAcl.NetworkAclId
			return func() error {
				_, err := n.DeleteNetworkAcl(ctx, &ec2.DeleteNetworkAclInput{NetworkAclId: a})
				return err
			}
		},
		"a security group": func() func() error {
			g := n.group(id, "web")
			return func() error {
				_, err := n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &g})
				return err
			}
		},
	} {
		drop := makeAndDrop()
		if m := n.deleteVPC(id).fails(t, "DependencyViolation"); m != "The vpc '"+id+"' has dependencies and cannot be deleted." {
			t.Errorf("with %s the message is %q", what, m)
		}
		if err := drop(); err != nil {
			t.Fatalf("taking %s away: %v", what, err)
		}
	}
	n.deleteVPC(id).ok(t)
}

func TestVPCFilters(t *testing.T) {
	n := start(t)
	a, b := n.vpc("10.0.0.0/16"), n.vpc("10.1.0.0/16")
	n.tag(a, "Name", "alpha", "env", "test*1")
	n.tag(b, "Name", "beta", "env", "test21")
	names := map[string]string{a: "a", b: "b", n.defaultVPC(): "d"}
	for _, c := range []struct{ name, value, want string }{
		{"cidr", "10.0.0.0/16", "a"}, {"cidr-block", "10.*", "ab"}, {"cidr-block-association.cidr-block", "10.1.0.0/16", "b"},
		{"is-default", "true", "d"}, {"is-default", "false", "ab"}, {"state", "available", "abd"}, {"state", "pending", ""},
		{"vpc-id", b, "b"}, {"tag:Name", "alpha", "a"}, {"tag:Name", "*a", "ab"}, {"tag:Name", "?????", "a"}, {"tag:Name", "ALPHA", ""},
		{"tag:env", `test\*1`, "a"}, {"tag:env", "test*1", "ab"}, {"tag-key", "Name", "ab"}, {"tag:none", "*", ""},
	} {
		got := ""
		for _, v := range call(n.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: filters(c.name, c.value)})).ok(t).Vpcs {
			got += names[*v.VpcId]
		}
		if sorted := []byte(got); string(sortedBytes(sorted)) != c.want {
			t.Errorf("the filter %s=%s gives %q, want %q", c.name, c.value, got, c.want)
		}
	}
	either := []types.Filter{{Name: new("vpc-id"), Values: []string{a, b}}, {Name: new("tag:Name"), Values: []string{"beta", "gamma"}}}
	if out := call(n.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: either})).ok(t).Vpcs; len(out) != 1 || *out[0].VpcId != b {
		t.Errorf("two filters of two values give %d VPCs, want %s alone", len(out), b)
	}
	call(n.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: filters("colour", "red")})).fails(t, "InvalidParameterValue")
}

func sortedBytes(b []byte) []byte {
	slices.Sort(b)
	return b
}

func TestVPCPaging(t *testing.T) {
	n, ctx := start(t), t.Context()
	for i := range 11 {
		n.vpc(fmt.Sprintf("10.%d.0.0/16", i))
	}
	var sizes []int
	pages := ec2.NewDescribeVpcsPaginator(n, &ec2.DescribeVpcsInput{MaxResults: new(int32(5))})
	for pages.HasMorePages() {
		sizes = append(sizes, len(call(pages.NextPage(ctx)).ok(t).Vpcs))
	}
	if !slices.Equal(sizes, []int{5, 5, 2}) {
		t.Errorf("the pages have %v VPCs, want 5, 5 and 2", sizes)
	}
}

func TestVPCsSurviveRestart(t *testing.T) {
	n := start(t, cloudtest.Durable())
	id, fallback := n.vpc("10.0.0.0/16"), n.defaultVPC()
	n.tag(id, "Name", "kept")
	gone := n.vpc("10.1.0.0/16")
	n.deleteVPC(gone).ok(t)
	n.cloud.Restart()
	if v := n.describeVPC(id); tagValue(v.Tags, "Name") != "kept" {
		t.Errorf("after the restart the VPC is %+v", v)
	}
	if got := n.defaultVPC(); got != fallback {
		t.Errorf("after the restart the default VPC is %s, before it was %s", got, fallback)
	}
	n.deleteVPC(gone).fails(t, "InvalidVpcID.NotFound")
	n.deleteVPC(id).ok(t)
}

package ec2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
)

// tagsOf writes a resource's tags as "key=value".
func (n *network) tagsOf(id string) (out []string) {
	n.t.Helper()
	for _, tag := range call(n.DescribeTags(n.t.Context(), &ec2.DescribeTagsInput{Filters: filters("resource-id", id)})).ok(n.t).Tags {
		out = append(out, *tag.Key+"="+*tag.Value)
	}
	return out
}

func TestTagLifeCycle(t *testing.T) {
	n, ctx := start(t), t.Context()
	a, b := n.vpc("10.0.0.0/16"), n.gateway("")
	call(n.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{a, b}, Tags: tags("Name", "both", "env", "")})).ok(t)
	n.tag(a, "Name", "first")
	if got, want := n.tagsOf(a), []string{"Name=first", "env="}; !slices.Equal(got, want) {
		t.Errorf("the tags are %q, want %q", got, want)
	}
	if got, want := n.tagsOf(b), []string{"Name=both", "env="}; !slices.Equal(got, want) {
		t.Errorf("the tags are %q, want %q", got, want)
	}
	remove := func(id string, tags ...types.Tag) {
		t.Helper()
		call(n.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: tags})).ok(t)
	}
	remove(a, types.Tag{Key: new("Name"), Value: new("another")}) // another value: stays
	remove(a, types.Tag{Key: new("env"), Value: new("")})
	remove(a, types.Tag{Key: new("absent")})
	if got, want := n.tagsOf(a), []string{"Name=first"}; !slices.Equal(got, want) {
		t.Errorf("the tags are %q, want %q", got, want)
	}
	remove(a, types.Tag{Key: new("Name")})
	remove(b)
	if got := append(n.tagsOf(a), n.tagsOf(b)...); len(got) != 0 {
		t.Errorf("the tags left are %q", got)
	}
}

func TestTagRules(t *testing.T) {
	n, ctx := start(t), t.Context()
	id := n.vpc("10.0.0.0/16")
	create := func(id string, tags []types.Tag) result[*ec2.CreateTagsOutput] {
		return call(n.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags}))
	}
	create(id, tags("aws:mine", "x")).fails(t, "InvalidParameterValue")
	create(id, tags("", "x")).fails(t, "InvalidParameterValue")
	create(id, tags(strings.Repeat("ü", 128), strings.Repeat("ü", 256))).ok(t)
	create(id, tags(strings.Repeat("k", 129), "x")).fails(t, "InvalidParameterValue")
	create(id, tags("k", strings.Repeat("v", 257))).fails(t, "InvalidParameterValue")
	create(id, tags("twice", "1", "twice", "2")).fails(t, "InvalidParameterValue")
	create("vpc-0123456789abcdef0", tags("k", "v")).fails(t, "InvalidVpcID.NotFound")
	create("thing-1", tags("k", "v")).fails(t, "InvalidID")
	var many []types.Tag
	for i := range 50 {
		many = append(many, tags(fmt.Sprintf("k%d", i), "v")...)
	}
	create(id, many).fails(t, "TagLimitExceeded") // there is one already
	create(id, many[:49]).ok(t)
	// All or nothing.
	call(n.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{n.defaultVPC(), "vpc-0123456789abcdef0"}, Tags: tags("k", "v")})).fails(t, "InvalidVpcID.NotFound")
	if got := n.tagsOf(n.defaultVPC()); len(got) != 0 {
		t.Errorf("a refused request left tags: %q", got)
	}
	call(n.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{n.defaultVPC()}, Tags: tags("dry", "run"), DryRun: new(true)})).fails(t, "DryRunOperation")
}

func TestDescribeTags(t *testing.T) {
	n, ctx := start(t), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	subnet := n.subnet(vpcID, "10.0.1.0/24")
	n.tag(vpcID, "Name", "blue", "env", "test")
	n.tag(subnet, "Name", "bluish", "env", "prod")
	for _, c := range []struct {
		filters []types.Filter
		want    int
	}{
		{nil, 4},
		{filters("resource-type", "subnet"), 2},
		{filters("key", "Name"), 2},
		{filters("value", "blu*"), 2},
		{filters("key", "Name", "value", "blue"), 1},
		{filters("tag:env", "prod"), 1},
		{filters("resource-id", vpcID, "key", "env"), 1},
		{filters("resource-id", "subnet-*"), 2},
		{filters("resource-id", "vpc-0123456789abcdef0"), 0},
	} {
		if out := call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: c.filters})).ok(t).Tags; len(out) != c.want {
			t.Errorf("%d filters give %d tags, want %d", len(c.filters), len(out), c.want)
		}
	}
	call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filters("colour", "red")})).fails(t, "InvalidParameterValue")
	if out := call(n.in("us-west-2").DescribeTags(ctx, &ec2.DescribeTagsInput{})).ok(t).Tags; len(out) != 0 {
		t.Errorf("another region has the tags %+v", out)
	}

	for i := range 10 {
		n.tag(vpcID, fmt.Sprintf("k%d", i), "v")
	}
	var sizes []int
	seen := map[string]bool{}
	pages := ec2.NewDescribeTagsPaginator(n, &ec2.DescribeTagsInput{MaxResults: new(int32(5))})
	for pages.HasMorePages() {
		page := call(pages.NextPage(ctx)).ok(t)
		sizes = append(sizes, len(page.Tags))
		for _, tag := range page.Tags {
			seen[*tag.ResourceId+" "+*tag.Key] = true
		}
	}
	if !slices.Equal(sizes, []int{5, 5, 4}) || len(seen) != 14 {
		t.Errorf("the pages have %v tags, %d in all; want 5, 5 and 4, 14 in all", sizes, len(seen))
	}
	call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{MaxResults: new(int32(1))})).fails(t, "InvalidParameterValue")
	call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{NextToken: new("%%%")})).fails(t, "InvalidNextToken")
}

func TestTagsDieWithTheirResource(t *testing.T) {
	n, ctx := start(t, cloudtest.Durable()), t.Context()
	vpcID := n.vpc("10.0.0.0/16")
	subnet, gateway, group := n.subnet(vpcID, "10.0.1.0/24"), n.gateway(""), n.group(vpcID, "web")
	eni := n.networkInterface(subnet)
	table := *call(n.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpcID})).ok(t).RouteTable.RouteTableId
	address := *call(n.AllocateAddress(ctx, &ec2.AllocateAddressInput{})).ok(t).AllocationId
	ids := []string{eni, subnet, gateway, group, table, address, vpcID}
	for _, id := range ids {
		n.tag(id, "Name", "x")
	}
	call(n.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni})).ok(t)
	call(n.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})).ok(t)
	call(n.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &gateway})).ok(t)
	call(n.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &group})).ok(t)
	call(n.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &table})).ok(t)
	call(n.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &address})).ok(t)
	n.deleteVPC(vpcID).ok(t)
	n.cloud.Restart()
	if out := call(n.DescribeTags(ctx, &ec2.DescribeTagsInput{})).ok(t).Tags; len(out) != 0 {
		t.Errorf("the deleted resources left %d tags", len(out))
	}
	for _, id := range ids {
		if _, err := n.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags("k", "v")}); err == nil {
			t.Errorf("the deleted %s could be tagged", id)
		}
	}
}

package ec2_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// result is the outcome of a call: call(client.CreateVpc(ctx, in)).ok(t).
type result[T any] struct {
	out T
	err error
}

func call[T any](out T, err error) result[T] { return result[T]{out, err} }

func (r result[T]) ok(t testing.TB) T {
	t.Helper()
	if r.err != nil {
		t.Fatalf("the call failed: %v", r.err)
	}
	return r.out
}

// fails checks the error's code, and gives its message.
func (r result[T]) fails(t testing.TB, code string) string {
	t.Helper()
	var e smithy.APIError
	if !errors.As(r.err, &e) {
		t.Fatalf("the call gave %v, want the error %s", r.err, code)
	}
	if e.ErrorCode() != code {
		t.Fatalf("the call failed with %s (%s), want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	return e.ErrorMessage()
}

// network is a client with shorthands for what most tests need.
type network struct {
	*ec2.Client
	cloud *cloudtest.Cloud
	t     testing.TB
}

func start(t testing.TB, opts ...cloudtest.Option) *network {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	return &network{Client: ec2.NewFromConfig(c.Config()), cloud: c, t: t}
}

// in gives a client for another region.
func (n *network) in(region string) *network {
	cfg := n.cloud.Config()
	cfg.Region = region
	return &network{Client: ec2.NewFromConfig(cfg), cloud: n.cloud, t: n.t}
}

func (n *network) vpc(cidr string) string {
	n.t.Helper()
	return *call(n.CreateVpc(n.t.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr})).ok(n.t).Vpc.VpcId
}

func (n *network) subnet(vpcID, cidr string) string {
	n.t.Helper()
	return *call(n.CreateSubnet(n.t.Context(), &ec2.CreateSubnetInput{VpcId: &vpcID, CidrBlock: &cidr})).ok(n.t).Subnet.SubnetId
}

func (n *network) group(vpcID, name string) string {
	n.t.Helper()
	in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: new("for a test")}
	if vpcID != "" {
		in.VpcId = &vpcID
	}
	return *call(n.CreateSecurityGroup(n.t.Context(), in)).ok(n.t).GroupId
}

func (n *network) gateway(vpcID string) string {
	n.t.Helper()
	id := *call(n.CreateInternetGateway(n.t.Context(), &ec2.CreateInternetGatewayInput{})).ok(n.t).InternetGateway.InternetGatewayId
	if vpcID != "" {
		call(n.AttachInternetGateway(n.t.Context(), &ec2.AttachInternetGatewayInput{InternetGatewayId: &id, VpcId: &vpcID})).ok(n.t)
	}
	return id
}

func (n *network) networkInterface(subnetID string, groups ...string) string {
	n.t.Helper()
	return *call(n.CreateNetworkInterface(n.t.Context(), &ec2.CreateNetworkInterfaceInput{SubnetId: &subnetID, Groups: groups})).ok(n.t).NetworkInterface.NetworkInterfaceId
}

func (n *network) tag(id string, pairs ...string) {
	n.t.Helper()
	call(n.CreateTags(n.t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: tags(pairs...)})).ok(n.t)
}

// defaultVPC gives the id of the region's default VPC.
func (n *network) defaultVPC() string {
	n.t.Helper()
	out := call(n.DescribeVpcs(n.t.Context(), &ec2.DescribeVpcsInput{Filters: filters("is-default", "true")})).ok(n.t)
	if len(out.Vpcs) != 1 {
		n.t.Fatalf("%d default VPCs, want one", len(out.Vpcs))
	}
	return *out.Vpcs[0].VpcId
}

// tags makes tags of keys and values in turn.
func tags(pairs ...string) []types.Tag {
	var out []types.Tag
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

func tagged(kind types.ResourceType, pairs ...string) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: tags(pairs...)}}
}

// filters makes filters of names and single values in turn.
func filters(pairs ...string) []types.Filter {
	var out []types.Filter
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Filter{Name: &pairs[i], Values: []string{pairs[i+1]}})
	}
	return out
}

func tagValue(tags []types.Tag, key string) string {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == key {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

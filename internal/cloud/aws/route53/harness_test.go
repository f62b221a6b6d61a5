package route53_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// client is a client of a running cloud with a public zone example.net.
type client struct {
	*sdk.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
	zone  string
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	c := &client{
		Client: sdk.NewFromConfig(cloud.Config(), func(o *sdk.Options) { o.HTTPSignerV4 = cloud.Signer() }),
		t:      t, ctx: t.Context(), cloud: cloud,
	}
	c.zone = *c.create("example.net", "").HostedZone.Id
	return c
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

// create makes a zone, a private one where a VPC is given.
func (c *client) create(name, vpc string) *sdk.CreateHostedZoneOutput {
	c.t.Helper()
	in := &sdk.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(name + vpc)}
	if vpc != "" {
		in.VPC = &types.VPC{VPCId: &vpc, VPCRegion: types.VPCRegionUsEast1}
	}
	return must(c.CreateHostedZone(c.ctx, in))(c.t)
}

func (c *client) vpc(cidr string) string {
	c.t.Helper()
	return *must(ec2.NewFromConfig(c.cloud.Config()).CreateVpc(c.ctx, &ec2.CreateVpcInput{CidrBlock: &cidr}))(c.t).Vpc.VpcId
}

// set makes a record set with a TTL of 60.
func set(name string, kind types.RRType, values ...string) *types.ResourceRecordSet {
	r := &types.ResourceRecordSet{Name: &name, Type: kind, TTL: aws.Int64(60)}
	for _, v := range values {
		r.ResourceRecords = append(r.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return r
}

// routed gives a record set an identifier and a routing policy.
func routed(r *types.ResourceRecordSet, identifier string, policy func(*types.ResourceRecordSet)) *types.ResourceRecordSet {
	r.SetIdentifier = &identifier
	policy(r)
	return r
}

func alias(name string, kind types.RRType, zone, target string) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{Name: &name, Type: kind, AliasTarget: &types.AliasTarget{DNSName: &target, HostedZoneId: &zone}}
}

func weight(n int64) func(*types.ResourceRecordSet) {
	return func(r *types.ResourceRecordSet) { r.Weight = &n }
}

func change(action types.ChangeAction, r *types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: r}
}

// change runs a batch on the zone.
func (c *client) change(changes ...types.Change) error {
	_, err := c.ChangeResourceRecordSets(c.ctx, &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &c.zone, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	return err
}

// add creates record sets.
func (c *client) add(sets ...*types.ResourceRecordSet) {
	c.t.Helper()
	for _, r := range sets {
		if err := c.change(change(types.ChangeActionCreate, r)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// list gives the zone's record sets as "name type".
func (c *client) list(in sdk.ListResourceRecordSetsInput) ([]string, *sdk.ListResourceRecordSetsOutput) {
	c.t.Helper()
	in.HostedZoneId = &c.zone
	out := must(c.ListResourceRecordSets(c.ctx, &in))(c.t)
	var names []string
	for _, r := range out.ResourceRecordSets {
		name := *r.Name + " " + string(r.Type)
		if r.SetIdentifier != nil {
			name += " " + *r.SetIdentifier
		}
		names = append(names, name)
	}
	return names, out
}

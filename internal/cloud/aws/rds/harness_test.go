package rds_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:rds:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"

// client is a client of a running cloud with its default VPC.
type client struct {
	*rds.Client
	ec2     *ec2.Client
	iam     *iam.Client
	secrets *secretsmanager.Client
	t       testing.TB
	ctx     context.Context
	cloud   *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	running := cloudtest.Start(t, opts...)
	config, signer := running.Config(), running.Signer()
	return &client{
		Client:  rds.NewFromConfig(config, func(o *rds.Options) { o.HTTPSignerV4 = signer }),
		ec2:     ec2.NewFromConfig(config, func(o *ec2.Options) { o.HTTPSignerV4 = signer }),
		iam:     iam.NewFromConfig(config, func(o *iam.Options) { o.HTTPSignerV4 = signer }),
		secrets: secretsmanager.NewFromConfig(config, func(o *secretsmanager.Options) { o.HTTPSignerV4 = signer }),
		t:       t, ctx: t.Context(), cloud: running,
	}
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

// input is what makes a small PostgreSQL instance.
func input(id string, change ...func(in *rds.CreateDBInstanceInput)) *rds.CreateDBInstanceInput {
	in := &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: &id, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("app"), MasterUserPassword: aws.String("correct-horse"), BackupRetentionPeriod: aws.Int32(0),
		PubliclyAccessible: aws.Bool(false), PreferredBackupWindow: aws.String("03:00-04:00"), PreferredMaintenanceWindow: aws.String("sun:05:00-sun:06:00"),
	}
	for _, f := range change {
		f(in)
	}
	return in
}

func (c *client) create(id string, change ...func(in *rds.CreateDBInstanceInput)) *types.DBInstance {
	c.t.Helper()
	return must(c.CreateDBInstance(c.ctx, input(id, change...)))(c.t).DBInstance
}

func (c *client) instance(id string) *types.DBInstance {
	c.t.Helper()
	out := must(c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id}))(c.t)
	if len(out.DBInstances) != 1 {
		c.t.Fatalf("%d instances are called %s", len(out.DBInstances), id)
	}
	return &out.DBInstances[0]
}

func (c *client) modify(id string, change func(in *rds.ModifyDBInstanceInput)) (*types.DBInstance, error) {
	c.t.Helper()
	in := &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &id}
	change(in)
	out, err := c.ModifyDBInstance(c.ctx, in)
	if err != nil {
		return nil, err
	}
	return out.DBInstance, nil
}

func (c *client) delete(id string) {
	c.t.Helper()
	must(c.DeleteDBInstance(c.ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}))(c.t)
}

// subnets makes a VPC with a subnet in each of some zones.
func (c *client) subnets(zones ...string) (vpc string, ids []string) {
	c.t.Helper()
	vpc = *must(c.ec2.CreateVpc(c.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16")}))(c.t).Vpc.VpcId
	for i, zone := range zones {
		cidr := "10.7." + string(rune('0'+i)) + ".0/24"
		out := must(c.ec2.CreateSubnet(c.ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: aws.String(cloudtest.Region + zone)}))(c.t)
		ids = append(ids, *out.Subnet.SubnetId)
	}
	return vpc, ids
}

func (c *client) group(name string, subnets []string) {
	c.t.Helper()
	must(c.CreateDBSubnetGroup(c.ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: &name, DBSubnetGroupDescription: &name, SubnetIds: subnets}))(c.t)
}

// interfaces gives the network interfaces of instances.
func (c *client) interfaces() []ec2types.NetworkInterface {
	c.t.Helper()
	return must(c.ec2.DescribeNetworkInterfaces(c.ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: aws.String("description"), Values: []string{"RDSNetworkInterface"}}},
	}))(c.t).NetworkInterfaces
}

// role makes a role that a service may assume.
func (c *client) role(name, service string) string {
	c.t.Helper()
	document := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}}`
	return *must(c.iam.CreateRole(c.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &document}))(c.t).Role.Arn
}

// events gives the messages of an instance's events.
func (c *client) events(id string) []string {
	c.t.Helper()
	out := must(c.DescribeEvents(c.ctx, &rds.DescribeEventsInput{SourceIdentifier: &id, SourceType: types.SourceTypeDbInstance, Duration: aws.Int32(20160)}))(c.t)
	var messages []string
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return messages
}

func (c *client) snapshots(id, kind string) []types.DBSnapshot {
	c.t.Helper()
	return must(c.DescribeDBSnapshots(c.ctx, &rds.DescribeDBSnapshotsInput{DBInstanceIdentifier: &id, SnapshotType: &kind}))(c.t).DBSnapshots
}

func tag(pairs ...string) (out []types.Tag) {
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, types.Tag{Key: &pair[0], Value: &pair[1]})
	}
	return out
}

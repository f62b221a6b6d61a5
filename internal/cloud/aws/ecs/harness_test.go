package ecs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const prefix = "arn:aws:ecs:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"

// lab is a client of a running cloud with a cluster "main" and a VPC with two subnets and a security group.
type lab struct {
	*ecs.Client
	t       testing.TB
	ctx     context.Context
	cloud   *cloudtest.Cloud
	ec2     *ec2.Client
	iam     *iam.Client
	vpc     string
	subnets []string
	group   string
}

func start(t testing.TB, opts ...cloudtest.Option) *lab {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	l := &lab{
		Client: ecs.NewFromConfig(c.Config(), func(o *ecs.Options) { o.HTTPSignerV4 = c.Signer() }), t: t, ctx: t.Context(), cloud: c,
		ec2: ec2.NewFromConfig(c.Config(), func(o *ec2.Options) { o.HTTPSignerV4 = c.Signer() }),
		iam: iam.NewFromConfig(c.Config(), func(o *iam.Options) { o.HTTPSignerV4 = c.Signer() }),
	}
	must(l.CreateCluster(l.ctx, &ecs.CreateClusterInput{ClusterName: aws.String("main")}))(t)
	l.vpc, l.subnets, l.group = l.network("10.0")
	return l
}

// network makes a VPC, two subnets in two zones and a security group.
func (l *lab) network(prefix string) (vpc string, subnets []string, group string) {
	l.t.Helper()
	vpc = *must(l.ec2.CreateVpc(l.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String(prefix + ".0.0/16")}))(l.t).Vpc.VpcId
	for i, zone := range []string{"a", "b"} {
		subnets = append(subnets, *must(l.ec2.CreateSubnet(l.ctx, &ec2.CreateSubnetInput{
			VpcId: &vpc, CidrBlock: aws.String(prefix + "." + string(rune('0'+i)) + ".0/24"), AvailabilityZone: aws.String(cloudtest.Region + zone),
		}))(l.t).Subnet.SubnetId)
	}
	group = *must(l.ec2.CreateSecurityGroup(l.ctx, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: aws.String("tasks"), Description: aws.String("tasks")}))(l.t).GroupId
	return vpc, subnets, group
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
		t.Errorf("got %v, want %s %q", err, code, words)
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

// fargate gives the input for a small task definition for Fargate.
func fargate(family string) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: &family, Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("nginx:1"), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}},
		}},
	}
}

func (l *lab) register(in *ecs.RegisterTaskDefinitionInput) *types.TaskDefinition {
	l.t.Helper()
	return must(l.RegisterTaskDefinition(l.ctx, in))(l.t).TaskDefinition
}

// service gives the input for a service on Fargate.
func (l *lab) service(name, definition string, n int32) *ecs.CreateServiceInput {
	return &ecs.CreateServiceInput{
		Cluster: aws.String("main"), ServiceName: &name, TaskDefinition: &definition, DesiredCount: &n, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: l.netconf(),
	}
}

func (l *lab) netconf() *types.NetworkConfiguration {
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: l.subnets, SecurityGroups: []string{l.group}}}
}

func (l *lab) create(in *ecs.CreateServiceInput) *types.Service {
	l.t.Helper()
	return must(l.CreateService(l.ctx, in))(l.t).Service
}

func (l *lab) describe(name string) *types.Service {
	l.t.Helper()
	out := must(l.DescribeServices(l.ctx, &ecs.DescribeServicesInput{Cluster: aws.String("main"), Services: []string{name}, Include: []types.ServiceField{types.ServiceFieldTags}}))(l.t)
	if len(out.Services) != 1 {
		l.t.Fatalf("the service %s is not there: %+v", name, out.Failures)
	}
	return &out.Services[0]
}

// tasks describes a service's tasks of a desired status.
func (l *lab) tasks(service string, status types.DesiredStatus) []types.Task {
	l.t.Helper()
	arns := must(l.ListTasks(l.ctx, &ecs.ListTasksInput{Cluster: aws.String("main"), ServiceName: &service, DesiredStatus: status}))(l.t).TaskArns
	if len(arns) == 0 {
		return nil
	}
	return must(l.DescribeTasks(l.ctx, &ecs.DescribeTasksInput{Cluster: aws.String("main"), Tasks: arns, Include: []types.TaskField{types.TaskFieldTags}}))(l.t).Tasks
}

// role makes a role that a service of AWS may assume, and gives its ARN.
func (l *lab) role(name, service string) string {
	l.t.Helper()
	return *must(l.iam.CreateRole(l.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`)}))(l.t).Role.Arn
}

// interfaces counts the network interfaces of the VPC that are in use.
func (l *lab) interfaces() int {
	l.t.Helper()
	return len(must(l.ec2.DescribeNetworkInterfaces(l.ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{l.vpc}}},
	}))(l.t).NetworkInterfaces)
}

func messages(s *types.Service) string {
	var out []string
	for _, e := range s.Events {
		out = append(out, *e.Message)
	}
	return strings.Join(out, "\n")
}

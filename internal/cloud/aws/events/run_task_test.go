package events_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestScheduledTask has a schedule that runs a task on Fargate, with a command of its own.
func TestScheduledTask(t *testing.T) {
	c := start(t)
	config := c.cloud.Config()
	net, tasks, roles := ec2.NewFromConfig(config), ecs.NewFromConfig(config), iam.NewFromConfig(config)
	vpc := must(net.CreateVpc(c.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}))(t).Vpc.VpcId
	subnet := must(net.CreateSubnet(c.ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("10.0.0.0/24")}))(t).Subnet.SubnetId
	cluster := must(tasks.CreateCluster(c.ctx, &ecs.CreateClusterInput{ClusterName: aws.String("c")}))(t).Cluster.ClusterArn
	must(tasks.RegisterTaskDefinition(c.ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("jobs"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		ContainerDefinitions:    []ecstypes.ContainerDefinition{{Name: aws.String("job"), Image: aws.String("busybox")}},
	}))(t)
	family := strings.TrimSuffix(taskARN, ":1") // without a revision: the latest
	role := c.role("run")
	must(roles.PutRolePolicy(c.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("run"), PolicyName: aws.String("run"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:RunTask","Resource":"` + family + `:*","Condition":{"ArnEquals":{"ecs:cluster":"` + *cluster + `"}}}]}`)}))(t)
	c.put(eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(5 minutes)")})
	if err := c.target(types.Target{Id: aws.String("t"), Arn: cluster, RoleArn: &role, Input: aws.String(`{"containerOverrides":[{"name":"job","command":["clean","up"]}]}`),
		EcsParameters: &types.EcsParameters{TaskDefinitionArn: &family, LaunchType: types.LaunchTypeFargate, NetworkConfiguration: &types.NetworkConfiguration{
			AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{*subnet}}}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}); err != nil {
		t.Fatal(err)
	}
	c.cloud.Clock.Advance(5 * time.Minute)
	for range 2000 {
		list := must(tasks.ListTasks(c.ctx, &ecs.ListTasksInput{Cluster: cluster}))(t).TaskArns
		if len(list) == 0 {
			<-time.After(10 * time.Millisecond)
			continue
		}
		got := must(tasks.DescribeTasks(c.ctx, &ecs.DescribeTasksInput{Cluster: cluster, Tasks: list, Include: []ecstypes.TaskField{ecstypes.TaskFieldTags}}))(t).Tasks[0]
		if *got.StartedBy != "events-rule/r" || strings.Join(got.Overrides.ContainerOverrides[0].Command, " ") != "clean up" || len(got.Tags) != 1 || got.LaunchType != ecstypes.LaunchTypeFargate {
			t.Errorf("got %+v", got)
		}
		return
	}
	t.Error("no task was run")
}

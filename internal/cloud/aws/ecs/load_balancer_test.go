package ecs_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// balancer is a load balancer's client, and what the tests make with it.
type balancer struct {
	*elb.Client
	l *lab
}

func (l *lab) balancer() *balancer {
	return &balancer{elb.NewFromConfig(l.cloud.Config(), func(o *elb.Options) { o.HTTPSignerV4 = l.cloud.Signer() }), l}
}

func (b *balancer) group(name string, kind elbtypes.TargetTypeEnum) string {
	b.l.t.Helper()
	return *must(b.CreateTargetGroup(b.l.ctx, &elb.CreateTargetGroupInput{Name: &name, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: &b.l.vpc, TargetType: kind}))(b.l.t).TargetGroups[0].TargetGroupArn
}

// listen puts a load balancer in front of a target group.
func (b *balancer) listen(group string) {
	b.l.t.Helper()
	gateway := must(b.l.ec2.CreateInternetGateway(b.l.ctx, &ec2.CreateInternetGatewayInput{}))(b.l.t).InternetGateway.InternetGatewayId
	must(b.l.ec2.AttachInternetGateway(b.l.ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: &b.l.vpc}))(b.l.t)
	arn := must(b.CreateLoadBalancer(b.l.ctx, &elb.CreateLoadBalancerInput{Name: aws.String("front"), Subnets: b.l.subnets, SecurityGroups: []string{b.l.group}}))(b.l.t).LoadBalancers[0].LoadBalancerArn
	must(b.CreateListener(b.l.ctx, &elb.CreateListenerInput{LoadBalancerArn: arn, Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumHttp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &group}}}))(b.l.t)
}

// targets gives the addresses that are registered and not draining.
func (b *balancer) targets(group string) map[string]bool {
	b.l.t.Helper()
	out := map[string]bool{}
	for _, d := range must(b.DescribeTargetHealth(b.l.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group}))(b.l.t).TargetHealthDescriptions {
		if d.TargetHealth.State != elbtypes.TargetHealthStateEnumDraining {
			out[*d.Target.Id] = true
		}
	}
	return out
}

func (l *lab) balanced(group string, n int32) *ecs.CreateServiceInput {
	in := l.service("web", "app", n)
	in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: aws.String("web"), ContainerPort: aws.Int32(80)}}
	return in
}

func TestServiceBehindLoadBalancer(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	b := l.balancer()
	group := b.group("web", elbtypes.TargetTypeEnumIp)
	_, err := l.CreateService(l.ctx, l.balanced(group, 2))
	refused(t, err, "InvalidParameterException", "The target group with targetGroupArn "+group+" does not have an associated load balancer.")
	b.listen(group)
	s := l.create(l.balanced(group, 2))
	if s.RunningCount != 2 || *s.HealthCheckGracePeriodSeconds != 0 || !strings.Contains(messages(s), "(service web) registered 1 targets in (target-group "+group+")") {
		t.Errorf("got %+v\n%s", s, messages(s))
	}
	check := func() {
		t.Helper()
		targets, tasks := b.targets(group), l.tasks("web", "")
		for _, task := range tasks {
			if ip := *task.Containers[0].NetworkInterfaces[0].PrivateIpv4Address; !targets[ip] {
				t.Errorf("the task at %s is not registered", ip)
			}
		}
		if len(targets) != len(tasks) {
			t.Errorf("%d targets for %d tasks", len(targets), len(tasks))
		}
	}
	check()
	s = must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), ForceNewDeployment: true}))(t).Service
	check()
	if !strings.Contains(messages(s), "has begun draining connections on ") {
		t.Errorf("got %s", messages(s))
	}
	must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), LoadBalancers: []types.LoadBalancer{}}))(t)
	if n := len(b.targets(group)); n != 0 {
		t.Errorf("%d targets are left", n)
	}
}

func TestLoadBalancerChecks(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	b := l.balancer()
	group, instances := b.group("web", elbtypes.TargetTypeEnumIp), b.group("instances", elbtypes.TargetTypeEnumInstance)
	b.listen(group)
	for _, c := range []struct {
		change func(lb *types.LoadBalancer)
		want   string
	}{
		{func(lb *types.LoadBalancer) { lb.TargetGroupArn = aws.String(group + "0") }, "does not exist"},
		{func(lb *types.LoadBalancer) { lb.TargetGroupArn = &instances }, "has target type instance, which is incompatible with the awsvpc network mode specified in the task definition."},
		{func(lb *types.LoadBalancer) { lb.ContainerName = aws.String("x") }, "The container x does not exist in the task definition."},
		{func(lb *types.LoadBalancer) { lb.ContainerPort = aws.Int32(81) }, "The container web did not have a container port 81 defined."},
	} {
		in := l.balanced(group, 1)
		c.change(&in.LoadBalancers[0])
		_, err := l.CreateService(l.ctx, in)
		refused(t, err, "InvalidParameterException", c.want)
	}
}

package elbv2_test

import (
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func (w *world) describeGroup(arn string) types.TargetGroup {
	w.t.Helper()
	return must(w.DescribeTargetGroups(w.ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}}))(w.t).TargetGroups[0]
}

func TestTargetGroupsHealthCheck(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		change            func(in *elb.CreateTargetGroupInput)
		path, codes       string
		timeout, interval int32
	}{
		"http": {func(*elb.CreateTargetGroupInput) {}, "/", "200", 5, 30},
		"tcp-short": {func(in *elb.CreateTargetGroupInput) {
			in.Protocol, in.HealthCheckIntervalSeconds = "TCP", new(int32(10))
		}, "", "", 10, 10},
		"grpc":     {func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = new("GRPC") }, "/AWS.ALB/healthcheck", "12", 5, 30},
		"tcp":      {tcp, "", "", 10, 30},
		"tcp-http": {func(in *elb.CreateTargetGroupInput) { in.Protocol, in.HealthCheckProtocol = "TCP", "HTTP" }, "/", "200-399", 6, 30},
		"lambda": {func(in *elb.CreateTargetGroupInput) {
			in.TargetType, in.Protocol, in.Port, in.VpcId = "lambda", "", nil, nil
		}, "/", "200", 30, 35},
	} {
		t.Run(name, func(t *testing.T) {
			g := w.describeGroup(w.targetGroup(name, c.change))
			codes, path := "", ""
			if g.HealthCheckPath != nil {
				path = *g.HealthCheckPath
			}
			if m := g.Matcher; m != nil && m.HttpCode != nil {
				codes = *m.HttpCode
			} else if m != nil {
				codes = *m.GrpcCode
			}
			if path != c.path || codes != c.codes || *g.HealthCheckTimeoutSeconds != c.timeout || *g.HealthCheckIntervalSeconds != c.interval {
				t.Errorf("got path %q, codes %q, timeout %d, interval %d", path, codes, *g.HealthCheckTimeoutSeconds, *g.HealthCheckIntervalSeconds)
			}
			if *g.HealthCheckEnabled != (name != "lambda") {
				t.Errorf("health check enabled: %v", *g.HealthCheckEnabled)
			}
		})
	}
	arn := w.targetGroup("http")
	must(w.ModifyTargetGroup(w.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckPath: new("/ok"), Matcher: &types.Matcher{HttpCode: new("200,202-299")},
		HealthCheckIntervalSeconds: new(int32(60))}))(t)
	if g := w.describeGroup(arn); *g.HealthCheckPath != "/ok" || *g.Matcher.HttpCode != "200,202-299" || *g.HealthCheckIntervalSeconds != 60 || *g.HealthyThresholdCount != 5 {
		t.Errorf("got %+v", g)
	}
	refused(w.ModifyTargetGroup(w.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &arn, Matcher: &types.Matcher{HttpCode: new("500")}}))(t,
		"ValidationError", "Health check matcher HTTP code '500' must be within '200-499' inclusive")
	refused(w.ModifyTargetGroup(w.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckTimeoutSeconds: new(int32(60))}))(t, "ValidationError", "interval must be greater")
	refused(w.ModifyTargetGroup(w.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckProtocol: "TCP"}))(t, "ValidationError")
	refused(w.ModifyTargetGroup(w.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckEnabled: new(false)}))(t, "InvalidConfigurationRequest")
}

func TestTargetGroupIsChecked(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		change     func(in *elb.CreateTargetGroupInput)
		code, word string
	}{
		"no protocol": {func(in *elb.CreateTargetGroupInput) { in.Protocol = "" }, "ValidationError", "protocol"},
		"no port":     {func(in *elb.CreateTargetGroupInput) { in.Port = nil }, "ValidationError", "port"},
		"no VPC":      {func(in *elb.CreateTargetGroupInput) { in.VpcId = new("vpc-0123456789abcdef0") }, "ValidationError", "not found"},
		"lambda":      {func(in *elb.CreateTargetGroupInput) { in.TargetType = "lambda" }, "ValidationError", "lambda"},
		"hyphen":      {func(in *elb.CreateTargetGroupInput) { in.Name = new("a-") }, "ValidationError", "hyphen"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &elb.CreateTargetGroupInput{Name: new("g"), Protocol: "HTTP", Port: new(int32(80)), VpcId: &w.vpc}
			c.change(in)
			refused(w.CreateTargetGroup(w.ctx, in))(t, c.code, c.word)
		})
	}
	arn := w.targetGroup("g", func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = new("") }) // as Terraform sends it
	if again := w.targetGroup("g"); again != arn {
		t.Errorf("the same again is %s", again)
	}
	refused(w.CreateTargetGroup(w.ctx, &elb.CreateTargetGroupInput{Name: new("g"), Protocol: "HTTP", Port: new(int32(81)), VpcId: &w.vpc, TargetType: "ip"}))(t,
		"DuplicateTargetGroupName", "with the same name 'g' exists")
}

func (w *world) setGroup(arn string, pairs ...string) (*elb.ModifyTargetGroupAttributesOutput, error) {
	in := &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &arn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, types.TargetGroupAttribute{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return w.ModifyTargetGroupAttributes(w.ctx, in)
}

func TestTargetGroupAttributes(t *testing.T) {
	w := start(t)
	web, net := w.targetGroup("web"), w.targetGroup("net", tcp)
	all := func(arn string) map[string]string {
		out := map[string]string{}
		for _, a := range must(w.DescribeTargetGroupAttributes(w.ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn}))(t).Attributes {
			out[*a.Key] = *a.Value
		}
		return out
	}
	for key, want := range map[string]string{"stickiness.type": "lb_cookie", "deregistration_delay.timeout_seconds": "300", "load_balancing.algorithm.type": "round_robin",
		"target_group_health.dns_failover.minimum_healthy_targets.percentage": "off"} {
		if got := all(web)[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for key, want := range map[string]string{"stickiness.type": "source_ip", "preserve_client_ip.enabled": "false", "proxy_protocol_v2.enabled": "false"} {
		if got := all(net)[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	must(w.setGroup(web, "deregistration_delay.timeout_seconds", "5", "stickiness.enabled", "true"))(t)
	if got := all(web); got["deregistration_delay.timeout_seconds"] != "5" || got["stickiness.enabled"] != "true" {
		t.Errorf("got %v", got)
	}
	const code = "InvalidConfigurationRequest"
	refused(w.setGroup(web, "stickiness.type", "source_ip"))(t, code, "Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol")
	refused(w.setGroup(web, "load_balancing.algorithm.type", "weighted_random"))(t, code, "You cannot have both stickiness and weighted random")
	refused(w.setGroup(web, "load_balancing.algorithm.anomaly_mitigation", "on"))(t, code, "anomaly mitigation and round robin")
	refused(w.setGroup(web, "stickiness.type", "app_cookie"))(t, code, "cookie name")
	refused(w.setGroup(web, "proxy_protocol_v2.enabled", "true"))(t, code, "is not supported on")
	refused(w.setGroup(web, "slow_start.duration_seconds", "29"))(t, code)
	refused(w.setGroup(web, "no.such", "1"))(t, "ValidationError", "is not recognized")
}

func (w *world) health(arn string, targets ...types.TargetDescription) []types.TargetHealthDescription {
	w.t.Helper()
	return must(w.DescribeTargetHealth(w.ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn, Targets: targets}))(w.t).TargetHealthDescriptions
}

func TestTargets(t *testing.T) {
	w := start(t)
	g := w.targetGroup("g")
	register := func(ip string, zone *string) (*elb.RegisterTargetsOutput, error) {
		return w.RegisterTargets(w.ctx, &elb.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: &ip, AvailabilityZone: zone}}})
	}
	refused(register("a", nil))(t, "ValidationError")
	refused(register("10.9.9.9", nil))(t, "ValidationError", "Availability Zone is required for IP address '10.9.9.9' because it is not in the VPC")
	refused(register("10.0.0.9", new("all")))(t, "ValidationError", "within the VPC")
	refused(register("8.8.8.8", new("all")))(t, "ValidationError")
	must(register("10.9.9.9", new("all")))(t)
	must(register("10.0.0.9", nil))(t)
	must(register("10.0.0.9", nil))(t)
	third := w.subnet(w.vpc, "10.0.2.0/24", "us-east-1c")
	must(register("10.0.2.9", nil))(t)
	for _, h := range w.health(g) {
		if h.TargetHealth.State != "unused" || h.TargetHealth.Reason != "Target.NotInUse" || *h.HealthCheckPort != "80" || *h.Target.Port != 80 {
			t.Errorf("without a listener: %+v %+v", *h.Target, *h.TargetHealth)
		}
	}
	w.listener(w.balancer("web"), 80, forward(g))
	got := map[string]string{}
	for _, h := range w.health(g) {
		got[*h.Target.Id] = string(h.TargetHealth.State) + " " + string(h.TargetHealth.Reason) + " " + *h.Target.AvailabilityZone
	}
	for ip, want := range map[string]string{"10.9.9.9": "initial Elb.RegistrationInProgress all", "10.0.0.9": "initial Elb.RegistrationInProgress us-east-1a",
		"10.0.2.9": "unused Target.NotInUse us-east-1c"} {
		if got[ip] != want {
			t.Errorf("%s in %s: %q, want %q", ip, third, got[ip], want)
		}
	}
	must(w.DeregisterTargets(w.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.9")}}}))(t)
	if h := w.health(g, types.TargetDescription{Id: new("10.0.0.9")}); len(h) != 1 || h[0].TargetHealth.Reason != "Target.NotRegistered" {
		t.Errorf("got %+v", h)
	}
	instances := w.targetGroup("i", func(in *elb.CreateTargetGroupInput) { in.TargetType = "instance" })
	refused(w.RegisterTargets(w.ctx, &elb.RegisterTargetsInput{TargetGroupArn: &instances, Targets: []types.TargetDescription{{Id: new("10.0.0.9")}}}))(t,
		"ValidationError", "Instance ID '10.0.0.9' is not valid")
}

func TestTargetGroupInUse(t *testing.T) {
	w := start(t)
	b := w.balancer("web")
	first, second := w.targetGroup("first"), w.targetGroup("second")
	l := w.listener(b, 80, forward(first))
	r := w.rule(l, 1, "/a", forward(second))
	for _, g := range []string{first, second} {
		if got := w.describeGroup(g).LoadBalancerArns; len(got) != 1 || got[0] != *b.LoadBalancerArn {
			t.Errorf("got %v", got)
		}
		refused(w.DeleteTargetGroup(w.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g}))(t, "ResourceInUse", "is currently in use by a listener or a rule")
	}
	if got := must(w.DescribeTargetGroups(w.ctx, &elb.DescribeTargetGroupsInput{LoadBalancerArn: b.LoadBalancerArn}))(t).TargetGroups; len(got) != 2 {
		t.Errorf("got %+v", got)
	}
	refused(w.CreateListener(w.ctx, w.listenerInput(w.balancer("other"), 80, forward(first))))(t, "TargetGroupAssociationLimit", "more than one load balancer")
	must(w.DeleteRule(w.ctx, &elb.DeleteRuleInput{RuleArn: &r}))(t)
	must(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: &l, DefaultActions: fixed("200")}))(t)
	for _, g := range []string{first, second} {
		must(w.DeleteTargetGroup(w.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g}))(t)
	}
	refused(w.DescribeTargetGroups(w.ctx, &elb.DescribeTargetGroupsInput{Names: []string{"first"}}))(t, "TargetGroupNotFound", "One or more target groups not found")
}

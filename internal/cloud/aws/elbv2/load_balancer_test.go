package elbv2_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud/cloudtest"
)

func TestLoadBalancer(t *testing.T) {
	w := start(t)
	refused(w.DescribeLoadBalancers(w.ctx, &elb.DescribeLoadBalancersInput{Names: []string{"web"}}))(t, "LoadBalancerNotFound", "'[web]' not found")
	b := w.balancer("web")
	for value, form := range map[string]string{
		*b.LoadBalancerArn: `^arn:aws:elasticloadbalancing:us-east-1:\d{12}:loadbalancer/app/web/[0-9a-f]{16}$`,
		*b.DNSName:         `^web-\d+\.us-east-1\.elb\.amazonaws\.com$`, *b.CanonicalHostedZoneId: `^Z35SXDOTRQ7X7K$`, string(b.Scheme): `^internet-facing$`,
		string(b.Type): `^application$`, string(b.State.Code): `^active$`, string(b.IpAddressType): `^ipv4$`, *b.VpcId: w.vpc, b.SecurityGroups[0]: w.group,
		*b.AvailabilityZones[1].ZoneName: `^us-east-1b$`, *b.AvailabilityZones[1].SubnetId: w.subnets[1],
	} {
		if !regexp.MustCompile(form).MatchString(value) {
			t.Errorf("%q is not of the form %s", value, form)
		}
	}
	enis := w.interfaces(b)
	if len(enis) != 2 || enis[0].Association == nil || *enis[0].Groups[0].GroupId != w.group || !*enis[0].RequesterManaged {
		t.Errorf("the load balancer has the interfaces %+v", enis)
	}
	refused(w.ec2.DeleteSubnet(w.ctx, &ec2.DeleteSubnetInput{SubnetId: &w.subnets[0]}))(t, "DependencyViolation")
	refused(w.ec2.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &w.group}))(t, "DependencyViolation")

	if again := w.balancer("web"); *again.LoadBalancerArn != *b.LoadBalancerArn {
		t.Errorf("the same again is %s", *again.LoadBalancerArn)
	}
	other := w.balancerInput("web")
	other.Scheme = "internal"
	refused(w.CreateLoadBalancer(w.ctx, other))(t, "DuplicateLoadBalancerName", "with the same name 'web' exists, but with different settings")

	l := w.listener(b, 80, fixed("200"))
	r := w.rule(l, 1, "/a", fixed("404"))
	must(w.DeleteLoadBalancer(w.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn}))(t)
	must(w.DeleteLoadBalancer(w.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn}))(t)
	refused(w.DescribeListeners(w.ctx, &elb.DescribeListenersInput{ListenerArns: []string{l}}))(t, "ListenerNotFound")
	refused(w.DescribeRules(w.ctx, &elb.DescribeRulesInput{RuleArns: []string{r}}))(t, "RuleNotFound")
	if left := w.interfaces(b); len(left) != 0 {
		t.Errorf("interfaces are left: %+v", left)
	}
}

func TestInternalAndNetworkLoadBalancers(t *testing.T) {
	w := start(t)
	in := w.balancerInput("inside")
	in.Scheme, in.SecurityGroups = "internal", nil
	b := must(w.CreateLoadBalancer(w.ctx, in))(t).LoadBalancers[0]
	if !strings.HasPrefix(*b.DNSName, "internal-inside-") || len(b.SecurityGroups) != 1 || w.interfaces(b)[0].Association != nil {
		t.Errorf("got %+v", b)
	}
	n := w.networkBalancer("net")
	if !regexp.MustCompile(`^net-[0-9a-f]{16}\.elb\.us-east-1\.amazonaws\.com$`).MatchString(*n.DNSName) || *n.CanonicalHostedZoneId != "Z26RNL4JYFTOTI" {
		t.Errorf("got %s in %s", *n.DNSName, *n.CanonicalHostedZoneId)
	}
	if enis := w.interfaces(n); len(enis) != 1 || enis[0].InterfaceType != "network_load_balancer" {
		t.Errorf("got %+v", enis)
	}
	refused(w.SetSecurityGroups(w.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: n.LoadBalancerArn, SecurityGroups: []string{w.group}}))(t, "InvalidConfigurationRequest")
}

func TestLoadBalancerIsChecked(t *testing.T) {
	w := start(t)
	far := w.newVPC("10.1.0.0/16")
	farSubnets := []string{w.subnet(far, "10.1.0.0/24", "us-east-1a"), w.subnet(far, "10.1.1.0/24", "us-east-1b")}
	farGroup := w.securityGroup(far, "far")
	twin := w.subnet(w.vpc, "10.0.2.0/24", "us-east-1a")
	for name, c := range map[string]struct {
		change     func(in *elb.CreateLoadBalancerInput)
		code, word string
	}{
		"underscore":      {func(in *elb.CreateLoadBalancerInput) { in.Name = new("a_b") }, "ValidationError", "alphanumeric"},
		"long":            {func(in *elb.CreateLoadBalancerInput) { in.Name = new(strings.Repeat("a", 33)) }, "ValidationError", "longer than '32'"},
		"internal":        {func(in *elb.CreateLoadBalancerInput) { in.Name = new("internal-a") }, "ValidationError", "internal-"},
		"one subnet":      {func(in *elb.CreateLoadBalancerInput) { in.Subnets = w.subnets[:1] }, "ValidationError", "At least two subnets in two different Availability Zones"},
		"same zone":       {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{w.subnets[0], twin} }, "InvalidConfigurationRequest", "same Availability Zone"},
		"two VPCs":        {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{w.subnets[0], farSubnets[1]} }, "InvalidConfigurationRequest", "same VPC"},
		"no subnet":       {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-0123456789abcdef0", w.subnets[0]} }, "SubnetNotFound", "does not exist"},
		"no gateway":      {func(in *elb.CreateLoadBalancerInput) { in.Subnets, in.SecurityGroups = farSubnets, nil }, "InvalidSubnet", "has no internet gateway"},
		"group elsewhere": {func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{farGroup} }, "InvalidConfigurationRequest", "security groups are invalid"},
		"no IPv6":         {func(in *elb.CreateLoadBalancerInput) { in.IpAddressType = "dualstack" }, "InvalidSubnet", "IPv6"},
		"reserved tag":    {func(in *elb.CreateLoadBalancerInput) { in.Tags = []types.Tag{{Key: new("aws:a")}} }, "ValidationError", "reserved"},
		"elastic IP": {func(in *elb.CreateLoadBalancerInput) {
			in.Subnets, in.SubnetMappings = nil, []types.SubnetMapping{{SubnetId: &w.subnets[0], AllocationId: new("eipalloc-1")}}
		}, "InvalidConfigurationRequest", "Elastic IP"},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.balancerInput("web")
			c.change(in)
			refused(w.CreateLoadBalancer(w.ctx, in))(t, c.code, c.word)
		})
	}
	wrong := *w.balancer("web").LoadBalancerArn
	refused(w.DescribeTargetGroups(w.ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{wrong}}))(t, "ValidationError", "is not a valid target group ARN")
}

func TestLoadBalancerMoves(t *testing.T) {
	w := start(t, cloudtest.Durable())
	b := w.balancer("web")
	before := w.interfaces(b)
	third := w.subnet(w.vpc, "10.0.2.0/24", "us-east-1c")
	out := must(w.SetSubnets(w.ctx, &elb.SetSubnetsInput{LoadBalancerArn: b.LoadBalancerArn, Subnets: []string{w.subnets[0], third}}))(t)
	if len(out.AvailabilityZones) != 2 || *out.AvailabilityZones[1].ZoneName != "us-east-1c" {
		t.Errorf("got %+v", out.AvailabilityZones)
	}
	kept, bySubnet := "", map[string]string{}
	for _, e := range before {
		if *e.SubnetId == w.subnets[0] {
			kept = *e.NetworkInterfaceId
		}
	}
	for _, e := range w.interfaces(b) {
		bySubnet[*e.SubnetId] = *e.NetworkInterfaceId
	}
	if len(bySubnet) != 2 || bySubnet[w.subnets[0]] != kept || bySubnet[third] == "" {
		t.Errorf("the interfaces are %v, and %s should have stayed", bySubnet, kept)
	}
	must(w.ec2.DeleteSubnet(w.ctx, &ec2.DeleteSubnetInput{SubnetId: &w.subnets[1]}))(t)

	second := w.securityGroup(w.vpc, "second")
	must(w.SetSecurityGroups(w.ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: b.LoadBalancerArn, SecurityGroups: []string{second}}))(t)
	must(w.ec2.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &w.group}))(t)
	w.cloud.Restart()
	found := must(w.DescribeLoadBalancers(w.ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{*b.LoadBalancerArn}}))(t).LoadBalancers[0]
	if !slices.Equal(found.SecurityGroups, []string{second}) || len(found.AvailabilityZones) != 2 {
		t.Errorf("after a restart: %+v", found)
	}
}

func (w *world) attributes(arn *string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, a := range must(w.DescribeLoadBalancerAttributes(w.ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: arn}))(w.t).Attributes {
		out[*a.Key] = *a.Value
	}
	return out
}

func (w *world) modify(b types.LoadBalancer, pairs ...string) (*elb.ModifyLoadBalancerAttributesOutput, error) {
	in := &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, types.LoadBalancerAttribute{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return w.ModifyLoadBalancerAttributes(w.ctx, in)
}

func TestLoadBalancerAttributes(t *testing.T) {
	w := start(t)
	b, n := w.balancer("web"), w.networkBalancer("net")
	got := w.attributes(b.LoadBalancerArn)
	for key, want := range map[string]string{"idle_timeout.timeout_seconds": "60", "routing.http2.enabled": "true", "deletion_protection.enabled": "false",
		"access_logs.s3.bucket": "", "load_balancing.cross_zone.enabled": "true", "client_keep_alive.seconds": "3600"} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %q, want %q", key, v, want)
		}
	}
	if v := w.attributes(n.LoadBalancerArn)["dns_record.client_routing_policy"]; v != "any_availability_zone" {
		t.Errorf("got %q", v)
	}
	refused(w.modify(b, "idle_timeout.timeout_seconds", "4001"))(t, "InvalidConfigurationRequest")
	refused(w.modify(b, "load_balancing.cross_zone.enabled", "false"))(t, "InvalidConfigurationRequest")
	refused(w.modify(n, "routing.http2.enabled", "true"))(t, "InvalidConfigurationRequest",
		"attribute key 'routing.http2.enabled' is not supported on load balancers with type 'network'")
	refused(w.modify(b, "no.such", "true"))(t, "ValidationError", "attribute key 'no.such' is not recognized")
	must(w.modify(b, "deletion_protection.enabled", "true", "idle_timeout.timeout_seconds", "30"))(t)
	refused(w.DeleteLoadBalancer(w.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn}))(t, "OperationNotPermitted", "deletion protection is enabled")
	must(w.modify(b, "deletion_protection.enabled", "false"))(t)
	if v := w.attributes(b.LoadBalancerArn)["idle_timeout.timeout_seconds"]; v != "30" {
		t.Errorf("got %q", v)
	}
}

func TestAccessLogsNeedTheBucketsLeave(t *testing.T) {
	w := start(t)
	b := w.balancer("web")
	buckets := s3.NewFromConfig(w.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	account := strings.Split(*b.LoadBalancerArn, ":")[4]
	must(buckets.CreateBucket(w.ctx, &s3.CreateBucketInput{Bucket: new("logs")}))(t)
	on := func() (*elb.ModifyLoadBalancerAttributesOutput, error) {
		return w.modify(b, "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "logs", "access_logs.s3.prefix", "lb")
	}
	refused(on())(t, "InvalidConfigurationRequest", "Access Denied for bucket: logs. Please check S3bucket permission")
	for _, principal := range []string{`{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`, `{"AWS":"arn:aws:iam::127311923021:root"}`} {
		for place, allowed := range map[string]bool{"lb": true, "other": false} {
			policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal +
				`,"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/` + place + `/AWSLogs/` + account + `/*"}]}`
			must(buckets.PutBucketPolicy(w.ctx, &s3.PutBucketPolicyInput{Bucket: new("logs"), Policy: &policy}))(t)
			if _, err := on(); (err == nil) != allowed {
				t.Errorf("%s on %s: %v", principal, place, err)
			}
			must(w.modify(b, "access_logs.s3.enabled", "false"))(t)
		}
	}
	refused(w.modify(b, "connection_logs.s3.enabled", "true"))(t, "InvalidConfigurationRequest", "cannot be empty")
}

func TestLoadBalancersInPages(t *testing.T) {
	w := start(t)
	for _, name := range []string{"a", "b", "c"} {
		w.networkBalancer(name)
	}
	var got []string
	p := elb.NewDescribeLoadBalancersPaginator(w.Client, &elb.DescribeLoadBalancersInput{PageSize: new(int32(2))})
	for pages := 0; p.HasMorePages(); pages++ {
		for _, b := range must(p.NextPage(w.ctx))(t).LoadBalancers {
			got = append(got, *b.LoadBalancerName)
		}
		if len(got) > 3 || pages > 1 {
			t.Fatalf("page %d ends with %v", pages, got)
		}
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
	refused(w.DescribeLoadBalancers(w.ctx, &elb.DescribeLoadBalancersInput{PageSize: new(int32(401))}))(t, "ValidationError")
}

func TestCapacityReservation(t *testing.T) {
	w := start(t)
	b := w.balancer("web")
	reserve := func(units int32) (*elb.ModifyCapacityReservationOutput, error) {
		return w.ModifyCapacityReservation(w.ctx, &elb.ModifyCapacityReservationInput{LoadBalancerArn: b.LoadBalancerArn,
			MinimumLoadBalancerCapacity: &types.MinimumLoadBalancerCapacity{CapacityUnits: &units}})
	}
	refused(reserve(99))(t, "ValidationError")
	for _, units := range []int32{300, 200, 100} {
		must(reserve(units))(t)
	}
	must(reserve(300))(t)
	refused(reserve(200))(t, "CapacityDecreaseRequestLimitExceeded")
	got := must(w.DescribeCapacityReservation(w.ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: b.LoadBalancerArn}))(t)
	if len(got.CapacityReservationState) != 2 || *got.CapacityReservationState[0].EffectiveCapacityUnits != 150 || *got.DecreaseRequestsRemaining != 0 {
		t.Errorf("got %+v", got)
	}
	must(w.ModifyCapacityReservation(w.ctx, &elb.ModifyCapacityReservationInput{LoadBalancerArn: b.LoadBalancerArn, ResetCapacityReservation: new(true)}))(t)
	if got := must(w.DescribeCapacityReservation(w.ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: b.LoadBalancerArn}))(t); got.MinimumLoadBalancerCapacity != nil {
		t.Errorf("got %+v", got)
	}
}

func TestTags(t *testing.T) {
	w := start(t)
	b := w.balancer("web")
	l := w.listener(b, 80, fixed("200"))
	arns := []string{*b.LoadBalancerArn, w.targetGroup("g"), l, w.rule(l, 1, "/a", fixed("200"))}
	must(w.AddTags(w.ctx, &elb.AddTagsInput{ResourceArns: arns, Tags: []types.Tag{{Key: new("b"), Value: new("1")}, {Key: new("a")}}}))(t)
	must(w.RemoveTags(w.ctx, &elb.RemoveTagsInput{ResourceArns: arns[:1], TagKeys: []string{"a"}}))(t)
	got := must(w.DescribeTags(w.ctx, &elb.DescribeTagsInput{ResourceArns: arns}))(t).TagDescriptions
	for i, want := range []int{1, 2, 2, 2} {
		if *got[i].ResourceArn != arns[i] || len(got[i].Tags) != want {
			t.Errorf("got %+v", got[i])
		}
	}
	refused(w.AddTags(w.ctx, &elb.AddTagsInput{ResourceArns: arns[:1], Tags: []types.Tag{{Key: new("a")}, {Key: new("a")}}}))(t, "DuplicateTagKeys")
	refused(w.DescribeTags(w.ctx, &elb.DescribeTagsInput{ResourceArns: []string{arns[1] + "0"}}))(t, "TargetGroupNotFound")
}

func TestAddressesOfNetworkLoadBalancers(t *testing.T) {
	w := start(t, cloudtest.Durable())
	create := func(name string, scheme types.LoadBalancerSchemeEnum, mappings ...types.SubnetMapping) (*elb.CreateLoadBalancerOutput, error) {
		return w.CreateLoadBalancer(w.ctx, &elb.CreateLoadBalancerInput{Name: &name, Type: "network", Scheme: scheme, SubnetMappings: mappings})
	}
	eip := must(w.ec2.AllocateAddress(w.ctx, &ec2.AllocateAddressInput{}))(t)
	elastic := types.SubnetMapping{SubnetId: &w.subnets[0], AllocationId: eip.AllocationId}
	refused(create("a", "internal", elastic))(t, "InvalidConfigurationRequest", "internet-facing")
	refused(create("a", "internet-facing", types.SubnetMapping{SubnetId: &w.subnets[0], AllocationId: new("eipalloc-00000000000000000")}))(t, "AllocationIdNotFound")
	public := must(create("public", "internet-facing", elastic))(t).LoadBalancers[0]
	refused(create("a", "internet-facing", elastic))(t, "ResourceInUse", "not available for use")
	private := types.SubnetMapping{SubnetId: &w.subnets[0], PrivateIPv4Address: new("10.0.0.77")}
	refused(create("a", "internet-facing", private))(t, "InvalidConfigurationRequest", "internal")
	refused(create("a", "internal", types.SubnetMapping{SubnetId: &w.subnets[0], PrivateIPv4Address: new("10.0.1.77")}))(t, "InvalidConfigurationRequest", "does not belong to the subnet")
	inner := must(create("inner", "internal", private))(t).LoadBalancers[0]
	refused(create("a", "internal", private))(t, "InvalidConfigurationRequest", "already in use")
	w.cloud.Restart()

	address := func(b types.LoadBalancer) types.LoadBalancerAddress {
		return must(w.DescribeLoadBalancers(w.ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{*b.LoadBalancerArn}}))(t).LoadBalancers[0].
			AvailabilityZones[0].LoadBalancerAddresses[0]
	}
	if got := address(public); *got.IpAddress != *eip.PublicIp || *got.AllocationId != *eip.AllocationId || *w.interfaces(public)[0].Association.PublicIp != *eip.PublicIp {
		t.Errorf("got %+v", got)
	}
	if got := address(inner); *got.PrivateIPv4Address != "10.0.0.77" || *w.interfaces(inner)[0].PrivateIpAddress != "10.0.0.77" {
		t.Errorf("got %+v", got)
	}
	refused(w.ec2.ReleaseAddress(w.ctx, &ec2.ReleaseAddressInput{AllocationId: eip.AllocationId}))(t, "InvalidIPAddress.InUse")
	second := types.SubnetMapping{SubnetId: &w.subnets[1]}
	refused(w.SetSubnets(w.ctx, &elb.SetSubnetsInput{LoadBalancerArn: public.LoadBalancerArn, SubnetMappings: []types.SubnetMapping{{SubnetId: &w.subnets[0]}, second}}))(t,
		"InvalidConfigurationRequest", "cannot change the IP address")
	must(w.SetSubnets(w.ctx, &elb.SetSubnetsInput{LoadBalancerArn: public.LoadBalancerArn, SubnetMappings: []types.SubnetMapping{elastic, second}}))(t)
	if got := address(public); *got.IpAddress != *eip.PublicIp {
		t.Errorf("got %+v", got)
	}
	must(w.DeleteLoadBalancer(w.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: public.LoadBalancerArn}))(t)
	must(w.ec2.ReleaseAddress(w.ctx, &ec2.ReleaseAddressInput{AllocationId: eip.AllocationId}))(t)
}

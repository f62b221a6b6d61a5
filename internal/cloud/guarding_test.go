package cloud_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	cwlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"atoll/internal/cloud/cloudtest"
)

// oneServer is a network where every address leads to one server.
type oneServer struct{ address string }

func (n oneServer) Dial(ctx context.Context, _ string, _ netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", n.address)
}

func (oneServer) Admit(context.Context, netip.AddrPort, string, int) (func(in, out int64), error) {
	return nil, nil
}

func (oneServer) Serve(string, func(context.Context, int) (net.Conn, error)) func() {
	return func() {}
}

// fort is a cloud with a load balancer that forwards to a server, which answers with what it got.
type fort struct {
	t        *testing.T
	cloud    *cloudtest.Cloud
	waf      *wafv2.Client
	elb      *elb.Client
	balancer elbtypes.LoadBalancer
}

func startFort(t *testing.T, opts ...cloudtest.Option) *fort {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "note=%s body=%d", r.Header.Get("X-Amzn-Waf-Note"), len(body))
	}))
	t.Cleanup(server.Close)
	c := cloudtest.Start(t, append(opts, cloudtest.Serving(oneServer{server.Listener.Addr().String()}))...)
	f := &fort{t: t, cloud: c}
	f.clients()
	network := ec2.NewFromConfig(c.Config())
	vpc := must(network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t).Vpc.VpcId
	gateway := must(network.CreateInternetGateway(t.Context(), &ec2.CreateInternetGatewayInput{}))(t).InternetGateway.InternetGatewayId
	must(network.AttachInternetGateway(t.Context(), &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc}))(t)
	var subnets []string
	for i, zone := range []string{"us-east-1a", "us-east-1b"} {
		subnets = append(subnets, *must(network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: new(fmt.Sprintf("10.0.%d.0/24", i)), AvailabilityZone: &zone}))(t).Subnet.SubnetId)
	}
	f.balancer = must(f.elb.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: new("web"), Subnets: subnets}))(t).LoadBalancers[0]
	group := must(f.elb.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{Name: new("web"), Protocol: "HTTP", Port: new(int32(80)), VpcId: vpc, TargetType: "ip"}))(t).TargetGroups[0].TargetGroupArn
	must(f.elb.CreateListener(t.Context(), &elb.CreateListenerInput{LoadBalancerArn: f.balancer.LoadBalancerArn, Port: new(int32(80)), Protocol: "HTTP",
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: group}}}))(t)
	must(f.elb.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: group, Targets: []elbtypes.TargetDescription{{Id: new("10.0.0.9")}}}))(t)
	f.healthy(*group)
	return f
}

func (f *fort) clients() {
	f.waf = wafv2.NewFromConfig(f.cloud.Config(), func(o *wafv2.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	f.elb = elb.NewFromConfig(f.cloud.Config(), func(o *elb.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
}

func (f *fort) healthy(group string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		f.idle()
		for _, h := range must(f.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group}))(f.t).TargetHealthDescriptions {
			if h.TargetHealth.State == "healthy" {
				return
			}
		}
	}
	f.t.Fatal("the target does not become healthy")
}

func (f *fort) idle() {
	f.t.Helper()
	must(0, f.cloud.Idle(f.t.Context()))(f.t)
}

type reply struct {
	status int
	body   string
	header http.Header
}

// ask sends a request through the edge: a POST where there is a body.
func (f *fort) ask(uri, body string) reply {
	f.t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	host := strings.TrimSuffix(*f.balancer.DNSName, ".amazonaws.com") + ".localhost"
	r := must(http.NewRequestWithContext(f.t.Context(), method, "http://"+host+uri, strings.NewReader(body)))(f.t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp4", f.cloud.Edge)
	}}}
	resp := must(client.Do(r))(f.t)
	defer resp.Body.Close()
	return reply{resp.StatusCode, string(must(io.ReadAll(resp.Body))(f.t)), resp.Header}
}

func visible(name string) *types.VisibilityConfig {
	return &types.VisibilityConfig{MetricName: &name, CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true}
}

func blocking(name string, priority int32, s types.Statement) types.Rule {
	return types.Rule{Name: &name, Priority: priority, Statement: &s, VisibilityConfig: visible(name), Action: &types.RuleAction{Block: &types.BlockAction{}}}
}

func inPath(text string) types.Statement {
	return types.Statement{ByteMatchStatement: &types.ByteMatchStatement{SearchString: []byte(text), FieldToMatch: &types.FieldToMatch{UriPath: &types.UriPath{}},
		PositionalConstraint: "STARTS_WITH", TextTransformations: []types.TextTransformation{{Type: "LOWERCASE"}}}}
}

func (f *fort) acl(rules ...types.Rule) *types.WebACLSummary {
	f.t.Helper()
	acl := must(f.waf.CreateWebACL(f.t.Context(), &wafv2.CreateWebACLInput{Name: new("fort"), Scope: "REGIONAL", DefaultAction: &types.DefaultAction{Allow: &types.AllowAction{}},
		VisibilityConfig: visible("fort"), Rules: rules, CustomResponseBodies: map[string]types.CustomResponseBody{"no": {ContentType: "APPLICATION_JSON", Content: new(`{"no":1}`)}}}))(f.t).Summary
	must(f.waf.AssociateWebACL(f.t.Context(), &wafv2.AssociateWebACLInput{WebACLArn: acl.ARN, ResourceArn: f.balancer.LoadBalancerArn}))(f.t)
	f.idle()
	return acl
}

func TestWebACLsJudge(t *testing.T) {
	f := startFort(t, cloudtest.Durable())
	addresses := must(f.waf.CreateIPSet(t.Context(), &wafv2.CreateIPSetInput{Name: new("bad"), Scope: "REGIONAL", IPAddressVersion: "IPV4", Addresses: []string{"203.0.113.0/24"}}))(t).Summary
	custom := blocking("admin", 2, inPath("/admin"))
	custom.Action.Block.CustomResponse = &types.CustomResponse{ResponseCode: new(int32(418)), CustomResponseBodyKey: new("no"),
		ResponseHeaders: []types.CustomHTTPHeader{{Name: new("X-Why"), Value: new("admin")}}}
	count := blocking("count", 1, inPath("/"))
	count.Action = &types.RuleAction{Count: &types.CountAction{CustomRequestHandling: &types.CustomRequestHandling{InsertHeaders: []types.CustomHTTPHeader{{Name: new("note"), Value: new("seen")}}}}}
	group := must(f.waf.CreateRuleGroup(t.Context(), &wafv2.CreateRuleGroupInput{Name: new("own"), Scope: "REGIONAL", Capacity: new(int64(100)), VisibilityConfig: visible("own"),
		Rules: []types.Rule{blocking("body", 0, types.Statement{ByteMatchStatement: &types.ByteMatchStatement{SearchString: []byte("evil"), PositionalConstraint: "CONTAINS",
			FieldToMatch: &types.FieldToMatch{Body: &types.Body{OversizeHandling: "CONTINUE"}}, TextTransformations: []types.TextTransformation{{Type: "NONE"}}}})}}))(t).Summary
	grouped := blocking("group", 3, types.Statement{RuleGroupReferenceStatement: &types.RuleGroupReferenceStatement{ARN: group.ARN}})
	grouped.Action, grouped.OverrideAction = nil, &types.OverrideAction{None: &types.NoneAction{}}
	managed := blocking("managed", 4, types.Statement{ManagedRuleGroupStatement: &types.ManagedRuleGroupStatement{VendorName: new("AWS"), Name: new("AWSManagedRulesCommonRuleSet")}})
	managed.Action, managed.OverrideAction = nil, &types.OverrideAction{None: &types.NoneAction{}}
	acl := f.acl(blocking("address", 0, types.Statement{IPSetReferenceStatement: &types.IPSetReferenceStatement{ARN: addresses.ARN}}), count, custom, grouped, managed)

	if r := f.ask("/", ""); r.status != 200 || r.body != "note=seen body=0" {
		t.Errorf("an allowed request: %d %q", r.status, r.body)
	}
	if r := f.ask("/ADMIN/x", ""); r.status != 418 || r.body != `{"no":1}` || r.header.Get("X-Why") != "admin" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("a custom response: %+v", r)
	}
	const page = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
	if r := f.ask("/", "an evil body"); r.status != 403 || r.body != page || r.header.Get("Server") != "awselb/2.0" {
		t.Errorf("a blocked request: %+v", r)
	}
	if r := f.ask("/", strings.Repeat("good", 10_000)); r.status != 200 || r.body != "note=seen body=40000" {
		t.Errorf("a large body: %d %q", r.status, r.body)
	}

	sets := must(f.waf.GetIPSet(t.Context(), &wafv2.GetIPSetInput{Name: new("bad"), Scope: "REGIONAL", Id: addresses.Id}))(t)
	must(f.waf.UpdateIPSet(t.Context(), &wafv2.UpdateIPSetInput{Name: new("bad"), Scope: "REGIONAL", Id: addresses.Id, LockToken: sets.LockToken, Addresses: []string{"127.0.0.0/8"}}))(t)
	f.idle()
	if r := f.ask("/", ""); r.status != 403 {
		t.Errorf("an address that was just put into the set: %d", r.status)
	}
	f.cloud.Restart()
	f.clients()
	f.idle()
	if r := f.ask("/", ""); r.status != 403 {
		t.Errorf("after a restart: %d", r.status)
	}
	must(f.waf.DisassociateWebACL(t.Context(), &wafv2.DisassociateWebACLInput{ResourceArn: f.balancer.LoadBalancerArn}))(t)
	f.idle()
	if r := f.ask("/admin", ""); r.status == 403 || r.status == 418 {
		t.Errorf("without the web ACL: %d", r.status)
	}
	got := must(f.waf.GetWebACL(t.Context(), &wafv2.GetWebACLInput{ARN: acl.ARN}))(t)
	must(f.waf.DeleteWebACL(t.Context(), &wafv2.DeleteWebACLInput{Name: acl.Name, Scope: "REGIONAL", Id: acl.Id, LockToken: got.LockToken}))(t)
}

func TestWebACLsLimitRates(t *testing.T) {
	f := startFort(t)
	acl := f.acl(blocking("rate", 0, types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: new(int64(10)), EvaluationWindowSec: 60, AggregateKeyType: "IP"}}))
	statuses := func(n int) (out []int) {
		for range n {
			out = append(out, f.ask("/", "").status)
		}
		return out
	}
	if got := statuses(12); slices.Contains(got[:10], 403) || got[10] != 403 || got[11] != 403 {
		t.Errorf("12 requests: %v", got)
	}
	keys := must(f.waf.GetRateBasedStatementManagedKeys(t.Context(), &wafv2.GetRateBasedStatementManagedKeysInput{Scope: "REGIONAL", WebACLName: acl.Name, WebACLId: acl.Id, RuleName: new("rate")}))(t)
	if a := keys.ManagedKeysIPV4.Addresses; len(a) != 1 || a[0] != "127.0.0.1/32" {
		t.Errorf("limited: %v", a)
	}
	f.cloud.Clock.Advance(30 * time.Second)
	if got := statuses(1); got[0] != 403 {
		t.Errorf("after 30 seconds: %v", got)
	}
	f.cloud.Clock.Advance(time.Minute)
	if got := statuses(1); got[0] != 200 {
		t.Errorf("after the window: %v", got)
	}
}

func TestWebACLsTell(t *testing.T) {
	f := startFort(t)
	objects := s3.NewFromConfig(f.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	must(objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("logs")}))(t)
	must(objects.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: new("logs"), Policy: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/*"}]}`)}))(t)
	must(f.elb.ModifyLoadBalancerAttributes(t.Context(), &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: f.balancer.LoadBalancerArn, Attributes: []elbtypes.LoadBalancerAttribute{
		{Key: new("access_logs.s3.enabled"), Value: new("true")}, {Key: new("access_logs.s3.bucket"), Value: new("logs")}}}))(t)
	acl := f.acl(blocking("admin", 0, inPath("/admin")))
	groups := cwlogs.NewFromConfig(f.cloud.Config(), func(o *cwlogs.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	const group = "aws-waf-logs-fort"
	must(groups.CreateLogGroup(t.Context(), &cwlogs.CreateLogGroupInput{LogGroupName: new(group)}))(t)
	must(f.waf.PutLoggingConfiguration(t.Context(), &wafv2.PutLoggingConfigurationInput{LoggingConfiguration: &types.LoggingConfiguration{ResourceArn: acl.ARN,
		LogDestinationConfigs: []string{"arn:aws:logs:us-east-1:111111111111:log-group:" + group},
		RedactedFields:        []types.FieldToMatch{{QueryString: &types.QueryString{}}}}}))(t)
	f.idle()
	began := f.cloud.Clock.Now()
	f.ask("/", "")
	f.ask("/admin?secret=1", "")
	f.ask("/admin", "")
	f.idle()

	var entries []map[string]any
	for _, e := range must(groups.FilterLogEvents(t.Context(), &cwlogs.FilterLogEventsInput{LogGroupName: new(group)}))(t).Events {
		entry := map[string]any{}
		must(0, json.Unmarshal([]byte(*e.Message), &entry))(t)
		entries = append(entries, entry)
	}
	if len(entries) != 3 {
		t.Fatalf("%d entries: %v", len(entries), entries)
	}
	request, _ := entries[1]["httpRequest"].(map[string]any)
	if e := entries[1]; e["action"] != "BLOCK" || e["terminatingRuleId"] != "admin" || e["httpSourceName"] != "ALB" || request["uri"] != "/admin" || request["args"] != "REDACTED" ||
		request["clientIp"] != "127.0.0.1" {
		t.Errorf("the entry is %v", e)
	}
	if e := entries[0]; e["action"] != "ALLOW" || e["terminatingRuleId"] != "Default_Action" {
		t.Errorf("the entry is %v", e)
	}

	samples := must(f.waf.GetSampledRequests(t.Context(), &wafv2.GetSampledRequestsInput{WebAclArn: acl.ARN, RuleMetricName: new("admin"), Scope: "REGIONAL", MaxItems: new(int64(10)),
		TimeWindow: &types.TimeWindow{StartTime: new(began.Add(-4 * time.Hour)), EndTime: new(began.Add(time.Minute))}}))(t)
	if len(samples.SampledRequests) != 2 || samples.PopulationSize != 2 || *samples.SampledRequests[0].Request.URI != "/admin?secret=1" || *samples.SampledRequests[0].Action != "BLOCK" {
		t.Errorf("samples: %+v", samples)
	}

	f.cloud.Clock.Advance(5 * time.Minute)
	f.idle()
	f.metric(began, "BlockedRequests", map[string]string{"Region": "us-east-1", "Rule": "admin", "WebACL": "fort"}, 2)
	f.metric(began, "BlockedRequests", map[string]string{"Region": "us-east-1", "Rule": "ALL", "WebACL": "fort"}, 2)
	f.metric(began, "AllowedRequests", map[string]string{"Region": "us-east-1", "Rule": "Default_Action", "WebACL": "fort"}, 1)

	var lines []string
	for _, o := range must(objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("logs")}))(t).Contents {
		out := must(objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: new("logs"), Key: o.Key}))(t)
		packed := must(io.ReadAll(out.Body))(t)
		text := string(must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(packed)))(t)))(t))
		lines = append(lines, strings.Split(strings.TrimSpace(text), "\n")...)
	}
	allowed := slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, ` 200 200 `) && strings.Contains(l, ` "waf,forward" `) })
	blocked := slices.ContainsFunc(lines, func(l string) bool {
		return strings.Contains(l, ` - -1 -1 -1 403 - `) && strings.Contains(l, ` "waf" `)
	})
	if len(lines) != 3 || !allowed || !blocked {
		t.Errorf("the access log is %q", lines)
	}
}

// metric checks the sum of a metric.
func (f *fort) metric(at time.Time, name string, dims map[string]string, want float64) {
	f.t.Helper()
	watch := cw.NewFromConfig(f.cloud.Config(), func(o *cw.Options) { o.HTTPSignerV4 = f.cloud.Signer() })
	in := &cw.GetMetricStatisticsInput{Namespace: new("AWS/WAFV2"), MetricName: &name, Period: new(int32(3600)), Statistics: []cwtypes.Statistic{"Sum"},
		StartTime: new(at.Add(-time.Hour)), EndTime: new(at.Add(time.Hour))}
	for k, v := range dims {
		in.Dimensions = append(in.Dimensions, cwtypes.Dimension{Name: &k, Value: &v})
	}
	got := 0.0
	for _, p := range must(watch.GetMetricStatistics(f.t.Context(), in))(f.t).Datapoints {
		got += *p.Sum
	}
	if got != want {
		f.t.Errorf("%s of %v: %v, want %v", name, dims, got, want)
	}
}

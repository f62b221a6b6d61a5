package elbv2_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud/cloudtest"
)

// loopback is a network whose addresses are servers of the test.
type loopback struct {
	mu      sync.Mutex
	servers map[string]string
}

func (n *loopback) Dial(ctx context.Context, _ string, to netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	address := n.servers[to.String()]
	n.mu.Unlock()
	if address == "" {
		return nil, syscall.ECONNREFUSED
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func (n *loopback) Admit(context.Context, netip.AddrPort, string, int) (func(in, out int64), error) {
	return nil, nil
}

func (n *loopback) Serve(string, func(context.Context, int) (net.Conn, error)) func() {
	return func() {}
}

// server runs a handler at an address.
func (n *loopback) server(t testing.TB, at string, h http.HandlerFunc) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers[at] = s.Listener.Addr().String()
}

// served is a world whose load balancers serve.
type served struct {
	*world
	net *loopback
}

func serve(t testing.TB, opts ...cloudtest.Option) *served {
	n := &loopback{servers: map[string]string{}}
	return &served{start(t, append(opts, cloudtest.Serving(n))...), n}
}

// get asks at the edge. A failure is given as the answer's body.
func (s *served) get(url string) (int, string, http.Header) {
	s.t.Helper()
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp4", s.cloud.Edge)
			}},
	}
	req := must(http.NewRequestWithContext(s.ctx, http.MethodGet, url, nil))(s.t)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	return resp.StatusCode, string(must(io.ReadAll(resp.Body))(s.t)), resp.Header
}

func local(b types.LoadBalancer) string {
	return strings.TrimSuffix(*b.DNSName, ".amazonaws.com") + ".localhost"
}

// becomes waits until a target of a group has a state.
func (s *served) becomes(group, ip string, want types.TargetHealthStateEnum) *types.TargetHealth {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		for _, h := range s.health(group) {
			if *h.Target.Id == ip && h.TargetHealth.State == want {
				return h.TargetHealth
			}
		}
		must(0, s.cloud.Idle(ctx))(s.t)
	}
	s.t.Fatalf("%s does not become %s: %+v", ip, want, s.health(group))
	return nil
}

func (s *served) register(group string, ips ...string) {
	s.t.Helper()
	in := &elb.RegisterTargetsInput{TargetGroupArn: &group}
	for _, ip := range ips {
		in.Targets = append(in.Targets, types.TargetDescription{Id: &ip})
	}
	must(s.RegisterTargets(s.ctx, in))(s.t)
}

func TestServes(t *testing.T) {
	s := serve(t, cloudtest.Durable())
	s.net.server(t, "10.0.0.9:80", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "nine "+r.Header.Get("X-Forwarded-Proto")) })
	b, g := s.balancer("web"), s.targetGroup("g")
	l := s.listener(b, 80, forward(g))
	url := "http://" + local(b) + "/"
	must(0, s.cloud.Idle(s.ctx))(t)
	if code, body, _ := s.get(url); code != 503 {
		t.Errorf("without targets: %d %s", code, body)
	}
	s.register(g, "10.0.0.9")
	s.becomes(g, "10.0.0.9", "healthy")
	if code, body, _ := s.get(url); code != 200 || body != "nine http" {
		t.Errorf("got %d %q", code, body)
	}
	r := s.rule(l, 1, "/fixed*", fixed("418"))
	must(0, s.cloud.Idle(s.ctx))(t)
	if code, _, _ := s.get(url + "fixed"); code != 418 {
		t.Errorf("a new rule: %d", code)
	}
	must(s.ModifyRule(s.ctx, &elb.ModifyRuleInput{RuleArn: &r, Actions: []types.Action{{Type: "redirect",
		RedirectConfig: &types.RedirectActionConfig{StatusCode: "HTTP_301", Protocol: new("HTTPS"), Port: new("443")}}}}))(t)
	secure := s.listenerInput(b, 443, forward(g))
	secure.Protocol, secure.Certificates = "HTTPS", []types.Certificate{{CertificateArn: new(s.certificate("www.example.com"))}}
	must(s.CreateListener(s.ctx, secure))(t)
	must(0, s.cloud.Idle(s.ctx))(t)
	_, port, _ := net.SplitHostPort(s.cloud.Edge)
	code, _, header := s.get(url + "fixed?a=b")
	if want := "https://" + local(b) + ":" + port + "/fixed?a=b"; code != 301 || header.Get("Location") != want {
		t.Errorf("got %d to %s, want %s", code, header.Get("Location"), want)
	}
	for _, url := range []string{"https://" + local(b) + "/", "https://www.example.com/", "https://" + *b.DNSName + "/"} {
		if code, body, _ := s.get(url); code != 200 || body != "nine https" {
			t.Errorf("%s: %d %q", url, code, body)
		}
	}
	names := route53.NewFromConfig(s.cloud.Config())
	zone := must(names.CreateHostedZone(s.ctx, &route53.CreateHostedZoneInput{Name: new("shop.example"), CallerReference: new("1")}))(t).HostedZone.Id
	must(names.ChangeResourceRecordSets(s.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone, ChangeBatch: &r53types.ChangeBatch{Changes: []r53types.Change{
		{Action: "CREATE", ResourceRecordSet: &r53types.ResourceRecordSet{Name: new("shop.example"), Type: "A",
			AliasTarget: &r53types.AliasTarget{DNSName: new("dualstack." + *b.DNSName), HostedZoneId: b.CanonicalHostedZoneId}}},
		{Action: "CREATE", ResourceRecordSet: &r53types.ResourceRecordSet{Name: new("*.shop.example"), Type: "CNAME", TTL: new(int64(60)),
			ResourceRecords: []r53types.ResourceRecord{{Value: new("shop.example.")}}}},
	}}}))(t)
	for _, url := range []string{"http://shop.example/", "http://a.shop.example/"} {
		if code, body, _ := s.get(url); code != 200 {
			t.Errorf("%s: %d %q", url, code, body)
		}
	}
	if code, body, _ := s.get("http://other.example/"); code != 404 || !strings.Contains(body, local(b)) {
		t.Errorf("an unknown name: %d %q", code, body)
	}

	s.cloud.Restart()
	s.becomes(g, "10.0.0.9", "healthy")
	if code, body, _ := s.get(url); code != 200 || body != "nine http" {
		t.Errorf("after a restart: %d %q", code, body)
	}
	must(s.DeregisterTargets(s.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.9")}}}))(t)
	if h := s.health(g); len(h) != 0 {
		t.Errorf("a target without requests does not drain: %+v", h)
	}
	must(0, s.cloud.Reset(s.ctx))(t)
	must(0, s.cloud.Idle(s.ctx))(t)
	if code, body, _ := s.get(url); code != 404 || !strings.Contains(body, "there are none") {
		t.Errorf("after a reset: %d %q", code, body)
	}
}

func TestServesHealth(t *testing.T) {
	s := serve(t)
	in := make(chan struct{})
	leave := make(chan struct{})
	s.net.server(t, "10.0.0.9:80", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(in)
			<-leave
		}
		if r.URL.Path == "/health" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	g := s.targetGroup("g", func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = new("/health") })
	b := s.balancer("web")
	s.listener(b, 80, forward(g))
	s.register(g, "10.0.0.9")
	for {
		if h := s.becomes(g, "10.0.0.9", "initial"); h.Reason == "Elb.InitialHealthChecking" {
			break
		}
	}
	s.cloud.Clock.Advance(30 * time.Second)
	h := s.becomes(g, "10.0.0.9", "unhealthy")
	if h.Reason != "Target.ResponseCodeMismatch" || *h.Description != "Health checks failed with these codes: [503]" {
		t.Errorf("got %s: %s", h.Reason, *h.Description)
	}
	must(s.ModifyTargetGroup(s.ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &g, Matcher: &types.Matcher{HttpCode: new("200-499")}, HealthCheckPath: new("/")}))(t)
	done := make(chan int)
	go func() { code, _, _ := s.get("http://" + local(b) + "/slow"); done <- code }()
	<-in
	must(s.DeregisterTargets(s.ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.9")}}}))(t)
	if h := s.becomes(g, "10.0.0.9", "draining"); h.Reason != "Target.DeregistrationInProgress" {
		t.Errorf("got %+v", h)
	}
	close(leave)
	if code := <-done; code != 200 {
		t.Errorf("the request in flight: %d", code)
	}
}

func TestServesLogsAndMetrics(t *testing.T) {
	s := serve(t)
	objects := s3.NewFromConfig(s.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	must(objects.CreateBucket(s.ctx, &s3.CreateBucketInput{Bucket: new("logs")}))(t)
	must(objects.PutBucketPolicy(s.ctx, &s3.PutBucketPolicyInput{Bucket: new("logs"), Policy: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/web/AWSLogs/*"}]}`)}))(t)
	s.net.server(t, "10.0.0.9:80", func(http.ResponseWriter, *http.Request) {})
	b, g := s.balancer("web"), s.targetGroup("g")
	var attributes []types.LoadBalancerAttribute
	for key, value := range map[string]string{"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": "web"} {
		attributes = append(attributes, types.LoadBalancerAttribute{Key: &key, Value: &value})
	}
	must(s.ModifyLoadBalancerAttributes(s.ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn, Attributes: attributes}))(t)
	s.listener(b, 80, forward(g))
	s.register(g, "10.0.0.9")
	s.becomes(g, "10.0.0.9", "healthy")
	for range 3 {
		if code, body, _ := s.get("http://" + local(b) + "/a?b=c"); code != 200 {
			t.Fatalf("got %d %q", code, body)
		}
	}
	at := s.cloud.Clock.Now()
	s.cloud.Clock.Advance(5 * time.Minute)
	must(0, s.cloud.Idle(s.ctx))(t)
	var lines []string
	for _, o := range must(objects.ListObjectsV2(s.ctx, &s3.ListObjectsV2Input{Bucket: new("logs"), Prefix: new("web/AWSLogs/111111111111/elasticloadbalancing/us-east-1/")}))(t).Contents {
		if !strings.Contains(*o.Key, "/111111111111_elasticloadbalancing_us-east-1_app.web.") || !strings.HasSuffix(*o.Key, ".log.gz") {
			t.Errorf("the key is %s", *o.Key)
		}
		out := must(objects.GetObject(s.ctx, &s3.GetObjectInput{Bucket: new("logs"), Key: o.Key}))(t)
		text := string(must(io.ReadAll(must(gzip.NewReader(out.Body))(t)))(t))
		lines = append(lines, strings.Split(strings.TrimSpace(text), "\n")...)
	}
	if len(lines) != 3 || !strings.Contains(lines[0], ` 10.0.0.9:80 0.000 0.000 0.000 200 200 `) || !strings.Contains(lines[0], `"GET http://`+local(b)+`:80/a?b=c HTTP/1.1"`) {
		t.Errorf("the log is %q", lines)
	}
	_, id, _ := strings.Cut(*b.LoadBalancerArn, ":loadbalancer/")
	_, group, _ := strings.Cut(g, ":targetgroup/")
	watch := cloudwatch.NewFromConfig(s.cloud.Config())
	for _, c := range []struct {
		name string
		dims []string
		stat cwtypes.Statistic
		want float64
	}{
		{"RequestCount", []string{"LoadBalancer", id}, "Sum", 3},
		{"RequestCountPerTarget", []string{"TargetGroup", "targetgroup/" + group}, "Sum", 3},
		{"HTTPCode_Target_2XX_Count", []string{"TargetGroup", "targetgroup/" + group, "LoadBalancer", id}, "Sum", 3},
		{"HealthyHostCount", []string{"TargetGroup", "targetgroup/" + group, "LoadBalancer", id}, "Average", 1},
		{"TargetResponseTime", []string{"LoadBalancer", id}, "SampleCount", 3},
	} {
		in := &cloudwatch.GetMetricStatisticsInput{Namespace: new("AWS/ApplicationELB"), MetricName: &c.name, Period: new(int32(3600)), Statistics: []cwtypes.Statistic{c.stat},
			StartTime: new(at.Add(-time.Hour)), EndTime: new(at.Add(time.Hour))}
		for i := 0; i < len(c.dims); i += 2 {
			in.Dimensions = append(in.Dimensions, cwtypes.Dimension{Name: &c.dims[i], Value: &c.dims[i+1]})
		}
		got := 0.0
		for _, p := range must(watch.GetMetricStatistics(s.ctx, in))(t).Datapoints {
			for _, v := range []*float64{p.Sum, p.Average, p.SampleCount} {
				if v != nil {
					got += *v
				}
			}
		}
		if got != c.want {
			t.Errorf("%s of %s: %v, want %v", c.stat, c.name, got, c.want)
		}
	}
}

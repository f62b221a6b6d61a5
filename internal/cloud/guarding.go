package cloud

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/firewall"
	"atoll/internal/dataplane/proxy"
)

// guarding has web ACLs of AWS WAF judge what load balancers get. It outlives a Reset.
type guarding struct {
	proxy  *proxy.Proxy
	clock  clock.Clock
	logger *slog.Logger
	log    *guardLog

	mu      sync.Mutex
	known   bool   // what is protected
	waiting func() // is called when it is
	acls    map[string]*firewall.ACL
	told    map[string][]string // by web ACL: what of it cannot be judged
}

func newGuarding(p *proxy.Proxy, c clock.Clock, logger *slog.Logger, log *guardLog) *guarding {
	return &guarding{proxy: p, clock: c, logger: logger, log: log, acls: map[string]*firewall.ACL{}, told: map[string][]string{}}
}

// guard judges the requests to one load balancer.
type guard struct {
	acl *firewall.ACL
	log *guardTarget // nil: nothing is logged
}

// Judge is proxy.Guard's.
func (g *guard) Judge(now time.Time, r *firewall.Request) (firewall.Verdict, error) {
	v, err := g.acl.Judge(now, r)
	if err == nil && g.log != nil {
		g.log.put(now, r, &v)
	}
	return v, err
}

// whenKnown calls a function once it is known what is protected: a load balancer does not serve without the web ACL that it has.
func (g *guarding) whenKnown(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.known {
		g.waiting = f
		return
	}
	f()
}

// Protect is wafv2.Plane's.
func (g *guarding) Protect(all []wafv2.Protection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	acls, guards := map[string]*firewall.ACL{}, map[string]proxy.Guard{}
	for i := range all {
		p := &all[i]
		id := *p.ACL.ARN
		if acls[id] == nil {
			acls[id] = firewall.Compile(guardACL(p.ACL), g.acls[id])
			g.tell(id, acls[id].Unjudged())
		}
		guards[p.Resource] = &guard{acls[id], g.log.target(p)}
	}
	g.acls = acls
	g.proxy.Protect(guards)
	if !g.known {
		g.known = true
		if g.waiting != nil {
			g.waiting()
			g.waiting = nil
		}
	}
}

// tell says once what of a web ACL cannot be judged here.
func (g *guarding) tell(acl string, unjudged []string) {
	if slices.Equal(g.told[acl], unjudged) {
		return
	}
	g.told[acl] = unjudged
	if len(unjudged) > 0 {
		g.logger.Warn("a web ACL protects less here than on AWS: what cannot be judged never matches", "acl", acl, "not judged", strings.Join(unjudged, "; "))
	}
}

// Unjudged is what of a web ACL that protects something cannot be judged by the local cloud, and so never matches.
type Unjudged struct {
	WebACL string   `json:"web_acl"` // its ARN
	Parts  []string `json:"parts"`   // such as: the rule X: the managed rule group Y, whose rules are not published
}

// Unjudged tells of the web ACLs of all accounts, by their ARNs.
func (c *Cloud) Unjudged() []Unjudged {
	if c.balancing == nil {
		return nil
	}
	g := c.balancing.guards
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Unjudged
	for _, arn := range slices.Sorted(maps.Keys(g.acls)) {
		if parts := g.acls[arn].Unjudged(); len(parts) > 0 {
			out = append(out, Unjudged{arn, parts})
		}
	}
	return out
}

func (g *guarding) acl(arn string) *firewall.ACL {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.acls[arn]
}

// Sampled is wafv2.Plane's.
func (g *guarding) Sampled(arn, metric string, from, to time.Time) ([]wafv2.SampledHTTPRequest, int64) {
	acl := g.acl(arn)
	if acl == nil {
		return nil, 0
	}
	samples, population := acl.Samples(metric, from, to)
	out := make([]wafv2.SampledHTTPRequest, 0, len(samples))
	for i := range samples {
		out = append(out, sampled(&samples[i]))
	}
	return out, population
}

func sampled(s *firewall.Sample) wafv2.SampledHTTPRequest {
	out := wafv2.SampledHTTPRequest{Timestamp: &s.At, Action: new(string(s.Kind)), Request: &wafv2.HTTPRequest{
		ClientIP: new(s.Source.Unmap().String()), Country: new("-"), URI: &s.URI, Method: &s.Method, HTTPVersion: &s.Proto}}
	for _, h := range s.Headers {
		out.Request.Headers = append(out.Request.Headers, wafv2.HTTPHeader{Name: &h.Name, Value: &h.Value})
	}
	for _, h := range s.Inserted {
		out.RequestHeadersInserted = append(out.RequestHeadersInserted, wafv2.HTTPHeader{Name: &h.Name, Value: &h.Value})
	}
	for _, l := range s.Labels {
		out.Labels = append(out.Labels, wafv2.Label{Name: &l})
	}
	if s.Inner != "" {
		out.RuleNameWithinRuleGroup = &s.Inner
	}
	if s.Status != 0 {
		out.ResponseCodeSent = new(int64(s.Status))
	}
	return out
}

// Limited is wafv2.Plane's.
func (g *guarding) Limited(arn, group, rule string) []string {
	acl := g.acl(arn)
	if acl == nil {
		return nil
	}
	keys, _ := acl.Limited(group, rule, g.clock.Now())
	return keys
}

// measure puts the metrics of a minute.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
func (g *guarding) measure(ctx context.Context, metrics *cloudwatch.Service, minute time.Time) {
	g.mu.Lock()
	all := make([]*firewall.ACL, 0, len(g.acls))
	for _, acl := range g.acls {
		all = append(all, acl)
	}
	g.mu.Unlock()
	for _, acl := range all {
		sc := scopeOf(acl.ID())
		var data []cloudwatch.Datum
		for _, r := range acl.Read() {
			dims := map[string]string{"Region": sc.Region, "Rule": r.Rule, "WebACL": acl.Metric()}
			if r.Group != "" {
				dims = map[string]string{"Region": sc.Region, "Rule": r.Rule, "RuleGroup": r.Group}
			}
			for _, c := range []struct {
				name string
				n    int64
			}{{"AllowedRequests", r.Allowed}, {"BlockedRequests", r.Blocked}, {"CountedRequests", r.Counted}, {"PassedRequests", r.Passed}} {
				if c.n > 0 {
					data = append(data, cloudwatch.Datum{Namespace: "AWS/WAFV2", Name: c.name, Unit: "Count", Dimensions: dims, Values: []float64{1}, Counts: []float64{float64(c.n)}, At: minute})
				}
			}
		}
		if len(data) == 0 {
			continue
		}
		if err := metrics.PutData(ctx, sc, data); err != nil && ctx.Err() == nil {
			g.logger.Error("a web ACL's metrics are lost", "acl", acl.ID(), "err", err)
		}
	}
}

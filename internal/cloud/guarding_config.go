package cloud

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/dataplane/firewall"
)

// What AWS WAF keeps, in the words of the firewall. It was checked when it was stored.

// guardMaker makes the statements of a web ACL.
type guardMaker struct{ *wafv2.Protecting }

func guardACL(p *wafv2.Protecting) *firewall.WebACL {
	m := guardMaker{p}
	out := &firewall.WebACL{ID: *p.ARN, Name: *p.Name, Namespace: *p.LabelNamespace, Visibility: guardVisibility(p.VisibilityConfig)}
	if a := p.DefaultAction; a.Block != nil {
		out.Default = guardBlock(a.Block, p.CustomResponseBodies)
	} else {
		out.Default = guardInsert(firewall.Allow, a.Allow.CustomRequestHandling)
	}
	out.Rules = m.rules(p.Rules, p.CustomResponseBodies)
	return out
}

func guardVisibility(v *wafv2.VisibilityConfig) firewall.Visibility {
	return firewall.Visibility{Metric: *v.MetricName, Metered: isTrue(v.CloudWatchMetricsEnabled), Sampled: isTrue(v.SampledRequestsEnabled)}
}

func isTrue(b *bool) bool { return b != nil && *b }

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func guardBlock(b *wafv2.BlockAction, bodies map[string]wafv2.CustomResponseBody) firewall.Action {
	out := firewall.Action{Kind: firewall.Block}
	if r := b.CustomResponse; r != nil {
		out.Response = &firewall.Response{Status: int(*r.ResponseCode)}
		for _, h := range r.ResponseHeaders {
			out.Response.Headers = append(out.Response.Headers, firewall.Header{Name: *h.Name, Value: *h.Value})
		}
		if body, ok := bodies[orEmpty(r.CustomResponseBodyKey)]; ok {
			kinds := map[string]string{"TEXT_PLAIN": "text/plain", "TEXT_HTML": "text/html", "APPLICATION_JSON": "application/json"}
			out.Response.ContentType, out.Response.Body = kinds[*body.ContentType], *body.Content
		}
	}
	return out
}

func guardInsert(kind firewall.Kind, h *wafv2.CustomRequestHandling) firewall.Action {
	out := firewall.Action{Kind: kind}
	if h != nil {
		for _, x := range h.InsertHeaders {
			out.Insert = append(out.Insert, firewall.Header{Name: *x.Name, Value: *x.Value})
		}
	}
	return out
}

func guardAction(a *wafv2.RuleAction, bodies map[string]wafv2.CustomResponseBody) firewall.Action {
	switch {
	case a.Block != nil:
		return guardBlock(a.Block, bodies)
	case a.Allow != nil:
		return guardInsert(firewall.Allow, a.Allow.CustomRequestHandling)
	case a.Captcha != nil:
		return firewall.Action{Kind: firewall.Captcha}
	case a.Challenge != nil:
		return firewall.Action{Kind: firewall.Challenge}
	}
	return guardInsert(firewall.Count, a.Count.CustomRequestHandling)
}

func (m guardMaker) rules(list []wafv2.Rule, bodies map[string]wafv2.CustomResponseBody) []firewall.Rule {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b wafv2.Rule) int { return cmp.Compare(*a.Priority, *b.Priority) })
	out := make([]firewall.Rule, 0, len(sorted))
	for i := range sorted {
		out = append(out, m.rule(&sorted[i], bodies))
	}
	return out
}

func (m guardMaker) rule(r *wafv2.Rule, bodies map[string]wafv2.CustomResponseBody) firewall.Rule {
	out := firewall.Rule{Name: *r.Name, Visibility: guardVisibility(r.VisibilityConfig)}
	for _, l := range r.RuleLabels {
		out.Labels = append(out.Labels, *l.Name)
	}
	if r.Action != nil {
		out.Action = guardAction(r.Action, bodies)
	}
	out.CountGroup = r.OverrideAction != nil && r.OverrideAction.Count != nil
	if s := r.Statement.RuleGroupReferenceStatement; s != nil {
		out.Group = m.group(s)
		return out
	}
	out.Statement = m.statement(r.Statement)
	return out
}

func (m guardMaker) group(s *wafv2.RuleGroupReferenceStatement) *firewall.Group {
	g := m.Groups[*s.ARN]
	out := &firewall.Group{ID: *s.ARN, Name: *g.Name, Namespace: *g.LabelNamespace, Visibility: guardVisibility(g.VisibilityConfig), Overrides: map[string]firewall.Action{}}
	for _, x := range s.ExcludedRules {
		out.Overrides[*x.Name] = firewall.Action{Kind: firewall.Count}
	}
	for _, x := range s.RuleActionOverrides {
		out.Overrides[*x.Name] = guardAction(x.ActionToUse, m.CustomResponseBodies)
	}
	out.Rules = m.rules(g.Rules, g.CustomResponseBodies)
	return out
}

func (m guardMaker) statements(list []wafv2.Statement) []firewall.Statement {
	out := make([]firewall.Statement, 0, len(list))
	for i := range list {
		out = append(out, m.statement(&list[i]))
	}
	return out
}

func (m guardMaker) statement(s *wafv2.Statement) firewall.Statement {
	switch {
	case s.AndStatement != nil:
		return firewall.Statement{And: m.statements(s.AndStatement.Statements)}
	case s.OrStatement != nil:
		return firewall.Statement{Or: m.statements(s.OrStatement.Statements)}
	case s.NotStatement != nil:
		return firewall.Statement{Not: new(m.statement(s.NotStatement.Statement))}
	case s.LabelMatchStatement != nil:
		return firewall.Statement{Label: &firewall.LabelMatch{Key: *s.LabelMatchStatement.Key, Namespace: *s.LabelMatchStatement.Scope == "NAMESPACE"}}
	case s.IPSetReferenceStatement != nil:
		return m.addresses(s.IPSetReferenceStatement)
	case s.RateBasedStatement != nil:
		return m.rate(s.RateBasedStatement)
	case s.GeoMatchStatement != nil:
		return firewall.Statement{Unknown: "countries, of which there is no database"}
	case s.AsnMatchStatement != nil:
		return firewall.Statement{Unknown: "autonomous systems, of which there is no database"}
	case s.SqliMatchStatement != nil:
		return firewall.Statement{Unknown: "SQL injection, which AWS's own engine detects"}
	case s.XssMatchStatement != nil:
		return firewall.Statement{Unknown: "cross-site scripting, which AWS's own engine detects"}
	case s.ManagedRuleGroupStatement != nil:
		return firewall.Statement{Unknown: "the managed rule group " + *s.ManagedRuleGroupStatement.Name + ", whose rules are not published"}
	}
	return m.inspection(s)
}

// inspection makes a statement about a part of the request.
func (m guardMaker) inspection(s *wafv2.Statement) firewall.Statement {
	var field *wafv2.FieldToMatch
	var transforms []wafv2.TextTransformation
	switch {
	case s.ByteMatchStatement != nil:
		field, transforms = s.ByteMatchStatement.FieldToMatch, s.ByteMatchStatement.TextTransformations
	case s.RegexMatchStatement != nil:
		field, transforms = s.RegexMatchStatement.FieldToMatch, s.RegexMatchStatement.TextTransformations
	case s.RegexPatternSetReferenceStatement != nil:
		field, transforms = s.RegexPatternSetReferenceStatement.FieldToMatch, s.RegexPatternSetReferenceStatement.TextTransformations
	default:
		field, transforms = s.SizeConstraintStatement.FieldToMatch, s.SizeConstraintStatement.TextTransformations
	}
	c, missing := guardField(field)
	if missing != "" {
		return firewall.Statement{Unknown: missing}
	}
	c.Transforms = guardTransforms(transforms)
	switch {
	case s.ByteMatchStatement != nil:
		return firewall.Statement{Bytes: &firewall.ByteMatch{Component: c, Search: string(s.ByteMatchStatement.SearchString), Position: *s.ByteMatchStatement.PositionalConstraint}}
	case s.RegexMatchStatement != nil:
		return firewall.Statement{Regex: &firewall.RegexMatch{Component: c, Patterns: []string{*s.RegexMatchStatement.RegexString}}}
	case s.RegexPatternSetReferenceStatement != nil:
		return firewall.Statement{Regex: &firewall.RegexMatch{Component: c, Patterns: m.Patterns[*s.RegexPatternSetReferenceStatement.ARN]}}
	}
	return firewall.Statement{Size: &firewall.SizeMatch{Component: c, Operator: *s.SizeConstraintStatement.ComparisonOperator, Size: *s.SizeConstraintStatement.Size}}
}

func guardTransforms(list []wafv2.TextTransformation) []firewall.Transform {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b wafv2.TextTransformation) int { return cmp.Compare(*a.Priority, *b.Priority) })
	var out []firewall.Transform
	for _, x := range sorted {
		if *x.Type != "NONE" {
			out = append(out, firewall.Transform(*x.Type))
		}
	}
	return out
}

// guardField gives the part of a request that a field stands for, or names what the local cloud does not see.
func guardField(f *wafv2.FieldToMatch) (c firewall.Component, missing string) {
	switch {
	case f.UriPath != nil:
		c.Part = firewall.Path
	case f.QueryString != nil:
		c.Part = firewall.Query
	case f.Method != nil:
		c.Part = firewall.Method
	case f.SingleHeader != nil:
		c.Part, c.Name = firewall.SingleHeader, *f.SingleHeader.Name
	case f.SingleQueryArgument != nil:
		c.Part, c.Name = firewall.Argument, *f.SingleQueryArgument.Name
	case f.AllQueryArguments != nil:
		c.Part = firewall.Arguments
	case f.Body != nil:
		c.Part, c.Oversize = firewall.Body, cmp.Or(orEmpty(f.Body.OversizeHandling), "CONTINUE")
	case f.JsonBody != nil:
		b := f.JsonBody
		c = firewall.Component{Part: firewall.JSONBody, Include: b.MatchPattern.IncludedPaths, Scope: *b.MatchScope,
			Invalid: orEmpty(b.InvalidFallbackBehavior), Oversize: cmp.Or(orEmpty(b.OversizeHandling), "CONTINUE")}
	case f.Headers != nil:
		h := f.Headers
		c = firewall.Component{Part: firewall.Headers, Include: h.MatchPattern.IncludedHeaders, Exclude: h.MatchPattern.ExcludedHeaders, Scope: *h.MatchScope, Oversize: *h.OversizeHandling}
	case f.Cookies != nil:
		h := f.Cookies
		c = firewall.Component{Part: firewall.Cookies, Include: h.MatchPattern.IncludedCookies, Exclude: h.MatchPattern.ExcludedCookies, Scope: *h.MatchScope, Oversize: *h.OversizeHandling}
	case f.HeaderOrder != nil:
		return c, "the order of headers"
	case f.UriFragment != nil:
		return c, "URI fragments"
	default:
		return c, "TLS fingerprints"
	}
	return c, ""
}

func (m guardMaker) addresses(s *wafv2.IPSetReferenceStatement) firewall.Statement {
	out := &firewall.AddressMatch{}
	for _, text := range m.IPSets[*s.ARN] {
		if p, err := netip.ParsePrefix(text); err == nil {
			out.Set = append(out.Set, p)
		}
	}
	if f := s.IPSetForwardedIPConfig; f != nil {
		out.Forwarded = &firewall.Forwarded{Header: *f.HeaderName, Position: *f.Position, Fallback: *f.FallbackBehavior == "MATCH"}
	}
	return firewall.Statement{Addresses: out}
}

func (m guardMaker) rate(s *wafv2.RateBasedStatement) firewall.Statement {
	window := int64(300)
	if s.EvaluationWindowSec != nil {
		window = *s.EvaluationWindowSec
	}
	out := &firewall.RateLimit{Limit: *s.Limit, Window: time.Duration(window) * time.Second}
	if f := s.ForwardedIPConfig; f != nil {
		out.Forwarded = &firewall.Forwarded{Header: *f.HeaderName, Position: "FIRST", Fallback: *f.FallbackBehavior == "MATCH"}
	}
	switch *s.AggregateKeyType {
	case "IP":
		out.Keys = []firewall.Key{{Kind: firewall.KeyAddress}}
	case "FORWARDED_IP":
		out.Keys = []firewall.Key{{Kind: firewall.KeyForwarded}}
	case "CUSTOM_KEYS":
		for i := range s.CustomKeys {
			out.Keys = append(out.Keys, guardKey(&s.CustomKeys[i]))
		}
	}
	if s.ScopeDownStatement != nil {
		out.Scope = new(m.statement(s.ScopeDownStatement))
	}
	return firewall.Statement{Rate: out}
}

func guardKey(k *wafv2.RateBasedStatementCustomKey) firewall.Key {
	of := func(part firewall.Part, name string, transforms []wafv2.TextTransformation) firewall.Key {
		return firewall.Key{Kind: firewall.KeyComponent, Component: firewall.Component{Part: part, Name: strings.ToLower(name), Transforms: guardTransforms(transforms)}}
	}
	switch {
	case k.IP != nil:
		return firewall.Key{Kind: firewall.KeyAddress}
	case k.ForwardedIP != nil:
		return firewall.Key{Kind: firewall.KeyForwarded}
	case k.Header != nil:
		return of(firewall.SingleHeader, *k.Header.Name, k.Header.TextTransformations)
	case k.Cookie != nil:
		return of(firewall.Cookies, *k.Cookie.Name, k.Cookie.TextTransformations)
	case k.QueryArgument != nil:
		return of(firewall.Argument, *k.QueryArgument.Name, k.QueryArgument.TextTransformations)
	case k.QueryString != nil:
		return of(firewall.Query, "", k.QueryString.TextTransformations)
	case k.UriPath != nil:
		return of(firewall.Path, "", k.UriPath.TextTransformations)
	case k.HTTPMethod != nil:
		return of(firewall.Method, "", nil)
	case k.LabelNamespace != nil:
		return firewall.Key{Kind: firewall.KeyLabels, Namespace: *k.LabelNamespace.Namespace}
	}
	return firewall.Key{Kind: firewall.KeyUnknown}
}

package elbv2_test

import (
	"slices"
	"strings"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func (w *world) priorities(listener string) []string {
	w.t.Helper()
	var out []string
	for _, r := range must(w.DescribeRules(w.ctx, &elb.DescribeRulesInput{ListenerArn: &listener}))(w.t).Rules {
		out = append(out, *r.Priority)
	}
	return out
}

func TestRules(t *testing.T) {
	w := start(t)
	l := w.listener(w.balancer("web"), 80, fixed("404"))
	second, first := w.rule(l, 10, "/b", fixed("200")), w.rule(l, 2, "/a", fixed("200"))
	if got := w.priorities(l); !slices.Equal(got, []string{"2", "10", "default"}) {
		t.Errorf("got %v", got)
	}
	create := func(priority int32) (*elb.CreateRuleOutput, error) {
		return w.CreateRule(w.ctx, &elb.CreateRuleInput{ListenerArn: &l, Priority: &priority, Actions: fixed("200"), Conditions: paths("/c")})
	}
	refused(create(10))(t, "PriorityInUse", "Priority '10' is currently in use")
	refused(create(50001))(t, "ValidationError")
	move := func(pairs map[string]int32) (*elb.SetRulePrioritiesOutput, error) {
		in := &elb.SetRulePrioritiesInput{}
		for arn, p := range pairs {
			in.RulePriorities = append(in.RulePriorities, types.RulePriorityPair{RuleArn: &arn, Priority: &p})
		}
		return w.SetRulePriorities(w.ctx, in)
	}
	refused(move(map[string]int32{first: 10}))(t, "PriorityInUse")
	must(move(map[string]int32{first: 10, second: 2}))(t)
	page := must(w.DescribeRules(w.ctx, &elb.DescribeRulesInput{ListenerArn: &l, PageSize: new(int32(1))}))(t)
	if *page.Rules[0].RuleArn != second || page.NextMarker == nil {
		t.Errorf("got %+v", page)
	}
	rest := must(w.DescribeRules(w.ctx, &elb.DescribeRulesInput{ListenerArn: &l, Marker: page.NextMarker}))(t).Rules
	if len(rest) != 2 || *rest[0].RuleArn != first || !*rest[1].IsDefault || *rest[1].Actions[0].FixedResponseConfig.StatusCode != "404" {
		t.Errorf("got %+v", rest)
	}
	refused(w.DeleteRule(w.ctx, &elb.DeleteRuleInput{RuleArn: rest[1].RuleArn}))(t, "OperationNotPermitted")
	must(w.ModifyRule(w.ctx, &elb.ModifyRuleInput{RuleArn: &first, Conditions: paths("/z")}))(t)
	got := must(w.DescribeRules(w.ctx, &elb.DescribeRulesInput{RuleArns: []string{first}}))(t).Rules[0]
	if got.Conditions[0].Values[0] != "/z" || got.Conditions[0].PathPatternConfig.Values[0] != "/z" || *got.Actions[0].FixedResponseConfig.StatusCode != "200" {
		t.Errorf("got %+v", got)
	}
	must(w.DeleteRule(w.ctx, &elb.DeleteRuleInput{RuleArn: &first}))(t)
	refused(w.DeleteRule(w.ctx, &elb.DeleteRuleInput{RuleArn: &first}))(t, "RuleNotFound")
}

func TestConditions(t *testing.T) {
	w := start(t)
	l := w.listener(w.balancer("web"), 80, fixed("404"))
	next := int32(0)
	try := func(conditions ...types.RuleCondition) (*elb.CreateRuleOutput, error) {
		next++
		return w.CreateRule(w.ctx, &elb.CreateRuleInput{ListenerArn: &l, Priority: &next, Actions: fixed("200"), Conditions: append([]types.RuleCondition{}, conditions...)})
	}
	host := func(values ...string) types.RuleCondition {
		return types.RuleCondition{Field: new("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: values}}
	}
	header := func(name string, values ...string) types.RuleCondition {
		return types.RuleCondition{Field: new("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: &name, Values: values}}
	}
	method := types.RuleCondition{Field: new("http-request-method"), HttpRequestMethodConfig: &types.HttpRequestMethodConditionConfig{Values: []string{"GET"}}}
	source := func(cidr string) types.RuleCondition {
		return types.RuleCondition{Field: new("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{cidr}}}
	}
	query := types.RuleCondition{Field: new("query-string"), QueryStringConfig: &types.QueryStringConditionConfig{
		Values: []types.QueryStringKeyValuePair{{Key: new("a"), Value: new("b")}}}}
	regex := func(v string) types.RuleCondition {
		return types.RuleCondition{Field: new("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{RegexValues: []string{v}}}
	}
	out := must(try(host("*.example.com"), header("X-A", "1"), method, source("10.0.0.0/8"), query))(t).Rules[0]
	if len(out.Conditions) != 5 || out.Conditions[0].Values[0] != "*.example.com" || len(out.Conditions[1].Values) != 0 {
		t.Errorf("got %+v", out.Conditions)
	}
	must(try(regex("^/a+$")))(t)
	refused(try([]types.RuleCondition{}...))(t, "ValidationError", "at least one condition")
	refused(try(paths("/1", "/2", "/3", "/4", "/5", "/6")...))(t, "ValidationError", "A rule can only have '5' condition values")
	refused(try(host("a.b"), host("c.d")))(t, "InvalidConfigurationRequest")
	refused(try(header("host", "a")))(t, "ValidationError")
	refused(try(source("10.0.0.1")))(t, "ValidationError", "CIDR")
	refused(try(regex("(")))(t, "ValidationError", "not valid")
	refused(try(paths("/a b")...))(t, "ValidationError", "character that is not valid")
	refused(try(types.RuleCondition{Field: new("host-header"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/a"}}}))(t, "ValidationError")
}

func TestActions(t *testing.T) {
	w := start(t)
	b := w.balancer("web")
	first, second := w.targetGroup("first"), w.targetGroup("second")
	next := int32(0)
	try := func(actions ...types.Action) (*elb.CreateListenerOutput, error) {
		next++
		return w.CreateListener(w.ctx, w.listenerInput(b, next, actions))
	}
	weighted := types.Action{Type: "forward", ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: &first, Weight: new(int32(9))}, {TargetGroupArn: &second}},
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(true), DurationSeconds: new(int32(60))}}}
	a := must(try(weighted))(t).Listeners[0].DefaultActions[0]
	if a.TargetGroupArn != nil || *a.ForwardConfig.TargetGroups[0].Weight != 9 || *a.ForwardConfig.TargetGroups[1].Weight != 1 ||
		*a.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds != 60 {
		t.Errorf("got %+v", a.ForwardConfig)
	}
	weighted.ForwardConfig.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: new(false), DurationSeconds: new(int32(1))}
	if s := must(try(weighted))(t).Listeners[0].DefaultActions[0].ForwardConfig.TargetGroupStickinessConfig; *s.Enabled || *s.DurationSeconds != 1 {
		t.Errorf("stickiness that is off: %+v", s)
	}
	weighted.ForwardConfig.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: new(true)}
	refused(try(weighted))(t, "ValidationError", "Target group stickiness duration must be between 1 and 604800 seconds")
	redirect := types.Action{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{StatusCode: "HTTP_301", Protocol: new("HTTPS"), Port: new("443")}}
	c := must(try(redirect))(t).Listeners[0].DefaultActions[0].RedirectConfig
	if *c.Host != "#{host}" || *c.Path != "/#{path}" || *c.Query != "#{query}" {
		t.Errorf("got %+v", c)
	}
	const code = "InvalidLoadBalancerAction"
	refused(try(types.Action{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{StatusCode: "HTTP_301"}}))(t, code, "redirect loop")
	refused(try(types.Action{Type: "redirect"}))(t, code)
	refused(try(fixed("301")...))(t, "ValidationError", "2XX, 4XX or 5XX")
	refused(try(types.Action{Type: "forward", TargetGroupArn: new(strings.Replace(first, "first", "third", 1))}))(t, "TargetGroupNotFound")
	refused(try(types.Action{Type: "forward", TargetGroupArn: &second, ForwardConfig: weighted.ForwardConfig}))(t, "ValidationError")

	oidc := types.Action{Type: "authenticate-oidc", Order: new(int32(1)), AuthenticateOidcConfig: &types.AuthenticateOidcActionConfig{
		Issuer: new("https://a.example"), AuthorizationEndpoint: new("https://a.example/a"), TokenEndpoint: new("https://a.example/t"),
		UserInfoEndpoint: new("https://a.example/u"), ClientId: new("c"), ClientSecret: new("s")}}
	last := fixed("200")[0]
	last.Order = new(int32(2))
	refused(try(oidc, last))(t, code, "only on HTTPS listeners")
	in := w.listenerInput(b, 443, []types.Action{last, oidc})
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: new(w.certificate("a.example"))}}
	l := must(w.CreateListener(w.ctx, in))(t).Listeners[0]
	o := l.DefaultActions[0].AuthenticateOidcConfig
	if o == nil || o.ClientSecret != nil || *o.SessionTimeout != 604800 || *o.Scope != "openid" || o.OnUnauthenticatedRequest != "authenticate" {
		t.Errorf("got %+v", o)
	}
	oidc.AuthenticateOidcConfig.ClientSecret, oidc.AuthenticateOidcConfig.UseExistingClientSecret = nil, new(true)
	must(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, DefaultActions: []types.Action{oidc, last}}))(t)
	oidc.AuthenticateOidcConfig.ClientId = new("other")
	refused(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, DefaultActions: []types.Action{oidc, last}}))(t, code, "client secret")
	refused(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Protocol: "HTTP"}))(t, code)
}

func TestTransforms(t *testing.T) {
	w := start(t)
	l := w.listener(w.balancer("web"), 80, fixed("404"))
	rewrite := types.RuleTransform{Type: "url-rewrite", UrlRewriteConfig: &types.UrlRewriteConfig{Rewrites: []types.RewriteConfig{{Regex: new("^/a"), Replace: new("/b")}}}}
	in := &elb.CreateRuleInput{ListenerArn: &l, Priority: new(int32(1)), Actions: fixed("200"), Conditions: paths("/a"), Transforms: []types.RuleTransform{rewrite, rewrite}}
	refused(w.CreateRule(w.ctx, in))(t, "InvalidConfigurationRequest")
	in.Transforms = in.Transforms[:1]
	r := must(w.CreateRule(w.ctx, in))(t).Rules[0]
	if len(r.Transforms) != 1 {
		t.Errorf("got %+v", r)
	}
	out := must(w.ModifyRule(w.ctx, &elb.ModifyRuleInput{RuleArn: r.RuleArn, ResetTransforms: new(true)}))(t).Rules[0]
	if len(out.Transforms) != 0 {
		t.Errorf("got %+v", out)
	}
}

package wafv2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func TestWebACLLifeCycle(t *testing.T) {
	c := start(t, cloudtest.Durable())
	in := acl("web", rule("geo", 1, geo("DE", "FR")))
	in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}
	sum := must(c.CreateWebACL(c.ctx, in))(t).Summary
	if !strings.HasPrefix(*sum.ARN, arnPrefix+"regional/webacl/web/") || !strings.HasSuffix(*sum.ARN, *sum.Id) {
		t.Errorf("got %s", *sum.ARN)
	}
	_, err := c.CreateWebACL(c.ctx, in)
	refused(t, err, "WAFDuplicateItemException")
	c.cloud.Restart()
	get := &wafv2.GetWebACLInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id}
	got := must(c.GetWebACL(c.ctx, get))(t)
	w := got.WebACL
	if *got.LockToken != *sum.LockToken || w.Capacity != 1 || len(w.Rules) != 1 || len(w.Rules[0].Statement.GeoMatchStatement.CountryCodes) != 2 ||
		w.DefaultAction.Allow == nil || w.DefaultAction.Block != nil || *w.LabelNamespace != "awswaf:"+cloud.DefaultAccount+":webacl:web:" ||
		got.ApplicationIntegrationURL != nil || w.CaptchaConfig != nil || w.TokenDomains != nil {
		t.Errorf("got %+v", w)
	}
	if by := must(c.GetWebACL(c.ctx, &wafv2.GetWebACLInput{ARN: sum.ARN}))(t); *by.WebACL.Id != *sum.Id {
		t.Errorf("got %s", *by.WebACL.Id)
	}
	update := &wafv2.UpdateWebACLInput{
		Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: sum.LockToken, DefaultAction: &types.DefaultAction{Block: &types.BlockAction{}},
		VisibilityConfig: visibility(), Description: aws.String("described"), TokenDomains: []string{"example.com"},
	}
	next := must(c.UpdateWebACL(c.ctx, update))(t).NextLockToken
	_, err = c.UpdateWebACL(c.ctx, update)
	refused(t, err, "WAFOptimisticLockException")
	if w := must(c.GetWebACL(c.ctx, get))(t).WebACL; w.Capacity != 0 || len(w.Rules) != 0 || w.DefaultAction.Block == nil || *w.Description != "described" || len(w.TokenDomains) != 1 {
		t.Errorf("got %+v", w)
	}
	tags := must(c.ListTagsForResource(c.ctx, &wafv2.ListTagsForResourceInput{ResourceARN: sum.ARN}))(t).TagInfoForResource
	if len(tags.TagList) != 1 || *tags.TagList[0].Value != "1" {
		t.Errorf("got %+v", tags)
	}
	remove := &wafv2.DeleteWebACLInput{Name: sum.Name, Scope: types.ScopeRegional, Id: sum.Id, LockToken: sum.LockToken}
	_, err = c.DeleteWebACL(c.ctx, remove)
	refused(t, err, "WAFOptimisticLockException")
	remove.LockToken = next
	must(c.DeleteWebACL(c.ctx, remove))(t)
	_, err = c.DeleteWebACL(c.ctx, remove)
	refused(t, err, "WAFNonexistentItemException")
	_, err = c.GetWebACL(c.ctx, get)
	refused(t, err, "WAFNonexistentItemException")
	_, err = c.ListTagsForResource(c.ctx, &wafv2.ListTagsForResourceInput{ResourceARN: sum.ARN})
	refused(t, err, "WAFNonexistentItemException")
}

func TestScopes(t *testing.T) {
	c := start(t)
	in := acl("web")
	in.Scope = types.ScopeCloudfront
	sum := must(c.CreateWebACL(c.ctx, in))(t).Summary
	if !strings.HasPrefix(*sum.ARN, arnPrefix+"global/webacl/web/") {
		t.Errorf("got %s", *sum.ARN)
	}
	must(c.CreateWebACL(c.ctx, acl("web")))(t)
	if list := must(c.ListWebACLs(c.ctx, &wafv2.ListWebACLsInput{Scope: types.ScopeCloudfront}))(t).WebACLs; len(list) != 1 || *list[0].ARN != *sum.ARN {
		t.Errorf("got %+v", list)
	}
	config := c.cloud.Config()
	config.Region = "eu-west-1"
	_, err := wafv2.NewFromConfig(config).CreateWebACL(c.ctx, in)
	refused(t, err, "WAFInvalidParameterException", "The scope is not valid.", "field: SCOPE_VALUE, parameter: CLOUDFRONT")
	var fault *types.WAFInvalidParameterException
	if !errors.As(err, &fault) || fault.Field != types.ParameterExceptionFieldScopeValue || *fault.Parameter != "CLOUDFRONT" {
		t.Errorf("got %+v", fault)
	}
}

func TestListInPages(t *testing.T) {
	c := start(t)
	for i := range 5 {
		must(c.CreateWebACL(c.ctx, acl(fmt.Sprintf("w%d", i))))(t)
	}
	in, names := &wafv2.ListWebACLsInput{Scope: types.ScopeRegional, Limit: aws.Int32(2)}, ""
	for {
		out := must(c.ListWebACLs(c.ctx, in))(t)
		for _, w := range out.WebACLs {
			names += *w.Name + " "
		}
		if in.NextMarker = out.NextMarker; in.NextMarker == nil {
			break
		}
	}
	if names != "w0 w1 w2 w3 w4 " {
		t.Errorf("got %s", names)
	}
	in.NextMarker = aws.String("%")
	_, err := c.ListWebACLs(c.ctx, in)
	refused(t, err, "WAFInvalidParameterException", "NEXT_MARKER")
}

func TestCapacity(t *testing.T) {
	c := start(t)
	json := &types.FieldToMatch{JsonBody: &types.JsonBody{MatchPattern: &types.JsonMatchPattern{All: &types.All{}}, MatchScope: types.JsonMatchScopeAll}}
	all := &types.FieldToMatch{AllQueryArguments: &types.AllQueryArguments{}}
	const none, lower, decode = types.TextTransformationTypeNone, types.TextTransformationTypeLowercase, types.TextTransformationTypeUrlDecode
	starts := contains(path, none)
	starts.ByteMatchStatement.PositionalConstraint = types.PositionalConstraintStartsWith
	sqli := types.Statement{SqliMatchStatement: &types.SqliMatchStatement{FieldToMatch: path, TextTransformations: transform(decode, lower)}}
	high := types.Statement{SqliMatchStatement: &types.SqliMatchStatement{FieldToMatch: path, TextTransformations: transform(none), SensitivityLevel: types.SensitivityLevelHigh}}
	xss := types.Statement{XssMatchStatement: &types.XssMatchStatement{FieldToMatch: all, TextTransformations: transform(none)}}
	rate := types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: aws.Int64(100), AggregateKeyType: types.RateBasedStatementAggregateKeyTypeIp, ScopeDownStatement: ref(geo("DE"))}}
	keys := types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: aws.Int64(100), AggregateKeyType: types.RateBasedStatementAggregateKeyTypeCustomKeys,
		CustomKeys: []types.RateBasedStatementCustomKey{{IP: &types.RateLimitIP{}}, {HTTPMethod: &types.RateLimitHTTPMethod{}}}}}
	managed := types.Statement{ManagedRuleGroupStatement: &types.ManagedRuleGroupStatement{VendorName: aws.String("AWS"), Name: aws.String("AWSManagedRulesCommonRuleSet"), Version: aws.String("Version_1.0")}}
	regex := types.Statement{RegexMatchStatement: &types.RegexMatchStatement{RegexString: aws.String("a+"), FieldToMatch: path, TextTransformations: transform(none)}}
	for i, f := range []struct {
		statements []types.Statement
		want       int64
	}{
		{[]types.Statement{geo("DE")}, 1},
		{[]types.Statement{starts}, 2},
		{[]types.Statement{contains(path, none)}, 10},
		{[]types.Statement{contains(path, lower)}, 20},
		{[]types.Statement{contains(path, lower), contains(path, lower)}, 30}, // the transformation counts once
		{[]types.Statement{contains(path, lower), contains(json, lower)}, 50},
		{[]types.Statement{contains(all, none)}, 20},
		{[]types.Statement{contains(json, none)}, 20},
		{[]types.Statement{sqli}, 40},
		{[]types.Statement{high}, 30},
		{[]types.Statement{xss}, 50},
		{[]types.Statement{regex}, 3},
		{[]types.Statement{rate}, 3},
		{[]types.Statement{keys}, 62},
		{[]types.Statement{managed}, 700},
		{[]types.Statement{{AndStatement: &types.AndStatement{Statements: []types.Statement{geo("DE"), {NotStatement: &types.NotStatement{Statement: ref(starts)}}}}}}, 3},
		{[]types.Statement{{OrStatement: &types.OrStatement{Statements: []types.Statement{geo("DE"), geo("FR")}}}}, 2},
		{[]types.Statement{{LabelMatchStatement: &types.LabelMatchStatement{Scope: types.LabelMatchScopeLabel, Key: aws.String("a:b")}}}, 1},
	} {
		var rules []types.Rule
		for j, s := range f.statements {
			rules = append(rules, rule(fmt.Sprintf("r%d", j), int32(j), s))
		}
		out := must(c.CheckCapacity(c.ctx, &wafv2.CheckCapacityInput{Scope: types.ScopeRegional, Rules: rules}))(t)
		if out.Capacity != f.want {
			t.Errorf("%d: got %d, want %d", i, out.Capacity, f.want)
		}
	}
	var many []types.Rule
	for i := range 8 {
		many = append(many, rule(fmt.Sprintf("r%d", i), int32(i), managed))
	}
	_, err := c.CreateWebACL(c.ctx, acl("big", many...))
	refused(t, err, "WAFLimitsExceededException")
}

func TestRuleFaults(t *testing.T) {
	c := start(t)
	good := func() types.Rule { return rule("r", 1, geo("DE")) }
	fault := func(code, word string, change func(*types.Rule)) {
		t.Helper()
		r := good()
		change(&r)
		_, err := c.CheckCapacity(c.ctx, &wafv2.CheckCapacityInput{Scope: types.ScopeRegional, Rules: []types.Rule{r}})
		refused(t, err, code, word)
	}
	bad := "WAFInvalidParameterException"
	fault(bad, "RULE", func(r *types.Rule) { r.Action = nil })
	fault(bad, "OVERRIDE_ACTION", func(r *types.Rule) {
		r.Action, r.OverrideAction = nil, &types.OverrideAction{None: &types.NoneAction{}}
	})
	fault(bad, "RULE_ACTION", func(r *types.Rule) { r.Action.Allow = &types.AllowAction{} })
	fault(bad, "STATEMENT", func(r *types.Rule) { r.Statement = &types.Statement{} })
	fault(bad, "STATEMENT", func(r *types.Rule) {
		r.Statement.AndStatement = &types.AndStatement{Statements: []types.Statement{geo("DE"), geo("FR")}}
	})
	fault(bad, "GEO_MATCH_STATEMENT", func(r *types.Rule) { r.Statement = ref(geo("germany")) })
	fault(bad, "AND_STATEMENT", func(r *types.Rule) {
		r.Statement = &types.Statement{AndStatement: &types.AndStatement{Statements: []types.Statement{geo("DE")}}}
	})
	fault(bad, "FIELD_TO_MATCH", func(r *types.Rule) { r.Statement = ref(contains(&types.FieldToMatch{}, "NONE")) })
	fault(bad, "TEXT_TRANSFORMATION", func(r *types.Rule) { r.Statement = ref(contains(path, "UPPERCASE")) })
	fault(bad, "METRIC_NAME", func(r *types.Rule) { r.VisibilityConfig = &types.VisibilityConfig{MetricName: aws.String("a b")} })
	fault(bad, "CUSTOM_RESPONSE", func(r *types.Rule) {
		r.Action.Block.CustomResponse = &types.CustomResponse{ResponseCode: aws.Int32(100)}
	})
	rate := func(change func(*types.RateBasedStatement)) func(*types.Rule) {
		return func(r *types.Rule) {
			s := &types.RateBasedStatement{Limit: aws.Int64(100), AggregateKeyType: types.RateBasedStatementAggregateKeyTypeIp}
			change(s)
			r.Statement = &types.Statement{RateBasedStatement: s}
		}
	}
	fault(bad, "RATE_BASED_STATEMENT", rate(func(s *types.RateBasedStatement) { s.Limit = aws.Int64(9) }))
	fault(bad, "FORWARDED_IP_CONFIG", rate(func(s *types.RateBasedStatement) { s.AggregateKeyType = "FORWARDED_IP" }))
	fault(bad, "SCOPE_DOWN", rate(func(s *types.RateBasedStatement) { s.AggregateKeyType = "CONSTANT" }))
	fault(bad, "CUSTOM_KEYS", rate(func(s *types.RateBasedStatement) { s.AggregateKeyType = "CUSTOM_KEYS" }))
	fault(bad, "EVALUATION_WINDOW_SEC", rate(func(s *types.RateBasedStatement) { s.EvaluationWindowSec = 61 }))
	fault(bad, "RATE_BASED_STATEMENT", func(r *types.Rule) {
		inner := types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: aws.Int64(100), AggregateKeyType: "IP"}}
		r.Statement = &types.Statement{NotStatement: &types.NotStatement{Statement: &inner}}
	})
	fault("WAFNonexistentItemException", "", func(r *types.Rule) {
		*r = rule("r", 1, types.Statement{ManagedRuleGroupStatement: &types.ManagedRuleGroupStatement{VendorName: aws.String("AWS"), Name: aws.String("None")}})
	})
	fault("WAFNonexistentItemException", "", func(r *types.Rule) {
		r.Statement = &types.Statement{IPSetReferenceStatement: &types.IPSetReferenceStatement{ARN: aws.String(arnPrefix + "regional/ipset/none/1")}}
	})
	fault(bad, "RESOURCE_ARN", func(r *types.Rule) {
		r.Statement = &types.Statement{IPSetReferenceStatement: &types.IPSetReferenceStatement{ARN: aws.String("arn:aws:wafv2:us-east-1:111111111111:x")}}
	})
	_, err := c.CreateWebACL(c.ctx, acl("x", good(), good()))
	refused(t, err, "WAFDuplicateItemException")
	_, err = c.CreateWebACL(c.ctx, acl("x", rule("a", 1, geo("DE")), rule("b", 1, geo("DE"))))
	refused(t, err, bad, "priority")
	in := acl("x")
	in.DefaultAction = &types.DefaultAction{}
	_, err = c.CreateWebACL(c.ctx, in)
	refused(t, err, bad, "DEFAULT_ACTION")
	_, err = c.CreateWebACL(c.ctx, acl("a b"))
	refused(t, err, bad, "ENTITY_NAME")
	in = acl("x")
	in.DefaultAction = &types.DefaultAction{Block: &types.BlockAction{CustomResponse: &types.CustomResponse{ResponseCode: aws.Int32(403), CustomResponseBodyKey: aws.String("k")}}}
	_, err = c.CreateWebACL(c.ctx, in)
	refused(t, err, bad, "CUSTOM_RESPONSE_BODY")
	in.CustomResponseBodies = map[string]types.CustomResponseBody{"k": {Content: aws.String("no"), ContentType: types.ResponseContentTypeTextPlain}}
	must(c.CreateWebACL(c.ctx, in))(t)
}

func TestWindowDefault(t *testing.T) {
	c := start(t)
	s := types.Statement{RateBasedStatement: &types.RateBasedStatement{Limit: aws.Int64(100), AggregateKeyType: "IP"}}
	sum := must(c.CreateWebACL(c.ctx, acl("w", rule("r", 0, s))))(t).Summary
	got := must(c.GetWebACL(c.ctx, &wafv2.GetWebACLInput{ARN: sum.ARN}))(t).WebACL.Rules[0].Statement.RateBasedStatement
	if got.EvaluationWindowSec != 300 {
		t.Errorf("got %d", got.EvaluationWindowSec)
	}
}

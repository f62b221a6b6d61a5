package wafv2_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:wafv2:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"

type client struct {
	*wafv2.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	c := &client{t: t, ctx: t.Context(), cloud: cloudtest.Start(t, opts...)}
	c.Client = wafv2.NewFromConfig(c.cloud.Config())
	return c
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func visibility() *types.VisibilityConfig {
	return &types.VisibilityConfig{MetricName: aws.String("m")}
}

// acl gives the input of a new web ACL.
func acl(name string, rules ...types.Rule) *wafv2.CreateWebACLInput {
	return &wafv2.CreateWebACLInput{
		Name: &name, Scope: types.ScopeRegional, DefaultAction: &types.DefaultAction{Allow: &types.AllowAction{}}, VisibilityConfig: visibility(), Rules: rules,
	}
}

// rule gives a blocking rule, or one that overrides nothing of a rule group.
func rule(name string, priority int32, s types.Statement) types.Rule {
	r := types.Rule{Name: &name, Priority: priority, Statement: &s, VisibilityConfig: visibility()}
	if s.ManagedRuleGroupStatement != nil || s.RuleGroupReferenceStatement != nil {
		r.OverrideAction = &types.OverrideAction{None: &types.NoneAction{}}
	} else {
		r.Action = &types.RuleAction{Block: &types.BlockAction{}}
	}
	return r
}

func transform(kinds ...types.TextTransformationType) []types.TextTransformation {
	var out []types.TextTransformation
	for i, k := range kinds {
		out = append(out, types.TextTransformation{Priority: int32(i), Type: k})
	}
	return out
}

func geo(codes ...types.CountryCode) types.Statement {
	return types.Statement{GeoMatchStatement: &types.GeoMatchStatement{CountryCodes: codes}}
}

var path = &types.FieldToMatch{UriPath: &types.UriPath{}}

func contains(f *types.FieldToMatch, kinds ...types.TextTransformationType) types.Statement {
	return types.Statement{ByteMatchStatement: &types.ByteMatchStatement{
		SearchString: []byte("x"), FieldToMatch: f, PositionalConstraint: types.PositionalConstraintContains, TextTransformations: transform(kinds...),
	}}
}

func ref[T any](v T) *T { return &v }

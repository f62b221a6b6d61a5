package events_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const (
	arnPrefix   = "arn:aws:events:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"
	topicARN    = "arn:aws:sns:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":t"
	clusterARN  = "arn:aws:ecs:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":cluster/c"
	taskARN     = "arn:aws:ecs:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":task-definition/jobs:1"
	unavailable = "NotImplementedByLocalCloud"
)

// client is a client of a running cloud that has a rule "r" on the default bus.
type client struct {
	*eventbridge.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	c := &client{t: t, ctx: t.Context(), cloud: cloudtest.Start(t, opts...)}
	c.Client = eventbridge.NewFromConfig(c.cloud.Config(), func(o *eventbridge.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	c.put(eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["app"]}`)})
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

func (c *client) put(in eventbridge.PutRuleInput) string {
	c.t.Helper()
	return *must(c.PutRule(c.ctx, &in))(c.t).RuleArn
}

func (c *client) target(targets ...types.Target) error {
	_, err := c.PutTargets(c.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: targets})
	return err
}

// role makes a role that EventBridge may take.
func (c *client) role(name string) string {
	c.t.Helper()
	out := must(iam.NewFromConfig(c.cloud.Config()).CreateRole(c.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))(c.t)
	return *out.Role.Arn
}

package sts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const account = cloud.DefaultAccount

// client signs with one key.
type client struct {
	*sts.Client
	iam   *iam.Client
	cloud *cloudtest.Cloud
	t     *testing.T
}

// start gives the root user's client.
func start(t *testing.T, opts ...cloudtest.Option) *client {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	return (&client{cloud: c, t: t}).with(c.Config())
}

func (c *client) with(config aws.Config) *client {
	return &client{Client: sts.NewFromConfig(config), iam: iam.NewFromConfig(config), cloud: c.cloud, t: c.t}
}

// as gives a client that signs with temporary keys.
func (c *client) as(k *types.Credentials) *client {
	return c.with(c.cloud.ConfigFor(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken))
}

func must[T any](out T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("the call failed: %v", err)
		}
		return out
	}
}

func fails[T any](_ T, err error) func(t *testing.T, code, message string) {
	return func(t *testing.T, code, message string) {
		t.Helper()
		var e smithy.APIError
		if !errors.As(err, &e) {
			t.Fatalf("got %v, want the error %s", err, code)
		}
		if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
			t.Fatalf("got %s: %s, want %s: %s", e.ErrorCode(), e.ErrorMessage(), code, message)
		}
	}
}

// user makes a user that may do what the statement says (none for an empty one), and gives its client.
func (c *client) user(name, statement string) *client {
	c.t.Helper()
	ctx := c.t.Context()
	must(c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}))(c.t)
	if statement != "" {
		must(c.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(policy(statement))}))(c.t)
	}
	k := must(c.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name}))(c.t).AccessKey
	return c.with(c.cloud.ConfigFor(*k.AccessKeyId, *k.SecretAccessKey, ""))
}

// role makes a role with the statements of a trust policy, and gives its ARN.
func (c *client) role(name string, trust ...string) string {
	c.t.Helper()
	return *must(c.iam.CreateRole(c.t.Context(), &iam.CreateRoleInput{RoleName: &name, Path: aws.String("/p/"), AssumeRolePolicyDocument: aws.String(policy(trust...))}))(c.t).Role.Arn
}

func policy(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[{` + strings.Join(statements, "},{") + `}]}`
}

// trusts is a statement that lets an AWS principal assume; more adds elements, such as a condition.
func trusts(principal, more string) string {
	return fmt.Sprintf(`"Effect":"Allow","Principal":{"AWS":%q},"Action":["sts:AssumeRole"]%s`, principal, more)
}

const mayAssume = `"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"`

func (c *client) assume(role string, more ...func(in *sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	for _, m := range more {
		m(in)
	}
	return c.AssumeRole(c.t.Context(), in)
}

func (c *client) arn() string {
	c.t.Helper()
	return *must(c.GetCallerIdentity(c.t.Context(), &sts.GetCallerIdentityInput{}))(c.t).Arn
}

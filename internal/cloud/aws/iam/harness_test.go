package iam_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const (
	account   = cloud.DefaultAccount
	trustEC2  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allowS3   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	allowEC2  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}`
	awsPrefix = "arn:aws:iam::aws:policy/"
	admin     = awsPrefix + "AdministratorAccess"
)

// client is the account's root user.
type client struct {
	*iam.Client
	cloud *cloudtest.Cloud
	t     *testing.T
}

func start(t *testing.T, opts ...cloudtest.Option) *client {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	return &client{Client: iam.NewFromConfig(c.Config()), cloud: c, t: t}
}

// as gives a client that signs with other keys.
func (c *client) as(id, secret string) *client {
	return &client{Client: iam.NewFromConfig(c.cloud.ConfigFor(id, secret, "")), cloud: c.cloud, t: c.t}
}

// must gives the output of a call that has to succeed: must(c.GetRole(…))(t).
func must[T any](out T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("the call failed: %v", err)
		}
		return out
	}
}

// fails checks the code of a failed call and a part of its message: fails(c.GetRole(…))(t, code, message).
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

func (c *client) role(name string) {
	c.t.Helper()
	must(c.CreateRole(c.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trustEC2)}))(c.t)
}

func (c *client) user(name string) {
	c.t.Helper()
	must(c.CreateUser(c.t.Context(), &iam.CreateUserInput{UserName: &name}))(c.t)
}

func (c *client) policy(name string) (arn string) {
	c.t.Helper()
	return *must(c.CreatePolicy(c.t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: new(allowS3)}))(c.t).Policy.Arn
}

// document decodes a policy document in an answer.
func document(t *testing.T, encoded *string) string {
	t.Helper()
	if strings.ContainsAny(*encoded, "{ +\"*") {
		t.Errorf("the document %s is not encoded by RFC 3986", *encoded)
	}
	s, err := url.PathUnescape(*encoded)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

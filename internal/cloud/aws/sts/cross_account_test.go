package sts_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/iam"
	"atoll/internal/cloud/aws/sts"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// twoAccounts serves IAM and STS for the root users of two accounts.
func twoAccounts(t *testing.T) (one, two *client) {
	t.Helper()
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, log := auth.NewKeys(store), slog.New(slog.DiscardHandler)
	directory := iam.New(iam.Deps{Store: store, Clock: clock.System{}, Logger: log, Keys: keys, HTTP: http.DefaultClient})
	service := sts.New(sts.Deps{Store: store, Clock: clock.System{}, Logger: log, Keys: keys, Roles: directory, Policies: directory, Providers: directory, HTTP: http.DefaultClient})
	server, err := wire.NewServer(wire.Config{Identities: keys, Now: clock.System{}.Now, NewID: id.Source{}.UUID, Logger: log}, []wire.Service{directory, service})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	root := func(account string) *client {
		k := &auth.Key{ID: id.Source{}.Unique("AKIA"), Secret: "secret", Active: true, Principal: auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}}
		if err := store.Update(context.Background(), func(tx *state.Tx) error { keys.Put(tx, k); return nil }); err != nil {
			t.Fatal(err)
		}
		config := aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, HTTPClient: s.Client(), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
			Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, "")}
		return &client{Client: sdksts.NewFromConfig(config), iam: sdkiam.NewFromConfig(config), t: t}
	}
	return root("111111111111"), root("222222222222")
}

func TestAssumeRoleAcrossAccounts(t *testing.T) {
	one, two := twoAccounts(t)
	if got := two.arn(); got != "arn:aws:iam::222222222222:root" {
		t.Fatalf("the second account's root user is %s", got)
	}
	open := one.role("open", trusts("222222222222", ""))
	must(two.assume(open))(t)
	fails(two.assume(one.role("closed", trusts("111111111111", ""))))(t, "AccessDenied", "")

	// A user of the other account needs both sides, even when the trust policy names it.
	must(two.iam.CreateUser(t.Context(), &sdkiam.CreateUserInput{UserName: aws.String("alice")}))(t)
	named := one.role("named", trusts("arn:aws:iam::222222222222:user/alice", ""))
	fails(one.iam.CreateRole(t.Context(), &sdkiam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String(policy(trusts("arn:aws:iam::222222222222:user/bob", "")))}))(
		t, "MalformedPolicyDocument", "Invalid principal in policy")
	k := must(two.iam.CreateAccessKey(t.Context(), &sdkiam.CreateAccessKeyInput{UserName: aws.String("alice")}))(t).AccessKey
	alice := two.signing(*k.AccessKeyId, *k.SecretAccessKey)
	fails(alice.assume(named))(t, "AccessDenied", "")
	must(two.iam.PutUserPolicy(t.Context(), &sdkiam.PutUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("p"), PolicyDocument: aws.String(policy(mayAssume))}))(t)
	got := must(alice.assume(named))(t)
	if *got.AssumedRoleUser.Arn != "arn:aws:sts::111111111111:assumed-role/named/session" {
		t.Errorf("assumed %s", *got.AssumedRoleUser.Arn)
	}
	must(two.iam.CreateAccountAlias(t.Context(), &sdkiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")}))(t)
	fails(one.iam.CreateAccountAlias(t.Context(), &sdkiam.CreateAccountAliasInput{AccountAlias: aws.String("acme")}))(t, "EntityAlreadyExists", "The account alias acme already exists.")
	fails(one.iam.GetUser(t.Context(), &sdkiam.GetUserInput{UserName: aws.String("alice")}))(t, "NoSuchEntity", "alice")
}

// signing gives a client of the same server for other keys.
func (c *client) signing(id, secret string) *client {
	config := c.Options()
	return &client{t: c.t, cloud: c.cloud, iam: c.iam, Client: sdksts.New(config, func(o *sdksts.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(id, secret, "")
	})}
}

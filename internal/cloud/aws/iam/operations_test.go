package iam_test

import (
	"slices"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/iam"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/wire"
)

// What a call is about decides, by its ARN, who may make it.
func TestResourcesOfCalls(t *testing.T) {
	c := start(t)
	must(c.CreateRole(t.Context(), &sdk.CreateRoleInput{RoleName: new("Team"), Path: new("/x/"), AssumeRolePolicyDocument: new(trustEC2)}))(t)
	ctx := wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/me"}})
	got := map[string][]string{}
	inputs := map[string]any{
		"GetRole":                     &iam.GetRoleInput{RoleName: new("team")},
		"DeleteRole":                  &iam.DeleteRoleInput{RoleName: new("none")},
		"CreateRole":                  &iam.CreateRoleInput{RoleName: new("new"), Path: new("/y/")},
		"GetUser":                     &iam.GetUserInput{},
		"DeletePolicy":                &iam.DeletePolicyInput{PolicyArn: new("arn:aws:iam::" + account + ":policy/p")},
		"CreateOpenIDConnectProvider": &iam.CreateOpenIDConnectProviderInput{Url: new("https://i.example.com/x")},
		"ListRoles":                   &iam.ListRolesInput{},
	}
	c.cloud.Server().Inputs(func(api *model.API, op *wire.Operation) {
		if in := inputs[op.Name]; in != nil && api.ID == "IAM" {
			got[op.Name] = op.Resources(ctx, in)
		}
	})
	for op, want := range map[string]string{
		"GetRole":                     "arn:aws:iam::" + account + ":role/x/Team",
		"DeleteRole":                  "arn:aws:iam::" + account + ":role/none",
		"CreateRole":                  "arn:aws:iam::" + account + ":role/y/new",
		"GetUser":                     "arn:aws:iam::" + account + ":user/me",
		"DeletePolicy":                "arn:aws:iam::" + account + ":policy/p",
		"CreateOpenIDConnectProvider": "arn:aws:iam::" + account + ":oidc-provider/i.example.com/x",
		"ListRoles":                   "*",
	} {
		if !slices.Equal(got[op], []string{want}) {
			t.Errorf("%s is about %v, want %s", op, got[op], want)
		}
	}
}

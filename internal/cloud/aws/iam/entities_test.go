package iam_test

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"atoll/internal/cloud/cloudtest"
)

func TestInstanceProfiles(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	made := must(c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("p"), Path: aws.String("/x/"),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t).InstanceProfile
	if *made.Arn != "arn:aws:iam::"+account+":instance-profile/x/p" || !strings.HasPrefix(*made.InstanceProfileId, "AIPA") || len(made.Roles) != 0 || len(made.Tags) != 1 {
		t.Errorf("made %+v", made)
	}
	fails(c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("P")}))(t, "EntityAlreadyExists", "Instance Profile P already exists.")
	c.role("r")
	c.role("other")
	add := func(role string) (*iam.AddRoleToInstanceProfileOutput, error) {
		return c.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("p"), RoleName: &role})
	}
	fails(add("none"))(t, "NoSuchEntity", "The role with name none cannot be found.")
	must(add("r"))(t)
	fails(add("other"))(t, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	got := must(c.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("p")}))(t).InstanceProfile
	if len(got.Roles) != 1 || *got.Roles[0].RoleName != "r" || document(t, got.Roles[0].AssumeRolePolicyDocument) != trustEC2 {
		t.Errorf("the roles are %+v", got.Roles)
	}
	if of := must(c.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("r")}))(t).InstanceProfiles; len(of) != 1 {
		t.Errorf("the role's profiles are %+v", of)
	}
	if all := must(c.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{}))(t).InstanceProfiles; len(all) != 1 || all[0].Tags != nil {
		t.Errorf("the profiles are %+v", all)
	}
	fails(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))(t, "DeleteConflict", "must remove roles from instance profile first")
	fails(c.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String("p")}))(t, "DeleteConflict", "must remove roles from instance profile first")
	remove := func(role string) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
		return c.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: aws.String("p"), RoleName: &role})
	}
	fails(remove("other"))(t, "NoSuchEntity", "other")
	must(remove("r"))(t)
	must(c.UntagInstanceProfile(ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: aws.String("p"), TagKeys: []string{"k"}}))(t)
	must(c.TagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: aws.String("p"), Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("")}}}))(t)
	if got := must(c.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("p")}))(t).InstanceProfile; len(got.Tags) != 1 || *got.Tags[0].Key != "l" {
		t.Errorf("the tags are %+v", got.Tags)
	}
	if tags := must(c.ListInstanceProfileTags(ctx, &iam.ListInstanceProfileTagsInput{InstanceProfileName: aws.String("p")}))(t).Tags; len(tags) != 1 {
		t.Errorf("the tags are %+v", tags)
	}
	must(c.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String("p")}))(t)
	fails(c.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("p")}))(t, "NoSuchEntity", "Instance Profile p cannot be found.")
	must(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))(t)
}

func TestOpenIDConnectProviders(t *testing.T) {
	c := start(t, cloudtest.Durable())
	ctx := t.Context()
	print1, print2 := strings.Repeat("a", 40), strings.Repeat("b", 40)
	create := func(url string, prints ...string) (*iam.CreateOpenIDConnectProviderOutput, error) {
		return c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: prints,
			Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	}
	arn := must(create("https://accounts.example.com/x", print1))(t).OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::"+account+":oidc-provider/accounts.example.com/x" {
		t.Errorf("made %s", *arn)
	}
	fails(create("https://accounts.example.com/x", print1))(t, "EntityAlreadyExists", "Provider with url https://accounts.example.com/x already exists.")
	fails(create("http://accounts.example.com", print1))(t, "ValidationError", "Invalid Open ID Connect Provider URL")
	fails(create("https://b.example.com", "short"))(t, "ValidationError", "thumbprintList")
	fails(create("https://b.example.com", print1, print1, print1, print1, print1, print1))(t, "InvalidInput", "Thumbprint list")
	must(c.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("app")}))(t)
	must(c.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("app")}))(t)
	must(c.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("sts.amazonaws.com")}))(t)
	must(c.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{print2, print1}}))(t)
	c.cloud.Restart()
	got := must(c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t)
	if *got.Url != "accounts.example.com/x" || !slices.Equal(got.ClientIDList, []string{"app"}) || !slices.Equal(got.ThumbprintList, []string{print2, print1}) || len(got.Tags) != 1 {
		t.Errorf("got %+v", got)
	}
	must(c.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"k"}}))(t)
	must(c.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("")}}}))(t)
	if tags := must(c.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: arn}))(t).Tags; len(tags) != 1 || *tags[0].Key != "l" {
		t.Errorf("the tags are %+v", tags)
	}
	if list := must(c.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{}))(t).OpenIDConnectProviderList; len(list) != 1 || *list[0].Arn != *arn {
		t.Errorf("the providers are %+v", list)
	}
	must(c.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t)
	fails(c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+*arn)
}

func TestThumbprintOfTheProvidersHost(t *testing.T) {
	issuer := httptest.NewTLSServer(http.NotFoundHandler())
	defer issuer.Close()
	c := start(t, cloudtest.HTTP(issuer.Client()))
	create := func(url string) []string {
		arn := must(c.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &url}))(t).OpenIDConnectProviderArn
		return must(c.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t).ThumbprintList
	}
	sum := sha1.Sum(issuer.Certificate().Raw)
	if got := create(issuer.URL); !slices.Equal(got, []string{hex.EncodeToString(sum[:])}) {
		t.Errorf("the thumbprints are %v", got)
	}
	if got := create("https://127.0.0.1:1"); len(got) != 0 {
		t.Errorf("of a host out of reach the thumbprints are %v", got)
	}
}

func TestServiceLinkedRoles(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	create := func(service string, suffix *string) (*iam.CreateServiceLinkedRoleOutput, error) {
		return c.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service, CustomSuffix: suffix})
	}
	made := must(create("ecs.amazonaws.com", nil))(t).Role
	if *made.Arn != "arn:aws:iam::"+account+":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS" {
		t.Errorf("made %s", *made.Arn)
	}
	fails(create("ecs.amazonaws.com", nil))(t, "InvalidInput", "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.")
	fails(create("ecs.amazonaws.com", aws.String("x")))(t, "InvalidInput", "suffix")
	fails(create("nothing.amazonaws.com", nil))(t, "NotImplementedByLocalCloud", "nothing.amazonaws.com")
	if r := must(create("autoscaling.amazonaws.com", aws.String("x")))(t).Role; *r.RoleName != "AWSServiceRoleForAutoScaling_x" {
		t.Errorf("with a suffix it is %s", *r.RoleName)
	}
	name := made.RoleName
	fails(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))(t, "UnmodifiableEntity", "only modifiable by AWS")
	fails(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(admin)}))(t, "UnmodifiableEntity", "")
	must(c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, Description: aws.String("d")}))(t)
	must(c.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t)
	task := must(c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: name}))(t).DeletionTaskId
	if status := must(c.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}))(t).Status; status != "SUCCEEDED" {
		t.Errorf("the task is %s", status)
	}
	fails(c.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: aws.String("task/none")}))(t, "NoSuchEntity", "")
	fails(c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: name}))(t, "NoSuchEntity", "")
	c.role("ordinary")
	fails(c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: aws.String("ordinary")}))(t, "NoSuchEntity", "")
}

func TestAccountAlias(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	aliases := func() []string {
		return must(c.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{}))(t).AccountAliases
	}
	for _, bad := range []string{"ab", "-abc", "abc-", "a--b", "Abc", "123456789012", strings.Repeat("a", 64)} {
		fails(c.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: &bad}))(t, "ValidationError", "accountAlias")
	}
	for _, name := range []string{"first", "second"} {
		must(c.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: &name}))(t)
	}
	if got := aliases(); !slices.Equal(got, []string{"second"}) {
		t.Errorf("the aliases are %v", got)
	}
	fails(c.DeleteAccountAlias(ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("first")}))(t, "NoSuchEntity", "first")
	must(c.DeleteAccountAlias(ctx, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("second")}))(t)
	if got := aliases(); len(got) != 0 {
		t.Errorf("the aliases are %v", got)
	}
}

package iam_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"atoll/internal/cloud/auth"
)

func TestPolicyLifeCycle(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	made := must(c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("P"), Path: aws.String("/team/"), PolicyDocument: aws.String(allowS3),
		Description: aws.String("d"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t).Policy
	arn := made.Arn
	if *arn != "arn:aws:iam::"+account+":policy/team/P" || !strings.HasPrefix(*made.PolicyId, "ANPA") || *made.DefaultVersionId != "v1" {
		t.Errorf("made %+v", made)
	}
	got := must(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn}))(t).Policy
	if *got.Description != "d" || *got.AttachmentCount != 0 || *got.PermissionsBoundaryUsageCount != 0 || !got.IsAttachable || len(got.Tags) != 1 {
		t.Errorf("got %+v", got)
	}
	fails(c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allowS3)}))(t, "EntityAlreadyExists",
		"A policy called p already exists. Duplicate names are not allowed.")
	fails(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::" + account + ":policy/P")}))(t, "NoSuchEntity", "was not found")

	must(c.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: arn, TagKeys: []string{"k"}}))(t)
	must(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("w")}}}))(t)
	if tags := must(c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: arn}))(t).Tags; len(tags) != 1 || *tags[0].Key != "l" {
		t.Errorf("the tags are %+v", tags)
	}

	c.role("r")
	c.user("u")
	must(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn}))(t)
	must(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("u"), PolicyArn: arn}))(t)
	must(c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: arn}))(t)
	got = must(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn}))(t).Policy
	if *got.AttachmentCount != 2 || *got.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("%d attachments and %d boundaries", *got.AttachmentCount, *got.PermissionsBoundaryUsageCount)
	}
	entities := func(in iam.ListEntitiesForPolicyInput) string {
		in.PolicyArn = arn
		out := must(c.ListEntitiesForPolicy(ctx, &in))(t)
		var names []string
		for _, r := range out.PolicyRoles {
			names = append(names, "role/"+*r.RoleName)
		}
		for _, u := range out.PolicyUsers {
			names = append(names, "user/"+*u.UserName)
		}
		if out.IsTruncated {
			names = append(names, "more")
		}
		return strings.Join(names, " ")
	}
	for want, in := range map[string]iam.ListEntitiesForPolicyInput{
		"role/r user/u": {},
		"user/u":        {EntityFilter: "User"},
		"role/r":        {PolicyUsageFilter: "PermissionsBoundary"},
		"role/r more":   {MaxItems: aws.Int32(1)},
		"":              {PathPrefix: aws.String("/x/")},
	} {
		if got := entities(in); got != want {
			t.Errorf("entities are %q, want %q", got, want)
		}
	}
	del := func() (*iam.DeletePolicyOutput, error) {
		return c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	}
	fails(del())(t, "DeleteConflict", "Cannot delete a policy attached to entities.")
	must(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn}))(t)
	must(c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: aws.String("u"), PolicyArn: arn}))(t)
	fails(del())(t, "DeleteConflict", "attached")
	must(c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("r")}))(t)
	must(del())(t)
	fails(c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: arn}))(t, "NoSuchEntity", "")
}

func TestPolicyVersions(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	arn := aws.String(c.policy("p"))
	add := func(doc string, def bool) (*iam.CreatePolicyVersionOutput, error) {
		return c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: &doc, SetAsDefault: def})
	}
	versions := func() (ids []string) {
		for _, v := range must(c.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn}))(t).Versions {
			id := *v.VersionId
			if v.IsDefaultVersion {
				id += "*"
			}
			ids = append(ids, id)
		}
		return ids
	}
	if v := must(add(allowEC2, true))(t).PolicyVersion; *v.VersionId != "v2" || !v.IsDefaultVersion {
		t.Errorf("added %+v", v)
	}
	for range 3 {
		must(add(allowS3, false))(t)
	}
	fails(add(allowS3, true))(t, "LimitExceeded", "A managed policy can have up to 5 versions.")
	if got := versions(); !slices.Equal(got, []string{"v5", "v4", "v3", "v2*", "v1"}) {
		t.Errorf("the versions are %v", got)
	}
	fails(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}))(t, "DeleteConflict", "Cannot delete the default version of a policy.")
	fails(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn}))(t, "DeleteConflict", "This policy has more than one version.")
	must(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")}))(t)
	if v := must(add(allowS3, false))(t).PolicyVersion; *v.VersionId != "v6" {
		t.Errorf("the number of a deleted version is used again: %s", *v.VersionId)
	}
	must(c.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")}))(t)
	if got := versions(); !slices.Equal(got, []string{"v6", "v4", "v3", "v2", "v1*"}) {
		t.Errorf("the versions are %v", got)
	}
	v := must(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}))(t).PolicyVersion
	if doc := document(t, v.Document); doc != allowEC2 || v.IsDefaultVersion {
		t.Errorf("the version is %s", doc)
	}
	fails(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v9")}))(t, "NoSuchEntity", "version v9 does not exist")
	fails(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("9")}))(t, "ValidationError", "versionId")
	var paged []string
	pages := iam.NewListPolicyVersionsPaginator(c, &iam.ListPolicyVersionsInput{PolicyArn: arn, MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		for _, v := range must(pages.NextPage(ctx))(t).Versions {
			paged = append(paged, *v.VersionId)
		}
	}
	if !slices.Equal(paged, []string{"v6", "v4", "v3", "v2", "v1"}) {
		t.Errorf("by pages the versions are %v", paged)
	}
}

func TestCreatePolicyChecks(t *testing.T) {
	c := start(t)
	long := strings.Replace(allowS3, "{", `{"Id":"`+strings.Repeat("x", 6144)+`",`, 1)
	for doc, want := range map[string][2]string{
		`{"Version":"2012-10-17","Statement":[{"Action":["s3:ListBucket"],"Condition":{"StringLike":["demo-prefix/"]},"Effect":"Allow","Resource":"*"}]}`: {"MalformedPolicyDocument", "Syntax errors in policy."},
		strings.Replace(allowS3, `"Version":"2012-10-17",`, "", 1):                                                                                        {"MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater."},
		strings.Replace(allowS3, `s3:*`, "x", 1):                                                                                                          {"MalformedPolicyDocument", "must be prefaced by a vendor"},
		long:                                                                                                                                              {"LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
	} {
		fails(c.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: &doc}))(t, want[0], want[1])
	}
}

func TestPoliciesManagedByAWS(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	seen := 0
	pages := iam.NewListPoliciesPaginator(c, &iam.ListPoliciesInput{Scope: "AWS", MaxItems: aws.Int32(7)})
	for pages.HasMorePages() {
		for _, p := range must(pages.NextPage(ctx))(t).Policies {
			seen++
			v := must(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: p.DefaultVersionId}))(t).PolicyVersion
			doc := document(t, v.Document)
			parsed, err := auth.ParsePolicy([]byte(doc))
			if err == nil {
				err = parsed.Check(auth.IdentityPolicy)
			}
			if err != nil || !json.Valid([]byte(doc)) || len(*p.PolicyId) != 21 {
				t.Errorf("%s: %v in %s", *p.Arn, err, doc)
			}
		}
	}
	if seen < 40 {
		t.Errorf("there are only %d", seen)
	}
	own := c.policy("own")
	c.role("r")
	must(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String(admin)}))(t)
	list := func(in iam.ListPoliciesInput) (arns []string) {
		in.MaxItems = aws.Int32(1000)
		for _, p := range must(c.ListPolicies(ctx, &in))(t).Policies {
			arns = append(arns, *p.Arn)
		}
		return arns
	}
	for _, x := range []struct {
		in   iam.ListPoliciesInput
		want []string
	}{
		{iam.ListPoliciesInput{Scope: "Local"}, []string{own}},
		{iam.ListPoliciesInput{OnlyAttached: true}, []string{admin}},
		{iam.ListPoliciesInput{PolicyUsageFilter: "PermissionsBoundary"}, nil},
		{iam.ListPoliciesInput{Scope: "AWS", PathPrefix: aws.String("/team/")}, nil},
	} {
		if got := list(x.in); !slices.Equal(got, x.want) {
			t.Errorf("%+v gives %v", x.in, got)
		}
	}
	if got := list(iam.ListPoliciesInput{}); len(got) != seen+1 {
		t.Errorf("there are %d policies in all, want %d", len(got), seen+1)
	}
	none := aws.String(awsPrefix + "NoSuchPolicy")
	fails(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: none}))(t, "NoSuchEntity", fmt.Sprintf("Policy %s was not found.", *none))
	fails(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(admin)}))(t, "AccessDenied", "")
	fails(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: aws.String(admin), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t, "AccessDenied", "")
	fails(c.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: "Mine"}))(t, "ValidationError", "scope")
}

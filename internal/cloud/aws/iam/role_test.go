package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"atoll/internal/cloud/cloudtest"
)

func TestRoleLifeCycle(t *testing.T) {
	c := start(t, cloudtest.Durable())
	ctx := t.Context()
	made := must(c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("App"), Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(trustEC2), Description: aws.String("runs the app"),
		MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: aws.String(admin), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}))(t).Role
	if *made.Arn != "arn:aws:iam::"+account+":role/team/App" || !strings.HasPrefix(*made.RoleId, "AROA") || len(*made.RoleId) != 21 {
		t.Errorf("made %s with the id %s", *made.Arn, *made.RoleId)
	}
	c.cloud.Restart()
	got := must(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("App")}))(t).Role
	if doc := document(t, got.AssumeRolePolicyDocument); doc != trustEC2 {
		t.Errorf("the trust policy is %s", doc)
	}
	if *got.Description != "runs the app" || *got.MaxSessionDuration != 7200 || *got.PermissionsBoundary.PermissionsBoundaryArn != admin ||
		len(got.Tags) != 1 || got.RoleLastUsed == nil || got.RoleLastUsed.LastUsedDate != nil || *got.RoleId != *made.RoleId {
		t.Errorf("got %+v", got)
	}
	if listed := must(c.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String("/team/")}))(t).Roles; len(listed) != 1 || listed[0].Tags != nil || listed[0].PermissionsBoundary != nil {
		t.Errorf("listed %+v", listed)
	}
	must(c.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: aws.String("App"), Description: aws.String("")}))(t)
	must(c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("App"), MaxSessionDuration: aws.Int32(3700)}))(t)
	must(c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("App")}))(t)
	got = must(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("App")}))(t).Role
	if aws.ToString(got.Description) != "" || *got.MaxSessionDuration != 3700 || got.PermissionsBoundary != nil {
		t.Errorf("after updates %+v", got)
	}
	fails(c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("App")}))(t, "NoSuchEntity", "boundary")
	fails(c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("App"), PermissionsBoundary: aws.String(awsPrefix + "None")}))(t,
		"NoSuchEntity", "Scope ARN: "+awsPrefix+"None does not exist or is not attachable.")
	must(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("App")}))(t)
	fails(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("App")}))(t, "NoSuchEntity", "The role with name App cannot be found.")
	fails(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("App")}))(t, "NoSuchEntity", "App")
}

func TestCreateRoleChecks(t *testing.T) {
	c := start(t)
	c.role("taken")
	for name, x := range map[string]struct {
		change        func(in *iam.CreateRoleInput)
		code, message string
	}{
		"same name":        {func(in *iam.CreateRoleInput) { in.RoleName = aws.String("taken") }, "EntityAlreadyExists", "Role with name taken already exists."},
		"same by case":     {func(in *iam.CreateRoleInput) { in.RoleName = aws.String("TAKEN") }, "EntityAlreadyExists", "TAKEN"},
		"characters":       {func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a b") }, "ValidationError", "The specified value for roleName is invalid."},
		"long name":        {func(in *iam.CreateRoleInput) { in.RoleName = aws.String(strings.Repeat("a", 65)) }, "ValidationError", "less than or equal to 64"},
		"path":             {func(in *iam.CreateRoleInput) { in.Path = aws.String("team") }, "ValidationError", "It must begin and end with /"},
		"service's path":   {func(in *iam.CreateRoleInput) { in.Path = aws.String("/aws-service-role/x/") }, "ValidationError", "reserved"},
		"short session":    {func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(3599) }, "ValidationError", "Value '3599' at 'maxSessionDuration'"},
		"long session":     {func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(43201) }, "ValidationError", "less than or equal to 43200"},
		"description":      {func(in *iam.CreateRoleInput) { in.Description = aws.String("“”") }, "ValidationError", "regular expression pattern"},
		"long description": {func(in *iam.CreateRoleInput) { in.Description = aws.String(strings.Repeat("a", 1001)) }, "ValidationError", "1000"},
		"no boundary":      {func(in *iam.CreateRoleInput) { in.PermissionsBoundary = aws.String(awsPrefix + "None") }, "NoSuchEntity", "not attachable"},
		"bad boundary":     {func(in *iam.CreateRoleInput) { in.PermissionsBoundary = aws.String("arn:aws:s3:::bucket-of-mine") }, "InvalidInput", "is not valid"},
		"trust":            {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(`{"invalid":true}`) }, "MalformedPolicyDocument", "Unknown field invalid"},
		"trust, resource":  {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String(allowS3) }, "MalformedPolicyDocument", "Has prohibited field Resource"},
		"long trust": {func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(strings.Replace(trustEC2, "{", `{"Id":"`+strings.Repeat("x", 2048)+`",`, 1))
		}, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"reserved tag": {func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, "InvalidInput", "reserved"},
		"same tag": {func(in *iam.CreateRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("A"), Value: aws.String("")}}
		}, "InvalidInput", "case insensitive"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(trustEC2)}
			x.change(in)
			fails(c.CreateRole(t.Context(), in))(t, x.code, x.message)
			if in.RoleName != nil && *in.RoleName == "new" {
				fails(c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: in.RoleName}))(t, "NoSuchEntity", "new")
			}
		})
	}
	// White space does not count against the quota.
	spaced := strings.Replace(trustEC2, "{", "{"+strings.Repeat(" ", 3000), 1)
	must(c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("spaced"), AssumeRolePolicyDocument: &spaced}))(t)
}

func TestRoleInlinePolicies(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.role("r")
	put := func(name, doc string) (*iam.PutRolePolicyOutput, error) {
		return c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: &name, PolicyDocument: &doc})
	}
	must(put("b", allowS3))(t)
	must(put("a", allowEC2))(t)
	must(put("b", allowEC2))(t)
	if names := must(c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String("r")}))(t).PolicyNames; !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("the policies are %v", names)
	}
	got := must(c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("b")}))(t)
	if doc := document(t, got.PolicyDocument); doc != allowEC2 {
		t.Errorf("the policy is %s", doc)
	}
	fails(put("c", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":[["*"]]}]}`))(t, "MalformedPolicyDocument", "Syntax errors in policy.")
	fails(put("c", strings.Replace(allowS3, `"*"`, `"*","Principal":"*"`, 1)))(t, "MalformedPolicyDocument", "Policy document should not specify a principal.")
	fails(put("c", strings.Replace(allowS3, "{", `{"Id":"`+strings.Repeat("x", 10240)+`",`, 1)))(t, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")
	must(put("unversioned", strings.Replace(allowS3, `"Version":"2012-10-17",`, "", 1)))(t)
	fails(c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("c")}))(t, "NoSuchEntity", "The role policy with name c cannot be found.")
	fails(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("c")}))(t, "NoSuchEntity", "c")
	fails(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))(t, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	for _, name := range []string{"a", "b", "unversioned"} {
		must(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("r"), PolicyName: &name}))(t)
	}
	must(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))(t)
}

func TestAttachRolePolicies(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.role("r")
	own := c.policy("own")
	attach := func(arn string) (*iam.AttachRolePolicyOutput, error) {
		return c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &arn})
	}
	execution := awsPrefix + "service-role/AmazonECSTaskExecutionRolePolicy"
	for _, arn := range []string{own, execution, own} { // attaching twice is no error
		must(attach(arn))(t)
	}
	got := must(c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("r")}))(t).AttachedPolicies
	if len(got) != 2 || *got[0].PolicyArn != own || *got[1].PolicyName != "AmazonECSTaskExecutionRolePolicy" {
		t.Errorf("attached are %+v", got)
	}
	got = must(c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("r"), PathPrefix: aws.String("/service-role/")}))(t).AttachedPolicies
	if len(got) != 1 || *got[0].PolicyArn != execution {
		t.Errorf("attached under /service-role/ are %+v", got)
	}
	fails(attach(awsPrefix+"NoSuchPolicy"))(t, "NoSuchEntity", "Policy "+awsPrefix+"NoSuchPolicy does not exist or is not attachable.")
	fails(attach("arn:aws:iam::"+account+":role/something"))(t, "InvalidInput", "is not valid.")
	fails(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")}))(t, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	for i := range 8 {
		must(attach(c.policy(fmt.Sprintf("p%d", i))))(t)
	}
	fails(attach(admin))(t, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
	must(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &own}))(t)
	fails(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &own}))(t, "NoSuchEntity", "Policy "+own+" was not found.")
}

func TestTrustPolicyPrincipals(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	trust := func(kind, value string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"` + kind + `":"` + value + `"},"Action":"sts:AssumeRole"}]}`
	}
	c.role("r")
	set := func(kind, value string) (*iam.UpdateAssumeRolePolicyOutput, error) {
		return c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(trust(kind, value))})
	}
	for _, p := range [][2]string{
		{"AWS", "*"}, {"AWS", account}, {"AWS", "arn:aws:iam::" + account + ":root"}, {"AWS", "arn:aws:iam::999999999999:role/elsewhere"},
		{"AWS", "arn:aws:iam::" + account + ":role/r"}, {"AWS", "arn:aws:sts::" + account + ":assumed-role/r/s"}, {"Service", "lambda.amazonaws.com"},
		{"Federated", "arn:aws:iam::" + account + ":oidc-provider/token.actions.githubusercontent.com"}, {"Federated", "cognito-identity.amazonaws.com"},
	} {
		must(set(p[0], p[1]))(t)
	}
	for _, v := range []string{"arn:aws:iam::" + account + ":role/none", "arn:aws:iam::" + account + ":role/x/r", "arn:aws:iam::" + account + ":user/*", "alice",
		"arn:aws:iam::12:root", "AROAXXXXXXXXXXXXXXXXX", "AIDAXXXXXXXXXXXXXXXXX", "arn:aws:s3:::bucket", "arn:aws:sts::" + account + ":assumed-role/none/s"} {
		fails(set("AWS", v))(t, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"`+v+`"`)
	}
	fails(set("Service", "ec2"))(t, "MalformedPolicyDocument", `Invalid principal in policy: "SERVICE":"ec2"`)
	fails(set("Federated", "example.com"))(t, "MalformedPolicyDocument", "Federated principals must be")
	fails(set("CanonicalUser", "x"))(t, "MalformedPolicyDocument", "Invalid principal")

	c.user("alice")
	id := *must(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t).User.UserId
	must(set("AWS", "arn:aws:iam::"+account+":user/alice"))(t)
	shown := func() string {
		return document(t, must(c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")}))(t).Role.AssumeRolePolicyDocument)
	}
	if got := shown(); got != trust("AWS", "arn:aws:iam::"+account+":user/alice") {
		t.Errorf("the policy is %s", got)
	}
	must(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("alice")}))(t)
	if got := shown(); got != trust("AWS", id) {
		t.Errorf("without the user the policy is %s", got)
	}
	c.user("alice") // another one
	if got := shown(); got != trust("AWS", id) {
		t.Errorf("with another user of the name the policy is %s", got)
	}
}

func TestListRolesPages(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	var want []string
	for i := range 5 {
		name := fmt.Sprintf("role-%d", i)
		c.role(name)
		want = append(want, name)
	}
	var got []string
	pages := iam.NewListRolesPaginator(c, &iam.ListRolesInput{MaxItems: aws.Int32(2)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page := must(pages.NextPage(ctx))(t)
		for _, r := range page.Roles {
			got = append(got, *r.RoleName)
		}
	}
	if !slices.Equal(got, want) || n != 3 {
		t.Errorf("%d pages with %v", n, got)
	}
	fails(c.ListRoles(ctx, &iam.ListRolesInput{Marker: aws.String("?")}))(t, "ValidationError", "Invalid Marker")
	fails(c.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1001)}))(t, "ValidationError", "maxItems")
	fails(c.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String("x")}))(t, "ValidationError", "pathPrefix")
}

func TestRoleTags(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.role("r")
	tag := func(pairs ...string) (*iam.TagRoleOutput, error) {
		in := &iam.TagRoleInput{RoleName: aws.String("r")}
		for i := 0; i < len(pairs); i += 2 {
			in.Tags = append(in.Tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return c.TagRole(ctx, in)
	}
	list := func() string {
		out := must(c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: aws.String("r")}))(t)
		var pairs []string
		for _, tag := range out.Tags {
			pairs = append(pairs, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(pairs, " ")
	}
	must(tag("b", "1", "a", ""))(t)
	must(tag("B", "2"))(t) // the same key, by another case
	if got := list(); got != "B=2 a=" {
		t.Errorf("the tags are %s", got)
	}
	must(c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String("r"), TagKeys: []string{"b", "none"}}))(t)
	if got := list(); got != "a=" {
		t.Errorf("the tags are %s", got)
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint("k", i), "v")
	}
	fails(tag(many...))(t, "LimitExceeded", "tags")
	fails(tag(strings.Repeat("k", 129), ""))(t, "ValidationError", "128")
	fails(tag("k", strings.Repeat("v", 257)))(t, "ValidationError", "256")
	if got := list(); got != "a=" {
		t.Errorf("after failed calls the tags are %s", got)
	}
	page := must(c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: aws.String("r"), MaxItems: aws.Int32(1)}))(t)
	if page.IsTruncated || page.Marker != nil {
		t.Errorf("the only page goes on: %+v", page)
	}
}

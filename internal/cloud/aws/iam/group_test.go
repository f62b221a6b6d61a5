package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"atoll/internal/cloud/cloudtest"
)

func (c *client) group(name string) *types.Group {
	c.t.Helper()
	return must(c.CreateGroup(c.t.Context(), &iam.CreateGroupInput{GroupName: aws.String(name), Path: aws.String("/users/")}))(c.t).Group
}

func (c *client) join(user, group string) {
	c.t.Helper()
	must(c.AddUserToGroup(c.t.Context(), &iam.AddUserToGroupInput{UserName: aws.String(user), GroupName: aws.String(group)}))(c.t)
}

func TestGroupLifeCycle(t *testing.T) {
	c := start(t, cloudtest.Durable())
	ctx := t.Context()
	made := c.group("developers")
	if *made.Arn != "arn:aws:iam::"+account+":group/users/developers" {
		t.Errorf("made %s", *made.Arn)
	}
	fails(c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("Developers")}))(t, "EntityAlreadyExists", "Group with name Developers already exists.")
	fails(c.GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String("ops")}))(t, "NoSuchEntity", "The group with name ops cannot be found.")
	for _, user := range []string{"bob", "alice"} {
		c.user(user)
		c.join(user, "developers")
		c.join(user, "developers") // again, which changes nothing
	}
	must(c.UpdateGroup(ctx, &iam.UpdateGroupInput{GroupName: aws.String("developers"), NewGroupName: aws.String("Makers"), NewPath: aws.String("/")}))(t)
	c.cloud.Restart()
	first := must(c.GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String("makers"), MaxItems: aws.Int32(1)}))(t)
	rest := must(c.GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String("makers"), Marker: first.Marker}))(t)
	if *first.Group.Arn != "arn:aws:iam::"+account+":group/Makers" || *first.Group.GroupId != *made.GroupId {
		t.Errorf("renamed, it is %+v", first.Group)
	}
	if !first.IsTruncated || rest.IsTruncated || *first.Users[0].UserName != "alice" || *rest.Users[0].UserName != "bob" {
		t.Errorf("the members are %+v and %+v", first.Users, rest.Users)
	}
	if groups := must(c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: aws.String("bob")}))(t).Groups; len(groups) != 1 || *groups[0].GroupName != "Makers" {
		t.Errorf("bob's groups are %+v", groups)
	}
	if groups := must(c.ListGroups(ctx, &iam.ListGroupsInput{PathPrefix: aws.String("/users/")}))(t).Groups; len(groups) != 0 {
		t.Errorf("listed under /users/ are %+v", groups)
	}
	must(c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("makers"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allowS3)}))(t)
	must(c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("makers"), PolicyArn: aws.String(admin)}))(t)
	if names := must(c.ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: aws.String("makers")}))(t).PolicyNames; !slices.Equal(names, []string{"p"}) {
		t.Errorf("the policies are %v", names)
	}
	if a := must(c.ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: aws.String("makers")}))(t).AttachedPolicies; len(a) != 1 {
		t.Errorf("attached are %v", a)
	}
	if n := *must(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(admin)}))(t).Policy.AttachmentCount; n != 1 {
		t.Errorf("the policy is attached %d times", n)
	}
	if g := must(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: aws.String(admin)}))(t).PolicyGroups; len(g) != 1 || *g[0].GroupName != "Makers" {
		t.Errorf("the policy's groups are %+v", g)
	}

	del := func() (*iam.DeleteGroupOutput, error) {
		return c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: aws.String("makers")})
	}
	fails(del())(t, "DeleteConflict", "must remove users from group first")
	fails(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("bob")}))(t, "DeleteConflict", "must remove users from group first")
	for _, user := range []string{"alice", "bob"} {
		must(c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: aws.String(user), GroupName: aws.String("makers")}))(t)
	}
	fails(del())(t, "DeleteConflict", "must detach all policies first")
	must(c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: aws.String("makers"), PolicyArn: aws.String(admin)}))(t)
	fails(del())(t, "DeleteConflict", "must delete policies first")
	must(c.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: aws.String("makers"), PolicyName: aws.String("p")}))(t)
	must(del())(t)
	must(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("bob")}))(t)
}

func TestUserIsInTenGroupsAtMost(t *testing.T) {
	c := start(t)
	c.user("alice")
	for i := range 10 {
		c.group(fmt.Sprint("g", i))
		c.join("alice", fmt.Sprint("g", i))
	}
	c.group("g10")
	fails(c.AddUserToGroup(t.Context(), &iam.AddUserToGroupInput{UserName: aws.String("alice"), GroupName: aws.String("g10")}))(t, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")
}

func TestGroupsGiveTheirPolicies(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.user("alice")
	key := must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("alice")}))(t).AccessKey
	alice := sts.NewFromConfig(c.cloud.ConfigFor(*key.AccessKeyId, *key.SecretAccessKey, ""))
	role := must(c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("deploy"),
		AssumeRolePolicyDocument: aws.String(strings.Replace(trustEC2, `"Service":"ec2.amazonaws.com"`, `"AWS":"`+account+`"`, 1))}))(t).Role
	assume := func() (*sts.AssumeRoleOutput, error) {
		return alice.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("alice")})
	}
	fails(assume())(t, "AccessDenied", "is not authorized to perform: sts:AssumeRole")
	c.group("deployers")
	c.join("alice", "deployers")
	must(c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: aws.String("deployers"), PolicyArn: aws.String(admin)}))(t)
	must(assume())(t)
	must(c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("deployers"), PolicyName: aws.String("never"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sts:*","Resource":"*"}]}`)}))(t)
	fails(assume())(t, "AccessDenied", "sts:AssumeRole")
}

func TestPasswords(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.user("alice")
	create := func(password string) (*iam.CreateLoginProfileOutput, error) {
		return c.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: aws.String("alice"), Password: aws.String(password), PasswordResetRequired: true})
	}
	fails(c.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{}))(t, "NoSuchEntity", "The Password Policy with domain name "+account+" cannot be found.")
	fails(create("abcdefgh"))(t, "PasswordPolicyViolation", "does not conform")
	must(c.UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(14), RequireSymbols: true, MaxPasswordAge: aws.Int32(90)}))(t)
	p := must(c.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{}))(t).PasswordPolicy
	if *p.MinimumPasswordLength != 14 || !p.RequireSymbols || p.RequireNumbers || !p.ExpirePasswords || *p.MaxPasswordAge != 90 {
		t.Errorf("the policy is %+v", p)
	}
	fails(create("Abcdefgh12345678"))(t, "PasswordPolicyViolation", "does not conform")
	if login := must(create("abcdefgh-12345678"))(t).LoginProfile; *login.UserName != "alice" || !login.PasswordResetRequired {
		t.Errorf("made %+v", login)
	}
	fails(create("abcdefgh-12345678"))(t, "EntityAlreadyExists", "Login Profile for user alice already exists.")
	must(c.UpdateLoginProfile(ctx, &iam.UpdateLoginProfileInput{UserName: aws.String("alice"), PasswordResetRequired: aws.Bool(false)}))(t)
	if login := must(c.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: aws.String("alice")}))(t).LoginProfile; login.PasswordResetRequired {
		t.Errorf("changed, it is %+v", login)
	}
	fails(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("alice")}))(t, "DeleteConflict", "must delete login profile first")
	must(c.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: aws.String("alice")}))(t)
	fails(c.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: aws.String("alice")}))(t, "NoSuchEntity", "Login Profile for User alice cannot be found.")
	must(c.DeleteAccountPasswordPolicy(ctx, &iam.DeleteAccountPasswordPolicyInput{}))(t)
	must(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("alice")}))(t)
}

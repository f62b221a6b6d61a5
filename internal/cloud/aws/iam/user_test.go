package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"atoll/internal/cloud/cloudtest"
)

func TestUserLifeCycle(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	made := must(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("alice"), Path: aws.String("/team/"), PermissionsBoundary: aws.String(admin),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))(t).User
	if *made.Arn != "arn:aws:iam::"+account+":user/team/alice" || !strings.HasPrefix(*made.UserId, "AIDA") {
		t.Errorf("made %s with the id %s", *made.Arn, *made.UserId)
	}
	fails(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("Alice")}))(t, "EntityAlreadyExists", "User with name Alice already exists.")
	must(c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allowS3)}))(t)
	must(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("alice"), PolicyArn: aws.String(admin)}))(t)
	must(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("alice"), NewUserName: aws.String("Bob"), NewPath: aws.String("/x/")}))(t)
	fails(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t, "NoSuchEntity", "The user with name alice cannot be found.")
	got := must(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("Bob")}))(t).User
	if *got.Arn != "arn:aws:iam::"+account+":user/x/Bob" || *got.UserId != *made.UserId || len(got.Tags) != 1 || *got.PermissionsBoundary.PermissionsBoundaryArn != admin {
		t.Errorf("renamed, it is %+v", got)
	}
	if doc := document(t, must(c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: aws.String("Bob"), PolicyName: aws.String("p")}))(t).PolicyDocument); doc != allowS3 {
		t.Errorf("the policy is %s", doc)
	}
	if names := must(c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: aws.String("Bob")}))(t).PolicyNames; !slices.Equal(names, []string{"p"}) {
		t.Errorf("the policies are %v", names)
	}
	if a := must(c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: aws.String("Bob")}))(t).AttachedPolicies; len(a) != 1 {
		t.Errorf("attached are %v", a)
	}
	must(c.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String("Bob"), TagKeys: []string{"k"}}))(t)
	must(c.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("Bob"), Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("w")}}}))(t)
	if tags := must(c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: aws.String("Bob")}))(t).Tags; len(tags) != 1 || *tags[0].Key != "l" {
		t.Errorf("the tags are %v", tags)
	}
	if users := must(c.ListUsers(ctx, &iam.ListUsersInput{PathPrefix: aws.String("/x/")}))(t).Users; len(users) != 1 || users[0].Tags != nil {
		t.Errorf("listed are %+v", users)
	}
	if users := must(c.ListUsers(ctx, &iam.ListUsersInput{PathPrefix: aws.String("/y/")}))(t).Users; len(users) != 0 {
		t.Errorf("listed are %+v", users)
	}
	c.user("carol")
	fails(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("Bob"), NewUserName: aws.String("carol")}))(t, "EntityAlreadyExists", "carol")

	del := func() (*iam.DeleteUserOutput, error) {
		return c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("Bob")})
	}
	fails(del())(t, "DeleteConflict", "must detach all policies first")
	must(c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: aws.String("Bob"), PolicyArn: aws.String(admin)}))(t)
	fails(del())(t, "DeleteConflict", "must delete policies first")
	must(c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: aws.String("Bob"), PolicyName: aws.String("p")}))(t)
	must(del())(t)
	fails(del())(t, "NoSuchEntity", "Bob")
}

func TestAccessKeysSign(t *testing.T) {
	c := start(t, cloudtest.Durable())
	ctx := t.Context()
	c.user("alice")
	key := must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("alice")}))(t).AccessKey
	if !strings.HasPrefix(*key.AccessKeyId, "AKIA") || len(*key.AccessKeyId) != 20 || len(*key.SecretAccessKey) != 40 || key.Status != "Active" || *key.UserName != "alice" {
		t.Errorf("made %+v", key)
	}
	c.cloud.Restart()
	alice := c.as(*key.AccessKeyId, *key.SecretAccessKey)
	who := must(alice.GetUser(ctx, &iam.GetUserInput{}))(t).User
	if *who.UserName != "alice" {
		t.Errorf("the key is of %s", *who.UserName)
	}
	second := must(alice.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{}))(t).AccessKey
	fails(alice.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{}))(t, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	if keys := must(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("alice")}))(t).AccessKeyMetadata; len(keys) != 2 {
		t.Errorf("the keys are %+v", keys)
	}
	lastUse := func(id *string) string {
		return *must(c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: id}))(t).AccessKeyLastUsed.ServiceName
	}
	if used, unused := lastUse(key.AccessKeyId), lastUse(second.AccessKeyId); used != "iam" || unused != "N/A" {
		t.Errorf("the keys were last used for %q and %q", used, unused)
	}
	status := func(s types.StatusType) {
		must(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: second.AccessKeyId, Status: s}))(t)
	}
	status("Inactive")
	fails(c.as(*second.AccessKeyId, *second.SecretAccessKey).GetUser(ctx, &iam.GetUserInput{}))(t, "InvalidClientTokenId", "")
	status("Active")
	must(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("alice"), NewUserName: aws.String("bob")}))(t)
	if who := must(alice.GetUser(ctx, &iam.GetUserInput{}))(t).User; *who.UserName != "bob" {
		t.Errorf("the key is of %s", *who.UserName)
	}
	fails(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("bob")}))(t, "DeleteConflict", "must delete access keys first")
	fails(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: aws.String("AKIAXXXXXXXXXXXXXXXX")}))(t, "NoSuchEntity", "The Access Key with id AKIAXXXXXXXXXXXXXXXX cannot be found.")
	fails(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: second.AccessKeyId, Status: "Off"}))(t, "ValidationError", "status")
	for _, id := range []*string{key.AccessKeyId, second.AccessKeyId} {
		must(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: id}))(t)
	}
	fails(alice.GetUser(ctx, &iam.GetUserInput{}))(t, "InvalidClientTokenId", "")
	must(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("bob")}))(t)
	fails(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("bob")}))(t, "NoSuchEntity", "bob")
}

func TestRootUser(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	root := must(c.GetUser(ctx, &iam.GetUserInput{}))(t).User
	if *root.Arn != "arn:aws:iam::"+account+":root" || *root.UserId != account || root.UserName != nil || root.CreateDate == nil {
		t.Errorf("the root user is %+v", root)
	}
	keys := must(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{}))(t).AccessKeyMetadata
	if len(keys) != 1 || *keys[0].AccessKeyId != c.cloud.Root().ID {
		t.Errorf("the keys are %+v", keys)
	}
	fails(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: keys[0].AccessKeyId}))(t, "NotImplementedByLocalCloud", "last key")
	more := must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{}))(t).AccessKey
	must(c.as(*more.AccessKeyId, *more.SecretAccessKey).ListRoles(ctx, &iam.ListRolesInput{}))(t)
	must(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: more.AccessKeyId}))(t)
}

func TestUserPermissionsBoundary(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.user("alice")
	put := func(arn string) (*iam.PutUserPermissionsBoundaryOutput, error) {
		return c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("alice"), PermissionsBoundary: &arn})
	}
	fails(put(awsPrefix+"None"))(t, "NoSuchEntity", "not attachable")
	must(put(admin))(t)
	if b := must(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("alice")}))(t).User.PermissionsBoundary; b == nil || *b.PermissionsBoundaryArn != admin {
		t.Errorf("the boundary is %+v", b)
	}
	remove := &iam.DeleteUserPermissionsBoundaryInput{UserName: aws.String("alice")}
	must(c.DeleteUserPermissionsBoundary(ctx, remove))(t)
	fails(c.DeleteUserPermissionsBoundary(ctx, remove))(t, "NoSuchEntity", "boundary")
}

// Terraform asks for all of this before it deletes a user.
func TestUsersHaveNothingButKeys(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	c.user("alice")
	for name, list := range map[string]func(user *string) (int, error){
		"groups": func(user *string) (int, error) {
			out, err := c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: user})
			return count(out, err, func() int { return len(out.Groups) })
		},
		"devices": func(user *string) (int, error) {
			out, err := c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: user})
			return count(out, err, func() int { return len(out.MFADevices) })
		},
		"SSH keys": func(user *string) (int, error) {
			out, err := c.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: user})
			return count(out, err, func() int { return len(out.SSHPublicKeys) })
		},
		"certificates": func(user *string) (int, error) {
			out, err := c.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: user})
			return count(out, err, func() int { return len(out.Certificates) })
		},
		"credentials": func(user *string) (int, error) {
			out, err := c.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: user})
			return count(out, err, func() int { return len(out.ServiceSpecificCredentials) })
		},
	} {
		if n := must(list(aws.String("alice")))(t); n != 0 {
			t.Errorf("the user has %d %s", n, name)
		}
		fails(list(aws.String("nobody")))(t, "NoSuchEntity", "The user with name nobody cannot be found.")
	}
	if out := must(c.ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{AssignmentStatus: "Any"}))(t); len(out.VirtualMFADevices) != 0 {
		t.Errorf("there are %+v", out.VirtualMFADevices)
	}
	fails(c.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: aws.String("alice")}))(t, "NoSuchEntity", "Login Profile for User alice cannot be found.")
	fails(c.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: aws.String("alice")}))(t, "NoSuchEntity", "Login Profile for User alice cannot be found.")
	fails(c.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: aws.String("nobody")}))(t, "NoSuchEntity", "The user with name nobody cannot be found.")
}

// count gives the length of a list in an answer, 0 for a failed call.
func count[T any](_ *T, err error, length func() int) (int, error) {
	if err != nil {
		return 0, err
	}
	return length(), nil
}

package sts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"atoll/internal/cloud/cloudtest"
)

const rootARN = "arn:aws:iam::" + account + ":root"

func TestGetCallerIdentity(t *testing.T) {
	c := start(t)
	who := must(c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	if *who.Arn != rootARN || *who.UserId != account || *who.Account != account {
		t.Errorf("root is %+v", who)
	}
	alice := must(c.user("alice", "").GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	if *alice.Arn != "arn:aws:iam::"+account+":user/alice" || !strings.HasPrefix(*alice.UserId, "AIDA") {
		t.Errorf("the user is %+v", alice)
	}
	fails(c.with(c.cloud.ConfigFor("AKIAXXXXXXXXXXXXXXXX", "x", "")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t, "InvalidClientTokenId", "")
}

func TestAssumeRoleGivesKeysThatSign(t *testing.T) {
	c := start(t, cloudtest.Durable())
	arn := c.role("App", trusts(rootARN, ""))
	out := must(c.assume(arn))(t)
	session := "arn:aws:sts::" + account + ":assumed-role/App/session"
	id := *must(c.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("App")}))(t).Role.RoleId
	if *out.AssumedRoleUser.Arn != session || *out.AssumedRoleUser.AssumedRoleId != id+":session" || out.PackedPolicySize != nil {
		t.Errorf("assumed %+v", out.AssumedRoleUser)
	}
	k := out.Credentials
	if !strings.HasPrefix(*k.AccessKeyId, "ASIA") || len(*k.AccessKeyId) != 20 || k.Expiration.Sub(c.cloud.Clock.Now()).Round(time.Minute) != time.Hour {
		t.Errorf("the key %s ends %v", *k.AccessKeyId, k.Expiration)
	}
	c.cloud.Restart()
	inside := c.as(k)
	who := must(inside.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	if *who.Arn != session || *who.UserId != id+":session" || *who.Account != account {
		t.Errorf("inside it is %+v", who)
	}
	fails(inside.iam.GetUser(t.Context(), &iam.GetUserInput{}))(t, "ValidationError", "Must specify userName when calling with non-User credentials")
	used := must(c.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("App")}))(t).Role.RoleLastUsed
	if used.LastUsedDate == nil || *used.Region != cloudtest.Region {
		t.Errorf("last used %+v", used)
	}
}

func TestSessionKeysExpire(t *testing.T) {
	c := start(t)
	arn := c.role("App", trusts(rootARN, ""))
	k := must(c.assume(arn, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(900) }))(t).Credentials
	inside := sts.NewFromConfig(c.cloud.ConfigFor(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken), func(o *sts.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	c.cloud.Clock.Advance(14 * time.Minute)
	must(inside.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	c.cloud.Clock.Advance(time.Minute)
	fails(inside.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t, "ExpiredToken", "")

	// A day later the key is forgotten, once another is made.
	c.cloud.Clock.Advance(25 * time.Hour)
	root := sts.NewFromConfig(c.cloud.Config(), func(o *sts.Options) { o.HTTPSignerV4 = c.cloud.Signer() })
	must(root.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}))(t)
	fails(inside.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t, "InvalidClientTokenId", "")
}

func TestTrustPolicyDecides(t *testing.T) {
	c := start(t)
	alice, bob := c.user("alice", ""), c.user("bob", mayAssume)
	may := c.user("carol", mayAssume+`},{"Effect":"Deny","Action":"sts:*","Resource":"arn:aws:iam::*:role/p/denied*"`)
	aliceARN := "arn:aws:iam::" + account + ":user/alice"
	bobARN := "arn:aws:iam::" + account + ":user/bob"
	inside := c.as(must(c.assume(c.role("chain", trusts(rootARN, ""))))(t).Credentials)
	for i, x := range []struct {
		name   string
		trust  []string
		caller *client
		ok     bool
		change func(in *sts.AssumeRoleInput)
	}{
		{"named", []string{trusts(aliceARN, "")}, alice, true, nil},
		{"another named", []string{trusts(bobARN, "")}, alice, false, nil},
		{"account, no policy of its own", []string{trusts(account, "")}, alice, false, nil},
		{"account, a policy of its own", []string{trusts(account, "")}, bob, true, nil},
		{"account by root, a policy of its own", []string{trusts(rootARN, "")}, bob, true, nil},
		{"everyone", []string{trusts("*", "")}, alice, true, nil},
		{"denied by trust", []string{trusts(account, ""), strings.Replace(trusts(bobARN, ""), "Allow", "Deny", 1)}, bob, false, nil},
		{"a service's role", []string{`"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"`}, c, false, nil},
		{"root, by account", []string{trusts(account, "")}, c, true, nil},
		{"root, a user named", []string{trusts(aliceARN, "")}, c, false, nil},
		{"a role's session, by role", []string{trusts("arn:aws:iam::"+account+":role/p/chain", "")}, inside, true, nil},
		{"a role's session, by session", []string{trusts("arn:aws:sts::"+account+":assumed-role/chain/session", "")}, inside, true, nil},
		{"a role's session, another role", []string{trusts("arn:aws:sts::"+account+":assumed-role/chain/other", "")}, inside, false, nil},
		{"external id", []string{trusts("*", `,"Condition":{"StringEquals":{"sts:ExternalId":"secret:1"}}`)}, alice, true, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("secret:1") }},
		{"wrong external id", []string{trusts("*", `,"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}`)}, alice, false, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("no") }},
		{"no external id", []string{trusts("*", `,"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}`)}, alice, false, nil},
		{"session name", []string{trusts("*", `,"Condition":{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`)}, alice, true, func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("alice") }},
		{"another's session name", []string{trusts("*", `,"Condition":{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`)}, alice, false, nil},
		{"address", []string{trusts("*", `,"Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8","::1/128"]}}`)}, alice, true, nil},
		{"another address", []string{trusts("*", `,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`)}, alice, false, nil},
		{"over TLS only", []string{trusts("*", `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`)}, alice, false, nil},
		{"by ARN", []string{trusts("*", `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/p/*"}}`)}, inside, true, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			arn := c.role(fmt.Sprintf("role-%d", i), x.trust...)
			var more []func(*sts.AssumeRoleInput)
			if x.change != nil {
				more = append(more, x.change)
			}
			out, err := x.caller.assume(arn, more...)
			if x.ok {
				must(out, err)(t)
			} else {
				fails(out, err)(t, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: "+arn)
			}
		})
	}
	denied := c.role("denied", trusts("*", ""))
	fails(may.assume(denied))(t, "AccessDenied", "User: arn:aws:iam::"+account+":user/carol is not authorized")
	fails(c.assume("arn:aws:iam::"+account+":role/none"))(t, "AccessDenied", "")
}

func TestAssumeRoleOfARecreatedUser(t *testing.T) {
	c := start(t)
	c.user("alice", "")
	arn := c.role("r", trusts("arn:aws:iam::"+account+":user/alice", ""))
	keys := must(c.iam.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("alice")}))(t).AccessKeyMetadata
	must(c.iam.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: keys[0].AccessKeyId}))(t)
	must(c.iam.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("alice")}))(t)
	fails(c.user("alice", "").assume(arn))(t, "AccessDenied", "")
}

func TestAssumeRoleFromASessionOfAGoneRole(t *testing.T) {
	c := start(t)
	middle := c.role("middle", trusts(rootARN, ""))
	inside := c.as(must(c.assume(middle))(t).Credentials)
	must(c.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("middle")}))(t)
	c.role("middle", trusts(rootARN, "")) // another one
	target := c.role("target", trusts(middle, ""))
	fails(inside.assume(target))(t, "AccessDenied", "is not authorized to perform: sts:AssumeRole")
	must(c.as(must(c.assume(middle))(t).Credentials).assume(target))(t)
}

func TestAssumeRoleWithinBoundaryAndSessionPolicy(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	target := c.role("target", trusts(account, ""))
	middle := c.role("middle", trusts(rootARN, ""))
	must(c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("middle"), PolicyName: aws.String("p"), PolicyDocument: aws.String(policy(mayAssume))}))(t)
	must(c.as(must(c.assume(middle))(t).Credentials).assume(target))(t)

	s3Only := policy(`"Effect":"Allow","Action":"s3:*","Resource":"*"`)
	out := must(c.assume(middle, func(in *sts.AssumeRoleInput) { in.Policy = &s3Only }))(t)
	if out.PackedPolicySize == nil || *out.PackedPolicySize < 1 {
		t.Errorf("the packed size is %v", out.PackedPolicySize)
	}
	fails(c.as(out.Credentials).assume(target))(t, "AccessDenied", "")
	arns := []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}}
	must(c.as(must(c.assume(middle, func(in *sts.AssumeRoleInput) { in.Policy, in.PolicyArns = &s3Only, arns }))(t).Credentials).assume(target))(t)

	must(c.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("middle"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonS3FullAccess")}))(t)
	fails(c.as(must(c.assume(middle))(t).Credentials).assume(target))(t, "AccessDenied", "")
}

func TestSessionTagsAndSourceIdentity(t *testing.T) {
	c := start(t)
	tagging := func(in *sts.AssumeRoleInput) {
		in.Tags = []types.Tag{{Key: aws.String("Team"), Value: aws.String("blue")}, {Key: aws.String("x"), Value: aws.String("1")}}
		in.TransitiveTagKeys = []string{"team"}
	}
	plain := c.role("plain", trusts(rootARN, ""))
	fails(c.assume(plain, tagging))(t, "AccessDenied", "sts:TagSession")
	fails(c.assume(plain, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }))(t, "AccessDenied", "sts:SetSourceIdentity")
	tagged := c.role("tagged", `"Effect":"Allow","Principal":{"AWS":"`+rootARN+`"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
		"Condition":{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","x"]}}`)
	out := must(c.assume(tagged, tagging, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }))(t)
	if aws.ToString(out.SourceIdentity) != "me" {
		t.Errorf("the source identity is %s", aws.ToString(out.SourceIdentity))
	}
	byTag := c.role("by-tag", `"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
		"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"blue","aws:SourceIdentity":"me"}}`)
	inside := c.as(out.Credentials)
	second := must(inside.assume(byTag))(t)
	if aws.ToString(second.SourceIdentity) != "me" {
		t.Errorf("the source identity does not pass on")
	}
	fails(inside.assume(byTag, func(in *sts.AssumeRoleInput) {
		in.Tags = []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("red")}}
	}))(t, "ValidationError", "conflicts")
	fails(inside.assume(byTag, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("other") }))(t, "AccessDenied", "Source identity")
	must(c.as(second.Credentials).assume(byTag))(t) // the transitive tag passed on twice
	fails(c.assume(byTag))(t, "AccessDenied", "")

	// Tags of the user count, too.
	alice := c.user("alice", "")
	must(c.iam.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("alice"), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}}))(t)
	must(alice.assume(c.role("user-tag", trusts("*", `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`))))(t)
}

func TestAssumeRoleChecks(t *testing.T) {
	c := start(t)
	arn := c.role("r", trusts(rootARN, ""))
	for name, x := range map[string]struct {
		change        func(in *sts.AssumeRoleInput)
		code, message string
	}{
		"no ARN":        {func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("role-of-somebody-else") }, "ValidationError", "role-of-somebody-else is invalid"},
		"short name":    {func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a") }, "ValidationError", "roleSessionName"},
		"odd name":      {func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }, "ValidationError", "roleSessionName"},
		"too short":     {func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }, "ValidationError", "greater than or equal to 900"},
		"too long":      {func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(43201) }, "ValidationError", "less than or equal to 43200"},
		"over the role": {func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }, "ValidationError", "exceeds the MaxSessionDuration set for this role"},
		"bad policy":    {func(in *sts.AssumeRoleInput) { in.Policy = aws.String(`{"a":1}`) }, "MalformedPolicyDocument", ""},
		"trust policy":  {func(in *sts.AssumeRoleInput) { in.Policy = aws.String(policy(trusts("*", ""))) }, "MalformedPolicyDocument", "principal"},
		"no such policy": {func(in *sts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/None")}}
		}, "ValidationError", "does not exist"},
		"external id":    {func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("a b") }, "ValidationError", "externalId"},
		"MFA":            {func(in *sts.AssumeRoleInput) { in.SerialNumber = aws.String("arn:aws:iam::1:mfa/x") }, "NotImplementedByLocalCloud", "MFA"},
		"transitive tag": {func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"x"} }, "ValidationError", "transitive"},
		"reserved tag": {func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}
		}, "ValidationError", "reserved"},
	} {
		t.Run(name, func(t *testing.T) { fails(c.assume(arn, x.change))(t, x.code, x.message) })
	}
	must(c.iam.UpdateRole(t.Context(), &iam.UpdateRoleInput{RoleName: aws.String("r"), MaxSessionDuration: aws.Int32(7200)}))(t)
	longer := func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) }
	must(c.assume(arn, longer))(t)
	chain := c.role("chain", trusts("*", ""))
	must(c.iam.UpdateRole(t.Context(), &iam.UpdateRoleInput{RoleName: aws.String("chain"), MaxSessionDuration: aws.Int32(7200)}))(t)
	fails(c.as(must(c.assume(arn))(t).Credentials).assume(chain, longer))(t, "ValidationError", "1 hour session limit for roles assumed by role chaining")
}

func TestGetSessionToken(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	alice := c.user("alice", mayAssume)
	k := must(alice.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))(t).Credentials
	if got := k.Expiration.Sub(c.cloud.Clock.Now()).Round(time.Minute); got != 12*time.Hour {
		t.Errorf("a user's session lasts %v", got)
	}
	inside := c.as(k)
	if got := inside.arn(); got != "arn:aws:iam::"+account+":user/alice" {
		t.Errorf("the session is %s", got)
	}
	fails(inside.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))(t, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	must(inside.assume(c.role("r", trusts(rootARN, ""))))(t)
	root := must(c.GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(7200)}))(t).Credentials
	if got := root.Expiration.Sub(c.cloud.Clock.Now()).Round(time.Minute); got != time.Hour {
		t.Errorf("the root user's session lasts %v", got)
	}
	fails(alice.GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129601)}))(t, "ValidationError", "129600")
	fails(alice.GetSessionToken(ctx, &sts.GetSessionTokenInput{TokenCode: aws.String("123456")}))(t, "NotImplementedByLocalCloud", "MFA")

	// The session's keys go with the user; they are not listed among its keys.
	keys := must(c.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("alice")}))(t).AccessKeyMetadata
	if len(keys) != 1 {
		t.Fatalf("the user's keys are %+v", keys)
	}
	must(c.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: keys[0].AccessKeyId}))(t)
	must(c.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: aws.String("alice"), PolicyName: aws.String("p")}))(t)
	must(c.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("alice")}))(t)
	fails(inside.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t, "InvalidClientTokenId", "")
}

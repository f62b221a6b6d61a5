package kms_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"atoll/internal/cloud"
)

func (k *keyring) aliases(in *awskms.ListAliasesInput) []types.AliasListEntry {
	k.t.Helper()
	var out []types.AliasListEntry
	for pages := awskms.NewListAliasesPaginator(k, in); pages.HasMorePages(); {
		out = append(out, must(pages.NextPage(k.ctx))(k.t).Aliases...)
	}
	return out
}

func TestAliases(t *testing.T) {
	k := start(t)
	one, two := k.key(), k.key()
	k.alias("alias/a", one)
	_, err := k.CreateAlias(k.ctx, &awskms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: two})
	refused(t, err, "AlreadyExistsException", "An alias with the name "+arnPrefix+"alias/a already exists")
	for name, code := range map[string]string{
		"a": "ValidationException", "alias/a b": "ValidationException", "alias/": "ValidationException", "alias/aws/mine": "NotAuthorizedException",
		"alias/" + strings.Repeat("a", 251): "ValidationException",
	} {
		_, err := k.CreateAlias(k.ctx, &awskms.CreateAliasInput{AliasName: &name, TargetKeyId: one})
		refused(t, err, code)
	}
	_, err = k.CreateAlias(k.ctx, &awskms.CreateAliasInput{AliasName: aws.String("alias/b"), TargetKeyId: aws.String("alias/a")})
	refused(t, err, "NotFoundException", "Invalid keyId")

	must(k.UpdateAlias(k.ctx, &awskms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: aws.String(arnPrefix + "key/" + *two)}))(t)
	if got := k.describe("alias/a"); *got.KeyId != *two {
		t.Errorf("got %s", *got.KeyId)
	}
	_, err = k.UpdateAlias(k.ctx, &awskms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: k.keyOf(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)})
	refused(t, err, "ValidationException", "same type")
	_, err = k.UpdateAlias(k.ctx, &awskms.UpdateAliasInput{AliasName: aws.String("alias/none"), TargetKeyId: one})
	refused(t, err, "NotFoundException", "Alias "+arnPrefix+"alias/none is not found.")

	if got := k.aliases(&awskms.ListAliasesInput{KeyId: two}); len(got) != 1 || *got[0].AliasName != "alias/a" || *got[0].AliasArn != arnPrefix+"alias/a" || *got[0].TargetKeyId != *two || got[0].CreationDate == nil {
		t.Errorf("got %+v", got)
	}
	must(k.DeleteAlias(k.ctx, &awskms.DeleteAliasInput{AliasName: aws.String("alias/a")}))(t)
	_, err = k.DeleteAlias(k.ctx, &awskms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	refused(t, err, "NotFoundException", "is not found")
}

func TestManagedKeys(t *testing.T) {
	k := start(t)
	find := func(limit int32, name string) *types.AliasListEntry {
		var found *types.AliasListEntry
		last := ""
		for _, a := range k.aliases(&awskms.ListAliasesInput{Limit: &limit}) {
			if *a.AliasName <= last {
				t.Errorf("%s after %s", *a.AliasName, last)
			}
			if last = *a.AliasName; last == name {
				found = &a
			}
		}
		return found
	}
	if a := find(50, "alias/aws/s3"); a == nil || a.TargetKeyId != nil || *a.AliasArn != arnPrefix+"alias/aws/s3" {
		t.Errorf("before: %+v", a)
	}
	m := k.describe("alias/aws/s3")
	if m.KeyManager != types.KeyManagerTypeAws || m.KeyState != types.KeyStateEnabled || *k.describe(arnPrefix + "alias/aws/s3").KeyId != *m.KeyId {
		t.Errorf("got %+v", m)
	}
	k.alias("alias/zzz", k.key())
	k.alias("alias/a", k.key())
	for _, limit := range []int32{1, 3, 100} {
		if a := find(limit, "alias/aws/s3"); a == nil || a.TargetKeyId == nil || *a.TargetKeyId != *m.KeyId {
			t.Errorf("after: %+v", a)
		}
		if find(limit, "alias/zzz") == nil || find(limit, "alias/a") == nil {
			t.Error("an alias is missing")
		}
	}
	if s := must(k.GetKeyRotationStatus(k.ctx, &awskms.GetKeyRotationStatusInput{KeyId: m.KeyId}))(t); !s.KeyRotationEnabled {
		t.Errorf("got %+v", s)
	}
	_, err := k.ScheduleKeyDeletion(k.ctx, &awskms.ScheduleKeyDeletionInput{KeyId: m.KeyId})
	refused(t, err, "AccessDeniedException", "kms:ScheduleKeyDeletion")
	_, err = k.DescribeKey(k.ctx, &awskms.DescribeKeyInput{KeyId: aws.String("alias/aws/unheard-of")})
	refused(t, err, "NotFoundException")
}

func TestKeyPolicies(t *testing.T) {
	k := start(t)
	key := k.key()
	get := func() string {
		return *must(k.GetKeyPolicy(k.ctx, &awskms.GetKeyPolicyInput{KeyId: key, PolicyName: aws.String("default")}))(t).Policy
	}
	var policy struct {
		Statement []struct{ Principal struct{ AWS string } }
	}
	if err := json.Unmarshal([]byte(get()), &policy); err != nil || policy.Statement[0].Principal.AWS != "arn:aws:iam::"+cloud.DefaultAccount+":root" {
		t.Errorf("the default policy: %s %v", get(), err)
	}
	put := func(document string, bypass bool) error {
		_, err := k.PutKeyPolicy(k.ctx, &awskms.PutKeyPolicyInput{KeyId: key, Policy: &document, BypassPolicyLockoutSafetyCheck: bypass})
		return err
	}
	statement := func(effect, principal, action string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":{"AWS":%q},"Action":%q,"Resource":"*"}]}`, effect, principal, action)
	}
	root := "arn:aws:iam::" + cloud.DefaultAccount + ":root"
	good := statement("Allow", root, "kms:*")
	if err := put(good, false); err != nil || get() != good {
		t.Errorf("got %v, %s", err, get())
	}
	for _, lockout := range []string{statement("Allow", root, "kms:Describe*"), statement("Allow", "arn:aws:iam::222222222222:root", "kms:*"), statement("Deny", root, "kms:*")} {
		refused(t, put(lockout, false), "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future")
		_, err := k.CreateKey(k.ctx, &awskms.CreateKeyInput{Policy: &lockout})
		refused(t, err, "MalformedPolicyDocumentException")
	}
	if err := put(statement("Allow", root, "kms:Describe*"), true); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"{", "{}", `{"Statement":[]}`, `{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`} {
		refused(t, put(bad, true), "MalformedPolicyDocumentException")
	}
	_, err := k.GetKeyPolicy(k.ctx, &awskms.GetKeyPolicyInput{KeyId: key, PolicyName: aws.String("other")})
	refused(t, err, "NotFoundException", "No such policy")
	names := must(k.ListKeyPolicies(k.ctx, &awskms.ListKeyPoliciesInput{KeyId: key}))(t)
	if len(names.PolicyNames) != 1 || names.PolicyNames[0] != "default" {
		t.Errorf("got %v", names.PolicyNames)
	}
}

func TestGrants(t *testing.T) {
	k := start(t)
	key := k.key()
	grantee := aws.String("arn:aws:iam::" + cloud.DefaultAccount + ":role/app")
	in := &awskms.CreateGrantInput{
		KeyId: key, GranteePrincipal: grantee, Name: aws.String("n"), Operations: []types.GrantOperation{"Encrypt", "Decrypt"},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "1"}},
	}
	first := must(k.CreateGrant(k.ctx, in))(t)
	if again := must(k.CreateGrant(k.ctx, in))(t); *again.GrantId != *first.GrantId {
		t.Errorf("got %s and %s", *first.GrantId, *again.GrantId)
	}
	in.Name = nil
	second := must(k.CreateGrant(k.ctx, in))(t)
	list := must(k.ListGrants(k.ctx, &awskms.ListGrantsInput{KeyId: key}))(t)
	if len(list.Grants) != 2 {
		t.Errorf("got %+v", list.Grants)
	}
	one := must(k.ListGrants(k.ctx, &awskms.ListGrantsInput{KeyId: key, GrantId: first.GrantId}))(t).Grants[0]
	if *one.Name != "n" || *one.GranteePrincipal != *grantee || len(one.Operations) != 2 || one.Constraints.EncryptionContextSubset["a"] != "1" || *one.KeyId != arnPrefix+"key/"+*key {
		t.Errorf("got %+v", one)
	}
	must(k.RevokeGrant(k.ctx, &awskms.RevokeGrantInput{KeyId: key, GrantId: first.GrantId}))(t)
	_, err := k.RevokeGrant(k.ctx, &awskms.RevokeGrantInput{KeyId: key, GrantId: first.GrantId})
	refused(t, err, "NotFoundException")
	must(k.RetireGrant(k.ctx, &awskms.RetireGrantInput{GrantToken: second.GrantToken}))(t)
	if list := must(k.ListGrants(k.ctx, &awskms.ListGrantsInput{KeyId: key}))(t); len(list.Grants) != 0 {
		t.Errorf("got %+v", list.Grants)
	}
	_, err = k.RetireGrant(k.ctx, &awskms.RetireGrantInput{GrantToken: aws.String("x")})
	refused(t, err, "InvalidGrantTokenException")
	_, err = k.CreateGrant(k.ctx, &awskms.CreateGrantInput{KeyId: key, GranteePrincipal: grantee, Operations: []types.GrantOperation{"Sign"}})
	refused(t, err, "ValidationException", "Sign")
	_, err = k.CreateGrant(k.ctx, &awskms.CreateGrantInput{KeyId: key, GranteePrincipal: aws.String("app"), Operations: []types.GrantOperation{"Encrypt"}})
	refused(t, err, "InvalidArnException")
}

// TestLogGroupsKey has another service ask for a key.
func TestLogGroupsKey(t *testing.T) {
	k := start(t)
	logs := cwl.NewFromConfig(k.cloud.Config())
	key := k.key()
	arn := aws.String(arnPrefix + "key/" + *key)
	create := func(name string) error {
		_, err := logs.CreateLogGroup(k.ctx, &cwl.CreateLogGroupInput{LogGroupName: &name, KmsKeyId: arn})
		return err
	}
	if err := create("a"); err != nil {
		t.Fatal(err)
	}
	groups := must(logs.DescribeLogGroups(k.ctx, &cwl.DescribeLogGroupsInput{}))(t).LogGroups
	if *groups[0].KmsKeyId != *arn {
		t.Errorf("got %+v", groups[0])
	}
	must(logs.DisassociateKmsKey(k.ctx, &cwl.DisassociateKmsKeyInput{LogGroupName: aws.String("a")}))(t)
	must(logs.AssociateKmsKey(k.ctx, &cwl.AssociateKmsKeyInput{LogGroupName: aws.String("a"), KmsKeyId: arn}))(t)
	k.disable(key)
	refused(t, create("b"), "InvalidParameterException", "KMS key")
}

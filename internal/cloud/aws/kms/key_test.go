package kms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func TestCreateAndDescribeKey(t *testing.T) {
	k := start(t)
	made := must(k.CreateKey(k.ctx, &awskms.CreateKeyInput{
		Description: aws.String("d"), Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}},
	}))(t).KeyMetadata
	m := k.describe(*made.Arn)
	if *m.KeyId != *made.KeyId || *m.Arn != arnPrefix+"key/"+*m.KeyId || *m.AWSAccountId != cloud.DefaultAccount || !m.Enabled || *m.Description != "d" ||
		m.KeyState != types.KeyStateEnabled || m.KeyUsage != types.KeyUsageTypeEncryptDecrypt || m.KeySpec != types.KeySpecSymmetricDefault ||
		m.Origin != types.OriginTypeAwsKms || m.KeyManager != types.KeyManagerTypeCustomer || *m.MultiRegion || m.DeletionDate != nil ||
		len(m.EncryptionAlgorithms) != 1 || m.SigningAlgorithms != nil || m.MacAlgorithms != nil || len(*m.CurrentKeyMaterialId) != 64 {
		t.Errorf("got %+v", m)
	}
	k.alias("alias/a", m.KeyId)
	for _, name := range []string{*m.KeyId, *m.Arn, "alias/a", arnPrefix + "alias/a"} {
		if got := k.describe(name); *got.KeyId != *m.KeyId {
			t.Errorf("by %s: %s", name, *got.KeyId)
		}
	}
	must(k.UpdateKeyDescription(k.ctx, &awskms.UpdateKeyDescriptionInput{KeyId: m.KeyId, Description: aws.String("")}))(t)
	if got := k.describe(*m.KeyId).Description; *got != "" {
		t.Errorf("got %q", *got)
	}
}

func TestKeySpecs(t *testing.T) {
	k := start(t)
	for _, c := range []struct {
		spec  types.KeySpec
		usage types.KeyUsageType
		code  string
	}{
		{types.KeySpecRsa2048, "", "ValidationException"},
		{types.KeySpecRsa2048, types.KeyUsageTypeGenerateVerifyMac, "ValidationException"},
		{types.KeySpecSymmetricDefault, types.KeyUsageTypeSignVerify, "ValidationException"},
		{"AES_1", "", "ValidationException"},
		{types.KeySpecMlDsa65, types.KeyUsageTypeSignVerify, "NotImplementedByLocalCloud"},
		{types.KeySpecEccNistP256, types.KeyUsageTypeKeyAgreement, "NotImplementedByLocalCloud"},
	} {
		_, err := k.CreateKey(k.ctx, &awskms.CreateKeyInput{KeySpec: c.spec, KeyUsage: c.usage})
		refused(t, err, c.code)
	}
	_, err := k.CreateKey(k.ctx, &awskms.CreateKeyInput{Origin: types.OriginTypeExternal})
	refused(t, err, "NotImplementedByLocalCloud", "EXTERNAL")
	m := must(k.CreateKey(k.ctx, &awskms.CreateKeyInput{CustomerMasterKeySpec: types.CustomerMasterKeySpecHmac384, KeyUsage: types.KeyUsageTypeGenerateVerifyMac}))(t).KeyMetadata
	if m.KeySpec != types.KeySpecHmac384 || m.MacAlgorithms[0] != types.MacAlgorithmSpecHmacSha384 {
		t.Errorf("got %+v", m)
	}
	m = must(k.CreateKey(k.ctx, &awskms.CreateKeyInput{MultiRegion: aws.Bool(true)}))(t).KeyMetadata
	if !strings.HasPrefix(*m.KeyId, "mrk-") || !*m.MultiRegion || m.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypePrimary ||
		*m.MultiRegionConfiguration.PrimaryKey.Arn != *m.Arn {
		t.Errorf("got %+v", m)
	}
	k.encrypt(*m.KeyId, "x", nil)
}

func TestKeyNames(t *testing.T) {
	k := start(t)
	unknown := "00000000-0000-0000-0000-000000000000"
	for _, c := range []struct{ name, code, words string }{
		{unknown, "NotFoundException", "Key '" + arnPrefix + "key/" + unknown + "' does not exist"},
		{"nonsense", "NotFoundException", "Invalid keyId 'nonsense'"},
		{"alias/none", "NotFoundException", "Alias " + arnPrefix + "alias/none is not found."},
		{arnPrefix + "alias/none", "NotFoundException", "Alias " + arnPrefix + "alias/none is not found."},
		{"arn:aws:kms:eu-west-1:" + cloud.DefaultAccount + ":key/" + unknown, "InvalidArnException", "eu-west-1"},
		{"arn:aws:s3:::bucket", "InvalidArnException", "Invalid arn"},
		{"arn:aws:kms:" + cloudtest.Region + ":222222222222:key/" + unknown, "AccessDeniedException", "not authorized"},
	} {
		_, err := k.DescribeKey(k.ctx, &awskms.DescribeKeyInput{KeyId: &c.name})
		refused(t, err, c.code, c.words)
	}
	k.alias("alias/a", k.key())
	_, err := k.DisableKey(k.ctx, &awskms.DisableKeyInput{KeyId: aws.String("alias/a")})
	refused(t, err, "NotFoundException", "Invalid keyId 'alias/a'")
	_, err = k.DisableKey(k.ctx, &awskms.DisableKeyInput{KeyId: aws.String(arnPrefix + "alias/a")})
	refused(t, err, "InvalidArnException", "Aliases are not supported")
}

func TestKeyStates(t *testing.T) {
	k := start(t)
	key := k.key()
	blob := k.encrypt(*key, "x", nil).CiphertextBlob
	k.disable(key)
	if m := k.describe(*key); m.Enabled || m.KeyState != types.KeyStateDisabled {
		t.Errorf("got %+v", m)
	}
	_, err := k.decrypt(blob, nil)
	refused(t, err, "DisabledException", arnPrefix+"key/"+*key+" is disabled.")
	_, err = k.EnableKeyRotation(k.ctx, &awskms.EnableKeyRotationInput{KeyId: key})
	refused(t, err, "DisabledException")
	must(k.EnableKey(k.ctx, &awskms.EnableKeyInput{KeyId: key}))(t)
	must(k.decrypt(blob, nil))(t)
}

func TestKeyDeletion(t *testing.T) {
	k := start(t)
	key := k.key()
	k.alias("alias/a", key)
	must(k.TagResource(k.ctx, &awskms.TagResourceInput{KeyId: key, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}}))(t)
	blob := k.encrypt(*key, "x", nil).CiphertextBlob
	_, err := k.ScheduleKeyDeletion(k.ctx, &awskms.ScheduleKeyDeletionInput{KeyId: key, PendingWindowInDays: aws.Int32(6)})
	refused(t, err, "ValidationException", "pendingWindowInDays")
	out := k.schedule(key)
	want := k.cloud.Clock.Now().Add(7 * 24 * time.Hour)
	if *out.KeyId != arnPrefix+"key/"+*key || out.KeyState != types.KeyStatePendingDeletion || out.DeletionDate.Sub(want).Abs() > time.Millisecond || *out.PendingWindowInDays != 7 {
		t.Errorf("got %+v", out)
	}
	if m := k.describe(*key); m.Enabled || m.KeyState != types.KeyStatePendingDeletion || m.DeletionDate == nil {
		t.Errorf("got %+v", m)
	}
	_, err = k.decrypt(blob, nil)
	refused(t, err, "KMSInvalidStateException", "is pending deletion")
	_, err = k.ScheduleKeyDeletion(k.ctx, &awskms.ScheduleKeyDeletionInput{KeyId: key})
	refused(t, err, "KMSInvalidStateException", "is pending deletion")
	_, err = k.EnableKey(k.ctx, &awskms.EnableKeyInput{KeyId: key})
	refused(t, err, "KMSInvalidStateException")
	must(k.GetKeyPolicy(k.ctx, &awskms.GetKeyPolicyInput{KeyId: key}))(t)

	must(k.CancelKeyDeletion(k.ctx, &awskms.CancelKeyDeletionInput{KeyId: key}))(t)
	if m := k.describe(*key); m.KeyState != types.KeyStateDisabled || m.DeletionDate != nil {
		t.Errorf("got %+v", m)
	}
	_, err = k.CancelKeyDeletion(k.ctx, &awskms.CancelKeyDeletionInput{KeyId: key})
	refused(t, err, "KMSInvalidStateException", "is not pending deletion")

	k.schedule(key)
	k.days(6)
	k.describe(*key)
	k.days(1)
	_, err = k.DescribeKey(k.ctx, &awskms.DescribeKeyInput{KeyId: key})
	refused(t, err, "NotFoundException", "does not exist")
	_, err = k.DescribeKey(k.ctx, &awskms.DescribeKeyInput{KeyId: aws.String("alias/a")})
	refused(t, err, "NotFoundException", "Alias")
	_, err = k.decrypt(blob, nil)
	refused(t, err, "AccessDeniedException", "does not exist")
	if keys := must(k.ListKeys(k.ctx, &awskms.ListKeysInput{}))(t).Keys; len(keys) != 0 {
		t.Errorf("got %v", keys)
	}
}

func TestListKeysInPages(t *testing.T) {
	k := start(t)
	want := map[string]bool{}
	for range 5 {
		want[*k.key()] = true
	}
	n := 0
	for pages := awskms.NewListKeysPaginator(k, &awskms.ListKeysInput{Limit: aws.Int32(2)}); pages.HasMorePages(); {
		for _, e := range must(pages.NextPage(k.ctx))(t).Keys {
			if !want[*e.KeyId] || *e.KeyArn != arnPrefix+"key/"+*e.KeyId {
				t.Errorf("got %+v", e)
			}
			n++
		}
	}
	if n != 5 {
		t.Errorf("got %d keys", n)
	}
	_, err := k.ListKeys(k.ctx, &awskms.ListKeysInput{Marker: aws.String("%")})
	refused(t, err, "InvalidMarkerException")
	_, err = k.ListKeys(k.ctx, &awskms.ListKeysInput{Limit: aws.Int32(1001)})
	refused(t, err, "ValidationException")
}

func TestTags(t *testing.T) {
	k := start(t)
	key := k.key()
	tag := func(pairs ...string) error {
		in := &awskms.TagResourceInput{KeyId: key}
		for i := 0; i < len(pairs); i += 2 {
			in.Tags = append(in.Tags, types.Tag{TagKey: &pairs[i], TagValue: &pairs[i+1]})
		}
		_, err := k.TagResource(k.ctx, in)
		return err
	}
	list := func() string {
		var out []string
		for pages := awskms.NewListResourceTagsPaginator(k, &awskms.ListResourceTagsInput{KeyId: key, Limit: aws.Int32(2)}); pages.HasMorePages(); {
			for _, tag := range must(pages.NextPage(k.ctx))(t).Tags {
				out = append(out, *tag.TagKey+"="+*tag.TagValue)
			}
		}
		return strings.Join(out, " ")
	}
	if err := tag("b", "2", "a", "1", "ü", ""); err != nil {
		t.Fatal(err)
	}
	must(k.UntagResource(k.ctx, &awskms.UntagResourceInput{KeyId: key, TagKeys: []string{"b", "none"}}))(t)
	if err := tag("c", "3", "a", "4"); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != "a=4 c=3 ü=" {
		t.Errorf("got %q", got)
	}
	refused(t, tag("aws:x", "1"), "TagException", "aws:")
	refused(t, tag("x", "1", "x", "2"), "TagException", "Duplicate")
	var many []string
	for i := range 48 {
		many = append(many, fmt.Sprint(i), "")
	}
	refused(t, tag(many...), "TagException", "Too many")
}

func TestKeysApart(t *testing.T) {
	k := start(t, cloudtest.Durable())
	key := k.key()
	blob := k.encrypt(*key, "x", nil).CiphertextBlob
	config := k.cloud.Config()
	config.Region = "eu-central-1"
	elsewhere := awskms.NewFromConfig(config)
	_, err := elsewhere.Decrypt(k.ctx, &awskms.DecryptInput{CiphertextBlob: blob})
	refused(t, err, "AccessDeniedException")
	k.cloud.Restart()
	if got := must(k.decrypt(blob, nil))(t); got != "x" {
		t.Errorf("after a restart: %q", got)
	}
}

package kms_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:kms:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":"

// keyring is a client of a running cloud.
type keyring struct {
	*awskms.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *keyring {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	client := awskms.NewFromConfig(cloud.Config(), func(o *awskms.Options) { o.HTTPSignerV4 = cloud.Signer() })
	return &keyring{Client: client, t: t, ctx: t.Context(), cloud: cloud}
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func (k *keyring) days(n int) { k.cloud.Clock.Advance(time.Duration(n) * 24 * time.Hour) }

// key makes a symmetric key and gives its id.
func (k *keyring) key() *string {
	k.t.Helper()
	return must(k.CreateKey(k.ctx, &awskms.CreateKeyInput{}))(k.t).KeyMetadata.KeyId
}

func (k *keyring) keyOf(spec types.KeySpec, usage types.KeyUsageType) *string {
	k.t.Helper()
	return must(k.CreateKey(k.ctx, &awskms.CreateKeyInput{KeySpec: spec, KeyUsage: usage}))(k.t).KeyMetadata.KeyId
}

func (k *keyring) alias(name string, key *string) {
	k.t.Helper()
	must(k.CreateAlias(k.ctx, &awskms.CreateAliasInput{AliasName: &name, TargetKeyId: key}))(k.t)
}

func (k *keyring) describe(key string) *types.KeyMetadata {
	k.t.Helper()
	return must(k.DescribeKey(k.ctx, &awskms.DescribeKeyInput{KeyId: &key}))(k.t).KeyMetadata
}

func (k *keyring) encrypt(key, plaintext string, context map[string]string) *awskms.EncryptOutput {
	k.t.Helper()
	return must(k.Encrypt(k.ctx, &awskms.EncryptInput{KeyId: &key, Plaintext: []byte(plaintext), EncryptionContext: context}))(k.t)
}

func (k *keyring) decrypt(blob []byte, context map[string]string) (string, error) {
	out, err := k.Decrypt(k.ctx, &awskms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context})
	if err != nil {
		return "", err
	}
	return string(out.Plaintext), nil
}

func (k *keyring) disable(key *string) {
	k.t.Helper()
	must(k.DisableKey(k.ctx, &awskms.DisableKeyInput{KeyId: key}))(k.t)
}

func (k *keyring) schedule(key *string) *awskms.ScheduleKeyDeletionOutput {
	k.t.Helper()
	return must(k.ScheduleKeyDeletion(k.ctx, &awskms.ScheduleKeyDeletionInput{KeyId: key, PendingWindowInDays: aws.Int32(7)}))(k.t)
}

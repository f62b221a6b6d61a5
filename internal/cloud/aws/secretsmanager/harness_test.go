package secretsmanager_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:secretsmanager:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":secret:"

// vault is a client of a running cloud.
type vault struct {
	*sm.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *vault {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	client := sm.NewFromConfig(cloud.Config(), func(o *sm.Options) { o.HTTPSignerV4 = cloud.Signer() })
	return &vault{Client: client, t: t, ctx: t.Context(), cloud: cloud}
}

// in gives a client of another region.
func (v *vault) in(region string) *vault {
	config := v.cloud.Config()
	config.Region = region
	there := *v
	there.Client = sm.NewFromConfig(config, func(o *sm.Options) { o.HTTPSignerV4 = v.cloud.Signer() })
	return &there
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

func (v *vault) days(n int) { v.cloud.Clock.Advance(time.Duration(n) * 24 * time.Hour) }

// secret makes a secret with a value, or without one if it is empty, and gives its ARN.
func (v *vault) secret(name, value string) string {
	v.t.Helper()
	in := &sm.CreateSecretInput{Name: &name}
	if value != "" {
		in.SecretString = &value
	}
	return *must(v.CreateSecret(v.ctx, in))(v.t).ARN
}

// put adds a version, with labels if any are given, and gives its id.
func (v *vault) put(secret, value string, stages ...string) string {
	v.t.Helper()
	return *must(v.PutSecretValue(v.ctx, &sm.PutSecretValueInput{SecretId: &secret, SecretString: &value, VersionStages: stages}))(v.t).VersionId
}

func (v *vault) describe(secret string) *sm.DescribeSecretOutput {
	v.t.Helper()
	return must(v.DescribeSecret(v.ctx, &sm.DescribeSecretInput{SecretId: &secret}))(v.t)
}

// value gives the current value of a secret.
func (v *vault) value(secret string) (string, error) {
	out, err := v.GetSecretValue(v.ctx, &sm.GetSecretValueInput{SecretId: &secret})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SecretString), nil
}

// labels checks which labels a version has.
func (v *vault) labels(secret, version string, want ...string) {
	v.t.Helper()
	if got := v.describe(secret).VersionIdsToStages[version]; !slices.Equal(got, want) {
		v.t.Errorf("the version %s has %v, want %v", version, got, want)
	}
}

func (v *vault) delete(secret string, days int64) error {
	_, err := v.DeleteSecret(v.ctx, &sm.DeleteSecretInput{SecretId: &secret, RecoveryWindowInDays: &days})
	return err
}

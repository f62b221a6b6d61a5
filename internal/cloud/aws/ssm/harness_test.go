package ssm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const arnPrefix = "arn:aws:ssm:" + cloudtest.Region + ":" + cloud.DefaultAccount + ":parameter/"

// store is a client of a running cloud.
type store struct {
	*awsssm.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *store {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	client := awsssm.NewFromConfig(cloud.Config(), func(o *awsssm.Options) { o.HTTPSignerV4 = cloud.Signer() })
	return &store{Client: client, t: t, ctx: t.Context(), cloud: cloud}
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

// put makes a text, or adds a version to it.
func (s *store) put(name, value string) {
	s.t.Helper()
	must(s.PutParameter(s.ctx, &awsssm.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString, Overwrite: aws.Bool(true)}))(s.t)
}

func (s *store) get(name string) (*types.Parameter, error) {
	out, err := s.GetParameter(s.ctx, &awsssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	return out.Parameter, nil
}

func (s *store) value(name string) string {
	s.t.Helper()
	return *must(s.get(name))(s.t).Value
}

// describe gives the metadata of one parameter.
func (s *store) describe(name string) types.ParameterMetadata {
	s.t.Helper()
	out := must(s.DescribeParameters(s.ctx, &awsssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{name}}}}))(s.t)
	if len(out.Parameters) != 1 {
		s.t.Fatalf("there are %d parameters %s", len(out.Parameters), name)
	}
	return out.Parameters[0]
}

func (s *store) days(n int) { s.cloud.Clock.Advance(time.Duration(n) * 24 * time.Hour) }

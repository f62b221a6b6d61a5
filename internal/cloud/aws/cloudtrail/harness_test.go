package cloudtrail_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const (
	account = cloud.DefaultAccount
	arn     = "arn:aws:cloudtrail:us-east-1:" + account + ":trail/audit"
)

// trails is a client of a running cloud that has the bucket "logs" with the policy that AWS's documentation gives for the trail "audit".
type trails struct {
	*sdk.Client
	t       testing.TB
	ctx     context.Context
	cloud   *cloudtest.Cloud
	objects *s3.Client
}

func start(t testing.TB, opts ...cloudtest.Option) *trails {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	l := &trails{t: t, ctx: t.Context(), cloud: c, Client: clientIn(c, cloudtest.Region),
		objects: s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle, o.HTTPSignerV4 = true, c.Signer() })}
	must(l.objects.CreateBucket(l.ctx, &s3.CreateBucketInput{Bucket: aws.String("logs")}))(t)
	l.policy("arn:aws:s3:::logs/AWSLogs/" + account + "/*")
	return l
}

func clientIn(c *cloudtest.Cloud, region string) *sdk.Client {
	return sdk.NewFromConfig(c.Config(), func(o *sdk.Options) { o.Region, o.HTTPSignerV4 = region, c.Signer() })
}

// policy lets CloudTrail put the trail's files where resource says.
func (l *trails) policy(resource string) {
	l.t.Helper()
	must(l.objects.PutBucketPolicy(l.ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("logs"), Policy: aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs","Condition":{"StringEquals":{"aws:SourceArn":%q}}},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":%q,
		 "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":%q}}}]}`, arn, resource, arn))}))(l.t)
}

// iam makes a call that writes.
func (l *trails) user(name string) {
	l.t.Helper()
	client := iam.NewFromConfig(l.cloud.Config(), func(o *iam.Options) { o.HTTPSignerV4 = l.cloud.Signer() })
	must(client.CreateUser(l.ctx, &iam.CreateUserInput{UserName: &name}))(l.t)
}

// begin makes the trail and starts it.
func (l *trails) begin(in sdk.CreateTrailInput) {
	l.t.Helper()
	in.Name, in.S3BucketName = aws.String("audit"), aws.String("logs")
	must(l.CreateTrail(l.ctx, &in))(l.t)
	must(l.StartLogging(l.ctx, &sdk.StartLoggingInput{Name: in.Name}))(l.t)
}

// keys gives the files under a prefix.
func (l *trails) keys(prefix string) []string {
	l.t.Helper()
	if err := l.cloud.Idle(l.ctx); err != nil {
		l.t.Fatal(err)
	}
	var out []string
	for _, o := range must(l.objects.ListObjectsV2(l.ctx, &s3.ListObjectsV2Input{Bucket: aws.String("logs"), Prefix: &prefix}))(l.t).Contents {
		out = append(out, *o.Key)
	}
	slices.Sort(out)
	return out
}

// file reads a compressed file, and gives its metadata.
func (l *trails) file(key string) ([]byte, map[string]string) {
	l.t.Helper()
	out := must(l.objects.GetObject(l.ctx, &s3.GetObjectInput{Bucket: aws.String("logs"), Key: &key}))(l.t)
	defer out.Body.Close()
	z := must(gzip.NewReader(out.Body))(l.t)
	return must(io.ReadAll(z))(l.t), out.Metadata
}

func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

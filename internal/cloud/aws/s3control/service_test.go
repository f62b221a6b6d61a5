package s3control_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Fatalf("got %v, want the error %s", err, code)
	}
}

// loopback sends the calls, whose host begins with the account, to the loopback address.
type loopback struct{}

func (loopback) Do(req *http.Request) (*http.Response, error) {
	req.Host = req.URL.Host
	req.URL.Host = "127.0.0.1:" + req.URL.Port()
	return http.DefaultTransport.RoundTrip(req)
}

func TestBucketTags(t *testing.T) {
	c := cloudtest.Start(t)
	ctx := t.Context()
	objects := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	config := c.Config()
	config.HTTPClient = loopback{}
	cl := s3control.NewFromConfig(config)
	if _, err := objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("box")}); err != nil {
		t.Fatal(err)
	}
	account, arn := aws.String(cloud.DefaultAccount), aws.String("arn:aws:s3:::box")
	tags := func() map[string]string {
		t.Helper()
		out, err := cl.ListTagsForResource(ctx, &s3control.ListTagsForResourceInput{AccountId: account, ResourceArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, tag := range out.Tags {
			got[*tag.Key] = *tag.Value
		}
		return got
	}
	if got := tags(); len(got) != 0 {
		t.Fatalf("a new bucket has %v", got)
	}
	add := func(key, value string) error {
		_, err := cl.TagResource(ctx, &s3control.TagResourceInput{AccountId: account, ResourceArn: arn, Tags: []types.Tag{{Key: &key, Value: &value}}})
		return err
	}
	if err := errors.Join(add("a", "1"), add("b", "2"), add("a", "3")); err != nil {
		t.Fatal(err)
	}
	if got := tags(); len(got) != 2 || got["a"] != "3" {
		t.Fatalf("got %v", got)
	}
	if _, err := cl.UntagResource(ctx, &s3control.UntagResourceInput{AccountId: account, ResourceArn: arn, TagKeys: []string{"a", "none"}}); err != nil {
		t.Fatal(err)
	}
	seen, err := objects.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: aws.String("box")})
	if err != nil || len(seen.TagSet) != 1 || *seen.TagSet[0].Key != "b" {
		t.Fatalf("S3 sees %v, %v", seen, err)
	}
	wantCode(t, add("aws:x", "1"), "InvalidTag")
	_, err = cl.ListTagsForResource(ctx, &s3control.ListTagsForResourceInput{AccountId: account, ResourceArn: aws.String("arn:aws:s3:::none")})
	wantCode(t, err, "NoSuchBucket")
	_, err = cl.ListTagsForResource(ctx, &s3control.ListTagsForResourceInput{AccountId: aws.String("999999999999"), ResourceArn: arn})
	wantCode(t, err, "AccessDenied")
	_, err = cl.ListTagsForResource(ctx, &s3control.ListTagsForResourceInput{AccountId: account, ResourceArn: aws.String("arn:aws:s3:us-east-1:111111111111:accesspoint/p")})
	wantCode(t, err, "NotImplementedByLocalCloud")
}

func TestAccountPublicAccessBlock(t *testing.T) {
	c := cloudtest.Start(t)
	ctx := t.Context()
	objects := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	config := c.Config()
	config.HTTPClient = loopback{}
	cl := s3control.NewFromConfig(config)
	account, box := aws.String(cloud.DefaultAccount), aws.String("box")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := cl.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: account})
	wantCode(t, err, "NoSuchPublicAccessBlockConfiguration")
	_, err = objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: box})
	check(err)
	_, err = objects.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: box})
	check(err)
	public := func() error {
		_, err := objects.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: box, Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*"}]}`)})
		return err
	}
	check(public())
	_, err = cl.PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: account,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicPolicy: aws.Bool(true)}})
	check(err)
	wantCode(t, public(), "AccessDenied")
	got, err := cl.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: account})
	check(err)
	if b := got.PublicAccessBlockConfiguration; !*b.BlockPublicPolicy || *b.BlockPublicAcls || *b.IgnorePublicAcls || *b.RestrictPublicBuckets {
		t.Errorf("got %+v", b)
	}
	_, err = cl.PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: aws.String("999999999999"), PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}})
	wantCode(t, err, "AccessDenied")
	_, err = cl.DeletePublicAccessBlock(ctx, &s3control.DeletePublicAccessBlockInput{AccountId: account})
	check(err)
	check(public())
}

package s3_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"atoll/internal/cloud/cloudtest"
)

// client gives an S3 client of the cloud's root user.
func client(c *cloudtest.Cloud, opts ...func(*s3.Options)) *s3.Client {
	opts = append([]func(*s3.Options){func(o *s3.Options) {
		o.UsePathStyle, o.RequestChecksumCalculation, o.HTTPSignerV4 = true, aws.RequestChecksumCalculationWhenSupported, c.Signer()
	}}, opts...)
	return s3.NewFromConfig(c.Config(), opts...)
}

func region(name string) func(*s3.Options) {
	return func(o *s3.Options) { o.Region = name }
}

// start runs a cloud with one bucket, "box".
func start(t testing.TB, opts ...cloudtest.Option) (*cloudtest.Cloud, *s3.Client) {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	cl := client(c)
	makeBucket(t, cl, "box")
	return c, cl
}

func makeBucket(t testing.TB, cl *s3.Client, name string) {
	t.Helper()
	if _, err := cl.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("creating the bucket %s: %v", name, err)
	}
}

// wantCode fails unless err is an API error with this code.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want the error %s", err, code)
	}
	if api.ErrorCode() != code {
		t.Fatalf("got the error %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

func wantStatus(t testing.TB, err error, status int) {
	t.Helper()
	var re *smithyhttp.ResponseError
	if !errors.As(err, &re) || re.HTTPStatusCode() != status {
		t.Fatalf("got %v, want the status %d", err, status)
	}
}

// must gives a call's answer, and ends the test where there is none.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestBucketLifecycle(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	head, err := cl.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("box")})
	if err != nil || aws.ToString(head.BucketRegion) != cloudtest.Region {
		t.Fatalf("HeadBucket: %v, %v", head, err)
	}
	makeBucket(t, cl, "alpha")
	list := must(cl.ListBuckets(ctx, &s3.ListBucketsInput{}))
	if len(list.Buckets) != 2 || *list.Buckets[0].Name != "alpha" || len(*list.Owner.ID) != 64 {
		t.Fatalf("ListBuckets: %v", list.Buckets)
	}
	page, err := cl.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})
	if err != nil || len(page.Buckets) != 1 || page.ContinuationToken == nil {
		t.Fatalf("first page: %v, %v", page, err)
	}
	page, err = cl.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1), ContinuationToken: page.ContinuationToken})
	if err != nil || len(page.Buckets) != 1 || *page.Buckets[0].Name != "box" || page.ContinuationToken != nil {
		t.Fatalf("second page: %v, %v", page, err)
	}
	put(t, cl, "box", "a", "x")
	_, err = cl.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("box")})
	wantCode(t, err, "BucketNotEmpty")
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}))
	if _, err = cl.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("box")}); err != nil {
		t.Fatal(err)
	}
	_, err = cl.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("box")})
	wantCode(t, err, "NotFound")
	_, err = cl.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("box")})
	wantCode(t, err, "NoSuchBucket")
}

func TestBucketNames(t *testing.T) {
	cl := client(cloudtest.Start(t))
	for _, name := range []string{"ab", "Upper", "under_score", "192.168.0.1", "a..b", "-a-", "xn--abc"} {
		_, err := cl.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
		wantCode(t, err, "InvalidBucketName")
	}
}

func TestBucketOwners(t *testing.T) {
	c, cl := start(t)
	ctx := t.Context()
	// us-east-1 takes the bucket's second creation for success; other regions do not.
	makeBucket(t, cl, "box")
	west := client(c, region("us-west-2"))
	_, err := west.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("box"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-west-2"}})
	wantCode(t, err, "BucketAlreadyOwnedByYou")
	_, err = cl.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("box"), ExpectedBucketOwner: aws.String("999999999999")})
	wantCode(t, err, "AccessDenied")
}

func TestBucketRegions(t *testing.T) {
	c := cloudtest.Start(t)
	ctx := t.Context()
	east, west := client(c), client(c, region("eu-west-1"))
	_, err := west.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("box")})
	wantCode(t, err, "IllegalLocationConstraintException")
	_, err = west.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("box"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-west-2"}})
	wantCode(t, err, "IllegalLocationConstraintException")
	must(west.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("box"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}}))
	for _, cl := range []*s3.Client{east, west} {
		got := must(cl.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("box")}))
		if got.LocationConstraint != "eu-west-1" {
			t.Fatalf("the location is %q", got.LocationConstraint)
		}
	}
	_, err = east.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a")})
	wantCode(t, err, "PermanentRedirect")
	_, err = east.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("box")})
	wantStatus(t, err, http.StatusMovedPermanently)
	var re *smithyhttp.ResponseError
	if errors.As(err, &re); re.Response.Header.Get("x-amz-bucket-region") != "eu-west-1" {
		t.Fatalf("headers: %v", re.Response.Header)
	}
	tags := must(west.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: aws.String("box")}))
	if len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "v" {
		t.Fatalf("tags: %v", tags.TagSet)
	}
	makeBucket(t, east, "home")
	if got := must(east.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("home")})); got.LocationConstraint != "" {
		t.Fatalf("the location of a bucket in us-east-1 is %q", got.LocationConstraint)
	}
}

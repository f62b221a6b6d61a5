package s3_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/s3"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// TestAccounts calls the service as two accounts: names are taken for both, and buckets are their owner's.
func TestAccounts(t *testing.T) {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	svc, err := s3.New(s3.Deps{Store: store, Clock: clock.System{}, Logger: slog.New(slog.DiscardHandler), ObjectsDir: t.TempDir(), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	as := func(account string) context.Context {
		return wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: account}, Region: "us-east-1", Header: http.Header{}, Response: http.Header{}})
	}
	one, two := as("111111111111"), as("222222222222")
	must(svc.CreateBucket(one, &s3.CreateBucketInput{Bucket: box}))
	want := func(err error, code string) {
		t.Helper()
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != code {
			t.Fatalf("got %v, want %s", err, code)
		}
	}
	_, err = svc.CreateBucket(two, &s3.CreateBucketInput{Bucket: box})
	want(err, "BucketAlreadyExists")
	_, err = svc.ListObjectsV2(two, &s3.ListObjectsV2Input{Bucket: box})
	want(err, "AccessDenied")
	_, err = svc.HeadBucket(two, &s3.HeadBucketInput{Bucket: box})
	want(err, "AccessDenied")
	_, err = svc.DeleteBucket(two, &s3.DeleteBucketInput{Bucket: box})
	want(err, "AccessDenied")
	if list := must(svc.ListBuckets(two, &s3.ListBucketsInput{})); len(list.Buckets) != 0 {
		t.Fatalf("the other account sees %v", list.Buckets)
	}
	must(svc.DeleteBucket(one, &s3.DeleteBucketInput{Bucket: box}))
	must(svc.CreateBucket(two, &s3.CreateBucketInput{Bucket: box}))
}

package s3_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// walk lists a bucket page by page, and gives its keys and common prefixes in their order.
func walk(t *testing.T, cl *s3.Client, in s3.ListObjectsV2Input) (keys, prefixes []string, pages int) {
	t.Helper()
	p := s3.NewListObjectsV2Paginator(cl, &in)
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pages++
		if in.MaxKeys != nil && int(*out.KeyCount) > int(*in.MaxKeys) {
			t.Fatalf("a page of %d", *out.KeyCount)
		}
		for _, o := range out.Contents {
			keys = append(keys, *o.Key)
		}
		for _, c := range out.CommonPrefixes {
			prefixes = append(prefixes, *c.Prefix)
		}
	}
	return keys, prefixes, pages
}

func TestListObjectsV2(t *testing.T) {
	_, cl := start(t)
	makeBucket(t, cl, "box2")
	put(t, cl, "box2", "stranger", "")
	all := []string{"a", "a/1", "a/2/x", "a0", "b/1", "b/2", "c d", "z"}
	for _, key := range all {
		put(t, cl, "box", key, key)
	}
	for size := int32(1); size <= 9; size++ {
		keys, _, pages := walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box"), MaxKeys: &size})
		if !slices.Equal(keys, all) || pages != (len(all)+int(size)-1)/int(size) {
			t.Fatalf("pages of %d: %v in %d", size, keys, pages)
		}
		keys, prefixes, _ := walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box"), MaxKeys: &size, Delimiter: aws.String("/")})
		if !slices.Equal(keys, []string{"a", "a0", "c d", "z"}) || !slices.Equal(prefixes, []string{"a/", "b/"}) {
			t.Fatalf("pages of %d with a delimiter: %v, %v", size, keys, prefixes)
		}
		keys, prefixes, _ = walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box"), MaxKeys: &size, Delimiter: aws.String("/"), Prefix: aws.String("a/")})
		if !slices.Equal(keys, []string{"a/1"}) || !slices.Equal(prefixes, []string{"a/2/"}) {
			t.Fatalf("pages of %d with a prefix: %v, %v", size, keys, prefixes)
		}
	}
	keys, _, _ := walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box"), StartAfter: aws.String("b/1")})
	if !slices.Equal(keys, []string{"b/2", "c d", "z"}) {
		t.Fatalf("after b/1: %v", keys)
	}
	keys, _, _ = walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box"), Prefix: aws.String("c"), EncodingType: types.EncodingTypeUrl})
	if !slices.Equal(keys, []string{"c+d"}) {
		t.Fatalf("encoded: %v", keys)
	}
	out := must(cl.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("box"), MaxKeys: aws.Int32(0)}))
	if *out.IsTruncated || len(out.Contents) != 0 {
		t.Fatalf("an empty page: %+v", out)
	}
	_, err := cl.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("box"), ContinuationToken: aws.String("!")})
	wantCode(t, err, "InvalidArgument")
	_, err = cl.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("box"), MaxKeys: aws.Int32(-1)})
	wantCode(t, err, "InvalidArgument")
}

func TestListObjects(t *testing.T) {
	_, cl := start(t)
	for _, key := range []string{"a/1", "a/2", "b", "c/1"} {
		put(t, cl, "box", key, "")
	}
	var got []string
	marker := ""
	for {
		out := must(cl.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: aws.String("box"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1), Marker: &marker}))
		for _, o := range out.Contents {
			got = append(got, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		if !*out.IsTruncated {
			break
		}
		marker = *out.NextMarker
	}
	if !slices.Equal(got, []string{"a/", "b", "c/"}) {
		t.Fatalf("got %v", got)
	}
}

func TestVersions(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	box, key := aws.String("box"), aws.String("k")
	put(t, cl, "box", "k", "null")
	version(t, cl, types.BucketVersioningStatusEnabled)
	ids := []string{"null"}
	for i := range 3 {
		ids = append(ids, *put(t, cl, "box", "k", fmt.Sprint(i)).VersionId)
	}
	del := must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: box, Key: key}))
	if !*del.DeleteMarker || del.VersionId == nil {
		t.Fatalf("%+v", del)
	}
	_, err := cl.GetObject(ctx, &s3.GetObjectInput{Bucket: box, Key: key})
	wantCode(t, err, "NoSuchKey")
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: box, Key: key, VersionId: del.VersionId})
	wantCode(t, err, "MethodNotAllowed")
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: box, Key: key, VersionId: aws.String(strings.Repeat("x", 32))})
	wantCode(t, err, "NoSuchVersion")
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: box, Key: key, VersionId: aws.String("odd")})
	wantCode(t, err, "InvalidArgument")
	if got, out := get(t, cl, "box", "k", func(in *s3.GetObjectInput) { in.VersionId = aws.String("null") }); got != "null" || *out.VersionId != "null" {
		t.Fatalf("the null version is %q", got)
	}
	put(t, cl, "box", "k2", "other")
	want := []string{*del.VersionId, ids[3], ids[2], ids[1], "null"}
	for size := int32(1); size <= 6; size++ {
		if got := versions(t, cl, "k", size); !slices.Equal(got, want) {
			t.Fatalf("pages of %d: %v, want %v", size, got, want)
		}
	}
	// Without its marker the object is back.
	again := must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: box, Key: key, VersionId: del.VersionId}))
	if !*again.DeleteMarker || *again.VersionId != *del.VersionId {
		t.Fatalf("%+v", again)
	}
	if got, out := get(t, cl, "box", "k"); got != "2" || *out.VersionId != ids[3] {
		t.Fatalf("got %q", got)
	}
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: box, Key: key, VersionId: &ids[2]}))
	// Suspended: there is one null version at a time.
	version(t, cl, types.BucketVersioningStatusSuspended)
	put(t, cl, "box", "k", "new null")
	if got := versions(t, cl, "k", 100); !slices.Equal(got, []string{"null", ids[3], ids[1]}) {
		t.Fatalf("got %v", got)
	}
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: box, Key: key}))
	if got := versions(t, cl, "k", 100); !slices.Equal(got, []string{"null", ids[3], ids[1]}) {
		t.Fatalf("got %v", got)
	}
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: box, Key: key})
	wantCode(t, err, "NoSuchKey")
	_, err = cl.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: box})
	wantCode(t, err, "BucketNotEmpty")
}

func version(t *testing.T, cl *s3.Client, status types.BucketVersioningStatus) {
	t.Helper()
	_, err := cl.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String("box"),
		VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
	if err != nil {
		t.Fatal(err)
	}
}

// versions gives the ids of a key's versions, newest first, delete markers among them.
func versions(t *testing.T, cl *s3.Client, key string, size int32) []string {
	t.Helper()
	type entry struct {
		id     string
		latest bool
	}
	var ids []string
	in := &s3.ListObjectVersionsInput{Bucket: aws.String("box"), MaxKeys: &size}
	for {
		out := must(cl.ListObjectVersions(t.Context(), in))
		var page []entry
		for _, m := range out.DeleteMarkers { // markers of this test are the newest of their key
			if *m.Key == key {
				page = append(page, entry{*m.VersionId, *m.IsLatest})
			}
		}
		for _, v := range out.Versions {
			if *v.Key == key {
				page = append(page, entry{*v.VersionId, *v.IsLatest})
			}
		}
		for _, e := range page {
			if e.latest != (len(ids) == 0) {
				t.Fatalf("version %s of %v: latest is %v", e.id, ids, e.latest)
			}
			ids = append(ids, e.id)
		}
		if !*out.IsTruncated {
			return ids
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

// TestEmptyVersionedBucket deletes each page before it asks for the next, as Terraform does to destroy a bucket.
func TestEmptyVersionedBucket(t *testing.T) {
	_, cl := start(t)
	version(t, cl, types.BucketVersioningStatusEnabled)
	for i := range 12 {
		put(t, cl, "box", fmt.Sprint("k", i%3), "x")
	}
	must(cl.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("k1")}))
	p := s3.NewListObjectVersionsPaginator(cl, &s3.ListObjectVersionsInput{Bucket: aws.String("box"), MaxKeys: aws.Int32(5)})
	for p.HasMorePages() {
		page := must(p.NextPage(t.Context()))
		var ids []types.ObjectIdentifier
		for _, v := range page.Versions {
			ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, v := range page.DeleteMarkers {
			ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		out := must(cl.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("box"), Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}}))
		if len(out.Errors) != 0 || len(out.Deleted) != 0 {
			t.Fatalf("%+v", out)
		}
	}
	if _, err := cl.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("box")}); err != nil {
		t.Fatal(err)
	}
}

func TestDeleteObjects(t *testing.T) {
	_, cl := start(t)
	put(t, cl, "box", "a", "")
	out := must(cl.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("box"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("a")}, {Key: aws.String("none")}, {Key: aws.String("b"), VersionId: aws.String("odd")}}}}))
	if len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Key != "b" || *out.Errors[0].Code != "InvalidArgument" {
		t.Fatalf("%+v", out)
	}
}

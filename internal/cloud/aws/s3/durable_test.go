package s3_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"atoll/internal/cloud/cloudtest"
)

// contentFiles gives the paths of all objects' files.
func contentFiles(t *testing.T, c *cloudtest.Cloud) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(c.Dir, "objects"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestart(t *testing.T) {
	c, cl := start(t, cloudtest.Durable())
	ctx := t.Context()
	version(t, cl, types.BucketVersioningStatusEnabled)
	body := noise(partSize + 10)
	first := put(t, cl, "box", "a", "one").VersionId
	put(t, cl, "box", "a", "two")
	id := begin(t, cl, "big")
	parts := upload(t, cl, "big", id, body, "")
	must(cl.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: aws.String("box"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}}))
	// What a crash leaves: a file that no record names, and one that was not written to its end.
	files := contentFiles(t, c)
	orphan := filepath.Join(filepath.Dir(files[0]), filepath.Base(filepath.Dir(files[0]))+strings.Repeat("0", 30))
	if err := os.WriteFile(orphan, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Restart()
	if _, err := os.Stat(orphan); err == nil {
		t.Error("the orphan is still there")
	}
	if now := contentFiles(t, c); len(now) != len(files) {
		t.Errorf("%d files, there were %d", len(now), len(files))
	}
	cl = client(c)
	if got, _ := get(t, cl, "box", "a"); got != "two" {
		t.Errorf("got %q", got)
	}
	if got, _ := get(t, cl, "box", "a", func(in *s3.GetObjectInput) { in.VersionId = first }); got != "one" {
		t.Errorf("got %q", got)
	}
	must(complete(t, cl, "big", id, parts))
	if got, _ := get(t, cl, "box", "big"); got != string(body) {
		t.Errorf("got %d bytes", len(got))
	}
	if tags := must(cl.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: aws.String("box")})); len(tags.TagSet) != 1 {
		t.Errorf("tags: %v", tags.TagSet)
	}
}

func TestFilesGoWithTheirObjects(t *testing.T) {
	c, cl := start(t)
	ctx := t.Context()
	want := func(what string, n int) {
		t.Helper()
		if got := len(contentFiles(t, c)); got != n {
			t.Fatalf("%s: %d files, want %d", what, got, n)
		}
	}
	put(t, cl, "box", "a", "one")
	put(t, cl, "box", "a", "two")
	want("an overwritten object", 1)
	_, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("a"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	wantCode(t, err, "PreconditionFailed")
	_, err = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("b"), Body: strings.NewReader("x"), ChecksumCRC32: aws.String("AAAAAA==")})
	wantCode(t, err, "BadDigest")
	want("refused writes", 1)
	must(cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box"), Key: aws.String("c"), CopySource: aws.String("box/a")}))
	want("a copy", 2)
	id := begin(t, cl, "m")
	for range 2 {
		must(cl.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("m"), UploadId: id, PartNumber: aws.Int32(1), Body: bytes.NewReader(noise(100))}))
	}
	want("a part sent twice", 3)
	must(cl.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String("box"), Key: aws.String("m"), UploadId: id}))
	want("an aborted upload", 2)
	id = begin(t, cl, "m")
	one := must(cl.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("m"), UploadId: id, PartNumber: aws.Int32(1), Body: bytes.NewReader(noise(100))}))
	must(cl.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("m"), UploadId: id, PartNumber: aws.Int32(2), Body: bytes.NewReader(noise(100))}))
	must(complete(t, cl, "m", id, []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: one.ETag}}))
	want("an upload completed with one of its parts", 3)
	for _, key := range []string{"a", "c", "m"} {
		must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: &key}))
	}
	want("an empty bucket", 0)
}

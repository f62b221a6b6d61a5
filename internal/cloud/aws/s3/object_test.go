package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func put(t testing.TB, cl *s3.Client, bucket, key, body string) *s3.PutObjectOutput {
	t.Helper()
	out, err := cl.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatalf("putting %s: %v", key, err)
	}
	return out
}

func get(t testing.TB, cl *s3.Client, bucket, key string, edit ...func(*s3.GetObjectInput)) (string, *s3.GetObjectOutput) {
	t.Helper()
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	for _, f := range edit {
		f(in)
	}
	out, err := cl.GetObject(t.Context(), in)
	if err != nil {
		t.Fatalf("getting %s: %v", key, err)
	}
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("reading %s: %v", key, err)
	}
	return string(b), out
}

func TestObject(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	body := "hello, world"
	out, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt"), Body: strings.NewReader(body),
		ContentType: aws.String("text/plain"), CacheControl: aws.String("no-store"), Metadata: map[string]string{"Color": "blue"},
		Tagging: aws.String("team=a%20b"), StorageClass: types.StorageClassStandardIa})
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum([]byte(body))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	if *out.ETag != etag || out.ServerSideEncryption != "AES256" || aws.ToString(out.ChecksumCRC32) == "" || out.VersionId != nil {
		t.Fatalf("PutObject: %+v", out)
	}
	got, o := get(t, cl, "box", "dir/a b+c.txt", func(in *s3.GetObjectInput) { in.ChecksumMode = types.ChecksumModeEnabled })
	if got != body || *o.ETag != etag || *o.ContentType != "text/plain" || *o.CacheControl != "no-store" || o.Metadata["color"] != "blue" ||
		*o.TagCount != 1 || o.StorageClass != types.StorageClassStandardIa || *o.ContentLength != 12 || *o.ChecksumCRC32 != *out.ChecksumCRC32 {
		t.Fatalf("GetObject: %q %+v", got, o)
	}
	head := must(cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt")}))
	if *head.ContentLength != 12 || *head.ETag != etag || head.LastModified.IsZero() || head.Metadata["color"] != "blue" {
		t.Fatalf("HeadObject: %+v", head)
	}
	tags := must(cl.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt")}))
	if len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "a b" {
		t.Fatalf("tags: %v", tags.TagSet)
	}
	put(t, cl, "box", "empty", "")
	if got, o := get(t, cl, "box", "empty"); got != "" || *o.ContentLength != 0 {
		t.Fatalf("the empty object: %q %+v", got, o)
	}
	for range 2 { // deleting what is not there succeeds
		must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt")}))
	}
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt")})
	wantCode(t, err, "NoSuchKey")
	_, err = cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("dir/a b+c.txt")})
	wantCode(t, err, "NotFound")
	_, err = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String(strings.Repeat("k", 1025)), Body: strings.NewReader("")})
	wantCode(t, err, "KeyTooLongError")
}

func TestObjectKeys(t *testing.T) {
	_, cl := start(t)
	for _, key := range []string{"/lead", "trail/", "a//b", "../up", ".", "é/ü 100%", "a?b=c&d", "x\x01y", "+ +", "a;b:c@d$e,f", "~tilde*'()!"} {
		put(t, cl, "box", key, key)
		if got, _ := get(t, cl, "box", key); got != key {
			t.Errorf("the object %q has %q", key, got)
		}
	}
}

func TestRanges(t *testing.T) {
	_, cl := start(t)
	put(t, cl, "box", "a", "0123456789")
	for spec, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-3": "789", "bytes=0-99": "0123456789", "bytes=0-0": "0"} {
		got, out := get(t, cl, "box", "a", func(in *s3.GetObjectInput) { in.Range = &spec })
		if got != want || out.ContentRange == nil {
			t.Errorf("%s: %q, %v", spec, got, aws.ToString(out.ContentRange))
		}
	}
	for _, spec := range []string{"bytes=0-1,3-4", "pages=1-2", "bytes=5-2"} {
		if got, out := get(t, cl, "box", "a", func(in *s3.GetObjectInput) { in.Range = &spec }); got != "0123456789" || out.ContentRange != nil {
			t.Errorf("%s: %q, %v", spec, got, aws.ToString(out.ContentRange))
		}
	}
	for _, spec := range []string{"bytes=10-", "bytes=-0"} {
		_, err := cl.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a"), Range: &spec})
		wantCode(t, err, "InvalidRange")
		wantStatus(t, err, http.StatusRequestedRangeNotSatisfiable)
	}
}

func TestConditionalReads(t *testing.T) {
	c, cl := start(t)
	etag := put(t, cl, "box", "a", "x").ETag
	now := c.Clock.Now()
	read := func(edit func(*s3.GetObjectInput)) error {
		in := &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}
		edit(in)
		_, err := cl.GetObject(t.Context(), in)
		return err
	}
	for name, edit := range map[string]func(*s3.GetObjectInput){
		"If-Match": func(in *s3.GetObjectInput) { in.IfMatch = etag },
		"If-Match over If-Unmodified-Since": func(in *s3.GetObjectInput) {
			in.IfMatch, in.IfUnmodifiedSince = etag, aws.Time(now.Add(-time.Hour))
		},
		"If-None-Match of another":    func(in *s3.GetObjectInput) { in.IfNoneMatch = aws.String(`"x"`) },
		"If-Modified-Since before":    func(in *s3.GetObjectInput) { in.IfModifiedSince = aws.Time(now.Add(-time.Hour)) },
		"If-Unmodified-Since the now": func(in *s3.GetObjectInput) { in.IfUnmodifiedSince = &now },
	} {
		if err := read(edit); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantStatus(t, read(func(in *s3.GetObjectInput) { in.IfNoneMatch = etag }), http.StatusNotModified)
	wantStatus(t, read(func(in *s3.GetObjectInput) { in.IfModifiedSince = &now }), http.StatusNotModified)
	wantCode(t, read(func(in *s3.GetObjectInput) { in.IfMatch = aws.String(`"x"`) }), "PreconditionFailed")
	wantCode(t, read(func(in *s3.GetObjectInput) { in.IfUnmodifiedSince = aws.Time(now.Add(-time.Hour)) }), "PreconditionFailed")
}

func TestConditionalWrites(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	const writers = 20
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() {
			_, errs[i] = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("lock"),
				Body: strings.NewReader(fmt.Sprint(i)), IfNoneMatch: aws.String("*")})
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err != nil {
			wantCode(t, err, "PreconditionFailed")
			wantStatus(t, err, http.StatusPreconditionFailed)
			continue
		}
		if winner >= 0 {
			t.Fatalf("%d and %d both won", winner, i)
		}
		winner = i
	}
	got, out := get(t, cl, "box", "lock")
	if got != fmt.Sprint(winner) {
		t.Fatalf("%d won, and the object is %q", winner, got)
	}
	write := func(etag string) error {
		_, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("lock"), Body: strings.NewReader("new"), IfMatch: &etag})
		return err
	}
	wantCode(t, write(`"x"`), "PreconditionFailed")
	if err := write(*out.ETag); err != nil {
		t.Fatal(err)
	}
	_, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("none"), Body: strings.NewReader(""), IfMatch: out.ETag})
	wantCode(t, err, "NoSuchKey")
	_, err = cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("lock"), IfMatch: out.ETag})
	wantCode(t, err, "PreconditionFailed")
}

func TestChecksums(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		key := string(algorithm)
		out := must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: &key, Body: strings.NewReader("data"), ChecksumAlgorithm: algorithm}))
		if out.ChecksumType != types.ChecksumTypeFullObject {
			t.Errorf("%s: %+v", key, out)
		}
		attrs := must(cl.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: aws.String("box"), Key: &key,
			ObjectAttributes: []types.ObjectAttributes{"Checksum", "ObjectSize", "ETag"}}))
		if *attrs.ObjectSize != 4 || strings.Contains(*attrs.ETag, `"`) {
			t.Errorf("%s: %+v", key, attrs)
		}
	}
	head := must(cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("SHA256"), ChecksumMode: types.ChecksumModeEnabled}))
	if aws.ToString(head.ChecksumSHA256) != "Om6weQ85rIfJT2SVmxEYDVqWVBkBuGf2pHCaGCPvVBg=" && aws.ToString(head.ChecksumSHA256) == "" {
		t.Fatalf("HeadObject: %+v", head)
	}
	// S3 computes a checksum of its own where the client gives none.
	plain := with(cl, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	put(t, plain, "box", "plain", "data")
	head = must(cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("plain"), ChecksumMode: types.ChecksumModeEnabled}))
	if head.ChecksumCRC64NVME == nil {
		t.Fatalf("HeadObject: %+v", head)
	}
	_, err := cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("bad"), Body: strings.NewReader("data"), ChecksumCRC32: aws.String("AAAAAA==")})
	wantCode(t, err, "BadDigest")
	_, err = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("bad"), Body: strings.NewReader("data"), ContentMD5: aws.String("1B2M2Y8AsgTpgAmY7PhCfg==")})
	wantCode(t, err, "BadDigest")
	_, err = cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("bad"), Body: strings.NewReader("data"), ContentMD5: aws.String("short")})
	wantCode(t, err, "InvalidDigest")
	_, err = cl.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("bad")})
	wantCode(t, err, "NotFound")
}

// with gives a client with other options.
func with(cl *s3.Client, edit func(*s3.Options)) *s3.Client {
	return s3.New(cl.Options(), edit)
}

func TestReadDuringDelete(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB, more than the sockets hold
	must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("a"), Body: bytes.NewReader(body)}))
	out := must(cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}))
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}))
	got, err := io.ReadAll(out.Body)
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
}

func TestOverwritesAndReads(t *testing.T) {
	_, cl := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	put(t, cl, "box", "a", strings.Repeat("0", 1000))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				out, err := cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a")})
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(out.Body)
				if ctx.Err() == nil && (err != nil || len(b) != 1000 || strings.Count(string(b), string(b[:1])) != 1000) {
					t.Errorf("read %d bytes, %v", len(b), err)
				}
			}
		})
	}
	for i := range 20 {
		put(t, cl, "box", "a", strings.Repeat(fmt.Sprint(i%10), 1000))
	}
	cancel()
	wg.Wait()
}

func TestResponseOverrides(t *testing.T) {
	_, cl := start(t)
	put(t, cl, "box", "a", "x")
	_, out := get(t, cl, "box", "a", func(in *s3.GetObjectInput) {
		in.ResponseContentType, in.ResponseContentDisposition = aws.String("text/csv"), aws.String("attachment")
	})
	if *out.ContentType != "text/csv" || *out.ContentDisposition != "attachment" {
		t.Fatalf("%+v", out)
	}
}

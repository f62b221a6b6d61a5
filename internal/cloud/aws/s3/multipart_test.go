package s3_test

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const partSize = 5 << 20

// noise gives reproducible bytes.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(b)
	return b
}

// begin starts an upload and gives its id.
func begin(t *testing.T, cl *s3.Client, key string, edit ...func(*s3.CreateMultipartUploadInput)) *string {
	t.Helper()
	in := &s3.CreateMultipartUploadInput{Bucket: aws.String("box"), Key: &key}
	for _, f := range edit {
		f(in)
	}
	return must(cl.CreateMultipartUpload(t.Context(), in)).UploadId
}

// upload sends the parts of a body at the same time.
func upload(t *testing.T, cl *s3.Client, key string, id *string, body []byte, algorithm types.ChecksumAlgorithm) []types.CompletedPart {
	t.Helper()
	n := (len(body) + partSize - 1) / partSize
	parts := make([]types.CompletedPart, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			out, err := cl.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("box"), Key: &key, UploadId: id, PartNumber: aws.Int32(int32(i + 1)),
				Body: bytes.NewReader(body[i*partSize : min(len(body), (i+1)*partSize)]), ChecksumAlgorithm: algorithm})
			if err != nil {
				t.Errorf("part %d: %v", i+1, err)
				return
			}
			parts[i] = types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
				ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return parts
}

func complete(t *testing.T, cl *s3.Client, key string, id *string, parts []types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
	t.Helper()
	return cl.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: aws.String("box"), Key: &key, UploadId: id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
}

func TestMultipart(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	body := noise(2*partSize + 12345)
	id := begin(t, cl, "big", func(in *s3.CreateMultipartUploadInput) {
		in.ContentType, in.Metadata, in.Tagging = aws.String("text/plain"), map[string]string{"k": "v"}, aws.String("a=b")
	})
	parts := upload(t, cl, "big", id, body, "")
	list := must(cl.ListParts(ctx, &s3.ListPartsInput{Bucket: aws.String("box"), Key: aws.String("big"), UploadId: id, MaxParts: aws.Int32(2)}))
	if len(list.Parts) != 2 || !*list.IsTruncated || *list.NextPartNumberMarker != "2" || *list.Parts[1].Size != partSize {
		t.Fatalf("%+v", list)
	}
	list = must(cl.ListParts(ctx, &s3.ListPartsInput{Bucket: aws.String("box"), Key: aws.String("big"), UploadId: id, PartNumberMarker: list.NextPartNumberMarker}))
	if len(list.Parts) != 1 || *list.IsTruncated || *list.Parts[0].PartNumber != 3 {
		t.Fatalf("%+v", list)
	}
	_, err := cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("big")})
	wantCode(t, err, "NoSuchKey")
	out := must(complete(t, cl, "big", id, parts))
	again := must(complete(t, cl, "big", id, parts))
	if !strings.HasSuffix(*out.ETag, `-3"`) || *again.ETag != *out.ETag || out.ChecksumCRC64NVME == nil || out.ChecksumType != types.ChecksumTypeFullObject {
		t.Fatalf("%+v, %+v", out, again)
	}
	got, o := get(t, cl, "box", "big")
	if got != string(body) || *o.ContentType != "text/plain" || o.Metadata["k"] != "v" || *o.TagCount != 1 {
		t.Fatalf("read %d bytes, %+v", len(got), o)
	}
	spec := "bytes=" + strconv.Itoa(partSize-10) + "-" + strconv.Itoa(2*partSize+9)
	if got, _ = get(t, cl, "box", "big", func(in *s3.GetObjectInput) { in.Range = &spec }); got != string(body[partSize-10:2*partSize+10]) {
		t.Fatalf("a range over three parts has %d bytes", len(got))
	}
	got, o = get(t, cl, "box", "big", func(in *s3.GetObjectInput) { in.PartNumber = aws.Int32(3) })
	if got != string(body[2*partSize:]) || *o.PartsCount != 3 {
		t.Fatalf("part 3 has %d bytes", len(got))
	}
	_, err = cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("big"), PartNumber: aws.Int32(4)})
	wantStatus(t, err, http.StatusRequestedRangeNotSatisfiable)
	_, err = cl.ListParts(ctx, &s3.ListPartsInput{Bucket: aws.String("box"), Key: aws.String("big"), UploadId: id})
	wantCode(t, err, "NoSuchUpload")
}

func TestMultipartChecksums(t *testing.T) {
	_, cl := start(t)
	body := noise(partSize + 777)
	sum := func(b []byte) []byte { h := crc32.NewIEEE(); h.Write(b); return h.Sum(nil) }
	for name, c := range map[string]struct {
		kind types.ChecksumType
		want string
	}{
		"full":      {types.ChecksumTypeFullObject, base64.StdEncoding.EncodeToString(sum(body))},
		"composite": {types.ChecksumTypeComposite, base64.StdEncoding.EncodeToString(sum(append(sum(body[:partSize]), sum(body[partSize:])...))) + "-2"},
	} {
		id := begin(t, cl, name, func(in *s3.CreateMultipartUploadInput) { in.ChecksumAlgorithm, in.ChecksumType = "CRC32", c.kind })
		out := must(complete(t, cl, name, id, upload(t, cl, name, id, body, "CRC32")))
		if aws.ToString(out.ChecksumCRC32) != c.want || out.ChecksumType != c.kind {
			t.Errorf("%s: %v %v, want %s", name, aws.ToString(out.ChecksumCRC32), out.ChecksumType, c.want)
		}
	}
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		key := string(algorithm)
		id := begin(t, cl, key, func(in *s3.CreateMultipartUploadInput) { in.ChecksumAlgorithm = algorithm })
		must(complete(t, cl, key, id, upload(t, cl, key, id, body, algorithm)))
	}
	// A completion may say what the whole object's checksum is.
	id := begin(t, cl, "told", func(in *s3.CreateMultipartUploadInput) {
		in.ChecksumAlgorithm, in.ChecksumType = "CRC32", types.ChecksumTypeFullObject
	})
	parts := upload(t, cl, "told", id, body, "CRC32")
	tell := func(want string) error {
		_, err := cl.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: box, Key: aws.String("told"), UploadId: id, ChecksumCRC32: &want,
			ChecksumType: types.ChecksumTypeFullObject, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	wantCode(t, tell("AAAAAA=="), "BadDigest")
	if err := tell(base64.StdEncoding.EncodeToString(sum(body))); err != nil {
		t.Fatal(err)
	}
	// The checksum over a whole object that came in parts is that of the same object in one piece.
	must(cl.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("whole"), Body: bytes.NewReader(body), ChecksumAlgorithm: "CRC64NVME"}))
	sums := map[string]string{}
	for _, key := range []string{"whole", "CRC64NVME"} {
		head := must(cl.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("box"), Key: &key, ChecksumMode: types.ChecksumModeEnabled}))
		sums[key] = *head.ChecksumCRC64NVME
	}
	if sums["whole"] != sums["CRC64NVME"] {
		t.Fatalf("%v", sums)
	}
	_, err := cl.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("box"), Key: aws.String("x"),
		ChecksumAlgorithm: "SHA256", ChecksumType: types.ChecksumTypeFullObject})
	wantCode(t, err, "InvalidRequest")
	id = begin(t, cl, "x", func(in *s3.CreateMultipartUploadInput) { in.ChecksumAlgorithm = "SHA256" })
	_, err = cl.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("x"), UploadId: id, PartNumber: aws.Int32(1),
		Body: strings.NewReader("x"), ChecksumAlgorithm: "CRC32"})
	wantCode(t, err, "InvalidRequest")
}

func TestMultipartErrors(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	id := begin(t, cl, "k")
	small := func(n int32) types.CompletedPart {
		out := must(cl.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("k"), UploadId: id, PartNumber: &n, Body: strings.NewReader("small")}))
		return types.CompletedPart{PartNumber: &n, ETag: out.ETag}
	}
	one, two := small(1), small(2)
	_, err := complete(t, cl, "k", id, []types.CompletedPart{one, two})
	wantCode(t, err, "EntityTooSmall")
	_, err = complete(t, cl, "k", id, []types.CompletedPart{two, one})
	wantCode(t, err, "InvalidPartOrder")
	_, err = complete(t, cl, "k", id, []types.CompletedPart{{PartNumber: aws.Int32(3), ETag: one.ETag}})
	wantCode(t, err, "InvalidPart")
	_, err = complete(t, cl, "k", id, nil)
	wantCode(t, err, "MalformedXML")
	_, err = complete(t, cl, "other", id, []types.CompletedPart{one})
	wantCode(t, err, "NoSuchUpload")
	_, err = cl.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("box"), Key: aws.String("k"), UploadId: id, PartNumber: aws.Int32(10001), Body: strings.NewReader("")})
	wantCode(t, err, "InvalidArgument")
	put(t, cl, "box", "k", "there")
	_, err = cl.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("box"), Key: aws.String("k"), UploadId: id, IfNoneMatch: aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{one}}})
	wantCode(t, err, "PreconditionFailed")
	must(cl.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String("box"), Key: aws.String("k"), UploadId: id}))
	_, err = cl.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String("box"), Key: aws.String("k"), UploadId: id})
	wantCode(t, err, "NoSuchUpload")
}

func TestListMultipartUploads(t *testing.T) {
	c, cl := start(t)
	for _, key := range []string{"b", "a/1", "a/2", "b", "c"} {
		begin(t, cl, key)
		c.Clock.Advance(1e9)
	}
	var got []string
	in := &s3.ListMultipartUploadsInput{Bucket: aws.String("box"), MaxUploads: aws.Int32(1)}
	for {
		out := must(cl.ListMultipartUploads(t.Context(), in))
		for _, u := range out.Uploads {
			got = append(got, *u.Key)
		}
		if !*out.IsTruncated {
			break
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
	if strings.Join(got, " ") != "a/1 a/2 b b c" {
		t.Fatalf("got %v", got)
	}
	out := must(cl.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("box"), Delimiter: aws.String("/")}))
	if len(out.Uploads) != 3 || len(out.CommonPrefixes) != 1 {
		t.Fatalf("%+v", out)
	}
	if _, err := cl.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("box")}); err != nil {
		t.Fatalf("deleting a bucket with uploads under way: %v", err)
	}
}

func TestCopy(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	makeBucket(t, cl, "box2")
	src := must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("a b/ü"), Body: strings.NewReader("data"), ContentType: aws.String("text/plain"),
		Metadata: map[string]string{"k": "v"}, Tagging: aws.String("t=1"), StorageClass: types.StorageClassStandardIa}))
	copied := must(cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box2"), Key: aws.String("copy"), CopySource: aws.String("box/a%20b/%C3%BC")}))
	if *copied.CopyObjectResult.ETag != *src.ETag || *copied.CopyObjectResult.ChecksumCRC32 != *src.ChecksumCRC32 {
		t.Fatalf("%+v", copied.CopyObjectResult)
	}
	must(cl.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("box"), Key: aws.String("a b/ü")}))
	got, o := get(t, cl, "box2", "copy")
	if got != "data" || *o.ContentType != "text/plain" || o.Metadata["k"] != "v" || *o.TagCount != 1 || o.StorageClass != "" {
		t.Fatalf("%q %+v", got, o)
	}
	_, err := cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box2"), Key: aws.String("copy"), CopySource: aws.String("box2/copy")})
	wantCode(t, err, "InvalidRequest")
	must(cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box2"), Key: aws.String("copy"), CopySource: aws.String("/box2/copy"),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"n": "w"}, TaggingDirective: types.TaggingDirectiveReplace, ChecksumAlgorithm: "SHA256"}))
	got, o = get(t, cl, "box2", "copy", func(in *s3.GetObjectInput) { in.ChecksumMode = types.ChecksumModeEnabled })
	if got != "data" || o.Metadata["n"] != "w" || o.Metadata["k"] != "" || o.TagCount != nil || o.ChecksumSHA256 == nil {
		t.Fatalf("%q %+v", got, o)
	}
	_, err = cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box"), Key: aws.String("x"), CopySource: aws.String("box2/none")})
	wantCode(t, err, "NoSuchKey")
	_, err = cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box"), Key: aws.String("x"), CopySource: aws.String("box2/copy"), CopySourceIfMatch: aws.String("x")})
	wantCode(t, err, "PreconditionFailed")
}

func TestUploadPartCopy(t *testing.T) {
	_, cl := start(t)
	ctx := t.Context()
	body := noise(partSize + 100)
	must(cl.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("src"), Body: bytes.NewReader(body)}))
	id := begin(t, cl, "dst")
	var parts []types.CompletedPart
	for i, spec := range []string{"bytes=0-" + strconv.Itoa(partSize-1), "bytes=" + strconv.Itoa(partSize) + "-" + strconv.Itoa(partSize+99)} {
		n := int32(i + 1)
		out := must(cl.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: aws.String("box"), Key: aws.String("dst"), UploadId: id, PartNumber: &n,
			CopySource: aws.String("box/src"), CopySourceRange: &spec}))
		parts = append(parts, types.CompletedPart{PartNumber: &n, ETag: out.CopyPartResult.ETag})
	}
	_, err := cl.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: aws.String("box"), Key: aws.String("dst"), UploadId: id, PartNumber: aws.Int32(3),
		CopySource: aws.String("box/src"), CopySourceRange: aws.String("bytes=0-99999999")})
	wantCode(t, err, "InvalidArgument")
	must(complete(t, cl, "dst", id, parts))
	out := must(cl.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("dst")}))
	if got := must(io.ReadAll(out.Body)); !bytes.Equal(got, body) {
		t.Fatalf("read %d bytes", len(got))
	}
	// A copy of a multipart object is one of a single part.
	copied := must(cl.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("box"), Key: aws.String("flat"), CopySource: aws.String("box/dst")}))
	if strings.Contains(*copied.CopyObjectResult.ETag, "-") {
		t.Fatalf("%+v", copied.CopyObjectResult)
	}
}

package s3_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"atoll/internal/cloud/cloudtest"
)

// do sends a presigned request and gives its answer.
func do(t *testing.T, method, url, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestPresigned(t *testing.T) {
	_, cl := start(t, cloudtest.RealTime())
	ctx := t.Context()
	p := s3.NewPresignClient(cl)
	up := must(p.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("box"), Key: aws.String("a b")}))
	if resp, body := do(t, up.Method, up.URL, "data", up.SignedHeader); resp.StatusCode != http.StatusOK {
		t.Fatalf("putting: %s %s", resp.Status, body)
	}
	down := must(p.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a b"), ResponseContentType: aws.String("text/csv")}))
	resp, body := do(t, down.Method, down.URL, "", nil)
	if body != "data" || resp.Header.Get("Content-Type") != "text/csv" {
		t.Fatalf("getting: %s %q %v", resp.Status, body, resp.Header)
	}
	resp, body = do(t, http.MethodGet, strings.Replace(down.URL, "a%20b", "other", 1), "", nil)
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		t.Fatalf("another key: %s %q", resp.Status, body)
	}
	head := must(p.PresignHeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("box"), Key: aws.String("a b")}))
	if resp, body := do(t, head.Method, head.URL, "", nil); resp.StatusCode != http.StatusOK || body != "" || resp.ContentLength != 4 {
		t.Fatalf("head: %s %q", resp.Status, body)
	}
}

func TestPresignedExpires(t *testing.T) {
	c, cl := start(t)
	put(t, cl, "box", "a", "x")
	p := s3.NewPresignClient(cl, s3.WithPresignExpires(time.Minute))
	down := must(p.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("box"), Key: aws.String("a")}))
	if resp, body := do(t, down.Method, down.URL, "", nil); body != "x" {
		t.Fatalf("%s %q", resp.Status, body)
	}
	c.Clock.Advance(2 * time.Minute)
	if resp, body := do(t, down.Method, down.URL, "", nil); resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "Request has expired") {
		t.Fatalf("%s %q", resp.Status, body)
	}
}

func TestErrorDocuments(t *testing.T) {
	_, cl := start(t)
	p := s3.NewPresignClient(cl)
	ctx := t.Context()
	put(t, cl, "box", "a", "0123")
	type document struct {
		XMLName                                              xml.Name `xml:"Error"`
		Code, Message, Key, BucketName, RequestId, Condition string
		ActualObjectSize                                     int
	}
	read := func(url string, header http.Header, status int) document {
		t.Helper()
		resp, body := do(t, http.MethodGet, url, "", header)
		var d document
		if err := xml.Unmarshal([]byte(body), &d); err != nil || resp.StatusCode != status || resp.Header.Get("Content-Type") != "application/xml" {
			t.Fatalf("%s %s: %v %v", resp.Status, body, err, resp.Header)
		}
		return d
	}
	url := func(bucket, key string) string {
		return must(p.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})).URL
	}
	if d := read(url("box", "none"), nil, 404); d.Code != "NoSuchKey" || d.Key != "none" || d.RequestId == "" {
		t.Errorf("%+v", d)
	}
	if d := read(url("none", "a"), nil, 404); d.Code != "NoSuchBucket" || d.BucketName != "none" {
		t.Errorf("%+v", d)
	}
	if d := read(url("box", "a"), http.Header{"If-Match": {"x"}}, 412); d.Condition != "If-Match" {
		t.Errorf("%+v", d)
	}
	if d := read(url("box", "a"), http.Header{"Range": {"bytes=9-"}}, 416); d.ActualObjectSize != 4 {
		t.Errorf("%+v", d)
	}
	if resp, body := do(t, http.MethodGet, url("box", "a"), "", http.Header{"If-None-Match": {"*"}}); resp.StatusCode != http.StatusNotModified || body != "" ||
		resp.Header.Get("ETag") == "" || resp.Header.Get("Content-Type") != "" {
		t.Errorf("%s %q %v", resp.Status, body, resp.Header)
	}
	// A read of a range tells so.
	if resp, body := do(t, http.MethodGet, url("box", "a"), "", http.Header{"Range": {"bytes=1-2"}}); resp.StatusCode != http.StatusPartialContent || body != "12" ||
		resp.Header.Get("Content-Range") != "bytes 1-2/4" {
		t.Errorf("%s %q %v", resp.Status, body, resp.Header)
	}
}

func TestVirtualHost(t *testing.T) {
	c, _ := start(t)
	config := c.Config()
	config.BaseEndpoint = aws.String(strings.Replace(c.URL, "127.0.0.1", "localhost", 1))
	config.HTTPClient = loopback{}
	cl := s3.NewFromConfig(config)
	put(t, cl, "box", "dir/a", "x")
	if got, _ := get(t, cl, "box", "dir/a"); got != "x" {
		t.Fatalf("got %q", got)
	}
	if keys, _, _ := walk(t, cl, s3.ListObjectsV2Input{Bucket: aws.String("box")}); len(keys) != 1 {
		t.Fatalf("keys: %v", keys)
	}
	makeBucket(t, cl, "second.box")
	if list := must(cl.ListBuckets(t.Context(), &s3.ListBucketsInput{})); len(list.Buckets) != 2 {
		t.Fatalf("%v", list.Buckets)
	}
}

// loopback sends requests for hosts such as box.localhost to the loopback address, as browsers do.
type loopback struct{}

func (loopback) Do(req *http.Request) (*http.Response, error) {
	req.Host = req.URL.Host
	_, port, _ := strings.Cut(req.URL.Host, ":")
	req.URL.Host = "127.0.0.1:" + port
	return http.DefaultTransport.RoundTrip(req)
}

// TestTrailers sends the body in chunks with the checksum behind it, as SDKs do over TLS.
func TestTrailers(t *testing.T) {
	c, plain := start(t)
	server := httptest.NewTLSServer(c.Cloud)
	defer server.Close()
	config := c.Config()
	config.BaseEndpoint, config.HTTPClient = &server.URL, server.Client()
	cl := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	body := strings.Repeat("0123456789", 30000)
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32", "CRC64NVME", "SHA256"} {
		key := string(algorithm)
		must(cl.PutObject(t.Context(), &s3.PutObjectInput{Bucket: box, Key: &key, ContentLength: aws.Int64(int64(len(body))),
			Body: struct{ io.Reader }{strings.NewReader(body)}, ChecksumAlgorithm: algorithm, ContentEncoding: aws.String("gzip")}))
		got, o := get(t, plain, "box", key)
		if got != body || aws.ToString(o.ContentEncoding) != "gzip" {
			t.Fatalf("%d bytes, %+v", len(got), o)
		}
	}
	attrs := must(cl.GetObjectAttributes(t.Context(), &s3.GetObjectAttributesInput{Bucket: box, Key: aws.String("SHA256"), ObjectAttributes: []types.ObjectAttributes{"Checksum"}}))
	if attrs.Checksum.ChecksumSHA256 == nil {
		t.Fatalf("%+v", attrs.Checksum)
	}
}

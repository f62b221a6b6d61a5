package wire

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"atoll/internal/cloud/model"
)

type (
	PutObjectInput struct {
		Bucket *string       `aws:"Bucket,label,req"`
		Key    *string       `aws:"Key,label,req"`
		Body   io.ReadCloser `aws:"Body,payload"`
	}
	PutObjectOutput struct{}
	HeadBucketInput struct {
		Bucket *string `aws:"Bucket,label,req"`
	}
	HeadBucketOutput  struct{}
	ListBucketsInput  struct{}
	ListBucketsOutput struct {
		_     struct{} `aws:"ListAllMyBucketsResult"`
		Names []string `aws:"Names"`
	}
)

// bucketService is as much of S3 as routing and errors need.
type bucketService struct {
	bucket, key, body string
	err, readErr      error
	called            string
	trailer           string
}

func (s *bucketService) API() *model.API {
	return &model.API{
		ID: "S3", SigningName: "s3", Namespace: "http://s3.amazonaws.com/doc/2006-03-01/", Protocols: []model.Protocol{model.RESTXML},
		Operations: []model.Operation{
			{Name: "PutObject", Method: "PUT", URI: "/{Key+}?x-id=PutObject", Status: 200, Wanted: true},
			{Name: "HeadBucket", Method: "HEAD", URI: "/", Status: 200, Wanted: true},
			{Name: "ListBuckets", Method: "GET", URI: "/?x-id=ListBuckets", Status: 200, Wanted: true},
		},
		Errors: []model.ErrorShape{{Shape: "NoSuchBucket", Code: "NoSuchBucket", Status: 404}},
	}
}

func (s *bucketService) Operations() []Operation {
	return []Operation{
		Write(func(_ context.Context, in *PutObjectInput) (*PutObjectOutput, error) {
			s.called, s.bucket, s.key = "PutObject", *in.Bucket, *in.Key
			raw, err := io.ReadAll(in.Body)
			s.body, s.readErr = string(raw), err
			if b, ok := in.Body.(*signedBody); ok && err == nil {
				s.trailer = b.Trailer().Get("X-Amz-Checksum-Crc32")
			}
			if err != nil {
				return nil, err
			}
			return nil, s.err
		}),
		Read(func(_ context.Context, in *HeadBucketInput) (*HeadBucketOutput, error) {
			s.called, s.bucket = "HeadBucket", *in.Bucket
			return &HeadBucketOutput{}, s.err
		}),
		Read(func(context.Context, *ListBucketsInput) (*ListBucketsOutput, error) {
			s.called = "ListBuckets"
			return &ListBucketsOutput{}, s.err
		}),
	}
}

func (s *bucketService) send(t *testing.T, method, host, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	srv, _ := newServer(t, s)
	r := request(method, path, body, headers...)
	r.Host = host
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, signed(t, r, "s3", body))
	return w
}

func TestS3Addressing(t *testing.T) {
	for _, tc := range []struct{ host, path, bucket, key string }{
		{"127.0.0.1:4566", "/b/k", "b", "k"},
		{"localhost:4566", "/b/a/b//c/", "b", "a/b//c/"},
		{"[::1]:4566", "/b/k", "b", "k"},
		{"localhost", "/b//k", "b", "/k"},
		{"localhost", "/b/../k", "b", "../k"},
		{"localhost", "/b/a%2Fb%20c+d", "b", "a/b c+d"},
		{"b.localhost:4566", "/k", "b", "k"},
		{"b.s3.localhost:4566", "/k/l", "b", "k/l"},
		{"b.s3.eu-west-1.localhost", "/k", "b", "k"},
		{"B.S3.LOCALHOST", "/k", "b", "k"},
		{"s3.localhost:4566", "/b/k", "b", "k"},
		{"s3.eu-west-1.localhost", "/b/k", "b", "k"},
		{"b.c.s3.amazonaws.com", "/k", "b.c", "k"},
		{"b.s3-eu-west-1.amazonaws.com", "/k", "b", "k"},
		{"s3.eu-west-1.amazonaws.com", "/b/k", "b", "k"},
		{"host.docker.internal:4566", "/b/k", "b", "k"},
	} {
		s := &bucketService{}
		w := s.send(t, "PUT", tc.host, tc.path, "body")
		if s.called != "PutObject" || s.bucket != tc.bucket || s.key != tc.key || s.body != "body" {
			t.Errorf("%s%s: %s %q %q, %d %s", tc.host, tc.path, s.called, s.bucket, s.key, w.Code, w.Body)
		}
	}
	for host, want := range map[string]string{"127.0.0.1": "ListBuckets", "s3.localhost": "ListBuckets"} {
		s := &bucketService{}
		if s.send(t, "GET", host, "/", ""); s.called != want {
			t.Errorf("GET %s/ goes to %q", host, s.called)
		}
	}
	s := &bucketService{}
	if s.send(t, "HEAD", "b.localhost", "/", ""); s.called != "HeadBucket" || s.bucket != "b" {
		t.Errorf("HEAD goes to %q of %q", s.called, s.bucket)
	}
}

func TestS3Errors(t *testing.T) {
	s := &bucketService{err: Errorf("NoSuchBucket", "The specified bucket does not exist")}
	w := s.send(t, "PUT", "localhost", "/b/k", "body")
	const id = "11111111-2222-4333-8444-555555555555"
	want := xmlHead + "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><Resource>/b/k</Resource><RequestId>" + id +
		"</RequestId><HostId>" + id + "</HostId></Error>"
	if w.Code != 404 || w.Body.String() != want || w.Header().Get("X-Amz-Request-Id") != id || w.Header().Get("X-Amz-Id-2") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := s.send(t, "HEAD", "localhost", "/b", ""); w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
	for name, tc := range map[string]struct{ header, value, code string }{
		"unsigned":         {"Authorization", "", "AccessDenied"},
		"malformed":        {"Authorization", "AWS4-HMAC-SHA256 Credential=a", "AuthorizationHeaderMalformed"},
		"no hash":          {"X-Amz-Content-Sha256", "", "InvalidRequest"},
		"another hash":     {"X-Amz-Content-Sha256", strings.Repeat("0", 64), "SignatureDoesNotMatch"},
		"another date":     {"X-Amz-Date", "20260305T000000Z", "RequestTimeTooSkewed"},
		"signed elsewhere": {"X-Amz-Meta-Added", "1", "AccessDenied"},
	} {
		srv, _ := newServer(t, s)
		r := signed(t, request("PUT", "/b/k", "body"), "s3", "body")
		r.Header.Set(tc.header, tc.value)
		if tc.value == "" {
			r.Header.Del(tc.header)
		}
		w := httptest.NewRecorder()
		if srv.ServeHTTP(w, r); !strings.Contains(w.Body.String(), "<Code>"+tc.code+"</Code>") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// TestS3Body wants a body other than the signed one seen by the handler as an error, and a trailer read.
func TestS3Body(t *testing.T) {
	s := &bucketService{}
	srv, _ := newServer(t, s)
	r := signed(t, request("PUT", "/b/k", ""), "s3", "right")
	r.Body = io.NopCloser(strings.NewReader("wrong"))
	w := httptest.NewRecorder()
	if srv.ServeHTTP(w, r); s.readErr == nil || !strings.Contains(w.Body.String(), "XAmzContentSHA256Mismatch") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = s.send(t, "PUT", "localhost", "/b/k", "4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	if w.Code != 411 {
		t.Errorf("without a length: %d %s", w.Code, w.Body)
	}
	w = s.send(t, "PUT", "localhost", "/b/k", "4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
		"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "4", "X-Amz-Trailer", "x-amz-checksum-crc32")
	if w.Code != 200 || s.body != "body" || s.trailer != "AAAAAA==" {
		t.Errorf("with a trailer: %d %s, %q %q", w.Code, w.Body, s.body, s.trailer)
	}
}

func TestS3ControlIsApart(t *testing.T) {
	s := &bucketService{}
	w := s.send(t, "PUT", "localhost", "/v20180820/tags/x", "body", "X-Amz-Account-Id", "111111111111")
	if s.called != "" || w.Code != 501 {
		t.Errorf("%q, %d %s", s.called, w.Code, w.Body)
	}
	if s.send(t, "PUT", "localhost", "/v20180820/tags/x", "body"); s.called != "PutObject" || s.bucket != "v20180820" {
		t.Errorf("a bucket with such a name: %q", s.called)
	}
}

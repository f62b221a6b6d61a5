package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services may ask of S3, each within a transaction of theirs.

// ServiceMay says whether a bucket exists, of whichever account, and whether its policy lets a service of AWS act on it. service is
// a principal such as "cloudtrail.amazonaws.com"; key is an object's, or empty for the bucket itself; context has the condition keys
// that the service gives.
func (s *Service) ServiceMay(tx *state.Tx, service, action, bucket, key string, context auth.Context) (exists, may bool) {
	return s.principalMay(tx, auth.Caller{Service: service}, action, bucket, key, context)
}

// AccountMay is ServiceMay for the root of an account, such as those by which Elastic Load Balancing writes its logs in older regions.
func (s *Service) AccountMay(tx *state.Tx, account, action, bucket, key string, context auth.Context) (exists, may bool) {
	return s.principalMay(tx, auth.Caller{Account: account, AWS: []string{"arn:aws:iam::" + account + ":root"}}, action, bucket, key, context)
}

func (s *Service) principalMay(tx *state.Tx, who auth.Caller, action, bucket, key string, context auth.Context) (exists, may bool) {
	b, ok := s.find(tx, bucket)
	if !ok || b.Policy == nil {
		return ok, false
	}
	p, err := auth.ParsePolicy([]byte(*b.Policy))
	if err != nil {
		return true, false
	}
	resource := "arn:aws:s3:::" + bucket
	if key != "" {
		resource += "/" + key
	}
	return true, auth.Evaluate(&auth.Request{Caller: who, Action: action, Resource: resource, Context: context}, p) == auth.Allowed
}

// BucketRegion gives the region that a bucket is in.
func (s *Service) BucketRegion(tx *state.Tx, bucket string) (region string, ok bool) {
	b, ok := s.find(tx, bucket)
	if !ok {
		return "", false
	}
	return b.Region, true
}

// PutAs puts an object for a service, as the bucket's owner would: whether the service may is asked with ServiceMay. kmsKey and the
// encoding may be empty. It must not be called within a transaction.
func (s *Service) PutAs(ctx context.Context, bucket, key, contentType, encoding, kmsKey string, metadata map[string]string, body []byte) error {
	var b *BucketRecord
	_ = s.d.Store.View(func(tx *state.Tx) error { b, _ = s.find(tx, bucket); return nil })
	if b == nil {
		return fail("NoSuchBucket", detail{BucketName: &bucket})
	}
	header := http.Header{"Content-Type": {contentType}}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	in := &PutObjectInput{Bucket: &bucket, Key: &key, Metadata: metadata, Body: content{bytes.NewReader(body)}}
	if kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = new(sseKMS), &kmsKey
	}
	call := &wire.Call{Principal: auth.Principal{Account: b.Account}, Region: b.Region, Time: s.d.Clock.Now(), Header: header, Response: http.Header{}}
	_, err := s.PutObject(wire.WithCall(ctx, call), in)
	return err
}

// ReadAs reads an object of up to limit bytes for a service, as the bucket's owner would; version may be empty. The error is
// fs.ErrNotExist where there is no such object. It must not be called within a transaction.
func (s *Service) ReadAs(ctx context.Context, bucket, key, version string, limit int64) ([]byte, error) {
	var b *BucketRecord
	_ = s.d.Store.View(func(tx *state.Tx) error { b, _ = s.find(tx, bucket); return nil })
	if b == nil {
		return nil, fmt.Errorf("the bucket %s: %w", bucket, fs.ErrNotExist)
	}
	in := &GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	call := &wire.Call{Principal: auth.Principal{Account: b.Account}, Region: b.Region, Time: s.d.Clock.Now(), Header: http.Header{}, Response: http.Header{}}
	out, err := s.GetObject(wire.WithCall(ctx, call), in)
	if isCode(err, "NoSuchKey") || isCode(err, "NoSuchVersion") || isCode(err, "MethodNotAllowed") {
		return nil, fmt.Errorf("the object %s/%s: %w", bucket, key, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading the object %s/%s: %w", bucket, key, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("the object %s/%s has more than %d bytes", bucket, key, limit)
	}
	return body, nil
}

// content is a body that a service gives.
type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (content) Trailer() http.Header { return nil }

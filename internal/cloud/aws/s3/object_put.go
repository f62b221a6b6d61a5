package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

var storageClasses = []string{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"}

// attributes are what a call that makes an object says of it, beside its content.
type attributes struct {
	key                            string
	headers                        Headers
	metadata                       map[string]string
	storageClass                   *string
	sse, kmsKey, context           *string
	bucketKey                      *bool
	customerKey, customerAlgorithm *string
	tagging                        *string
	acl                            aclRequest
	lockMode, legalHold            *string
	lockUntil                      *time.Time
	eventHold                      *string
	eventHoldDays, eventHoldYears  *int64
}

// headersFrom reads the headers that are stored as they came. aws-chunked is the coding of the request, not of the object.
func headersFrom(h http.Header) Headers {
	var codings []string
	for part := range strings.SplitSeq(h.Get("Content-Encoding"), ",") {
		if part = strings.TrimSpace(part); part != "" && part != "aws-chunked" {
			codings = append(codings, part)
		}
	}
	return Headers{
		ContentType: h.Get("Content-Type"), CacheControl: h.Get("Cache-Control"), ContentDisposition: h.Get("Content-Disposition"),
		ContentEncoding: strings.Join(codings, ","), ContentLanguage: h.Get("Content-Language"), Expires: h.Get("Expires"),
		Redirect: h.Get("X-Amz-Website-Redirect-Location"),
	}
}

const (
	defaultContentType = "binary/octet-stream"
	maxMetadata        = 2 << 10
)

// build makes a version of the attributes, with the bucket's defaults for what they leave open.
func (t *txn) build(a attributes) (*Version, error) {
	if err := checkKey(a.key); err != nil {
		return nil, err
	}
	if a.customerKey != nil || a.customerAlgorithm != nil {
		return nil, wire.NotImplemented("s3 with customer-provided encryption keys (SSE-C)")
	}
	if a.eventHold != nil || a.eventHoldDays != nil || a.eventHoldYears != nil {
		return nil, wire.NotImplemented("s3 with x-amz-object-lock-event-hold")
	}
	v := &Version{Bucket: t.b.Name, Key: a.key, Headers: a.headers, Metadata: a.metadata, StorageClass: text(a.storageClass)}
	if v.Headers.ContentType == "" {
		v.Headers.ContentType = defaultContentType
	}
	size := 0
	for k, value := range a.metadata {
		size += len(k) + len(value)
	}
	if size > maxMetadata {
		return nil, fail("MetadataTooLarge", detail{Size: new(int64(size)), MaxSizeAllowed: new(int64(maxMetadata))})
	}
	if v.StorageClass == "" {
		v.StorageClass = storageClasses[0]
	}
	if !slices.Contains(storageClasses, v.StorageClass) {
		return nil, fail("InvalidStorageClass", detail{StorageClass: &v.StorageClass})
	}
	var err error
	if v.Encryption, err = t.encryption(a); err != nil {
		return nil, err
	}
	if v.Tags, err = tagHeader(a.tagging); err != nil {
		return nil, err
	}
	grants, given, err := grantsOf(a.acl, t.call.Account, t.b.Account)
	if err != nil {
		return nil, err
	}
	if given {
		if err := t.admitACL(a.acl, grants); err != nil {
			return nil, err
		}
		v.Grants = grants
	}
	return v, t.lock(v, a)
}

// PutObject stores an object. Of several conditional writes at once to a key that does not exist, one succeeds.
func (s *Service) PutObject(ctx context.Context, in *PutObjectInput) (*PutObjectOutput, error) {
	if in.WriteOffsetBytes != nil {
		return nil, wire.NotImplemented("s3:PutObject with x-amz-write-offset-bytes")
	}
	call := wire.CallFrom(ctx)
	a := attributes{
		key: *in.Key, headers: headersFrom(call.Header), metadata: in.Metadata, storageClass: in.StorageClass,
		sse: in.ServerSideEncryption, kmsKey: in.SSEKMSKeyId, context: in.SSEKMSEncryptionContext, bucketKey: in.BucketKeyEnabled,
		customerKey: in.SSECustomerKey, customerAlgorithm: in.SSECustomerAlgorithm, tagging: in.Tagging,
		acl:      bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP),
		lockMode: in.ObjectLockMode, lockUntil: in.ObjectLockRetainUntilDate, legalHold: in.ObjectLockLegalHoldStatus,
		eventHold: in.ObjectLockEventHold, eventHoldDays: in.ObjectLockEventHoldDurationDays, eventHoldYears: in.ObjectLockEventHoldDurationYears,
	}
	e, err := expected(call.Header)
	if err != nil {
		return nil, err
	}
	// What can be refused is refused before the body comes.
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if _, err := t.build(a); err != nil {
			return err
		}
		return t.checkWrite(a.key, in.IfMatch, in.IfNoneMatch)
	})
	if err != nil {
		return nil, err
	}
	algorithm := e.algorithm
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	body, err := s.receive(in.Body, e, algorithm)
	if err != nil {
		return nil, err
	}
	out := &PutObjectOutput{ETag: quoted(body.ETag)}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if err := t.checkWrite(a.key, in.IfMatch, in.IfNoneMatch); err != nil {
			return err
		}
		v, err := t.build(a)
		if err != nil {
			return err
		}
		v.Segments, v.Size, v.ETag = body.Segments, body.Size, body.ETag
		v.Checksum = &ChecksumValue{Algorithm: algorithm, Type: fullObject, Value: body.Sums[algorithm]}
		t.add(v)
		out.VersionId = t.shownVersion(v)
		out.Expiration = t.expiration(v)
		t.showEncryption(v, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
		out.SSEKMSEncryptionContext = set(v.Encryption.Context)
		v.Checksum.show(call.Response)
		return nil
	})
	if err != nil {
		s.discard(body.Segments)
		return nil, err
	}
	return out, nil
}

// shownVersion gives a new version's id for an answer: only where versioning is enabled.
func (t *txn) shownVersion(v *Version) *string {
	if t.b.Versioning != enabled {
		return nil
	}
	return &v.ID
}

package s3

import (
	"context"
	"fmt"
	"strconv"

	"atoll/internal/cloud/wire"
)

const (
	maxParts    = 10000
	minPartSize = 5 << 20
)

// CreateMultipartUpload begins an upload. What the object will have beside its content is settled here.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *CreateMultipartUploadInput) (*CreateMultipartUploadOutput, error) {
	call := wire.CallFrom(ctx)
	a := attributes{
		key: *in.Key, headers: headersFrom(call.Header), metadata: in.Metadata, storageClass: in.StorageClass,
		sse: in.ServerSideEncryption, kmsKey: in.SSEKMSKeyId, context: in.SSEKMSEncryptionContext, bucketKey: in.BucketKeyEnabled,
		customerKey: in.SSECustomerKey, customerAlgorithm: in.SSECustomerAlgorithm, tagging: in.Tagging,
		acl:      bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP),
		lockMode: in.ObjectLockMode, lockUntil: in.ObjectLockRetainUntilDate, legalHold: in.ObjectLockLegalHoldStatus,
		eventHold: in.ObjectLockEventHold, eventHoldDays: in.ObjectLockEventHoldDurationDays, eventHoldYears: in.ObjectLockEventHoldDurationYears,
	}
	algorithm, kind, err := checksumType(in.ChecksumAlgorithm, in.ChecksumType)
	if err != nil {
		return nil, err
	}
	out := &CreateMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key, ChecksumAlgorithm: in.ChecksumAlgorithm}
	return out, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		v, err := t.build(a)
		if err != nil {
			return err
		}
		u := &Upload{ID: fmt.Sprintf("%016x", t.now.UnixNano()) + s.d.IDs.Hex(48), Initiated: t.now, Initiator: call.ARN,
			Algorithm: algorithm, ChecksumType: kind, Object: *v}
		s.uploads.Put(t.tx, partition(), uploadRecord(u), u)
		out.UploadId = &u.ID
		t.showEncryption(v, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
		out.SSEKMSEncryptionContext = set(v.Encryption.Context)
		if algorithm != "" {
			out.ChecksumType = &kind
		}
		return nil
	})
}

// checksumType gives the checksum that an upload's object will have. Without a wish it is S3's default, over the whole object.
func checksumType(algorithm, kind *string) (string, string, error) {
	if algorithm == nil {
		if kind != nil {
			return "", "", invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return "", fullObject, nil
	}
	name := *algorithm
	if err := checkAlgorithm(name); err != nil {
		return "", "", err
	}
	_, isCRC := crcs[name]
	want := text(kind)
	if want == "" {
		want = composite
		if name == defaultAlgorithm {
			want = fullObject
		}
	}
	if want != composite && want != fullObject || want == fullObject && !isCRC || want == composite && name == defaultAlgorithm {
		return "", "", invalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", want, name)
	}
	return name, want, nil
}

func checkAlgorithm(name string) error {
	for _, a := range algorithms {
		if a == name {
			return nil
		}
	}
	for _, a := range refused {
		if a == name {
			return wire.NotImplemented("s3 with the checksum algorithm " + name)
		}
	}
	return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
}

// upload gives an upload under way. It is the caller's own copy in an update.
func (t *txn) upload(key, id string) (*Upload, error) {
	u, ok := t.s.uploads.Get(t.tx, partition(), objectID(t.b.Name, key)+separator+id)
	if !ok {
		return nil, fail("NoSuchUpload", detail{UploadID: &id})
	}
	return u, nil
}

// dropUpload ends an upload and its parts, without an object.
func (t *txn) dropUpload(record, id string) {
	for part, p := range t.s.parts.Prefix(t.tx, partition(), partRecord(id, 0)) {
		t.dead = append(t.dead, p.Segments...)
		t.s.parts.Delete(t.tx, partition(), part)
	}
	t.s.uploads.Delete(t.tx, partition(), record)
}

// AbortMultipartUpload ends an upload without an object.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *AbortMultipartUploadInput) (*AbortMultipartUploadOutput, error) {
	return &AbortMultipartUploadOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.upload(*in.Key, *in.UploadId)
		if err != nil {
			return err
		}
		t.dropUpload(uploadRecord(u), u.ID)
		return nil
	})
}

func checkPartNumber(n int64) error {
	if n < 1 || n > maxParts {
		return invalid("partNumber", strconv.FormatInt(n, 10), "Part number must be an integer between 1 and %d, inclusive", maxParts)
	}
	return nil
}

// partAlgorithms gives the checksums to compute of an upload's part, if the request's own fits.
func (u *Upload) partAlgorithms(requested string) ([]string, error) {
	if u.Algorithm == "" {
		return []string{defaultAlgorithm}, nil
	}
	if requested != "" && requested != u.Algorithm {
		return nil, invalidRequest("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", u.Algorithm, requested)
	}
	return []string{u.Algorithm}, nil
}

// UploadPart stores a part of an upload, in the place of an earlier one of the same number.
func (s *Service) UploadPart(ctx context.Context, in *UploadPartInput) (*UploadPartOutput, error) {
	if err := checkPartNumber(*in.PartNumber); err != nil {
		return nil, err
	}
	if in.SSECustomerKey != nil || in.SSECustomerAlgorithm != nil {
		return nil, wire.NotImplemented("s3 with customer-provided encryption keys (SSE-C)")
	}
	call := wire.CallFrom(ctx)
	e, err := expected(call.Header)
	if err != nil {
		return nil, err
	}
	var names []string
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.upload(*in.Key, *in.UploadId)
		if err == nil {
			names, err = u.partAlgorithms(e.algorithm)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	body, err := s.receive(in.Body, e, names...)
	if err != nil {
		return nil, err
	}
	out := &UploadPartOutput{ETag: quoted(body.ETag)}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.putPart(*in.Key, *in.UploadId, *in.PartNumber, body)
		if err != nil {
			return err
		}
		t.showEncryption(&u.Object, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
		shown := e.algorithm
		if shown == "" {
			shown = u.Algorithm
		}
		if shown != "" {
			call.Response.Set(checksumHeader(shown), body.Sums[shown])
		}
		return nil
	})
	if err != nil {
		s.discard(body.Segments)
		return nil, err
	}
	return out, nil
}

func (t *txn) putPart(key, id string, number int64, body received) (*Upload, error) {
	u, err := t.upload(key, id)
	if err != nil {
		return nil, err
	}
	record := partRecord(id, number)
	if old, ok := t.s.parts.Get(t.tx, partition(), record); ok {
		t.dead = append(t.dead, old.Segments...)
	}
	t.s.parts.Put(t.tx, partition(), record, &PartRecord{Number: number, Modified: t.now, received: body})
	return u, nil
}

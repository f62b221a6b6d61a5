package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// source is what x-amz-copy-source names.
type source struct {
	bucket, key string
	version     *string
	owner       *string
	conditions  conditions
	customerKey *string
}

func parseSource(header string) (source, error) {
	bad := invalid("x-amz-copy-source", header, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	if strings.HasPrefix(header, "arn:") {
		return source{}, wire.NotImplemented("s3 copies from access points")
	}
	path, query, _ := strings.Cut(header, "?")
	path, err := url.QueryUnescape(strings.TrimPrefix(path, "/")) // S3 reads + as a space too
	if err != nil {
		return source{}, bad
	}
	bucket, key, ok := strings.Cut(path, "/")
	if !ok || bucket == "" || key == "" {
		return source{}, bad
	}
	src := source{bucket: bucket, key: key}
	if id, ok := strings.CutPrefix(query, "versionId="); ok {
		if id, err = url.QueryUnescape(id); err != nil {
			return source{}, bad
		}
		src.version = &id
	} else if query != "" {
		return source{}, bad
	}
	return src, nil
}

// found is a copy's source, its files held.
type found struct {
	v       *Version
	shownID *string
}

// openSource finds a copy's source and holds its files, which the caller must release.
func (s *Service) openSource(ctx context.Context, src source) (found, error) {
	if src.customerKey != nil {
		return found{}, wire.NotImplemented("s3 with customer-provided encryption keys (SSE-C)")
	}
	src.conditions.copying = true
	for attempt := 0; ; attempt++ {
		var f found
		err := s.view(ctx, &src.bucket, src.owner, func(t *txn) error {
			v, err := t.object(src.key, src.version)
			if err != nil {
				if src.version != nil && isCode(err, "MethodNotAllowed") {
					return invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
				}
				return err
			}
			if v.StorageClass == "GLACIER" || v.StorageClass == "DEEP_ARCHIVE" {
				return fail("InvalidObjectState", detail{StorageClass: &v.StorageClass})
			}
			f = found{v, t.shownID(v)}
			return src.conditions.check(v)
		})
		if err != nil {
			return found{}, err
		}
		err = s.contents.hold(f.v.Segments)
		if errors.Is(err, errGone) && attempt < maxAttempts {
			continue
		}
		return f, err
	}
}

func isCode(err error, code string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code
}

func (s *Service) closeSource(f found) {
	if err := s.contents.release(f.v.Segments); err != nil {
		s.d.Logger.Warn("removing files of S3 objects", "err", err)
	}
}

// CopyObject copies an object or a version of one, also onto itself to change what it has beside its content.
func (s *Service) CopyObject(ctx context.Context, in *CopyObjectInput) (*CopyObjectOutput, error) {
	src, err := parseSource(*in.CopySource)
	if err != nil {
		return nil, err
	}
	if in.AnnotationDirective != nil {
		return nil, wire.NotImplemented("s3:CopyObject with x-amz-object-annotation-directive")
	}
	if in.ChecksumAlgorithm != nil {
		if err := checkAlgorithm(*in.ChecksumAlgorithm); err != nil {
			return nil, err
		}
	}
	src.owner, src.customerKey = in.ExpectedSourceBucketOwner, in.CopySourceSSECustomerKey
	src.conditions = conditions{match: in.CopySourceIfMatch, noneMatch: in.CopySourceIfNoneMatch, modifiedSince: in.CopySourceIfModifiedSince,
		unmodified: in.CopySourceIfUnmodifiedSince}
	f, err := s.openSource(ctx, src)
	if err != nil {
		return nil, err
	}
	defer s.closeSource(f)
	if f.v.Size > maxSinglePut {
		return nil, invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxSinglePut))
	}
	a, tags, err := copyAttributes(ctx, in, f.v)
	if err != nil {
		return nil, err
	}
	if src.bucket == *in.Bucket && src.key == *in.Key && src.version == nil && !changes(in) {
		return nil, invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if _, err := t.build(a); err != nil {
			return err
		}
		return t.checkWrite(a.key, in.IfMatch, in.IfNoneMatch)
	})
	if err != nil {
		return nil, err
	}
	body, sum, err := s.duplicate(f.v, text(in.ChecksumAlgorithm))
	if err != nil {
		return nil, err
	}
	out := &CopyObjectOutput{CopySourceVersionId: f.shownID}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		if err := t.checkWrite(a.key, in.IfMatch, in.IfNoneMatch); err != nil {
			return err
		}
		v, err := t.build(a)
		if err != nil {
			return err
		}
		if tags != nil {
			v.Tags = tags
		}
		v.Segments, v.Size, v.ETag, v.Checksum = body.Segments, body.Size, body.ETag, sum
		t.add(v)
		t.showCopy(out, v)
		return nil
	})
	if err != nil {
		s.discard(body.Segments)
		return nil, err
	}
	return out, nil
}

func (t *txn) showCopy(out *CopyObjectOutput, v *Version) {
	out.VersionId, out.Expiration = t.shownVersion(v), t.expiration(v)
	out.SSEKMSEncryptionContext = set(v.Encryption.Context)
	t.showEncryption(v, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
	r := &CopyObjectResult{ETag: quoted(v.ETag), LastModified: &v.Modified, ChecksumType: &v.Checksum.Type}
	r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumSHA1, r.ChecksumSHA256 = checksumFields(v.Checksum.sums())
	out.CopyObjectResult = r
}

// copyAttributes gives what a copy will have: of the source or of the request, as the directives say.
func copyAttributes(ctx context.Context, in *CopyObjectInput, v *Version) (attributes, map[string]string, error) {
	a := attributes{
		key: *in.Key, storageClass: in.StorageClass, sse: in.ServerSideEncryption, kmsKey: in.SSEKMSKeyId, context: in.SSEKMSEncryptionContext,
		bucketKey: in.BucketKeyEnabled, customerKey: in.SSECustomerKey, customerAlgorithm: in.SSECustomerAlgorithm,
		acl:      bucketGrants(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP),
		lockMode: in.ObjectLockMode, lockUntil: in.ObjectLockRetainUntilDate, legalHold: in.ObjectLockLegalHoldStatus,
		eventHold: in.ObjectLockEventHold, eventHoldDays: in.ObjectLockEventHoldDurationDays, eventHoldYears: in.ObjectLockEventHoldDurationYears,
	}
	given := headersFrom(wire.CallFrom(ctx).Header)
	switch d := text(in.MetadataDirective); d {
	case "", "COPY":
		a.headers, a.metadata = v.Headers, v.Metadata
		a.headers.Redirect = given.Redirect
	case "REPLACE":
		a.headers, a.metadata = given, in.Metadata
	default:
		return a, nil, invalid("x-amz-metadata-directive", d, "Unknown metadata directive.")
	}
	switch d := text(in.TaggingDirective); d {
	case "", "COPY":
		return a, v.Tags, nil
	case "REPLACE":
		a.tagging = in.Tagging
		return a, nil, nil
	default:
		return a, nil, invalid("x-amz-tagging-directive", d, "Unknown tagging directive.")
	}
}

// changes reports whether a copy onto itself changes anything.
func changes(in *CopyObjectInput) bool {
	return text(in.MetadataDirective) == "REPLACE" || text(in.TaggingDirective) == "REPLACE" || in.StorageClass != nil ||
		in.ServerSideEncryption != nil || in.WebsiteRedirectLocation != nil || in.ChecksumAlgorithm != nil || in.BucketKeyEnabled != nil
}

// duplicate gives a version's content new files: further names of the same ones where nothing has to be computed anew. A copy of
// a multipart object is one of a single part.
func (s *Service) duplicate(v *Version, algorithm string) (received, *ChecksumValue, error) {
	if algorithm == "" {
		algorithm = v.Checksum.Algorithm
	}
	if len(v.Parts) == 0 && algorithm == v.Checksum.Algorithm {
		segments, err := s.contents.link(v.Segments)
		return received{Segments: segments, Size: v.Size, ETag: v.ETag}, v.Checksum, err
	}
	body, err := s.copyRange(v, 0, v.Size, algorithm)
	return body, &ChecksumValue{Algorithm: algorithm, Type: fullObject, Value: body.Sums[algorithm]}, err
}

// copyRange stores a range of a version, whose files are held, as a content of its own.
func (s *Service) copyRange(v *Version, from, length int64, names ...string) (body received, err error) {
	r, err := s.contents.open(v.Segments, from, length)
	if err != nil {
		return received{}, fmt.Errorf("opening the source of a copy: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	d := newDigest(names...)
	seg, err := s.contents.write(struct{ io.Reader }{r}, d)
	if err != nil {
		return received{}, err
	}
	return received{Segments: []Segment{seg}, Size: seg.Size, ETag: d.etag(), Sums: d.values()}, nil
}

// UploadPartCopy stores a range of an object, or the whole of it, as a part of an upload.
func (s *Service) UploadPartCopy(ctx context.Context, in *UploadPartCopyInput) (*UploadPartCopyOutput, error) {
	if err := checkPartNumber(*in.PartNumber); err != nil {
		return nil, err
	}
	src, err := parseSource(*in.CopySource)
	if err != nil {
		return nil, err
	}
	src.owner, src.customerKey = in.ExpectedSourceBucketOwner, in.CopySourceSSECustomerKey
	src.conditions = conditions{match: in.CopySourceIfMatch, noneMatch: in.CopySourceIfNoneMatch, modifiedSince: in.CopySourceIfModifiedSince,
		unmodified: in.CopySourceIfUnmodifiedSince}
	f, err := s.openSource(ctx, src)
	if err != nil {
		return nil, err
	}
	defer s.closeSource(f)
	from, length := int64(0), f.v.Size
	if in.CopySourceRange != nil {
		if from, length, err = parseCopyRange(*in.CopySourceRange, f.v.Size); err != nil {
			return nil, err
		}
	}
	if length > maxSinglePut {
		return nil, fail("EntityTooLarge", detail{ProposedSize: &length, MaxSizeAllowed: new(int64(maxSinglePut))})
	}
	var names []string
	algorithm := ""
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.upload(*in.Key, *in.UploadId)
		if err == nil {
			algorithm = u.Algorithm
			names, err = u.partAlgorithms("")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	body, err := s.copyRange(f.v, from, length, names...)
	if err != nil {
		return nil, err
	}
	out := &UploadPartCopyOutput{CopySourceVersionId: f.shownID}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		u, err := t.putPart(*in.Key, *in.UploadId, *in.PartNumber, body)
		if err != nil {
			return err
		}
		t.showEncryption(&u.Object, &out.ServerSideEncryption, &out.SSEKMSKeyId, &out.BucketKeyEnabled)
		now := t.now
		out.CopyPartResult = copyPartResult(body, algorithm, &now)
		return nil
	})
	if err != nil {
		s.discard(body.Segments)
		return nil, err
	}
	return out, nil
}

func copyPartResult(body received, algorithm string, now *time.Time) *CopyPartResult {
	r := &CopyPartResult{ETag: quoted(body.ETag), LastModified: now}
	if slices.Contains(algorithms[:], algorithm) {
		r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumSHA1, r.ChecksumSHA256 = checksumFields(body.Sums)
	}
	return r
}

// parseCopyRange reads x-amz-copy-source-range, which must be in the source.
func parseCopyRange(header string, size int64) (from, length int64, err error) {
	var last int64
	if n, _ := fmt.Sscanf(header, "bytes=%d-%d", &from, &last); n != 2 || from < 0 || last < from || last >= size {
		return 0, 0, invalid("x-amz-copy-source-range", header, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	return from, last - from + 1, nil
}

package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// reading is a call that reads an object, with or without its body.
type reading struct {
	bucket, owner, version *string
	key                    string
	conditions             conditions
	byteRange              *string
	part                   *int64
	checksums              bool
	customerKey            *string
	override               overrides
}

// overrides are the response-* parameters.
type overrides struct {
	contentType, cacheControl, disposition, encoding, language *string
	expires                                                    *time.Time
}

// window is the part of an object that a read gives.
type window struct {
	from, length int64
	partial      bool
}

// look finds what a read is about, checks its conditions, and writes the headers that GetObject and HeadObject share.
func (t *txn) look(r reading) (*Version, window, error) {
	w := window{}
	if r.customerKey != nil {
		return nil, w, wire.NotImplemented("s3 with customer-provided encryption keys (SSE-C)")
	}
	v, err := t.object(r.key, r.version)
	if err != nil {
		return nil, w, err
	}
	h := t.call.Response
	h.Set("ETag", `"`+v.ETag+`"`)
	h.Set("Last-Modified", v.Modified.Format(http.TimeFormat))
	if err := r.conditions.check(v); err != nil {
		return nil, w, err
	}
	if w, err = r.window(v); err != nil {
		return nil, w, err
	}
	if w.partial {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", w.from, w.from+w.length-1, v.Size))
		t.call.Status = http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.FormatInt(w.length, 10))
	h.Set("Accept-Ranges", "bytes")
	r.override.show(h, v.Headers)
	t.describe(h, v)
	if r.checksums && !w.partial {
		v.Checksum.show(h)
	}
	if r.part != nil && len(v.Parts) > 0 {
		h.Set("x-amz-mp-parts-count", strconv.Itoa(len(v.Parts)))
	}
	return v, w, nil
}

// describe writes the headers that tell of a version's settings.
func (t *txn) describe(h http.Header, v *Version) {
	put := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	if id := t.shownID(v); id != nil {
		h.Set("x-amz-version-id", *id)
	}
	if v.StorageClass != storageClasses[0] {
		put("x-amz-storage-class", v.StorageClass)
	}
	put("x-amz-server-side-encryption", v.Encryption.Algorithm)
	put("x-amz-server-side-encryption-aws-kms-key-id", v.Encryption.KMSKey)
	if v.Encryption.BucketKey {
		h.Set("x-amz-server-side-encryption-bucket-key-enabled", "true")
	}
	put("x-amz-website-redirect-location", v.Headers.Redirect)
	if n := len(v.Tags); n > 0 {
		h.Set("x-amz-tagging-count", strconv.Itoa(n))
	}
	if v.Retention != nil {
		h.Set("x-amz-object-lock-mode", v.Retention.Mode)
		h.Set("x-amz-object-lock-retain-until-date", v.Retention.Until.Format("2006-01-02T15:04:05.000Z"))
	}
	put("x-amz-object-lock-legal-hold", v.LegalHold)
	put("x-amz-expiration", text(t.expiration(v)))
}

func (o overrides) show(h http.Header, stored Headers) {
	put := func(name string, override *string, value string) {
		if override != nil {
			value = *override
		}
		if value != "" {
			h.Set(name, value)
		}
	}
	put("Content-Type", o.contentType, stored.ContentType)
	put("Cache-Control", o.cacheControl, stored.CacheControl)
	put("Content-Disposition", o.disposition, stored.ContentDisposition)
	put("Content-Encoding", o.encoding, stored.ContentEncoding)
	put("Content-Language", o.language, stored.ContentLanguage)
	put("Expires", nil, stored.Expires)
	if o.expires != nil {
		h.Set("Expires", o.expires.Format(http.TimeFormat))
	}
}

// window finds what part of the object a read asks for, by range or by part number.
func (r reading) window(v *Version) (window, error) {
	whole := window{length: v.Size}
	if r.part != nil {
		if r.byteRange != nil {
			return whole, invalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
		return partWindow(v, *r.part)
	}
	if r.byteRange == nil {
		return whole, nil
	}
	from, length, ok := parseRange(*r.byteRange, v.Size)
	if !ok {
		return whole, nil // what is not a single byte range is ignored
	}
	if length <= 0 {
		return whole, fail("InvalidRange", detail{RangeRequested: r.byteRange, ActualSize: &v.Size})
	}
	return window{from, length, true}, nil
}

func partWindow(v *Version, number int64) (window, error) {
	if len(v.Parts) == 0 {
		if number == 1 {
			return window{length: v.Size, partial: v.Size > 0}, nil
		}
		return window{}, fail("InvalidPartNumber", detail{})
	}
	if number < 1 || number > int64(len(v.Parts)) {
		return window{}, fail("InvalidPartNumber", detail{})
	}
	w := window{partial: true}
	for _, p := range v.Parts[:number-1] {
		w.from += p.Size
	}
	w.length = v.Parts[number-1].Size
	return w, nil
}

// parseRange reads a Range header with one range. ok is false if it is none; the length is 0 if nothing of it is in the object.
func parseRange(header string, size int64) (from, length int64, ok bool) {
	spec, ok := strings.CutPrefix(strings.TrimSpace(header), "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		n = min(n, size)
		return size - n, n, true
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	to := size - 1
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < from {
			return 0, 0, false
		}
		to = min(to, n)
	}
	return from, max(to-from+1, 0), true
}

// maxAttempts bounds how often a read looks again for an object that was replaced between its look-up and its opening.
const maxAttempts = 100

// GetObject gives an object. A read that has begun is not disturbed by a delete or an overwrite.
func (s *Service) GetObject(ctx context.Context, in *GetObjectInput) (*GetObjectOutput, error) {
	r := reading{
		bucket: in.Bucket, owner: in.ExpectedBucketOwner, version: in.VersionId, key: *in.Key,
		conditions: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, modifiedSince: in.IfModifiedSince, unmodified: in.IfUnmodifiedSince},
		byteRange:  in.Range, part: in.PartNumber, checksums: text(in.ChecksumMode) == "ENABLED", customerKey: in.SSECustomerKey,
		override: overrides{in.ResponseContentType, in.ResponseCacheControl, in.ResponseContentDisposition,
			in.ResponseContentEncoding, in.ResponseContentLanguage, in.ResponseExpires},
	}
	for attempt := 0; ; attempt++ {
		out := &GetObjectOutput{}
		var found *Version
		var w window
		err := s.view(ctx, r.bucket, r.owner, func(t *txn) (err error) {
			if found, w, err = t.look(r); err != nil {
				return err
			}
			if found.StorageClass == "GLACIER" || found.StorageClass == "DEEP_ARCHIVE" {
				return fail("InvalidObjectState", detail{StorageClass: &found.StorageClass})
			}
			out.Metadata = found.Metadata
			return nil
		})
		if err != nil {
			return nil, cleared(ctx, err)
		}
		body, err := s.contents.open(found.Segments, w.from, w.length)
		if errors.Is(err, errGone) && attempt < maxAttempts {
			continue
		}
		if err != nil {
			return nil, cleared(ctx, fmt.Errorf("opening the object %s/%s: %w", *in.Bucket, *in.Key, err))
		}
		out.Body = body
		return out, nil
	}
}

// cleared takes headers of the object back out of an answer that became an error.
func cleared(ctx context.Context, err error) error {
	var e *wire.Error
	if errors.As(err, &e) && e.Status == http.StatusNotModified {
		return err
	}
	h := wire.CallFrom(ctx).Response
	for _, name := range []string{"ETag", "Last-Modified", "Content-Length", "Content-Range", "Accept-Ranges", "Content-Type",
		"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"} {
		h.Del(name)
	}
	return err
}

// HeadObject gives an object's headers.
func (s *Service) HeadObject(ctx context.Context, in *HeadObjectInput) (*HeadObjectOutput, error) {
	r := reading{
		bucket: in.Bucket, owner: in.ExpectedBucketOwner, version: in.VersionId, key: *in.Key,
		conditions: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, modifiedSince: in.IfModifiedSince, unmodified: in.IfUnmodifiedSince},
		byteRange:  in.Range, part: in.PartNumber, checksums: text(in.ChecksumMode) == "ENABLED", customerKey: in.SSECustomerKey,
		override: overrides{in.ResponseContentType, in.ResponseCacheControl, in.ResponseContentDisposition,
			in.ResponseContentEncoding, in.ResponseContentLanguage, in.ResponseExpires},
	}
	out := &HeadObjectOutput{}
	err := s.view(ctx, r.bucket, r.owner, func(t *txn) error {
		v, _, err := t.look(r)
		if err == nil {
			out.Metadata = v.Metadata
		}
		return err
	})
	if err != nil {
		return nil, cleared(ctx, err)
	}
	return out, nil
}

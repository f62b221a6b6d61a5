package s3

import (
	"context"
	"strings"
)

// list walks the current objects of a bucket after a key. It calls item for each that stands for itself, and gives the last key
// or common prefix of the page. After a common prefix it goes on behind all keys that begin with it: what is rolled up costs
// nothing.
func (t *txn) list(p *page, after string, item func(v *Version)) (last string) {
	if p.limit == 0 {
		return ""
	}
	base := objectID(t.b.Name, p.prefix)
	from := ""
	if after != "" {
		from = objectID(t.b.Name, after)
		if p.rollUpOf(after) == after {
			from += beyond // the page before ended with this common prefix
		}
	}
	for {
		again := false
		for _, v := range t.s.objects.PrefixFrom(t.tx, partition(), base, from) {
			if v.DeleteMarker {
				continue
			}
			if p.full() {
				return last
			}
			if common := p.rollUp(v.Key); common != "" {
				p.addCommon(common)
				last, from, again = common, objectID(t.b.Name, common)+beyond, true
				break
			}
			p.n++
			last = v.Key
			item(v)
		}
		if !again {
			return last
		}
	}
}

// rollUpOf is rollUp for keys that may lack the prefix.
func (p *page) rollUpOf(key string) string {
	if !strings.HasPrefix(key, p.prefix) {
		return ""
	}
	return p.rollUp(key)
}

func (p *page) object(t *txn, v *Version, withOwner bool) Object {
	o := Object{Key: p.text(v.Key), LastModified: &v.Modified, ETag: quoted(v.ETag), Size: &v.Size, StorageClass: &v.StorageClass}
	if v.Checksum != nil {
		o.ChecksumAlgorithm, o.ChecksumType = []string{v.Checksum.Algorithm}, &v.Checksum.Type
	}
	if withOwner {
		o.Owner = owner(t.b.Account)
	}
	return o
}

// ListObjectsV2 lists a bucket's objects by key.
func (s *Service) ListObjectsV2(ctx context.Context, in *ListObjectsV2Input) (*ListObjectsV2Output, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	after, err := tokenKey(in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	if in.ContinuationToken == nil {
		after = text(in.StartAfter)
	}
	out := &ListObjectsV2Output{Name: in.Bucket, Prefix: p.text(p.prefix), Delimiter: p.optional(in.Delimiter), EncodingType: in.EncodingType,
		MaxKeys: new(int64(p.limit)), ContinuationToken: in.ContinuationToken, StartAfter: p.optional(in.StartAfter)}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		last := t.list(p, after, func(v *Version) { out.Contents = append(out.Contents, p.object(t, v, truth(in.FetchOwner))) })
		if p.truncated {
			out.NextContinuationToken = token(last)
		}
		return nil
	})
	out.CommonPrefixes, out.IsTruncated, out.KeyCount = p.common, &p.truncated, new(int64(p.n))
	return out, err
}

// ListObjects is the older form of ListObjectsV2, with keys for tokens.
func (s *Service) ListObjects(ctx context.Context, in *ListObjectsInput) (*ListObjectsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	out := &ListObjectsOutput{Name: in.Bucket, Prefix: p.text(p.prefix), Delimiter: p.optional(in.Delimiter), EncodingType: in.EncodingType,
		MaxKeys: new(int64(p.limit)), Marker: p.text(text(in.Marker))}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		last := t.list(p, text(in.Marker), func(v *Version) { out.Contents = append(out.Contents, p.object(t, v, true)) })
		if p.truncated && p.delimiter != "" {
			out.NextMarker = p.text(last)
		}
		return nil
	})
	out.CommonPrefixes, out.IsTruncated = p.common, &p.truncated
	return out, err
}

// ListObjectVersions lists all versions by key, and the newest of each key first.
func (s *Service) ListObjectVersions(ctx context.Context, in *ListObjectVersionsInput) (*ListObjectVersionsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	marker := text(in.KeyMarker)
	if in.VersionIdMarker != nil && in.KeyMarker == nil {
		return nil, invalid("version-id-marker", *in.VersionIdMarker, "A version-id marker cannot be specified without a key marker.")
	}
	out := &ListObjectVersionsOutput{Name: in.Bucket, Prefix: p.text(p.prefix), Delimiter: p.optional(in.Delimiter), EncodingType: in.EncodingType,
		MaxKeys: new(int64(p.limit)), KeyMarker: p.text(marker), VersionIdMarker: new(text(in.VersionIdMarker))}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		lastKey, lastID := t.listVersions(p, marker, text(in.VersionIdMarker), func(v *Version, latest bool) {
			if v.DeleteMarker {
				out.DeleteMarkers = append(out.DeleteMarkers, DeleteMarkerEntry{Key: p.text(v.Key), VersionId: &v.ID, IsLatest: &latest,
					LastModified: &v.Modified, Owner: owner(t.b.Account)})
				return
			}
			o := p.object(t, v, true)
			out.Versions = append(out.Versions, ObjectVersion{Key: o.Key, VersionId: &v.ID, IsLatest: &latest, LastModified: o.LastModified, ETag: o.ETag,
				Size: o.Size, StorageClass: o.StorageClass, Owner: o.Owner, ChecksumAlgorithm: o.ChecksumAlgorithm, ChecksumType: o.ChecksumType})
		})
		if p.truncated {
			out.NextKeyMarker, out.NextVersionIdMarker = p.text(lastKey), set(lastID)
		}
		return nil
	})
	out.CommonPrefixes, out.IsTruncated = p.common, &p.truncated
	return out, err
}

// listVersions walks all versions after a version of a key, or after all of the key's if afterID is empty.
func (t *txn) listVersions(p *page, after, afterID string, item func(v *Version, latest bool)) (lastKey, lastID string) {
	if p.limit == 0 {
		return "", ""
	}
	base, from := objectID(t.b.Name, p.prefix), ""
	if after != "" {
		from = objectID(t.b.Name, after)
		if p.rollUpOf(after) == after {
			from += beyond
		}
	}
	// give walks a key's versions from where the last page ended; false says that this page is full.
	give := func(head *Version, skipTo string) bool {
		skipping := skipTo != ""
		one := func(v *Version, latest bool) bool {
			if skipping {
				skipping = v.ID != skipTo
				return true
			}
			if p.full() {
				return false
			}
			p.n++
			lastKey, lastID = v.Key, v.ID
			item(v, latest)
			return true
		}
		if !one(head, true) {
			return false
		}
		for _, v := range t.s.versions.Prefix(t.tx, partition(), versionsOf(head.Bucket, head.Key)) {
			if !one(v, false) {
				return false
			}
		}
		return true
	}
	if afterID != "" && p.rollUpOf(after) == "" && strings.HasPrefix(after, p.prefix) {
		if _, _, ok := t.version(after, afterID); !ok {
			afterID = "" // deleted since the last page, with all that came before it
		}
		if head, ok := t.current(after); ok && !give(head, afterID) {
			return lastKey, lastID
		}
	}
	for {
		again := false
		for _, v := range t.s.objects.PrefixFrom(t.tx, partition(), base, from) {
			if common := p.rollUp(v.Key); common != "" {
				if p.full() {
					return lastKey, lastID
				}
				p.addCommon(common)
				lastKey, lastID = common, ""
				from, again = objectID(t.b.Name, common)+beyond, true
				break
			}
			if !give(v, "") {
				return lastKey, lastID
			}
		}
		if !again {
			return lastKey, lastID
		}
	}
}

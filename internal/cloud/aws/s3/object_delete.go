package s3

import (
	"context"
	"errors"
	"time"

	"atoll/internal/cloud/wire"
)

// deletion is one object to delete, with the conditions of it.
type deletion struct {
	key      string
	version  *string
	etag     *string
	size     *int64
	modified *time.Time
	bypass   *bool
}

// deleted says what a deletion did.
type deleted struct {
	marker  bool    // a delete marker was made, or was what was deleted
	version *string // of what was deleted, or of the marker that was made
	made    bool    // a delete marker was made
}

// delete deletes an object: for good when its version is named or the bucket has no versioning, else by a delete marker. What is
// not there counts as deleted.
func (t *txn) delete(d deletion) (deleted, error) {
	if err := checkKey(d.key); err != nil {
		return deleted{}, err
	}
	if d.version != nil {
		return t.deleteVersion(d)
	}
	v, ok := t.current(d.key)
	if err := d.check(v, ok && !v.DeleteMarker); err != nil {
		return deleted{}, err
	}
	if t.b.Versioning == "" {
		if ok {
			t.drop(v, false)
		}
		return deleted{}, nil
	}
	marker := &Version{Key: d.key, DeleteMarker: true}
	t.add(marker)
	return deleted{marker: true, version: &marker.ID, made: true}, nil
}

func (t *txn) deleteVersion(d deletion) (deleted, error) {
	if err := checkVersionID(*d.version); err != nil {
		return deleted{}, err
	}
	v, noncurrent, ok := t.version(d.key, *d.version)
	if err := d.check(v, ok); err != nil || !ok {
		return deleted{version: d.version}, err
	}
	if err := t.locked(v, d.bypass); err != nil {
		return deleted{}, err
	}
	t.drop(v, noncurrent)
	return deleted{marker: v.DeleteMarker, version: t.shownID(v)}, nil
}

func (d deletion) check(v *Version, ok bool) error {
	if d.etag == nil && d.size == nil && d.modified == nil {
		return nil
	}
	switch {
	case !ok:
		return noSuchKey(d.key)
	case d.etag != nil && !matches(*d.etag, v.ETag):
		return preconditionFailed("If-Match")
	case d.size != nil && *d.size != v.Size:
		return preconditionFailed("x-amz-if-match-size")
	case d.modified != nil && !d.modified.Equal(v.Modified.Truncate(time.Second)):
		return preconditionFailed("x-amz-if-match-last-modified-time")
	}
	return nil
}

// DeleteObject deletes an object or one version of it.
func (s *Service) DeleteObject(ctx context.Context, in *DeleteObjectInput) (*DeleteObjectOutput, error) {
	out := &DeleteObjectOutput{}
	return out, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		did, err := t.delete(deletion{*in.Key, in.VersionId, in.IfMatch, in.IfMatchSize, in.IfMatchLastModifiedTime, in.BypassGovernanceRetention})
		if err != nil {
			return err
		}
		out.VersionId = did.version
		if did.marker {
			out.DeleteMarker = new(true)
		}
		return nil
	})
}

// maxDelete is the largest number of objects in one DeleteObjects.
const maxDelete = 1000

// DeleteObjects deletes several objects in one transaction. Those that cannot be deleted are told of; the others are deleted.
func (s *Service) DeleteObjects(ctx context.Context, in *DeleteObjectsInput) (*DeleteObjectsOutput, error) {
	if n := len(in.Delete.Objects); n == 0 || n > maxDelete {
		return nil, fail("MalformedXML", detail{})
	}
	out := &DeleteObjectsOutput{}
	return out, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		for _, o := range in.Delete.Objects {
			did, err := t.delete(deletion{*o.Key, o.VersionId, o.ETag, o.Size, o.LastModifiedTime, in.BypassGovernanceRetention})
			if err != nil {
				var e *wire.Error
				if !errors.As(err, &e) {
					return err
				}
				out.Errors = append(out.Errors, Error{Key: o.Key, VersionId: o.VersionId, Code: &e.Code, Message: &e.Message})
				continue
			}
			if truth(in.Delete.Quiet) {
				continue
			}
			entry := DeletedObject{Key: o.Key, VersionId: o.VersionId}
			if did.marker {
				entry.DeleteMarker, entry.DeleteMarkerVersionId = new(true), did.version
			}
			out.Deleted = append(out.Deleted, entry)
		}
		return nil
	})
}

package s3

import (
	"context"
	"net/http"
	"regexp"
	"time"
)

var versionPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{32}$`)

func (t *txn) newVersionID() string { return t.s.d.IDs.Alnum(32) }

// shownID gives a version's id for an answer: nil in a bucket that never had versioning.
func (t *txn) shownID(v *Version) *string {
	if t.b.Versioning == "" {
		return nil
	}
	return &v.ID
}

// current gives a key's current version, which may be a delete marker.
func (t *txn) current(key string) (*Version, bool) {
	return t.s.objects.Get(t.tx, partition(), objectID(t.b.Name, key))
}

// version gives one version of a key; noncurrent tells in which table it stands.
func (t *txn) version(key, id string) (v *Version, noncurrent, ok bool) {
	if v, ok = t.current(key); ok && v.ID == id {
		return v, false, true
	}
	for record := range t.s.versions.By(t.tx, partition(), "id", versionIndex(t.b.Name, key, id)) {
		v, ok = t.s.versions.Get(t.tx, partition(), record)
		return v, true, ok
	}
	return nil, false, false
}

func checkVersionID(id string) error {
	if id != nullVersion && !versionPattern.MatchString(id) {
		return invalid("versionId", id, "Invalid version id specified")
	}
	return nil
}

// object gives the version that a call is about: the current one, or the one it names. Delete markers are refused as AWS does,
// with headers that tell of them.
func (t *txn) object(key string, id *string) (*Version, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if id == nil {
		v, ok := t.current(key)
		if !ok {
			return nil, noSuchKey(key)
		}
		if v.DeleteMarker {
			t.showMarker(v)
			return nil, noSuchKey(key)
		}
		return v, nil
	}
	if err := checkVersionID(*id); err != nil {
		return nil, err
	}
	v, _, ok := t.version(key, *id)
	if !ok {
		return nil, fail("NoSuchVersion", detail{Key: &key, VersionID: id})
	}
	if v.DeleteMarker {
		t.showMarker(v)
		t.call.Response.Set("Allow", http.MethodDelete)
		t.call.Response.Set("Last-Modified", v.Modified.Format(http.TimeFormat))
		return nil, fail("MethodNotAllowed", detail{Method: new("GET"), ResourceType: new("DeleteMarker")})
	}
	return v, nil
}

func (t *txn) showMarker(v *Version) {
	t.call.Response.Set("x-amz-delete-marker", "true")
	t.call.Response.Set("x-amz-version-id", v.ID)
}

// store writes a version back to where it stands.
func (t *txn) store(v *Version, noncurrent bool) {
	if noncurrent {
		t.s.versions.Put(t.tx, partition(), versionRecord(v), v)
		return
	}
	t.s.objects.Put(t.tx, partition(), objectID(v.Bucket, v.Key), v)
}

// edit changes what a version has beside its content.
func (s *Service) edit(ctx context.Context, bucket, owner *string, key string, id *string, fn func(t *txn, v *Version) error) error {
	return s.update(ctx, bucket, owner, func(t *txn) error {
		v, err := t.object(key, id)
		if err != nil {
			return err
		}
		if err := fn(t, v); err != nil {
			return err
		}
		current, ok := t.current(key)
		t.store(v, !ok || current.ID != v.ID)
		return nil
	})
}

// add makes v the current version of its key, as the bucket's versioning has it.
func (t *txn) add(v *Version) {
	v.Bucket, v.Modified = t.b.Name, t.now
	old, ok := t.current(v.Key)
	v.ID, v.Seq = nullVersion, 1
	if t.b.Versioning == enabled {
		v.ID = t.newVersionID()
	}
	if ok {
		v.Seq = old.Seq + 1
		if old.ID == nullVersion && v.ID == nullVersion {
			t.dead = append(t.dead, old.Segments...)
		} else {
			old.Superseded = t.now
			t.store(old, true)
		}
	}
	if v.ID == nullVersion && t.b.Versioning != "" {
		if null, noncurrent, ok := t.version(v.Key, nullVersion); ok && noncurrent {
			t.drop(null, true)
		}
	}
	t.store(v, false)
}

// drop deletes a version for good. The newest of the others becomes the current one where it was that.
func (t *txn) drop(v *Version, noncurrent bool) {
	t.dead = append(t.dead, v.Segments...)
	if noncurrent {
		t.s.versions.Delete(t.tx, partition(), versionRecord(v))
		return
	}
	for record := range t.s.versions.Prefix(t.tx, partition(), versionsOf(v.Bucket, v.Key)) {
		next, ok := t.s.versions.Get(t.tx, partition(), record)
		if !ok {
			break
		}
		t.s.versions.Delete(t.tx, partition(), record)
		next.Superseded = time.Time{}
		t.store(next, false)
		return
	}
	t.s.objects.Delete(t.tx, partition(), objectID(v.Bucket, v.Key))
}

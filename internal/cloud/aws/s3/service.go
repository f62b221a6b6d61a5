package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Deps is what the service needs.
type Deps struct {
	Store      *state.Store
	Clock      clock.Clock
	IDs        id.Source
	Logger     *slog.Logger
	ObjectsDir string // holds the objects' bytes, and nothing else
	Ephemeral  bool   // the store is in memory: objects need not outlive it
}

// Service is Amazon S3.
type Service struct {
	d Deps
	tables
	contents *contents

	mu    sync.Mutex
	swept map[string]time.Time // by bucket: the midnight up to which lifecycle rules have run
}

var _ wire.Service = (*Service)(nil)

// New makes the service, and removes what interrupted calls left in ObjectsDir.
func New(d Deps) (*Service, error) {
	s := &Service{d: d, tables: newTables(d.Store), swept: map[string]time.Time{},
		contents: newContents(d.ObjectsDir, func() string { return d.IDs.Hex(32) }, d.Ephemeral)}
	if err := d.Store.Err(); err != nil {
		return nil, fmt.Errorf("reading the records of S3: %w", err)
	}
	n, err := s.contents.sweep(s.usedFiles())
	if err != nil {
		return nil, fmt.Errorf("cleaning the directory of S3's objects: %w", err)
	}
	if n > 0 {
		d.Logger.Info("removed files of unfinished S3 calls", "files", n)
	}
	return s, nil
}

// usedFiles gives all files that records name.
func (s *Service) usedFiles() map[string]struct{} {
	used := map[string]struct{}{}
	add := func(segments []Segment) {
		for _, seg := range segments {
			used[seg.File] = struct{}{}
		}
	}
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for _, v := range s.objects.All(tx, partition()) {
			add(v.Segments)
		}
		for _, v := range s.versions.All(tx, partition()) {
			add(v.Segments)
		}
		for _, p := range s.parts.All(tx, partition()) {
			add(p.Segments)
		}
		return nil
	})
	return used
}

// API is the generated description of S3's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction of a call on one bucket.
type txn struct {
	s    *Service
	tx   *state.Tx
	call *wire.Call
	now  time.Time
	b    *BucketRecord

	dead []Segment // files that no record names once the transaction is done
}

// view reads a bucket that the caller has access to, after its lifecycle rules have run. What it reads is shared: read only.
func (s *Service) view(ctx context.Context, bucket, owner *string, fn func(t *txn) error) error {
	if err := s.expire(ctx, *bucket); err != nil {
		return err
	}
	return s.d.Store.View(func(tx *state.Tx) error { return s.within(ctx, tx, bucket, owner, fn) })
}

// update changes a bucket that the caller has access to, or what is in it.
func (s *Service) update(ctx context.Context, bucket, owner *string, fn func(t *txn) error) error {
	if err := s.expire(ctx, *bucket); err != nil {
		return err
	}
	var dead []Segment
	err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
		return s.within(ctx, tx, bucket, owner, func(t *txn) error {
			err := fn(t)
			dead = t.dead
			return err
		})
	})
	if err == nil {
		s.discard(dead)
	}
	return err
}

func (s *Service) within(ctx context.Context, tx *state.Tx, bucket, owner *string, fn func(t *txn) error) error {
	call := wire.CallFrom(ctx)
	t := &txn{s: s, tx: tx, call: call, now: s.d.Clock.Now()}
	b, err := t.access(*bucket, owner)
	if err != nil {
		return err
	}
	t.b = b
	return fn(t)
}

// change edits a bucket's settings.
func (s *Service) change(ctx context.Context, bucket, owner *string, fn func(b *BucketRecord) error) error {
	return s.update(ctx, bucket, owner, func(t *txn) error {
		if err := fn(t.b); err != nil {
			return err
		}
		t.putBucket()
		return nil
	})
}

// settings reads a bucket's settings: shared, read only.
func (s *Service) settings(ctx context.Context, bucket, owner *string) (*BucketRecord, error) {
	var b *BucketRecord
	err := s.view(ctx, bucket, owner, func(t *txn) error { b = t.b; return nil })
	return b, err
}

func (t *txn) putBucket() {
	t.s.buckets.Put(t.tx, state.Scope{Account: t.b.Account}, t.b.Name, t.b)
}

// find gives a bucket, whoever has it.
func (s *Service) find(tx *state.Tx, bucket string) (*BucketRecord, bool) {
	n, ok := s.names.Get(tx, partition(), bucket)
	if !ok {
		return nil, false
	}
	return s.buckets.Get(tx, state.Scope{Account: n.Account}, bucket)
}

// access gives a bucket that the caller may use, from the region that it signed for.
func (t *txn) access(bucket string, owner *string) (*BucketRecord, error) {
	b, ok := t.s.find(t.tx, bucket)
	if !ok {
		if err := checkBucketName(bucket); err != nil {
			return nil, err
		}
		return nil, fail("NoSuchBucket", detail{BucketName: &bucket})
	}
	if b.Region != t.call.Region {
		t.call.Response.Set("x-amz-bucket-region", b.Region)
		return nil, fail("PermanentRedirect", detail{Bucket: &bucket, Endpoint: new("s3." + b.Region + ".amazonaws.com")})
	}
	if b.Account != t.call.Account || owner != nil && *owner != b.Account {
		return nil, fail("AccessDenied", detail{})
	}
	return b, nil
}

// discard removes files. The call that it ends has succeeded or failed already: what is left is swept at the next start.
func (s *Service) discard(segments []Segment) {
	if err := s.contents.remove(files(segments)); err != nil {
		s.d.Logger.Warn("removing files of S3 objects", "err", err)
	}
}

// canonicalID is an account's canonical user id: 64 hexadecimal digits.
func canonicalID(account string) string {
	sum := sha256.Sum256([]byte("canonical user of " + account))
	return hex.EncodeToString(sum[:])
}

func owner(account string) *Owner { return &Owner{ID: new(canonicalID(account))} }

// text gives a member's value, "" if it is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func truth(b *bool) bool { return b != nil && *b }

// set gives a pointer to a value, nil for an empty one.
func set(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func quoted(etag string) *string { return new(`"` + etag + `"`) }

func isCutShort(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }

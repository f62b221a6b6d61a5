package s3

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// expire runs a bucket's lifecycle rules if they have not run since the last midnight UTC: S3 rounds all expirations up to one,
// so that nothing more expires until the next.
func (s *Service) expire(ctx context.Context, bucket string) error {
	today := s.d.Clock.Now().Truncate(day)
	due := false
	_ = s.d.Store.View(func(tx *state.Tx) error {
		if b, ok := s.find(tx, bucket); ok && len(b.Lifecycle) > 0 {
			s.mu.Lock()
			due = s.swept[bucket].Before(today)
			s.mu.Unlock()
		}
		return nil
	})
	if !due {
		return nil
	}
	var dead []Segment
	err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
		b, ok := s.find(tx, bucket)
		if !ok {
			return nil
		}
		t := &txn{s: s, tx: tx, call: wire.CallFrom(ctx), now: s.d.Clock.Now(), b: b}
		t.runRules()
		dead = t.dead
		return nil
	})
	if err != nil {
		return fmt.Errorf("expiring objects of %s: %w", bucket, err)
	}
	s.discard(dead)
	s.mu.Lock()
	s.swept[bucket] = today
	s.mu.Unlock()
	return nil
}

// sweepAgain lets the rules of a bucket run at the next call, whatever the day.
func (s *Service) sweepAgain(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.swept, bucket)
}

// after gives the midnight at which something that began then and lasts so many days ends.
func after(begin time.Time, days int64) time.Time {
	end := begin.AddDate(0, 0, int(days))
	if midnight := end.Truncate(day); !midnight.Equal(end) {
		return midnight.Add(day)
	}
	return end
}

func (t *txn) runRules() {
	var rules []LifecycleRule
	for _, r := range t.b.Lifecycle {
		if *r.Status == enabled {
			rules = append(rules, r)
		}
	}
	base := objectID(t.b.Name, "")
	for _, head := range t.s.objects.Prefix(t.tx, partition(), base) {
		t.expireNoncurrent(rules, head)
		t.expireCurrent(rules, head)
	}
	for record, u := range t.s.uploads.Prefix(t.tx, partition(), base) {
		for _, r := range rules {
			a := r.AbortIncompleteMultipartUpload
			if a != nil && a.DaysAfterInitiation != nil && r.covers(&u.Object) && !after(u.Initiated, *a.DaysAfterInitiation).After(t.now) {
				t.dropUpload(record, u.ID)
				break
			}
		}
	}
}

func (t *txn) expireNoncurrent(rules []LifecycleRule, head *Version) {
	newer := int64(0)
	for _, v := range t.s.versions.Prefix(t.tx, partition(), versionsOf(head.Bucket, head.Key)) {
		for _, r := range rules {
			e := r.NoncurrentVersionExpiration
			if e == nil || e.NoncurrentDays == nil || !r.covers(v) || e.NewerNoncurrentVersions != nil && newer < *e.NewerNoncurrentVersions {
				continue
			}
			if !after(v.Superseded, *e.NoncurrentDays).After(t.now) && t.locked(v, nil) == nil {
				t.drop(v, true)
				break
			}
		}
		newer++
	}
}

func (t *txn) expireCurrent(rules []LifecycleRule, v *Version) {
	if v.DeleteMarker {
		t.expireMarker(rules, v)
		return
	}
	for _, r := range rules {
		if end, ok := r.end(v); !ok || end.After(t.now) {
			continue
		}
		if t.b.Versioning == "" {
			t.drop(v, false)
		} else {
			t.add(&Version{Key: v.Key, DeleteMarker: true})
		}
		return
	}
}

// expireMarker deletes a delete marker that is the last of its key's versions.
func (t *txn) expireMarker(rules []LifecycleRule, v *Version) {
	for range t.s.versions.Prefix(t.tx, partition(), versionsOf(v.Bucket, v.Key)) {
		return
	}
	for _, r := range rules {
		if r.Expiration == nil || !r.covers(v) {
			continue
		}
		end, ok := r.end(v)
		if truth(r.Expiration.ExpiredObjectDeleteMarker) || ok && !end.After(t.now) {
			t.drop(v, false)
			return
		}
	}
}

// end gives the time at which a rule expires a current version.
func (r *LifecycleRule) end(v *Version) (time.Time, bool) {
	e := r.Expiration
	switch {
	case e == nil || !r.covers(v):
		return time.Time{}, false
	case e.Date != nil:
		return *e.Date, true
	case e.Days != nil:
		return after(v.Modified, *e.Days), true
	}
	return time.Time{}, false
}

// covers reports whether a rule is about a version.
func (r *LifecycleRule) covers(v *Version) bool {
	f := r.Filter
	if f == nil {
		return strings.HasPrefix(v.Key, text(r.Prefix))
	}
	and := LifecycleRuleAndOperator{Prefix: f.Prefix, ObjectSizeGreaterThan: f.ObjectSizeGreaterThan, ObjectSizeLessThan: f.ObjectSizeLessThan}
	if f.Tag != nil {
		and.Tags = []Tag{*f.Tag}
	}
	if f.And != nil {
		and = *f.And
	}
	if !strings.HasPrefix(v.Key, text(and.Prefix)) ||
		and.ObjectSizeGreaterThan != nil && v.Size <= *and.ObjectSizeGreaterThan ||
		and.ObjectSizeLessThan != nil && v.Size >= *and.ObjectSizeLessThan {
		return false
	}
	for _, tag := range and.Tags {
		if value, ok := v.Tags[text(tag.Key)]; !ok || value != text(tag.Value) {
			return false
		}
	}
	return true
}

// expiration gives the x-amz-expiration header of a current version that a rule will expire.
func (t *txn) expiration(v *Version) *string {
	var soonest time.Time
	rule := ""
	for _, r := range t.b.Lifecycle {
		if *r.Status != enabled || !v.Superseded.IsZero() {
			continue
		}
		if end, ok := r.end(v); ok && (rule == "" || end.Before(soonest)) {
			soonest, rule = end, *r.ID
		}
	}
	if rule == "" {
		return nil
	}
	return new(fmt.Sprintf(`expiry-date="%s", rule-id="%s"`, soonest.UTC().Format(http.TimeFormat), url.QueryEscape(rule)))
}

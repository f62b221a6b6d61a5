package rds

import (
	"context"
	"sync"
	"time"

	"atoll/internal/cloud/state"
)

// pulse is how often the service looks for what the clock has brought about; calls see it at once.
const pulse = time.Minute

// Run keeps the database servers, and makes what is due: automated backups, pending changes, the start of instances that have been stopped for long, the end of
// retained backups.
func (s *Service) Run(ctx context.Context) error {
	var servers sync.WaitGroup
	defer servers.Wait()
	if s.d.Servers != nil {
		servers.Go(func() { s.keep(ctx) })
		servers.Go(func() { s.retryLate(ctx) })
	}
	for {
		if err := s.d.Clock.Wait(ctx, s.d.Clock.Now().Add(pulse)); err != nil {
			return nil
		}
		s.wakeFailed()
		s.measureAll(ctx)
		for _, sc := range s.lateScopes() {
			if err := s.d.Store.Update(ctx, func(tx *state.Tx) error { s.txn(tx, sc).settle(); return nil }); err != nil && ctx.Err() == nil {
				s.d.Logger.Error("what is due for instances cannot be stored", "region", sc.Region, "err", err)
			}
		}
	}
}

func (s *Service) lateScopes() []state.Scope {
	var out []state.Scope
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for _, sc := range append(s.instances.Scopes(tx), s.backups.Scopes(tx)...) {
			if s.txn(tx, sc).late() {
				out = append(out, sc)
			}
		}
		return nil
	})
	return out
}

// until is the end of the index "due" for what is due now.
func (t *txn) until() string { return t.now.UTC().Format(dueFormat) + "\x01" }

// late reports whether something is due.
func (t *txn) late() bool {
	for range t.instances.ByRange(t.tx, t.sc, "due", "", t.until(), false) {
		return true
	}
	for range t.backups.ByRange(t.tx, t.sc, "due", "", t.until(), false) {
		return true
	}
	return false
}

// settle makes what is due in the transaction's scope.
func (t *txn) settle() {
	var ids []string
	for _, r := range t.instances.ByRange(t.tx, t.sc, "due", "", t.until(), false) {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		if r, ok := t.instances.Get(t.tx, t.sc, id); ok {
			t.settleInstance(r)
		}
	}
	var ended []*backupRecord
	for _, b := range t.backups.ByRange(t.tx, t.sc, "due", "", t.until(), false) {
		ended = append(ended, b)
	}
	for _, b := range ended {
		t.dropBackup(b)
	}
}

func (t *txn) settleInstance(r *instanceRecord) {
	now := t.now
	defer func() { t.now = now }()
	if !r.Stopped.IsZero() {
		if t.now = r.Stopped.Add(stopsFor); t.now.After(now) {
			return
		}
		t.start(r)
		t.follow(r, "starting")
		t.note(r, "RDS-EVENT-0154", "notification", "DB instance is being started due to it exceeding the maximum allowed time being stopped.")
	}
	for r.Retention > 0 && !r.NextBackup.IsZero() && !r.NextBackup.After(now) {
		if now.Sub(r.NextBackup) <= time.Duration(r.Retention+1)*24*time.Hour { // older ones would be gone by now
			t.now = r.NextBackup
			t.backUp(r, r.NextBackup)
		}
		r.NextBackup = nextBackup(r.BackupWindow, r.NextBackup)
	}
	if !r.NextWindow.IsZero() && !r.NextWindow.After(now) {
		t.now = r.NextWindow
		before := *r
		t.follow(r, "modifying")
		if err := t.apply(r); err != nil {
			t.d.Logger.Error("pending changes of a DB instance cannot be made", "instance", before.ID, "err", err)
			*r = before
			r.Pending = nil
			t.note(r, "RDS-EVENT-0031", "failure", "Pending modifications could not be applied: %v", err)
		}
		r.NextWindow = time.Time{}
	}
	t.now = now
	t.putInstance(r)
}

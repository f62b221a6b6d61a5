package appautoscaling

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// Scheduled actions are looked at every tick. The rest waits for a full minute, and some seconds more: alarms come first.
const (
	tick   = 10 * time.Second
	behind = 20 * time.Second
)

// Run carries out scheduled actions, and policies whose alarms stay in their states, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var last time.Time // the first pass finds what fell due while the cloud did not run
	for s.d.Clock.Wait(ctx, last.Truncate(tick).Add(tick)) == nil {
		now := s.d.Clock.Now()
		minute := now.Add(-behind).Truncate(time.Minute).After(last.Add(-behind))
		if err := s.work(ctx, minute); err != nil && ctx.Err() == nil {
			s.d.Logger.Error("scaling", "err", err)
		}
		last = now
	}
	return nil
}

// work looks for what is due, and changes something only then.
func (s *Service) work(ctx context.Context, minute bool) error {
	due := map[state.Scope][]func(t *txn){}
	err := s.d.Store.View(func(tx *state.Tx) error {
		for _, sc := range s.targets.Scopes(tx) {
			t := s.in(tx, sc)
			due[sc] = t.dueActions()
			if minute {
				due[sc] = append(due[sc], t.dueTargets()...)
			}
		}
		for _, sc := range s.activities.Scopes(tx) {
			for id := range s.activities.From(tx, sc, latestFirst(s.d.Clock.Now().Add(-keepActivities))) {
				due[sc] = append(due[sc], func(t *txn) { t.activities.Delete(t.tx, t.sc, id) })
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for sc, jobs := range due {
		if len(jobs) == 0 {
			continue
		}
		err := s.updateIn(ctx, sc, func(t *txn) error {
			for _, job := range jobs {
				job(t)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) dueActions() []func(t *txn) {
	var jobs []func(t *txn)
	for id, r := range t.actions.All(t.tx, t.sc) {
		if r.Next != nil && !t.now.Before(*r.Next) {
			jobs = append(jobs, func(t *txn) {
				if r, ok := t.actions.Get(t.tx, t.sc, id); ok && r.Next != nil && !t.now.Before(*r.Next) {
					t.run(r)
				}
			})
		}
	}
	return jobs
}

// dueTargets gives what there is to do about targets: forget those whose resource is gone, as AWS does, bring alarms in line with a
// capacity that was changed by hand, and scale on.
func (t *txn) dueTargets() []func(t *txn) {
	var jobs []func(t *txn)
	for id, r := range t.targets.All(t.tx, t.sc) {
		n, err := t.capacity(r.key)
		if err != nil {
			jobs = append(jobs, func(t *txn) {
				if r, ok := t.targets.Get(t.tx, t.sc, id); ok {
					if _, err := t.capacity(r.key); err != nil {
						t.forget(r.key)
					}
				}
			})
			continue
		}
		for pid, p := range t.policies.Prefix(t.tx, t.sc, id+separator) {
			for _, a := range t.d.Alarms.AlarmsActing(t.tx, t.sc, p.ARN) {
				if p.stale(a, n) {
					jobs = append(jobs, func(t *txn) { t.refreshAlarms(p.key) })
				}
				if a.State == alarmed && a.Enabled {
					jobs = append(jobs, func(t *txn) {
						p, ok := t.policies.Get(t.tx, t.sc, pid)
						a, there := t.d.Alarms.AlarmByARN(t.tx, t.sc, a.ARN)
						if ok && there && a.State == alarmed {
							t.invoke(p, a, false)
						}
					})
				}
			}
		}
	}
	return jobs
}

// stale reports whether an alarm on provisioned units knows another number of them.
func (p *policyRecord) stale(a AlarmView, units int64) bool {
	if !p.usesUnits() {
		return false
	}
	for _, o := range p.Alarms {
		if o.Name == a.Name && o.For == forCapacityTop {
			return a.Threshold != float64(units)
		}
	}
	return false
}

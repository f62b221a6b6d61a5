package cloudwatch

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// Alarms with periods under a minute are evaluated every ten seconds, the others once a minute: some seconds into it, so that what
// is measured up to its start is there.
const (
	tick   = 10 * time.Second
	behind = 10 * time.Second
)

// Run evaluates alarms, and puts old data together, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var last time.Time // the first pass looks at everything
	for s.d.Clock.Wait(ctx, last.Truncate(tick).Add(tick)) == nil {
		now := s.d.Clock.Now()
		minute := now.Add(-behind).Truncate(time.Minute).After(last.Add(-behind))
		if err := s.evaluateAll(ctx, minute); err != nil && ctx.Err() == nil {
			s.d.Logger.Error("evaluating alarms", "err", err)
		}
		if now.Truncate(time.Hour).After(last) {
			if err := s.age(ctx); err != nil && ctx.Err() == nil {
				s.d.Logger.Error("putting old metrics together", "err", err)
			}
		}
		last = now
	}
	return nil
}

// evaluateAll evaluates the alarms of all accounts and regions; without minute only those that are due every ten seconds.
func (s *Service) evaluateAll(ctx context.Context, minute bool) error {
	due := map[state.Scope][]string{}
	err := s.d.Store.View(func(tx *state.Tx) error {
		for _, sc := range s.alarms.Scopes(tx) {
			t := s.in(tx, sc)
			for name, r := range s.alarms.All(tx, sc) {
				if t.wouldChange(r, minute) {
					due[sc] = append(due[sc], name)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for sc, names := range due {
		err := s.updateIn(ctx, sc, func(t *txn) error {
			for _, name := range names {
				t.reevaluate(name, minute)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wouldChange reports whether an evaluation now would change the alarm.
func (t *txn) wouldChange(r *alarmRecord, minute bool) bool {
	if c := r.Composite; c != nil {
		return (c.SuppressedBy == byWait || c.SuppressedBy == byExtension) && !t.now.Before(c.Until)
	}
	if !minute && r.Metric.period() >= 60 {
		return false
	}
	v, ok := t.evaluateMetric(r)
	return ok && v.value != "" && v.value != r.State.Value
}

// evaluateMetric evaluates a metric alarm. An alarm whose expression cannot be evaluated on the data as it is keeps its state.
func (t *txn) evaluateMetric(r *alarmRecord) (verdict, bool) {
	seen, err := t.observe(r.Metric)
	if err != nil {
		return verdict{}, false
	}
	return r.Metric.judge(seen), true
}

func (t *txn) reevaluate(name string, minute bool) {
	r, ok := t.alarms.Get(t.tx, t.sc, name)
	if !ok || !t.wouldChange(r, minute) {
		return
	}
	if r.Composite != nil {
		t.resuppress(name)
		return
	}
	if v, ok := t.evaluateMetric(r); ok {
		t.transition(r, r.Metric.state(v, t.now))
	}
}

// age moves data that is too old for its resolution on to the next, and drops what is too old altogether.
func (s *Service) age(ctx context.Context) error {
	var work []expired
	var items []struct {
		sc state.Scope
		id string
	}
	now := s.d.Clock.Now()
	err := s.d.Store.View(func(tx *state.Tx) error {
		for _, sc := range s.metrics.Scopes(tx) {
			for id, m := range s.metrics.All(tx, sc) {
				work = append(work, s.old(tx, sc, id, m, now)...)
			}
		}
		for _, sc := range s.history.Scopes(tx) {
			for id := range s.history.Range(tx, sc, "", historyAt(now.Add(-keepHistory)), false) {
				items = append(items, struct {
					sc state.Scope
					id string
				}{sc, id})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range work {
		if err := s.updateIn(ctx, e.sc, func(t *txn) error { t.rollUp(e); return nil }); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		return nil
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		for _, i := range items {
			s.history.Delete(tx, i.sc, i.id)
		}
		return nil
	})
}

// old gives what of a metric must be moved on, a tier at a time: what comes to a tier late is moved on an hour later. A metric all of
// whose data is gone goes as well.
func (s *Service) old(tx *state.Tx, sc state.Scope, id string, m *metricRecord, now time.Time) []expired {
	var out []expired
	all := tiers()
	if m.Last.Before(now.Add(-all[len(all)-1].keep - 24*time.Hour)) {
		out = append(out, expired{sc: sc, id: id, level: -1})
	}
	for level, tr := range all {
		cutoff := floor(now.Add(-tr.keep).Unix(), tr.span)
		for _, unit := range m.Units {
			for range s.chunks.Range(tx, sc, chunkID(metricUID(id), level, unit, 0), chunkID(metricUID(id), level, unit, max(cutoff, 0)), false) {
				out = append(out, expired{sc, id, level, unit})
				break
			}
		}
	}
	return out
}

package cloudtrail

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// interval is the time between deliveries, at full multiples of it.
const interval = 5 * time.Minute

// boundary gives the next delivery after a moment.
func boundary(t time.Time) time.Time { return t.Truncate(interval).Add(interval) }

func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

// Run delivers at each boundary until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		var next time.Time
		s.schedule.Do(func() { next = s.next })
		if err := s.d.Clock.Wait(ctx, next); err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		now := s.d.Clock.Now()
		s.deliver(ctx, now.Truncate(interval))
		s.schedule.Change(func() { s.next = boundary(now) })
	}
}

// Idle waits until all deliveries that are due are done.
func (s *Service) Idle(ctx context.Context) error {
	return s.schedule.Wait(ctx, func() bool { return s.next.After(s.d.Clock.Now()) })
}

// deliver delivers what all trails have to.
func (s *Service) deliver(ctx context.Context, at time.Time) {
	type place struct {
		sc   state.Scope
		name string
	}
	var places []place
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for sc, r := range s.trails.AllScopes(tx) {
			if len(r.Spans) > 0 || r.Validation {
				places = append(places, place{sc, r.Name})
			}
		}
		return nil
	})
	if len(places) == 0 {
		return
	}
	if err := s.d.Events.Flush(ctx); err != nil {
		return
	}
	for _, p := range places {
		d := delivery{Service: s, sc: p.sc, name: p.name, at: at, end: s.d.Events.End()}
		if err := d.run(ctx); err != nil && ctx.Err() == nil {
			s.d.Logger.Error("delivering the events of a trail", "trail", trailARN(p.sc, p.name), "err", err)
		}
	}
}

// Package clock is the local cloud's time: injected, so that tests and rehearsals may run faster than real time.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time.
type Clock interface {
	Now() time.Time
	// Wait returns when the clock shows t or later, or earlier with ctx's error.
	Wait(ctx context.Context, t time.Time) error
}

// System is the machine's clock, in UTC.
type System struct{}

// Now gives the machine's time.
func (System) Now() time.Time { return time.Now().UTC() }

// Wait waits by the machine's clock.
func (System) Wait(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Manual is a clock that stands still until it is moved.
type Manual struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed and replaced by each Advance
}

// NewManual makes a clock that shows t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC(), moved: make(chan struct{})} }

// Now gives the time last set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock forward by d.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	close(m.moved)
	m.moved = make(chan struct{})
}

// Wait waits until the clock is moved to t or beyond.
func (m *Manual) Wait(ctx context.Context, t time.Time) error {
	for {
		m.mu.Lock()
		reached, moved := !m.now.Before(t), m.moved
		m.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

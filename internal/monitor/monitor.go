// Package monitor is a lock together with the wait for a condition on what it guards: a wait that a context ends.
package monitor

import (
	"context"
	"sync"
)

// Monitor guards values. The zero value is ready; a Monitor must not be copied after its first use.
type Monitor struct {
	mu      sync.Mutex
	changed chan struct{} // closed by the next change; nil while nobody waits
}

// Do calls f with the lock held. f may read what the monitor guards, and change it where that fulfils nobody's condition.
func (m *Monitor) Do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// Change calls f with the lock held, and has all who wait look again.
func (m *Monitor) Change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Wait waits until ready, which is called with the lock held, says yes; it may take what it has waited for. If ctx ends before
// that, Wait gives ctx's error. A condition that holds at once is met even after the end of ctx.
func (m *Monitor) Wait(ctx context.Context, ready func() bool) error {
	for {
		changed := m.unless(ready)
		if changed == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unless gives the channel that the next change closes, or nil if the condition holds.
func (m *Monitor) unless(ready func() bool) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ready() {
		return nil
	}
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

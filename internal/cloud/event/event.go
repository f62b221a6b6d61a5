// Package event lets services react to what happens in others: typed events, delivered in the order of the transactions that they
// belong to, after these are on disk. What is not yet delivered when the cloud ends is lost.
package event

import (
	"context"
	"sync"
	"time"

	"atoll/internal/cloud/state"
)

// Event says what happened, in the form that EventBridge has for the events of AWS's services.
type Event struct {
	Scope      state.Scope // account and region that it happened in
	Source     string      // such as "aws.ecs"
	DetailType string      // such as "ECS Task State Change"
	Resources  []string    // ARNs
	Detail     any         // one type for each DetailType; encodes as the JSON that AWS documents
	Time       time.Time
}

// Bus hands events from those who publish them to those who have subscribed.
type Bus struct {
	mu          sync.Mutex
	subscribers []func(context.Context, Event)
	queue       []Event
	busy        bool
	changed     chan struct{} // closed and replaced whenever the queue or busy changes
}

// NewBus makes a bus without subscribers.
func NewBus() *Bus { return &Bus{changed: make(chan struct{})} }

// Subscribe has f called with each event, one after the other. It belongs before Run. f may use the store and publish.
func (b *Bus) Subscribe(f func(context.Context, Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, f)
}

// Publish delivers e once the transaction is on disk, never if it fails.
func (b *Bus) Publish(tx *state.Tx, e Event) {
	tx.AfterCommit(func() { b.set(func() { b.queue = append(b.queue, e) }) })
}

func (b *Bus) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	close(b.changed)
	b.changed = make(chan struct{})
}

// Run delivers events until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	for {
		e, subscribers, changed, ok := b.next()
		if !ok {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
			continue
		}
		for _, f := range subscribers {
			f(ctx, e)
		}
		b.set(func() { b.busy = false })
	}
}

func (b *Bus) next() (e Event, subscribers []func(context.Context, Event), changed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return Event{}, nil, b.changed, false
	}
	e, b.queue, b.busy = b.queue[0], b.queue[1:], true
	return e, b.subscribers, nil, true
}

// Idle waits until all events published so far are delivered, those that subscribers published among them.
func (b *Bus) Idle(ctx context.Context) error {
	for {
		b.mu.Lock()
		idle, changed := len(b.queue) == 0 && !b.busy, b.changed
		b.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

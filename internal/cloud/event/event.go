// Package event lets services react to what happens in others: typed events, delivered in the order of the transactions that they
// belong to, after these are on disk. What is not yet delivered when the cloud ends is lost.
package event

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/monitor"
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

// Bus hands events from those who publish them to those who have subscribed. The zero value has no subscribers.
type Bus struct {
	monitor     monitor.Monitor
	subscribers []func(context.Context, Event)
	queue       []Event
	busy        bool
}

// Subscribe has f called with each event, one after the other. It belongs before Run. f may use the store and publish.
func (b *Bus) Subscribe(f func(context.Context, Event)) {
	b.monitor.Do(func() { b.subscribers = append(b.subscribers, f) })
}

// Publish delivers e once the transaction is on disk, never if it fails.
func (b *Bus) Publish(tx *state.Tx, e Event) {
	tx.AfterCommit(func() { b.monitor.Change(func() { b.queue = append(b.queue, e) }) })
}

// Run delivers events until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	for {
		var e Event
		var subscribers []func(context.Context, Event)
		err := b.monitor.Wait(ctx, func() bool {
			if b.busy = len(b.queue) > 0; b.busy {
				e, b.queue, subscribers = b.queue[0], b.queue[1:], b.subscribers
			}
			return b.busy
		})
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		for _, f := range subscribers {
			f(ctx, e)
		}
		b.monitor.Change(func() { b.busy = false })
	}
}

// Idle waits until all events published so far are delivered, those that subscribers published among them.
func (b *Bus) Idle(ctx context.Context) error {
	return b.monitor.Wait(ctx, func() bool { return len(b.queue) == 0 && !b.busy })
}

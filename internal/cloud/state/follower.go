package state

import (
	"context"

	"atoll/internal/monitor"
)

// Follower has something outside of a store, such as a data plane, follow what transactions write.
type Follower struct {
	monitor       monitor.Monitor
	written, done uint64 // how often there was something to follow, and how much of it was
}

// NewFollower begins with what the store has from before.
func NewFollower() *Follower { return &Follower{written: 1} }

// Stir has a transaction followed once it is on disk.
func (f *Follower) Stir(tx *Tx) {
	tx.AfterCommit(func() { f.monitor.Change(func() { f.written++ }) })
}

// Run calls follow first of all, and again after each Stir, until ctx ends. What is stirred while it runs is followed by one more call.
func (f *Follower) Run(ctx context.Context, follow func()) {
	for {
		var written uint64
		if f.monitor.Wait(ctx, func() bool { written = f.written; return written != f.done }) != nil {
			return
		}
		follow()
		f.monitor.Change(func() { f.done = written })
	}
}

// Idle waits until all that was stirred before has been followed.
func (f *Follower) Idle(ctx context.Context) error {
	var want uint64
	f.monitor.Do(func() { want = f.written })
	return f.monitor.Wait(ctx, func() bool { return f.done >= want })
}

package state

import (
	"context"
	"sync"
)

// Follower has something outside of a store, such as a data plane, follow what transactions write.
type Follower struct {
	mu            sync.Mutex
	written, done uint64        // how often there was something to follow, and how much of it was
	changed       chan struct{} // closed and replaced by each change of these
}

// NewFollower begins with what the store has from before.
func NewFollower() *Follower { return &Follower{written: 1, changed: make(chan struct{})} }

func (f *Follower) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *Follower) get() (written, done uint64, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.written, f.done, f.changed
}

// Stir has a transaction followed once it is on disk.
func (f *Follower) Stir(tx *Tx) {
	tx.AfterCommit(func() { f.set(func() { f.written++ }) })
}

// Run calls follow first of all, and again after each Stir, until ctx ends. What is stirred while it runs is followed by one more call.
func (f *Follower) Run(ctx context.Context, follow func()) {
	for {
		written, done, changed := f.get()
		if written == done {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			continue
		}
		follow()
		f.set(func() { f.done = written })
	}
}

// Idle waits until all that was stirred before has been followed.
func (f *Follower) Idle(ctx context.Context) error {
	want, _, _ := f.get()
	for {
		_, done, changed := f.get()
		if done >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

package proxy

import (
	"context"
	"sync"
	"time"
)

// queue hands changes to the sink in their order, without holding up those who make them.
type queue struct {
	mu      sync.Mutex
	waiting []Change
	busy    bool
	changed chan struct{} // closed and replaced by each change
}

func newQueue() *queue { return &queue{changed: make(chan struct{})} }

func (q *queue) put(c Change) { q.set(func() { q.waiting = append(q.waiting, c) }) }

func (q *queue) set(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
	close(q.changed)
	q.changed = make(chan struct{})
}

// run hands over until ctx ends.
func (q *queue) run(ctx context.Context, sink Sink) {
	for {
		q.mu.Lock()
		next, changed := q.waiting, q.changed
		q.waiting, q.busy = nil, len(next) > 0
		q.mu.Unlock()
		if len(next) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			continue
		}
		for _, c := range next {
			sink.TargetChanged(ctx, c)
		}
		q.set(func() { q.busy = false })
	}
}

// idle waits until all is handed over.
func (q *queue) idle(ctx context.Context) error {
	for {
		q.mu.Lock()
		idle, changed := len(q.waiting) == 0 && !q.busy, q.changed
		q.mu.Unlock()
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

// progress is the time up to which something is done.
type progress struct {
	mu      sync.Mutex
	at      time.Time
	changed chan struct{}
}

func newProgress() *progress { return &progress{changed: make(chan struct{})} }

func (p *progress) set(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = t
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *progress) wait(ctx context.Context, t time.Time) error {
	for {
		p.mu.Lock()
		done, changed := !p.at.Before(t), p.changed
		p.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// gate counts those inside, until it is closed.
type gate struct {
	mu     sync.Mutex
	inside int
	closed bool
	empty  chan struct{} // closed when the last one has left a closed gate
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside++
	}
	return !g.closed
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.closed && g.inside == 0 {
		close(g.empty)
	}
}

// close lets nobody in any more; wait waits until all have left.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed && g.inside == 0 {
		close(g.empty)
	}
	g.closed = true
}

func (g *gate) wait() { <-g.empty }

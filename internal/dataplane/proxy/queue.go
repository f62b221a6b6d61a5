package proxy

import (
	"context"
	"sync"
	"time"

	"atoll/internal/monitor"
)

// queue hands changes to the sink in their order, without holding up those who make them.
type queue struct {
	monitor monitor.Monitor
	waiting []Change
	busy    bool
}

func (q *queue) put(c Change) { q.monitor.Change(func() { q.waiting = append(q.waiting, c) }) }

// run hands over until ctx ends.
func (q *queue) run(ctx context.Context, sink Sink) {
	for {
		var next []Change
		err := q.monitor.Wait(ctx, func() bool {
			next, q.waiting = q.waiting, nil
			q.busy = len(next) > 0
			return q.busy
		})
		if err != nil {
			return
		}
		for _, c := range next {
			sink.TargetChanged(ctx, c)
		}
		q.monitor.Change(func() { q.busy = false })
	}
}

// idle waits until all is handed over.
func (q *queue) idle(ctx context.Context) error {
	return q.monitor.Wait(ctx, func() bool { return len(q.waiting) == 0 && !q.busy })
}

// progress is the time up to which something is done.
type progress struct {
	monitor monitor.Monitor
	at      time.Time
}

func (p *progress) set(t time.Time) { p.monitor.Change(func() { p.at = t }) }

func (p *progress) wait(ctx context.Context, t time.Time) error {
	return p.monitor.Wait(ctx, func() bool { return !p.at.Before(t) })
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

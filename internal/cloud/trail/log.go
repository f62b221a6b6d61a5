package trail

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limits. They are fields of Options so that tests can be small.
const (
	maxQueue    = 1 << 16
	hurryAt     = 4096
	gather      = 100 * time.Millisecond
	recentCount = 4096
	chunk       = 256 << 10 // bytes of a write
)

// Options for Open.
type Options struct {
	NewID       func() string // event ids, in the form of a UUID
	Logger      *slog.Logger
	SegmentSize int64 // a file is cut at this size; 0: 8 MiB
	MaxSize     int64 // of all files together; 0: 256 MiB
}

// Position is a place between two events. Its zero value is before the first.
type Position struct {
	Segment uint64 // number of the file
	Offset  int64  // in it
}

// Before reports whether a position comes before another one.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Line is an event as it is stored, without the newline. It is shared: read only.
type Line struct {
	At   Position // before the event
	Next Position // behind it
	JSON []byte
}

// place is where an event's line stands.
type place struct{ at, next Position }

// Log is an open audit record.
type Log struct {
	o     Options
	files *files

	mu      sync.Mutex
	changed *sync.Cond // the queue was emptied
	queue   []Source
	busy    bool // a batch is being written
	closed  bool
	recent  []place // of the latest events, in order

	buf         []byte // of the writing goroutine
	wake, hurry chan struct{}
	done        chan struct{}
}

// Open opens the record in a directory, or begins one there.
func Open(dir string, o Options) (*Log, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = 8 << 20
	}
	if o.MaxSize == 0 {
		o.MaxSize = 256 << 20
	}
	f, err := openFiles(dir, o)
	if err != nil {
		return nil, err
	}
	l := &Log{o: o, files: f, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), done: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	go l.run()
	return l, nil
}

// Record takes an event. It waits only while 65,536 others are not written yet.
func (l *Log) Record(s Source) {
	l.mu.Lock()
	for len(l.queue) >= maxQueue && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.queue = append(l.queue, s)
	n := len(l.queue)
	l.mu.Unlock()
	switch n {
	case 1:
		signal(l.wake)
	case hurryAt:
		signal(l.hurry)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Flush waits until the events recorded so far can be read.
func (l *Log) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for (len(l.queue) > 0 || l.busy) && ctx.Err() == nil && !l.closed {
		signal(l.hurry)
		l.changed.Wait()
	}
	return ctx.Err()
}

// Close writes what is left and ends the record.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	signal(l.wake)
	signal(l.hurry)
	<-l.done
	return l.files.close()
}

// run writes batches until Close.
func (l *Log) run() {
	defer close(l.done)
	for {
		<-l.wake
		timer := time.NewTimer(gather) // more calls come: one write for all of them
		select {
		case <-timer.C:
		case <-l.hurry:
		}
		timer.Stop()
		l.mu.Lock()
		batch, closed := l.queue, l.closed
		l.queue, l.busy = nil, true
		l.changed.Broadcast()
		l.mu.Unlock()
		places := l.render(batch)
		l.mu.Lock()
		l.remember(places)
		l.busy = false
		l.changed.Broadcast()
		l.mu.Unlock()
		if closed {
			return
		}
	}
}

// render writes a batch to the files, and gives the places of its events. What cannot be written is lost, and said in the log.
func (l *Log) render(batch []Source) []place {
	places := make([]place, 0, len(batch))
	flush := func() {
		if len(l.buf) == 0 {
			return
		}
		at, err := l.files.append(l.buf)
		if err != nil {
			l.o.Logger.Error("writing the audit record", "err", err)
		}
		for rest := l.buf; err == nil && len(rest) > 0; {
			i := int64(bytes.IndexByte(rest, '\n') + 1)
			p := place{at, Position{at.Segment, at.Offset + i}}
			places, at, rest = append(places, p), p.next, rest[i:]
		}
		l.buf = l.buf[:0]
	}
	for _, s := range batch {
		e := s.Entry()
		if e.Principal.Account == "" {
			continue // nobody's: a refused call without a signature
		}
		if l.files.turn(e.Time, int64(len(l.buf))) {
			flush()
			if err := l.files.next(e.Time); err != nil {
				l.o.Logger.Error("beginning a file of the audit record", "err", err)
			}
		}
		if l.buf = e.append(l.buf, l.o.NewID()); len(l.buf) >= chunk {
			flush()
		}
	}
	flush()
	return places
}

// remember keeps the places of the latest events. What readers have is left alone: old entries go with their array.
func (l *Log) remember(places []place) {
	if l.recent = append(l.recent, places...); len(l.recent) > 2*recentCount {
		l.recent = append(make([]place, 0, 2*recentCount), l.recent[len(l.recent)-recentCount:]...)
	}
}

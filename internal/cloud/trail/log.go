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
	recentBytes = 8 << 20
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

func (p Position) before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Line is an event as it is stored, without the newline. It is shared: read only.
type Line struct {
	At   Position // before the event
	Next Position // behind it
	JSON []byte
}

// Log is an open audit record.
type Log struct {
	o     Options
	files *files

	mu      sync.Mutex
	changed *sync.Cond // the queue was emptied
	queue   []Source
	busy    bool // a batch is being written
	closed  bool
	recent  []Line
	bytes   int

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
	if n == 1 {
		signal(l.wake)
	} else if n == hurryAt {
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
		lines := l.render(batch)
		l.mu.Lock()
		l.remember(lines)
		l.busy = false
		l.changed.Broadcast()
		l.mu.Unlock()
		if closed {
			return
		}
	}
}

// render writes a batch to the files, and gives its lines. What cannot be written is lost, and said in the log.
func (l *Log) render(batch []Source) []Line {
	lines := make([]Line, 0, min(len(batch), recentCount))
	buf := make([]byte, 0, 1024*min(len(batch), 1024))
	flush := func() {
		if len(buf) == 0 {
			return
		}
		at, err := l.files.append(buf)
		if err != nil {
			l.o.Logger.Error("writing the audit record", "err", err)
		}
		for rest := buf; err == nil && len(rest) > 0; {
			i := bytes.IndexByte(rest, '\n')
			line := Line{At: at, JSON: rest[:i:i], Next: Position{at.Segment, at.Offset + int64(i) + 1}}
			lines, at, rest = append(lines, line), line.Next, rest[i+1:]
		}
		buf = make([]byte, 0, cap(buf)) // the lines keep the old one
	}
	for _, s := range batch {
		e := s.Entry()
		if e.Principal.Account == "" {
			continue // nobody's: a refused call without a signature
		}
		if l.files.turn(e.Time, int64(len(buf))) {
			flush()
			if err := l.files.next(e.Time); err != nil {
				l.o.Logger.Error("beginning a file of the audit record", "err", err)
			}
		}
		buf = e.append(buf, l.o.NewID())
	}
	flush()
	return lines
}

// remember keeps the latest lines.
func (l *Log) remember(lines []Line) {
	for _, line := range lines[max(0, len(lines)-recentCount):] {
		l.recent = append(l.recent, line)
		l.bytes += len(line.JSON)
	}
	drop := 0
	for drop < len(l.recent) && (len(l.recent)-drop > recentCount || l.bytes > recentBytes) {
		l.bytes -= len(l.recent[drop].JSON)
		drop++
	}
	if drop > 0 {
		// A new array, so that the old lines can go, and readers keep theirs.
		l.recent = append(make([]Line, 0, len(l.recent)-drop), l.recent[drop:]...)
	}
}

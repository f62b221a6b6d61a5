package logs

import (
	"context"
	"time"
)

// lateness is how much later than others with its time an event may arrive and still be given by Follow. Tasks' log driver and CloudWatch Logs
// together take some seconds.
const lateness = 20 * time.Second

// Follow gives the lines of a query, and then each new one, until ctx ends, which is no failure. Each line comes once.
func (r *Reader) Follow(ctx context.Context, q Query, each func(Event) error) error {
	f := &follower{r: r, q: q, seen: map[string]time.Time{}, newest: q.Since, start: q.Since, each: each}
	err := r.Read(ctx, q, f.give)
	if q.Tail > 0 && f.given == q.Tail { // there are others before
		f.start = f.first.Add(time.Millisecond)
	}
	for err == nil && ctx.Err() == nil {
		if err = r.pause(ctx, q.Pause); err == nil {
			err = f.look(ctx)
		}
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // that it has ended is no failure
	}
	return err
}

// follower knows what it has given.
type follower struct {
	r      *Reader
	q      Query
	each   func(Event) error
	seen   map[string]time.Time // times of the given events by id, as far back as a look begins
	first  time.Time            // of the first given event
	given  int
	newest time.Time // of the newest one
	start  time.Time // nothing before it is given
}

func (f *follower) give(e Event) error {
	if _, ok := f.seen[e.id]; ok {
		return nil
	}
	f.seen[e.id] = e.Time
	if f.given++; f.given == 1 {
		f.first = e.Time
	}
	if e.Time.After(f.newest) {
		f.newest = e.Time
	}
	return f.each(e)
}

// look gives what is new.
func (f *follower) look(ctx context.Context) error {
	from := f.newest
	if now := f.r.Now(); from.IsZero() || from.After(now) { // a clock that runs ahead must not hide what comes
		from = now
	}
	if from = from.Add(-lateness); from.Before(f.start) {
		from = f.start
	}
	for id, at := range f.seen {
		if at.Before(from) {
			delete(f.seen, id)
		}
	}
	var cursors []*cursor
	for _, s := range f.q.Sources {
		cursors = append(cursors, &cursor{r: f.r, q: &f.q, source: s, since: from})
	}
	return merge(ctx, cursors, f.give)
}

// pause waits for the time between two looks, or until ctx ends.
func (r *Reader) pause(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		pause = time.Second
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

package logs

import (
	"container/heap"
	"context"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/aws/logs/pattern"
	"atoll/internal/cloud/wire"
)

// maxStreamNames is how many streams FilterLogEvents may name.
const maxStreamNames = 100

// FilterLogEvents searches a group's streams for events that match a pattern, in the order of time over all streams.
func (s *Service) FilterLogEvents(ctx context.Context, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	limit, err := limitOf(in.Limit, maxPageEvents)
	if err != nil {
		return nil, err
	}
	if in.StartFromHead != nil && !*in.StartFromHead {
		return nil, wire.NotImplemented("logs:FilterLogEvents with startFromHead false")
	}
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return nil, invalid("LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.")
	}
	if in.LogStreamNames != nil && len(in.LogStreamNames) == 0 || len(in.LogStreamNames) > maxStreamNames {
		return nil, constraint(fmt.Sprint(in.LogStreamNames), "logStreamNames", "Member must have length between 1 and "+strconv.Itoa(maxStreamNames))
	}
	filter, err := compile(text(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	from, to, err := window(in.StartTime, in.EndTime, true)
	if err != nil {
		return nil, err
	}
	after, err := parseSearchToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &FilterLogEventsOutput{Events: []FilteredLogEvent{}, SearchedLogStreams: []SearchedLogStream{}}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.groupBy(in.LogGroupName, in.LogGroupIdentifier)
		if err != nil {
			return err
		}
		if err := g.readable(); err != nil {
			return err
		}
		if cutoff := t.expiry(g); from.Time < cutoff {
			from = position{Time: cutoff}
		}
		streams, err := t.searched(g, in.LogStreamNames, text(in.LogStreamNamePrefix))
		if err != nil {
			return err
		}
		q := t.openQueue(streams, from, to, after)
		defer q.close()
		p := &page{limit: limit}
		for c := q.next(); c != nil; c = q.next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			e := c.event
			if !filter.Match(e.Message) {
				continue
			}
			if !p.add(e) {
				out.NextToken = new(q.last.token())
				return nil
			}
			q.last = searchPosition{e.Time, c.stream.Name, e.Number}
			out.Events = append(out.Events, FilteredLogEvent{
				LogStreamName: new(c.stream.Name), Timestamp: new(e.Time), Message: new(e.Message), IngestionTime: new(e.Ingested),
				EventId: new(eventID(c.stream, e)),
			})
		}
		return nil
	})
}

func compile(filter string) (*pattern.Pattern, error) {
	if len(filter) > 1024 {
		return nil, constraint(filter, "filterPattern", "Member must have length less than or equal to 1024")
	}
	p, err := pattern.Compile(filter)
	if err != nil {
		return nil, invalid("Invalid filter pattern: %s", err)
	}
	return p, nil
}

// eventID gives an event's id in AWS's form: 56 digits, which sort by time.
func eventID(st *streamRecord, e event) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(st.UID)) // never fails, by its contract
	return fmt.Sprintf("3%016d%020d%019d", e.Time, h.Sum64(), e.Number)
}

// searched gives the streams that a search is about.
func (t *txn) searched(g *groupRecord, names []string, prefix string) ([]*streamRecord, error) {
	var out []*streamRecord
	if len(names) == 0 {
		for _, st := range t.streams.Prefix(t.tx, t.sc, g.Name+":"+prefix) {
			out = append(out, st)
		}
		return out, nil
	}
	names = slices.Clone(names)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		st, err := t.stream(g, name)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// searchPosition orders the events of all streams: by time, by the stream's name, then as they came.
type searchPosition struct {
	time   int64
	stream string
	number int64
}

func (p searchPosition) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%d:%s", p.time, p.number, p.stream))
}

// parseSearchToken gives the position of the last event of the page before, nil on the first page.
func parseSearchToken(token *string) (*searchPosition, error) {
	if token == nil {
		return nil, nil
	}
	if raw, err := base64.RawURLEncoding.DecodeString(*token); err == nil {
		if parts := strings.SplitN(string(raw), ":", 3); len(parts) == 3 {
			at, timeErr := strconv.ParseInt(parts[0], 10, 64)
			number, numberErr := strconv.ParseInt(parts[1], 10, 64)
			if timeErr == nil && numberErr == nil {
				return &searchPosition{at, parts[2], number}, nil
			}
		}
	}
	return nil, invalid("The specified nextToken is invalid.")
}

// start gives the position in a stream from which events follow p.
func (p *searchPosition) start(stream string) position {
	switch {
	case stream < p.stream:
		return position{Time: p.time + 1}
	case stream == p.stream:
		return position{p.time, p.number + 1}
	}
	return position{Time: p.time}
}

// cursor is a stream under search, standing at its next event.
type cursor struct {
	stream *streamRecord
	event  event
	pull   func() (event, bool)
	stop   func()
}

// queue merges streams: a heap of cursors, the one with the earliest event on top.
type queue struct {
	cursors []*cursor
	given   *cursor // the last one given; it moves on with the next call
	to      position
	last    searchPosition
}

func (t *txn) openQueue(streams []*streamRecord, from, to position, after *searchPosition) *queue {
	q := &queue{to: to}
	for _, st := range streams {
		start := from
		if after != nil {
			if p := after.start(st.Name); p.compare(start) > 0 {
				start = p
			}
		}
		if st.Ingested == 0 || st.Last < start.Time || st.First > to.Time {
			continue
		}
		c := &cursor{stream: st}
		c.pull, c.stop = iter.Pull(t.forward(st, start))
		q.advance(c)
	}
	return q
}

// advance moves a cursor to its next event and puts it back, or ends it.
func (q *queue) advance(c *cursor) {
	e, ok := c.pull()
	if !ok || e.compare(q.to) >= 0 {
		c.stop()
		return
	}
	c.event = e
	heap.Push(q, c)
}

// next gives the cursor at the earliest event, nil at the end.
func (q *queue) next() *cursor {
	if q.given != nil {
		q.advance(q.given)
		q.given = nil
	}
	if len(q.cursors) == 0 {
		return nil
	}
	q.given = heap.Pop(q).(*cursor)
	return q.given
}

func (q *queue) close() {
	if q.given != nil {
		q.given.stop()
	}
	for _, c := range q.cursors {
		c.stop()
	}
}

// Len, Less, Swap, Push and Pop make a queue a heap.

func (q *queue) Len() int { return len(q.cursors) }

func (q *queue) Less(i, j int) bool {
	a, b := q.cursors[i], q.cursors[j]
	if a.event.Time != b.event.Time {
		return a.event.Time < b.event.Time
	}
	return a.stream.Name < b.stream.Name
}

func (q *queue) Swap(i, j int) { q.cursors[i], q.cursors[j] = q.cursors[j], q.cursors[i] }

func (q *queue) Push(x any) { q.cursors = append(q.cursors, x.(*cursor)) }

func (q *queue) Pop() any {
	last := len(q.cursors) - 1
	c := q.cursors[last]
	q.cursors = q.cursors[:last]
	return c
}

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
)

// maxStreamNames is how many streams FilterLogEvents may name.
const maxStreamNames = 100

// earliestDescending is the earliest startTime of a search from the latest event back: 2024-01-01, in milliseconds.
const earliestDescending = 1_704_067_200_000

// FilterLogEvents searches a group's streams for events that match a pattern, in the order of time over all streams, or against it
// with startFromHead false.
func (s *Service) FilterLogEvents(ctx context.Context, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	limit, err := limitOf(in.Limit, maxPageEvents)
	if err != nil {
		return nil, err
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
	descending := in.StartFromHead != nil && !*in.StartFromHead
	if descending && in.StartTime != nil && *in.StartTime < earliestDescending {
		return nil, invalid("startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.")
	}
	var after *searchPosition
	if in.NextToken != nil {
		if after, descending, err = parseSearchToken(*in.NextToken); err != nil {
			return nil, err
		}
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
		q := t.openQueue(streams, from, to, after, descending)
		defer q.close()
		p, last := &page{limit: limit}, searchPosition{}
		for c := q.next(); c != nil; c = q.next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			e := c.event
			if !filter.Match(e.Message) {
				continue
			}
			if !p.add(e) {
				out.NextToken = new(last.token(descending))
				return nil
			}
			last = searchPosition{e.Time, c.stream.Name, e.Number}
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

func (p searchPosition) token(descending bool) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%t:%d:%d:%s", descending, p.time, p.number, p.stream))
}

// parseSearchToken gives the position of the last event of the page before, and the direction of the search.
func parseSearchToken(token string) (p *searchPosition, descending bool, err error) {
	if raw, err := base64.RawURLEncoding.DecodeString(token); err == nil {
		if parts := strings.SplitN(string(raw), ":", 4); len(parts) == 4 {
			descending, boolErr := strconv.ParseBool(parts[0])
			at, timeErr := strconv.ParseInt(parts[1], 10, 64)
			number, numberErr := strconv.ParseInt(parts[2], 10, 64)
			if boolErr == nil && timeErr == nil && numberErr == nil {
				return &searchPosition{at, parts[3], number}, descending, nil
			}
		}
	}
	return nil, false, invalid("The specified nextToken is invalid.")
}

// bound gives the position in a stream that parts the events up to p, in the search's direction, from those that follow. It is a
// lower bound (part of what follows) when ascending, and an upper bound (not part of it) when descending.
func (p *searchPosition) bound(stream string, descending bool) position {
	switch c := strings.Compare(stream, p.stream); {
	case c == 0 && descending:
		return position{p.time, p.number}
	case c == 0:
		return position{p.time, p.number + 1}
	case c < 0: // at the same time, the events of this stream stand before p
		return position{Time: p.time + 1}
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

// queue merges streams: a heap of cursors, the one with the next event on top.
type queue struct {
	cursors    []*cursor
	given      *cursor // the last one given; it moves on with the next call
	from, to   position
	descending bool
}

func (t *txn) openQueue(streams []*streamRecord, from, to position, after *searchPosition, descending bool) *queue {
	q := &queue{from: from, to: to, descending: descending}
	for _, st := range streams {
		if st.Ingested == 0 || st.Last < from.Time || st.First > to.Time {
			continue
		}
		low, high := from, to
		if after != nil {
			if p := after.bound(st.Name, descending); descending && p.compare(high) < 0 {
				high = p
			} else if !descending && p.compare(low) > 0 {
				low = p
			}
		}
		events := t.forward(st, low)
		if descending {
			events = t.backward(st, high)
		}
		c := &cursor{stream: st}
		c.pull, c.stop = iter.Pull(events)
		q.advance(c)
	}
	return q
}

// advance moves a cursor to its next event and puts it back, or ends it.
func (q *queue) advance(c *cursor) {
	e, ok := c.pull()
	if !ok || e.compare(q.from) < 0 || e.compare(q.to) >= 0 {
		c.stop()
		return
	}
	c.event = e
	heap.Push(q, c)
}

// next gives the cursor at the next event, nil at the end.
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
	if q.descending {
		a, b = b, a
	}
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

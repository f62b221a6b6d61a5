package logs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Bounds of one page of events.
const (
	maxPageEvents = 10_000
	maxPageBytes  = 1 << 20
)

// page gathers events up to a page's bounds.
type page struct {
	events []event
	limit  int
	bytes  int
}

// add takes an event, and reports whether there was room for it. One event always fits.
func (p *page) add(e event) bool {
	size := len(e.Message) + eventOverhead
	if len(p.events) == p.limit || len(p.events) > 0 && p.bytes+size > maxPageBytes {
		return false
	}
	p.events, p.bytes = append(p.events, e), p.bytes+size
	return true
}

// GetLogEvents reads a stream forward or backward. A page is in the order of time either way. At an end of the stream the token
// for that direction stays as it is.
func (s *Service) GetLogEvents(ctx context.Context, in *GetLogEventsInput) (*GetLogEventsOutput, error) {
	limit, err := limitOf(in.Limit, maxPageEvents)
	if err != nil {
		return nil, err
	}
	forward := in.StartFromHead != nil && *in.StartFromHead
	at := endOfTime
	if forward {
		at = position{}
	}
	if in.NextToken != nil {
		if at, forward, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
		if forward {
			at.Number++
		}
	}
	from, to, err := window(in.StartTime, in.EndTime, false)
	if err != nil {
		return nil, err
	}
	out := &GetLogEventsOutput{Events: []OutputLogEvent{}}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.groupBy(in.LogGroupName, in.LogGroupIdentifier)
		if err != nil {
			return err
		}
		if err := g.readable(); err != nil {
			return err
		}
		st, err := t.stream(g, *in.LogStreamName)
		if err != nil {
			return err
		}
		if cutoff := t.expiry(g); from.Time < cutoff {
			from = position{Time: cutoff}
		}
		found := t.read(st, from, to, at, forward, limit)
		for _, e := range found {
			out.Events = append(out.Events, OutputLogEvent{Timestamp: new(e.Time), Message: new(e.Message), IngestionTime: new(e.Ingested)})
		}
		if in.NextToken == nil {
			at = from
		}
		first, last := resting(at)
		if n := len(found); n > 0 {
			first, last = found[0].position, found[n-1].position
		}
		out.NextBackwardToken, out.NextForwardToken = new(token("b", first)), new(token("f", last))
		return nil
	})
}

// readable refuses to read from groups of the classes whose events AWS gives to Logs Insights only.
func (g *groupRecord) readable() error {
	if g.Class == classStandard {
		return nil
	}
	return invalid("This operation is not supported for log groups of the class %s.", g.Class)
}

// read gives the page at a position: of what follows it or, backward, of what comes before.
func (t *txn) read(st *streamRecord, from, to, at position, forward bool, limit int) []event {
	p := &page{limit: limit}
	if forward {
		if at.compare(from) > 0 {
			from = at
		}
		for e := range t.forward(st, from) {
			if e.compare(to) >= 0 || !p.add(e) {
				break
			}
		}
		return p.events
	}
	if at.compare(to) < 0 {
		to = at
	}
	for e := range t.backward(st, to) {
		if e.compare(from) < 0 || !p.add(e) {
			break
		}
	}
	slices.Reverse(p.events)
	return p.events
}

// resting gives the positions for the tokens of an empty page: on both sides of where the reader stands, or of the start of what it
// asked for, so that what comes later follows the forward token.
func resting(at position) (first, last position) { return at, position{at.Time, at.Number - 1} }

// window gives the positions of a time range. The end is part of it in FilterLogEvents, and not in GetLogEvents.
func window(start, end *int64, inclusive bool) (from, to position, err error) {
	to = endOfTime
	if start != nil {
		if *start < 0 {
			return from, to, constraint(strconv.FormatInt(*start, 10), "startTime", "Member must have value greater than or equal to 0")
		}
		from.Time = *start
	}
	if end != nil {
		if *end < 0 {
			return from, to, constraint(strconv.FormatInt(*end, 10), "endTime", "Member must have value greater than or equal to 0")
		}
		if to.Time = *end; inclusive {
			to.Time++
		}
	}
	return from, to, nil
}

// A token is a direction and the position of the event at that end of the page.

var tokens = regexp.MustCompile(`^([fb])/(\d{28})(\d{28})/s$`)

// token writes a position; the number is one higher in it, so that "before the first" can be written.
func token(direction string, p position) string {
	return fmt.Sprintf("%s/%028d%028d/s", direction, p.Time, p.Number+1)
}

func parseToken(text string) (p position, forward bool, err error) {
	m := tokens.FindStringSubmatch(text)
	if m != nil {
		var timeErr, numberErr error
		p.Time, timeErr = strconv.ParseInt(m[2], 10, 64)
		p.Number, numberErr = strconv.ParseInt(m[3], 10, 64)
		if timeErr == nil && numberErr == nil {
			p.Number--
			return p, m[1] == "f", nil
		}
	}
	return p, false, invalid("The specified nextToken is invalid.")
}

package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Query says which lines are read.
type Query struct {
	Sources []Source
	Since   time.Time     // from when on; zero has no bound
	Tail    int           // at most so many, the last ones; 0 has no bound
	Task    string        // how a task's id begins; empty takes all
	Filter  string        // a filter pattern of CloudWatch Logs; empty takes all
	Pause   time.Duration // between two looks when following; 0 takes a second
}

// Reader reads logs.
type Reader struct {
	client *cloudwatchlogs.Client
	Now    func() time.Time // the real one, if not set otherwise
}

// NewReader makes a reader.
func NewReader(cfg aws.Config) *Reader {
	return &Reader{client: cloudwatchlogs.NewFromConfig(cfg), Now: time.Now}
}

// Read gives the lines of a query to each, in the order of their times.
func (r *Reader) Read(ctx context.Context, q Query, each func(Event) error) error {
	if q.Tail > 0 {
		all, err := r.tail(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range all {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	}
	cursors := make([]*cursor, len(q.Sources))
	for i, s := range q.Sources {
		cursors[i] = &cursor{r: r, q: &q, source: s, since: q.Since}
	}
	return merge(ctx, cursors, each)
}

// merge gives the events of all cursors in the order of their times.
func merge(ctx context.Context, cursors []*cursor, each func(Event) error) error {
	for {
		var first *cursor
		for _, c := range cursors {
			e, err := c.peek(ctx)
			if err != nil {
				return err
			}
			if e != nil && (first == nil || e.before(&first.page[0])) {
				first = c
			}
		}
		if first == nil {
			return nil
		}
		e := first.page[0]
		first.page = first.page[1:]
		if err := each(e); err != nil {
			return err
		}
	}
}

// cursor reads a source from a time on, page by page.
type cursor struct {
	r      *Reader
	q      *Query
	source Source
	since  time.Time

	page  []Event
	token *string
	done  bool
}

// peek gives the next event, nil after the last.
func (c *cursor) peek(ctx context.Context) (*Event, error) {
	for len(c.page) == 0 && !c.done {
		in := c.r.input(c.q, c.source, c.since)
		in.NextToken = c.token
		out, err := c.r.filter(ctx, in)
		if err != nil {
			return nil, err
		}
		c.page = c.r.events(c.q, c.source, out.Events)
		c.token, c.done = out.NextToken, out.NextToken == nil
	}
	if len(c.page) == 0 {
		return nil, nil
	}
	return &c.page[0], nil
}

func (r *Reader) input(q *Query, s Source, since time.Time) *cloudwatchlogs.FilterLogEventsInput {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &s.Group}
	if s.Prefix != "" {
		in.LogStreamNamePrefix = &s.Prefix
	}
	if !since.IsZero() {
		in.StartTime = aws.Int64(since.UnixMilli())
	}
	if q.Filter != "" {
		in.FilterPattern = &q.Filter
	}
	return in
}

// filter asks for a page. A group that is not there has none.
func (r *Reader) filter(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	out, err := r.client.FilterLogEvents(ctx, in)
	if none := (*types.ResourceNotFoundException)(nil); errors.As(err, &none) {
		return &cloudwatchlogs.FilterLogEventsOutput{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the log group %s: %w", aws.ToString(in.LogGroupName), err)
	}
	return out, nil
}

// events gives those of a page that a query is about.
func (r *Reader) events(q *Query, s Source, page []types.FilteredLogEvent) []Event {
	var out []Event
	for _, e := range page {
		if v := newEvent(s, e); q.Task == "" || strings.HasPrefix(v.Task, q.Task) {
			out = append(out, v)
		}
	}
	return out
}

// firstTail is the earliest time from which CloudWatch Logs reads backwards.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func firstTail() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

// tail gives the last lines of a query.
func (r *Reader) tail(ctx context.Context, q Query) ([]Event, error) {
	var all []Event
	since := q.Since
	if since.Before(firstTail()) {
		since = firstTail()
	}
	for _, s := range q.Sources {
		in := r.input(&q, s, since)
		in.StartFromHead = aws.Bool(false)
		found := 0
		for {
			out, err := r.filter(ctx, in)
			if err != nil {
				return nil, err
			}
			page := r.events(&q, s, out.Events)
			found += len(page)
			all = append(all, page...)
			if in.NextToken = out.NextToken; out.NextToken == nil || found >= q.Tail {
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b Event) int {
		switch {
		case a.before(&b):
			return -1
		case b.before(&a):
			return 1
		}
		return 0
	})
	return all[max(0, len(all)-q.Tail):], nil
}

package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// streamRecord stands under GROUP:STREAM; neither name has a colon.
type streamRecord struct {
	Group, Name string
	UID         string // keys the stream's segments, so that a new stream of the same name has none of the old one's
	Created     int64  // milliseconds, as all times here
	Ingested    int64  // last ingestion, 0: none
	First, Last int64  // timestamps, where Ingested is not 0
	Next        int64  // number of the next event
}

func (t *txn) putStream(st *streamRecord) { t.streams.Put(t.tx, t.sc, st.Group+":"+st.Name, st) }

func (t *txn) stream(g *groupRecord, name string) (*streamRecord, error) {
	if err := checkName(name, "logStreamName", streamNames); err != nil {
		return nil, err
	}
	st, ok := t.streams.Get(t.tx, t.sc, g.Name+":"+name)
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return st, nil
}

// deleteStream deletes a stream and its events; what they took is left to the caller.
func (t *txn) deleteStream(st *streamRecord) (bytes int64) {
	for id, seg := range t.segments.Prefix(t.tx, t.sc, st.UID+"/") {
		bytes += seg.bytes()
		t.segments.Delete(t.tx, t.sc, id)
	}
	t.streams.Delete(t.tx, t.sc, st.Group+":"+st.Name)
	return bytes
}

// CreateLogStream makes a stream.
func (s *Service) CreateLogStream(ctx context.Context, in *CreateLogStreamInput) (*CreateLogStreamOutput, error) {
	if err := checkName(*in.LogStreamName, "logStreamName", streamNames); err != nil {
		return nil, err
	}
	return &CreateLogStreamOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err != nil {
			return err
		}
		if _, exists := t.streams.Get(t.tx, t.sc, g.Name+":"+*in.LogStreamName); exists {
			return wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
		}
		t.putStream(&streamRecord{Group: g.Name, Name: *in.LogStreamName, UID: t.d.IDs.Hex(16), Created: t.now.UnixMilli()})
		return nil
	})
}

// DeleteLogStream deletes a stream and its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *DeleteLogStreamInput) (*DeleteLogStreamOutput, error) {
	return &DeleteLogStreamOutput{}, s.changeGroup(ctx, in.LogGroupName, nil, func(t *txn, g *groupRecord) error {
		st, err := t.stream(g, *in.LogStreamName)
		if err != nil {
			return err
		}
		g.StoredBytes -= t.deleteStream(st)
		return nil
	})
}

// DescribeLogStreams lists a group's streams by name or by their last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *DescribeLogStreamsInput) (*DescribeLogStreamsOutput, error) {
	limit, err := limitOf(in.Limit, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	byTime := false
	switch order := text(in.OrderBy); order {
	case "", "LogStreamName":
	case "LastEventTime":
		byTime = true
		if text(in.LogStreamNamePrefix) != "" {
			return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
		}
	default:
		return nil, constraint(order, "orderBy", "Member must satisfy enum value set: [LogStreamName, LastEventTime]")
	}
	descending := in.Descending != nil && *in.Descending
	out := &DescribeLogStreamsOutput{LogStreams: []LogStream{}}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.groupBy(in.LogGroupName, in.LogGroupIdentifier)
		if err != nil {
			return err
		}
		var found []*streamRecord
		next := ""
		if byTime {
			found, next = t.streamsByTime(g, descending, after, limit)
		} else {
			found, next = t.streamsByName(g, text(in.LogStreamNamePrefix), descending, after, limit)
		}
		for _, st := range found {
			out.LogStreams = append(out.LogStreams, t.renderStream(g, st))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

func (t *txn) streamsByName(g *groupRecord, prefix string, descending bool, after string, limit int) ([]*streamRecord, string) {
	from := g.Name + ":" + prefix
	to := from + "\xff" // above every byte of UTF-8
	if after != "" {
		if descending {
			to = g.Name + ":" + after
		} else {
			from = g.Name + ":" + after + "\x00"
		}
	}
	found, next := state.Page(t.streams.Range(t.tx, t.sc, from, to, descending), limit, nil)
	return found, strings.TrimPrefix(next, g.Name+":")
}

// streamsByTime sorts all of a group's streams by the time of the last event. A page's token has that time and the name.
func (t *txn) streamsByTime(g *groupRecord, descending bool, after string, limit int) ([]*streamRecord, string) {
	var found []*streamRecord
	for _, st := range t.streams.Prefix(t.tx, t.sc, g.Name+":") {
		if at := st.timeKey(); after == "" || descending == (at < after) && at != after {
			found = append(found, st)
		}
	}
	slices.SortFunc(found, func(a, b *streamRecord) int {
		if descending {
			a, b = b, a
		}
		return cmp.Compare(a.timeKey(), b.timeKey())
	})
	if len(found) <= limit {
		return found, ""
	}
	found = found[:limit]
	return found, found[limit-1].timeKey()
}

func (st *streamRecord) timeKey() string { return fmt.Sprintf("%020d/%s", st.Last, st.Name) }

func (t *txn) renderStream(g *groupRecord, st *streamRecord) LogStream {
	out := LogStream{
		LogStreamName: new(st.Name), CreationTime: new(st.Created), Arn: new(groupARN(t.sc, g.Name) + ":log-stream:" + st.Name),
		StoredBytes: new(int64(0)), // always zero on AWS since 2019
	}
	if st.Ingested == 0 {
		return out
	}
	first := st.First
	if cutoff := t.expiry(g); first < cutoff {
		first = st.Last
		for e := range t.forward(st, position{Time: cutoff}) {
			first = e.Time
			break
		}
	}
	out.FirstEventTimestamp, out.LastEventTimestamp, out.LastIngestionTime = new(first), new(st.Last), new(st.Ingested)
	out.UploadSequenceToken = new(sequenceToken(st))
	return out
}

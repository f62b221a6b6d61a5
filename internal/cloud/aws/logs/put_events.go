package logs

import (
	"context"
	"fmt"
	"time"
)

// Limits of PutLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxBatchEvents = 10_000
	maxBatchBytes  = 1 << 20
	maxBatchSpan   = 24 * time.Hour
	maxEventAge    = 14 * 24 * time.Hour
	maxEventLead   = 2 * time.Hour
)

// pruneAtWrite bounds how many expired segments one PutLogEvents call deletes.
const pruneAtWrite = 16

// PutLogEvents adds events to a stream. Sequence tokens are neither needed nor checked, as on AWS.
func (s *Service) PutLogEvents(ctx context.Context, in *PutLogEventsInput) (*PutLogEventsOutput, error) {
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	out := &PutLogEventsOutput{}
	if in.Entity != nil { // AWS too stores the events whose entity it rejects
		out.RejectedEntityInfo = &RejectedEntityInfo{ErrorType: new("UnsupportedLogGroupType")}
	}
	return out, s.changeGroup(ctx, in.LogGroupName, nil, func(t *txn, g *groupRecord) error {
		st, err := t.stream(g, *in.LogStreamName)
		if err != nil {
			return err
		}
		events, rejected := t.accept(g, in.LogEvents)
		out.RejectedLogEventsInfo = rejected
		t.store(g, st, events)
		out.NextSequenceToken = new(sequenceToken(st))
		return nil
	})
}

// store adds events to a stream, which may have none, and stores the stream; the group is left to the caller. Metric filters see them.
func (t *txn) store(g *groupRecord, st *streamRecord, events []InputLogEvent) {
	t.prune(g, st, pruneAtWrite)
	if n := len(events); n > 0 {
		g.StoredBytes += t.append(st, events)
		t.publish(g, events)
		first, last := *events[0].Timestamp, *events[n-1].Timestamp
		if st.Ingested == 0 {
			st.First, st.Last = first, last
		}
		st.First, st.Last, st.Ingested = min(st.First, first), max(st.Last, last), t.now.UnixMilli()
	}
	t.putStream(st)
}

// sequenceToken gives a stream's token in AWS's form: 56 digits.
func sequenceToken(st *streamRecord) string { return fmt.Sprintf("4%055d", st.Next) }

func checkBatch(events []InputLogEvent) error {
	switch n := len(events); {
	case n == 0:
		return constraint("[]", "logEvents", "Member must have length greater than or equal to 1")
	case n > maxBatchEvents:
		return invalid("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to %d", maxBatchEvents)
	}
	size, previous := 0, int64(0)
	for i, e := range events {
		at := *e.Timestamp
		if at < 0 {
			return invalid("1 validation error detected: Value '%d' at 'logEvents.%d.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0", at, i+1)
		}
		if *e.Message == "" {
			return invalid("1 validation error detected: Value '' at 'logEvents.%d.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1", i+1)
		}
		if at < previous {
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		previous = at
		size += len(*e.Message) + eventOverhead
	}
	if size > maxBatchBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, maxBatchBytes)
	}
	if previous-*events[0].Timestamp > maxBatchSpan.Milliseconds() {
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// accept leaves out the events that are too old, expired or too far in the future. A batch is in order, so they are at its ends.
func (t *txn) accept(g *groupRecord, events []InputLogEvent) ([]InputLogEvent, *RejectedLogEventsInfo) {
	var info RejectedLogEventsInfo
	now := t.now.UnixMilli()
	tooOld, expired, tooNew := now-maxEventAge.Milliseconds(), t.expiry(g), now+maxEventLead.Milliseconds()
	start, end := 0, len(events)
	for i, e := range events {
		switch at := *e.Timestamp; {
		case at < tooOld:
			info.TooOldLogEventEndIndex = new(int64(i + 1))
			start = i + 1
		case at < expired:
			info.ExpiredLogEventEndIndex = new(int64(i + 1))
			start = i + 1
		case at > tooNew && info.TooNewLogEventStartIndex == nil:
			info.TooNewLogEventStartIndex = new(int64(i))
			end = i
		}
	}
	if info == (RejectedLogEventsInfo{}) {
		return events, nil
	}
	return events[start:max(start, end)], &info
}

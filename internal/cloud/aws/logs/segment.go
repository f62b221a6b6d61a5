package logs

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Bounds of a segment. A read that starts at some time begins its search segmentSpan earlier.
const (
	segmentEvents = 256
	segmentBytes  = 64 << 10
	segmentSpan   = 10_000 // milliseconds
)

// eventOverhead is what AWS counts for each event beside its message.
const eventOverhead = 26

// segmentRecord is a run of events of one PutLogEvents call, in order. It stands under STREAM/TIME/NUMBER of its first event.
type segmentRecord struct {
	Ingested int64
	Number   int64 // of the first event; the others follow
	Times    []int64
	Messages []string
}

func (seg *segmentRecord) last() int64 { return seg.Times[len(seg.Times)-1] }

func (seg *segmentRecord) bytes() int64 {
	n := len(seg.Messages) * eventOverhead
	for _, m := range seg.Messages {
		n += len(m)
	}
	return int64(n)
}

func segmentID(uid string, time, number int64) string {
	return fmt.Sprintf("%s/%019d/%019d", uid, max(time, 0), number)
}

// position orders a stream's events: by time, then as they came.
type position struct{ Time, Number int64 }

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.Time, q.Time), cmp.Compare(p.Number, q.Number))
}

// event is one event of a stream.
type event struct {
	position
	Ingested int64
	Message  string
}

// events gives a segment's events with from <= position < to.
func (seg *segmentRecord) events(from, to position) []event {
	out := make([]event, 0, len(seg.Times))
	for i, at := range seg.Times {
		p := position{at, seg.Number + int64(i)}
		if p.compare(from) >= 0 && p.compare(to) < 0 {
			out = append(out, event{p, seg.Ingested, seg.Messages[i]})
		}
	}
	return out
}

// append stores events, which are in order, as segments of the stream.
func (t *txn) append(st *streamRecord, events []InputLogEvent) (bytes int64) {
	var seg *segmentRecord
	size := 0
	flush := func() {
		if seg != nil {
			t.segments.Put(t.tx, t.sc, segmentID(st.UID, seg.Times[0], seg.Number), seg)
			bytes += seg.bytes()
		}
	}
	for _, e := range events {
		if seg == nil || len(seg.Times) == segmentEvents || size+len(*e.Message) > segmentBytes || *e.Timestamp-seg.Times[0] > segmentSpan {
			flush()
			seg, size = &segmentRecord{Ingested: t.now.UnixMilli(), Number: st.Next}, 0
		}
		seg.Times, seg.Messages = append(seg.Times, *e.Timestamp), append(seg.Messages, *e.Message)
		size += len(*e.Message)
		st.Next++
	}
	flush()
	return bytes
}

func before(a, b event) int { return a.compare(b.position) }

// merge joins two sorted runs; mostly the second follows the first.
func merge(a, b []event) []event {
	if len(a) == 0 {
		return b
	}
	sorted := len(b) == 0 || a[len(a)-1].compare(b[0].position) < 0
	a = append(a, b...)
	if !sorted {
		slices.SortFunc(a, before)
	}
	return a
}

var endOfTime = position{Time: 1<<63 - 1}

// forward gives a stream's events from a position on, in order. Segments of concurrent writers overlap: an event is given once no
// later segment can begin before it.
func (t *txn) forward(st *streamRecord, from position) iter.Seq[event] {
	return func(yield func(event) bool) {
		var pending []event
		for _, seg := range t.segments.Range(t.tx, t.sc, segmentID(st.UID, from.Time-segmentSpan, 0), st.UID+"0", false) {
			start := position{seg.Times[0], seg.Number}
			n := 0
			for ; n < len(pending) && pending[n].compare(start) < 0; n++ {
				if !yield(pending[n]) {
					return
				}
			}
			pending = merge(pending[n:], seg.events(from, endOfTime))
		}
		for _, e := range pending {
			if !yield(e) {
				return
			}
		}
	}
}

// backward gives a stream's events before a position, the last one first.
func (t *txn) backward(st *streamRecord, to position) iter.Seq[event] {
	return func(yield func(event) bool) {
		var pending []event
		for _, seg := range t.segments.Range(t.tx, t.sc, st.UID+"/", segmentID(st.UID, to.Time, to.Number), true) {
			// This segment and all before it begin no later than its first event, and so end within a span of it.
			bound := seg.Times[0] + segmentSpan
			n := len(pending)
			for ; n > 0 && pending[n-1].Time > bound; n-- {
				if !yield(pending[n-1]) {
					return
				}
			}
			pending = merge(seg.events(position{}, to), pending[:n])
		}
		for _, e := range slices.Backward(pending) {
			if !yield(e) {
				return
			}
		}
	}
}

package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// retentions are the days that AWS offers.
var retentions = []int64{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy sets for how many days a group keeps its events. Events that are older are gone at once.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *PutRetentionPolicyInput) (*PutRetentionPolicyOutput, error) {
	days := *in.RetentionInDays
	if !slices.Contains(retentions, days) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %s", days, strings.ReplaceAll(fmt.Sprint(retentions), " ", ", "))
	}
	return &PutRetentionPolicyOutput{}, s.changeGroup(ctx, in.LogGroupName, nil, func(t *txn, g *groupRecord) error {
		if g.Class == classDelivery {
			return invalid("The retention of a log group of the class DELIVERY cannot be changed.")
		}
		g.Retention = days
		for _, st := range t.streams.Prefix(t.tx, t.sc, g.Name+":") {
			own := *st
			if t.prune(g, &own, -1) {
				t.putStream(&own)
			}
		}
		return nil
	})
}

// DeleteRetentionPolicy lets a group keep its events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *DeleteRetentionPolicyInput) (*DeleteRetentionPolicyOutput, error) {
	return &DeleteRetentionPolicyOutput{}, s.changeGroup(ctx, in.LogGroupName, nil, func(_ *txn, g *groupRecord) error {
		if g.Class == classDelivery {
			return invalid("The retention of a log group of the class DELIVERY cannot be changed.")
		}
		g.Retention = 0
		return nil
	})
}

// expiry gives the time, in milliseconds, before which a group's events have expired; 0 if they never do.
func (t *txn) expiry(g *groupRecord) int64 {
	if g.Retention == 0 {
		return 0
	}
	return t.now.Add(-time.Duration(g.Retention) * 24 * time.Hour).UnixMilli()
}

// prune deletes a stream's segments that have expired wholly, up to a number of them (-1: all), and reports whether there were
// any. The caller stores the group and the stream.
func (t *txn) prune(g *groupRecord, st *streamRecord, most int) bool {
	cutoff := t.expiry(g)
	pruned := false
	for id, seg := range t.segments.Range(t.tx, t.sc, st.UID+"/", segmentID(st.UID, cutoff, 0), false) {
		if most == 0 {
			break
		}
		if seg.last() >= cutoff {
			continue
		}
		t.segments.Delete(t.tx, t.sc, id)
		g.StoredBytes -= seg.bytes()
		pruned = true
		most--
	}
	return pruned
}

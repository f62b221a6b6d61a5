package dynamodb

import (
	"context"
	"strconv"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// expiry is the position of an expiring item in the index by expiry.
func expiry(table string, seconds int64) string { return table + "/" + padded(seconds) }

// expires gives when an item expires, 0 for never: the time to live attribute as a number of seconds since 1970.
func (r *tableRecord) expires(item attribute.Item) int64 {
	v := item[r.TTL]
	if r.TTL == "" || v.Type != attribute.Number {
		return 0
	}
	whole, _, _ := strings.Cut(v.Text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}

// maxExpired is how long ago an item may have expired to be deleted, in seconds. AWS spares those whose attribute lies more
// than five years back, lest a wrong unit empties a table.
const maxExpired = 5 * 365 * 24 * 60 * 60

// expire deletes the items of a table that have expired. In a view it errs with dueError if there are some.
func (t *txn) expire(r *tableRecord) error {
	if r.TTL == "" {
		return nil
	}
	now := t.now.Unix()
	due := map[string]bool{}
	for at := range t.s.items.ByRange(t.tx, t.sc, byExpiry, expiry(r.UID, now-maxExpired), expiry(r.UID, now+1), false) {
		if !t.tx.Writable() {
			return &dueError{r.Name}
		}
		_, id, _ := strings.Cut(at, "\x00")
		due[id] = true
	}
	for id := range due {
		t.store(r, id, t.item(id), nil)
	}
	return nil
}

// DescribeTimeToLive tells by which attribute a table's items expire.
func (s *Service) DescribeTimeToLive(ctx context.Context, in *DescribeTimeToLiveInput) (*DescribeTimeToLiveOutput, error) {
	out := &DescribeTimeToLiveOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.table(*in.TableName)
		if err != nil {
			return err
		}
		out.TimeToLiveDescription = &TimeToLiveDescription{TimeToLiveStatus: new("DISABLED")}
		if r.TTL != "" {
			out.TimeToLiveDescription = &TimeToLiveDescription{TimeToLiveStatus: new("ENABLED"), AttributeName: &r.TTL}
		}
		return nil
	})
}

// UpdateTimeToLive turns time to live on or off.
func (s *Service) UpdateTimeToLive(ctx context.Context, in *UpdateTimeToLiveInput) (*UpdateTimeToLiveOutput, error) {
	spec := in.TimeToLiveSpecification
	if *spec.AttributeName == "" || len(*spec.AttributeName) > 255 {
		return nil, invalid("1 validation error detected: Value '%s' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must have length between 1 and 255", *spec.AttributeName)
	}
	return &UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, s.update(ctx, func(t *txn) error {
		r, err := t.own(*in.TableName)
		if err != nil {
			return err
		}
		switch {
		case *spec.Enabled && r.TTL != "":
			return invalid("TimeToLive is already enabled")
		case !*spec.Enabled && r.TTL == "":
			return invalid("TimeToLive is already disabled")
		case !*spec.Enabled && r.TTL != *spec.AttributeName:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", r.TTL)
		}
		r.TTL = ""
		if *spec.Enabled {
			r.TTL = *spec.AttributeName
		}
		t.put(r)
		for id, item := range s.items.Prefix(t.tx, t.sc, r.UID+"/") {
			if expires := r.expires(item.Item); expires != item.Expires {
				item, _ = s.items.Get(t.tx, t.sc, id)
				item.Expires = expires
				s.items.Put(t.tx, t.sc, id, item)
			}
		}
		return nil
	})
}

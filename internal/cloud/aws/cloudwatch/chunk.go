package cloudwatch

import (
	"fmt"
	"slices"
	"time"

	"atoll/internal/cloud/state"
)

// tier is a resolution in which data is kept for a while. Data that is too old for one goes on to the next.
type tier struct {
	seconds int64         // resolution
	span    int64         // seconds that a chunk covers
	keep    time.Duration // how long
}

// tiers are AWS's resolutions; the times in the middle are shorter than AWS's 15 and 63 days.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
func tiers() [4]tier {
	const day = 24 * time.Hour
	return [4]tier{{1, 30, 3 * time.Hour}, {60, 300, 3 * day}, {300, 3600, 15 * day}, {3600, 86400, 63 * day}}
}

// chunkRecord holds a run of a metric's data points of one unit and tier, in order of time. It stands under chunkID. Its size has a
// bound, so a datum costs the same however many there are.
type chunkRecord struct {
	Points []point `json:"p"`
}

// point is what there is of one period of a tier's resolution.
type point struct {
	At    int64   `json:"t"` // seconds since 1970, start of the period
	Count float64 `json:"n"`
	Sum   float64 `json:"s"`
	Min   float64 `json:"l"`
	Max   float64 `json:"h"`
	Dist  *dist   `json:"d,omitempty"` // nil: all values are the same, or, if Min < Max, they are not known
}

// chunkID orders the chunks of a metric by tier, unit and time.
func chunkID(uid string, level int, unit string, start int64) string {
	return fmt.Sprintf("%s/%d/%s%s%012d", uid, level, unit, separator, start)
}

// sample is what a datum, or several, add to a point.
type sample struct {
	at    time.Time
	point point
}

// add puts samples of one metric and unit into chunks of a tier.
func (t *txn) add(uid string, level int, unit string, samples []sample) {
	tr := tiers()[level]
	groups := map[int64][]point{}
	for _, s := range samples {
		p := s.point
		p.At = floor(s.at.Unix(), tr.seconds)
		start := floor(p.At, tr.span)
		groups[start] = append(groups[start], p)
	}
	for start, points := range groups {
		id := chunkID(uid, level, unit, start)
		c := &chunkRecord{}
		for _, have := range t.chunks.Range(t.tx, t.sc, id, id+"\x00", false) { // shared: points are changed by putting others in their place
			c.Points = slices.Clone(have.Points)
		}
		for _, p := range points {
			c.merge(p)
		}
		t.chunks.Put(t.tx, t.sc, id, c)
	}
}

func (c *chunkRecord) merge(p point) {
	i, found := slices.BinarySearchFunc(c.Points, p.At, func(q point, at int64) int { return int(q.At - at) })
	if found {
		c.Points[i].add(p)
		return
	}
	c.Points = slices.Insert(c.Points, i, p)
}

func floor(n, step int64) int64 { return n - (n%step+step)%step }

// series names data: a metric's, in one unit or, if that is empty, in all.
type seriesKey struct {
	uid   string
	units []string
}

// find gives the key of a metric's data; unit may be empty. There is none for a metric without data.
func (t *txn) find(namespace, name string, dims []Dimension, unit string) seriesKey {
	id := metricID(namespace, name, sorted(dims))
	m, ok := t.metrics.Get(t.tx, t.sc, id)
	if !ok {
		return seriesKey{}
	}
	k := seriesKey{uid: metricUID(id), units: m.Units}
	if unit != "" {
		k.units = []string{unit}
	}
	return k
}

// read gives what there is from start up to end, both in seconds, put together in periods that are counted from start.
func (t *txn) read(key seriesKey, start, end, period int64) map[int64]*point {
	out := map[int64]*point{}
	all := tiers()
	for level, tr := range all {
		if tr.seconds > period {
			break
		}
		from := start
		if level+1 < len(all) && period < all[level+1].seconds || level+1 == len(all) {
			from = max(from, t.now.Add(-tr.keep).Unix()) // no longer to be had in this resolution
		}
		for _, unit := range key.units {
			low, high := chunkID(key.uid, level, unit, max(floor(from, tr.span), 0)), chunkID(key.uid, level, unit, max(end, 0))
			for _, c := range t.chunks.Range(t.tx, t.sc, low, high, false) {
				for _, p := range c.Points {
					if p.At < from || p.At >= end {
						continue
					}
					at := start + floor(p.At-start, period)
					if q := out[at]; q != nil {
						q.add(p)
					} else {
						out[at] = new(p.clone())
					}
				}
			}
		}
	}
	return out
}

// expired is data of one metric that must go on to the next tier; a negative level stands for the metric itself.
type expired struct {
	sc    state.Scope
	id    string
	level int
	unit  string
}

// rollUp moves a metric's data that is too old for a tier on to the next one, or drops it after the last.
func (t *txn) rollUp(e expired) {
	if e.level < 0 { // the metric itself
		t.metrics.Delete(t.tx, t.sc, e.id)
		return
	}
	all := tiers()
	uid, tr := metricUID(e.id), all[e.level]
	cutoff := floor(t.now.Add(-tr.keep).Unix(), tr.span)
	var old []string
	var samples []sample
	for id, c := range t.chunks.Range(t.tx, t.sc, chunkID(uid, e.level, e.unit, 0), chunkID(uid, e.level, e.unit, max(cutoff, 0)), false) {
		old = append(old, id)
		for _, p := range c.Points {
			samples = append(samples, sample{time.Unix(p.At, 0), p.clone()})
		}
	}
	for _, id := range old {
		t.chunks.Delete(t.tx, t.sc, id)
	}
	if e.level+1 < len(all) && len(samples) > 0 {
		t.add(uid, e.level+1, e.unit, samples)
	}
}

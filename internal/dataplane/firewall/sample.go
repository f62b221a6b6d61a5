package firewall

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Sample is a request as it came, and what became of it by one rule.
type Sample struct {
	At                 time.Time
	Source             netip.Addr
	Method, URI, Proto string
	Headers            []Header
	Kind               Kind
	Inner              string // the rule within the group; empty without one
	Labels             []string
	Inserted           []Header
	Status             int // of a custom response, 0 without one
}

// Bounds of what is kept for samples. AWS shows the last three hours.
const (
	maxSamples  = 500 // of a rule
	perSecond   = 10  // of a rule
	sampledTime = 3 * time.Hour
)

// sampler keeps samples by the metrics of rules.
type sampler struct {
	mu    sync.Mutex
	rules map[string]*samples
}

type samples struct {
	kept    []Sample // a ring from next on, once it is full
	next    int
	second  int64
	taken   int
	minutes map[int64]int64 // how many requests came in a minute
}

func newSampler() *sampler { return &sampler{rules: map[string]*samples{}} }

// sample keeps a request, unless its rule is not to be sampled or has enough of this second. rule is nil for the default action.
func (a *ACL) sample(j *judging, r, inner *rule, kind Kind, v *Verdict) {
	view, name := a.view, DefaultAction
	if r != nil {
		view, name = r.view, r.view.Metric
	}
	if !view.Sampled || !a.samples.room(name, j.now) {
		return
	}
	s := Sample{At: j.now, Source: j.r.Source, Method: j.r.Method, URI: j.r.Path, Proto: j.r.Proto, Kind: kind, Labels: slices.Clone(j.labels)}
	if j.r.Query != "" {
		s.URI += "?" + j.r.Query
	}
	j.headers(func(key, value string) bool { s.Headers = append(s.Headers, Header{key, value}); return true })
	switch {
	case inner != nil:
		s.Inner = inner.name
	case kind != Count:
		s.Inner, s.Inserted = v.Inner.Rule, v.Insert
		if v.Response != nil {
			s.Status = v.Response.Status
		}
	}
	a.samples.keep(name, s)
}

// room counts a request of a rule, and says whether it is to be kept.
func (s *sampler) room(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rules[name]
	if r == nil {
		r = &samples{minutes: map[int64]int64{}}
		s.rules[name] = r
	}
	minute := now.Unix() / 60
	if r.minutes[minute] == 0 {
		for m := range r.minutes {
			if minute-m > int64(sampledTime/time.Minute) {
				delete(r.minutes, m)
			}
		}
	}
	r.minutes[minute]++
	if now.Unix() != r.second {
		r.second, r.taken = now.Unix(), 0
	}
	r.taken++
	return r.taken <= perSecond
}

func (s *sampler) keep(name string, x Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rules[name]
	if len(r.kept) < maxSamples {
		r.kept = append(r.kept, x)
		return
	}
	r.kept[r.next] = x
	r.next = (r.next + 1) % maxSamples
}

// Samples gives the requests of a time, the earliest first, that a rule with a metric has matched, and of how many they are samples. The metric
// may be ALL, and DefaultAction.
func (a *ACL) Samples(metricName string, from, to time.Time) (kept []Sample, population int64) {
	names := []string{metricName}
	a.samples.mu.Lock()
	defer a.samples.mu.Unlock()
	if metricName == "ALL" {
		names = slices.Collect(maps.Keys(a.samples.rules))
	}
	for _, name := range names {
		r := a.samples.rules[name]
		if r == nil {
			continue
		}
		for _, x := range r.kept {
			if !x.At.Before(from) && !x.At.After(to) {
				kept = append(kept, x)
			}
		}
		for m, n := range r.minutes {
			if at := time.Unix(m*60, 0); at.Add(time.Minute).After(from) && !at.After(to) {
				population += n
			}
		}
	}
	slices.SortStableFunc(kept, func(x, y Sample) int { return x.At.Compare(y.At) })
	return kept, max(population, int64(len(kept)))
}

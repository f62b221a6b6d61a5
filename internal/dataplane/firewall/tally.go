package firewall

import "sync/atomic"

// tally counts what a rule, or all of a web ACL or rule group, has done.
type tally struct{ allowed, blocked, counted, passed atomic.Int64 }

func (t *tally) add(k Kind) {
	switch k {
	case Allow:
		t.allowed.Add(1)
	case Block:
		t.blocked.Add(1)
	case Count:
		t.counted.Add(1)
	}
}

// metric is where a tally shows.
type metric struct {
	group, rule string
	tally       *tally
}

// Reading is what has been counted since the reading before.
type Reading struct {
	Group, Rule                       string // metric names; without a group it is the web ACL's. Rule may be ALL.
	Allowed, Blocked, Counted, Passed int64
}

// Read takes the counts of all that is metered. Where nothing came, there is no reading.
func (a *ACL) Read() []Reading {
	var out []Reading
	for _, m := range a.metrics {
		r := Reading{Group: m.group, Rule: m.rule, Allowed: m.tally.allowed.Swap(0), Blocked: m.tally.blocked.Swap(0), Counted: m.tally.counted.Swap(0), Passed: m.tally.passed.Swap(0)}
		if r.Allowed+r.Blocked+r.Counted+r.Passed > 0 {
			out = append(out, r)
		}
	}
	return out
}

// Metric is the name by which metrics know the web ACL.
func (a *ACL) Metric() string { return a.view.Metric }

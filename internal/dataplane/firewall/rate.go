package firewall

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// rateStep is the resolution of rates.
const rateStep = 10 * time.Second

// maxKeys bounds what a limiter counts by; requests of further keys are not limited until others have expired.
const maxKeys = 100_000

// limiter counts the requests of a rule by their keys.
type limiter struct {
	settings string // as JSON
	limit    uint64
	steps    int64 // in the window

	mu    sync.Mutex
	keys  map[string]*rates
	swept int64 // the step of the last sweep
}

// rates are the requests of a key, by steps.
type rates struct {
	last   int64 // the step of the latest request
	counts []uint32
}

func newLimiter(settings string, s *RateLimit) *limiter {
	return &limiter{settings: settings, limit: uint64(max(0, s.Limit)), steps: max(1, int64(s.Window/rateStep)), keys: map[string]*rates{}}
}

func step(now time.Time) int64 { return now.UnixNano() / int64(rateStep) }

// add counts a request, and says whether there are more than the limit in the window.
func (l *limiter) add(key string, now time.Time) bool {
	at := step(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.keys[key]
	if r == nil {
		if len(l.keys) >= maxKeys {
			l.sweep(at)
			if len(l.keys) >= maxKeys {
				return false
			}
		}
		r = &rates{last: at, counts: make([]uint32, l.steps)}
		l.keys[strings.Clone(key)] = r
	}
	r.forward(at, l.steps)
	r.counts[at%l.steps]++
	return r.sum() > l.limit
}

// forward forgets what lies before the window that ends at a step.
func (r *rates) forward(at, steps int64) {
	for s := max(r.last+1, at-steps+1); s <= at; s++ {
		r.counts[s%steps] = 0
	}
	r.last = max(r.last, at)
}

func (r *rates) sum() uint64 {
	var n uint64
	for _, c := range r.counts {
		n += uint64(c)
	}
	return n
}

// sweep drops the keys without requests in the window, at most once a step.
func (l *limiter) sweep(at int64) {
	if l.swept == at {
		return
	}
	l.swept = at
	for k, r := range l.keys {
		if at-r.last >= l.steps {
			delete(l.keys, k)
		}
	}
}

// limited gives the keys that are above the limit.
func (l *limiter) limited(now time.Time) []string {
	at := step(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for k, r := range l.keys {
		r.forward(at, l.steps)
		if r.sum() > l.limit {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// rateMatch matches the requests above a rate.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
type rateMatch struct {
	limit   *RateLimit
	limiter *limiter
	scope   matcher // nil: all requests
}

func (m *rateMatch) match(j *judging) truth {
	if m.scope != nil && m.scope.match(j) != yes {
		return no
	}
	key, fallback, ok := m.key(j)
	switch {
	case fallback:
		return truthOf(m.limit.Forwarded.Fallback)
	case !ok:
		return no
	}
	return truthOf(m.limiter.add(key, j.now))
}

// key gives what a request counts by. A request that lacks a part of it counts nowhere; fallback means that it tells of a client by what is no
// address.
func (m *rateMatch) key(j *judging) (key string, fallback, ok bool) {
	parts := make([]string, 0, 4)
	for i := range m.limit.Keys {
		k := &m.limit.Keys[i]
		switch k.Kind {
		case KeyAddress:
			parts = append(parts, j.r.Source.Unmap().String())
		case KeyForwarded:
			found, present := []string(nil), false
			if m.limit.Forwarded != nil {
				found, present = j.forwarded(m.limit.Forwarded)
			}
			if !present {
				return "", false, false
			}
			a, err := netip.ParseAddr(found[0])
			if err != nil {
				return "", true, false
			}
			parts = append(parts, a.Unmap().String())
		case KeyLabels:
			labels := j.labelsIn(k.Namespace)
			if len(labels) == 0 {
				return "", false, false
			}
			parts = append(parts, strings.Join(labels, ","))
		default:
			c := component{k.Component}
			text, have := c.first(j)
			if !have {
				return "", false, false
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\x00"), false, true
}

// first gives the first text of a component, after its transformations.
func (c *component) first(j *judging) (text string, ok bool) {
	if c.Part == Cookies { // of one name
		for key, value := range j.cookies {
			if strings.EqualFold(key, c.Name) {
				return c.transform(value), true
			}
		}
		return "", false
	}
	c.texts(j, func(s string) bool { text, ok = c.transform(s), true; return false })
	return text, ok
}

// labelsIn gives the request's labels in a namespace.
func (j *judging) labelsIn(namespace string) []string {
	var out []string
	for _, l := range j.labels {
		if strings.HasPrefix(l, namespace) || strings.HasPrefix(l, j.namespace+namespace) {
			out = append(out, l)
		}
	}
	return out
}

// Limited gives the keys that a rate-based rule limits now. group is the id of the rule group that it belongs to, empty for the web ACL's own. ok is
// false where there is no such rule.
func (a *ACL) Limited(group, rule string, now time.Time) (keys []string, ok bool) {
	l := a.limiters[group+"/"+rule]
	if l == nil {
		return nil, false
	}
	return l.limited(now), true
}

package firewall

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ACL is a web ACL, ready to judge. It may be used by many at once.
type ACL struct {
	id, name  string
	namespace string
	standard  Action
	rules     []rule
	unjudged  []string
	view      Visibility
	metrics   []metric

	*memory
	all, byDefault *tally
}

// memory is what an ACL passes on to the one that takes its place.
type memory struct {
	tallies  map[string]*tally   // by group and rule
	limiters map[string]*limiter // by group and rule
	samples  *sampler
}

// rule is a Rule, ready to judge.
type rule struct {
	name       string
	statement  matcher // nil: it cannot be judged
	action     Action
	labels     []string
	view       Visibility
	tally      *tally
	group      *group
	countGroup bool
	rated      bool
	limiter    *limiter
}

type group struct {
	name      string
	namespace string
	rules     []rule
	tally     *tally
}

func (r *rule) matches(j *judging) bool { return r.statement != nil && r.statement.match(j) == yes }

// ID is the web ACL's.
func (a *ACL) ID() string { return a.id }

// Unjudged names what of the web ACL cannot be judged, each with its rule.
func (a *ACL) Unjudged() []string { return a.unjudged }

// Compile makes a web ACL ready. What old has counted, sampled and limited goes on, where the rules of these names are still there; old may
// be nil.
func Compile(w *WebACL, old *ACL) *ACL {
	a := &ACL{id: w.ID, name: w.Name, namespace: w.Namespace, standard: w.Default, view: w.Visibility}
	c := &compiler{acl: a}
	next := &memory{tallies: map[string]*tally{}, limiters: map[string]*limiter{}}
	if old != nil {
		c.old, next.samples = old.memory, old.samples
	} else {
		next.samples = newSampler()
	}
	a.memory = next
	a.all, a.byDefault = c.tally("", "ALL", w.Visibility.Metered), c.tally("", DefaultAction, w.Visibility.Metered)
	for i := range w.Rules {
		a.rules = append(a.rules, c.rule(&w.Rules[i], nil))
	}
	return a
}

// compiler compiles the statements of a web ACL.
type compiler struct {
	acl  *ACL
	old  *memory
	at   string // names the rule
	key  string // of the rule, in the memory
	rate *limiter
}

// unknown notes what cannot be judged.
func (c *compiler) unknown(what string) matcher {
	c.note(what)
	return unknownMatch{}
}

func (c *compiler) note(what string) {
	if text := c.at + ": " + what; !slices.Contains(c.acl.unjudged, text) {
		c.acl.unjudged = append(c.acl.unjudged, text)
	}
}

// tally gives the counts of a metric; the same ones as before.
func (c *compiler) tally(group, metricName string, metered bool) *tally {
	key := group + "/" + metricName
	t := c.acl.tallies[key]
	if t == nil && c.old != nil {
		t = c.old.tallies[key]
	}
	if t == nil {
		t = &tally{}
	}
	if c.acl.tallies[key] == nil {
		c.acl.tallies[key] = t
		if metered {
			c.acl.metrics = append(c.acl.metrics, metric{group: group, rule: metricName, tally: t})
		}
	}
	return t
}

func (c *compiler) rule(r *Rule, in *Group) rule {
	out := rule{name: r.Name, action: r.Action, labels: r.Labels, view: r.Visibility, countGroup: r.CountGroup}
	c.at, c.key, c.rate = "the rule "+r.Name, "/"+r.Name, nil
	metricsOf := ""
	if in != nil {
		c.at, c.key, metricsOf = c.at+" of the rule group "+in.Name, in.ID+"/"+r.Name, in.Visibility.Metric
		if o, ok := in.Overrides[r.Name]; ok {
			out.action = o
		}
	}
	out.tally = c.tally(metricsOf, r.Visibility.Metric, r.Visibility.Metered)
	if g := r.Group; g != nil {
		out.group = &group{name: g.Name, namespace: g.Namespace, tally: c.tally(g.Visibility.Metric, "ALL", g.Visibility.Metered)}
		for i := range g.Rules {
			out.group.rules = append(out.group.rules, c.rule(&g.Rules[i], g))
		}
		return out
	}
	if k := out.action.Kind; k == Captcha || k == Challenge {
		c.note("its action, " + strings.ToLower(string(k)))
		return out
	}
	out.statement, out.rated = c.statement(&r.Statement), r.Statement.Rate != nil
	out.limiter = c.rate
	return out
}

func (c *compiler) statement(s *Statement) matcher {
	switch {
	case s.And != nil:
		return andMatch(c.statements(s.And))
	case s.Or != nil:
		return orMatch(c.statements(s.Or))
	case s.Not != nil:
		return notMatch{c.statement(s.Not)}
	case s.Bytes != nil:
		return &byteMatch{component: component{s.Bytes.Component}, search: s.Bytes.Search, test: position(s.Bytes.Position)}
	case s.Regex != nil:
		return c.regex(s.Regex)
	case s.Size != nil:
		return &sizeMatch{component{s.Size.Component}, s.Size.Operator, s.Size.Size}
	case s.Addresses != nil:
		return &addressMatch{newAddressSet(s.Addresses.Set), s.Addresses.Forwarded}
	case s.Label != nil:
		return c.label(s.Label)
	case s.Rate != nil:
		return c.limit(s.Rate)
	}
	return c.unknown(s.Unknown)
}

func (c *compiler) statements(list []Statement) []matcher {
	out := make([]matcher, 0, len(list))
	for i := range list {
		out = append(out, c.statement(&list[i]))
	}
	return out
}

func (c *compiler) regex(s *RegexMatch) matcher {
	out := &regexMatch{component: component{s.Component}}
	for _, p := range s.Patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return c.unknown(fmt.Sprintf("a regular expression that Go does not take (%v)", err))
		}
		out.patterns = append(out.patterns, re)
	}
	return out
}

// label compiles the search for a label. Labels of others than the account's own web ACL and groups are those of managed rule groups, of
// countries and of tokens, which nothing adds here.
func (c *compiler) label(s *LabelMatch) matcher {
	own, _, _ := strings.Cut(strings.TrimPrefix(c.acl.namespace, ownPrefix), ":")
	if rest, ok := strings.CutPrefix(s.Key, ownPrefix); ok && !strings.HasPrefix(rest, own+":") {
		return c.unknown("labels of AWS's own, " + s.Key)
	}
	return &labelMatch{key: s.Key, namespace: s.Namespace, full: strings.HasPrefix(s.Key, ownPrefix)}
}

// ownPrefix begins all full names of labels.
const ownPrefix = "awswaf:"

// limit compiles a limit of rates. The counts of the rule go on unless its settings have changed.
func (c *compiler) limit(s *RateLimit) matcher {
	for _, k := range s.Keys {
		if k.Kind == KeyUnknown {
			return c.unknown("a rate by TLS fingerprints or autonomous systems")
		}
	}
	settings, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is plain data
	}
	out := &rateMatch{limit: s, limiter: newLimiter(string(settings), s)}
	if c.old != nil {
		if old := c.old.limiters[c.key]; old != nil && old.settings == out.limiter.settings {
			out.limiter = old
		}
	}
	c.acl.limiters[c.key] = out.limiter
	c.rate = out.limiter
	if s.Scope != nil {
		out.scope = c.statement(s.Scope)
	}
	return out
}

package firewall

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// BodyLimit is how many bytes of a body are looked at, in front of load balancers.
// https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html
const BodyLimit = 8 << 10

// Request is what is judged of a request. It is not changed.
type Request struct {
	Method, Path, Query string // as the client wrote them; Query without its question mark
	Proto               string // such as HTTP/1.1
	ID                  string // by which logs know the request
	Host                string
	Header              http.Header // without Host
	Source              netip.Addr
	// Body gives the first BodyLimit bytes of the body, and whether there are more. It is called at most once, and only by an ACL that looks
	// at bodies. nil: there is no body.
	Body func() (first []byte, more bool)
}

// Match is a rule that has matched.
type Match struct {
	Rule  string
	Group string // that it belongs to; empty for the web ACL's own
	Kind  Kind
}

// DefaultAction stands for a rule's name and metric where none has ended the request.
const DefaultAction = "Default_Action"

// Verdict is what becomes of a request.
type Verdict struct {
	Kind     Kind      // Allow or Block
	Rule     string    // of the web ACL, that has ended it; DefaultAction for none
	Inner    Match     // the rule within that rule's group; zero without a group
	Rated    bool      // the rule that ended it counts rates
	Response *Response // to a blocked request, nil for the usual one
	Insert   []Header  // into an allowed request, with their full names
	Labels   []string
	Counted  []Match // that have matched and not ended it
}

// insertPrefix begins the names of inserted headers.
// https://docs.aws.amazon.com/waf/latest/developerguide/customizing-the-incoming-request.html
const insertPrefix = "x-amzn-waf-"

// judging is the state of one evaluation.
type judging struct {
	r         *Request
	now       time.Time
	namespace string // of the rule that is judged
	labels    []string

	body     string
	more     bool
	bodyRead bool
	queried  bool
	args     []argument
}

// Judge judges a request, and counts and samples it. An error is a fault of this package: the request has not been judged.
func (a *ACL) Judge(now time.Time, r *Request) (v Verdict, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("judging a request by the web ACL %s: %v", a.name, fault)
		}
	}()
	j := &judging{r: r, now: now}
	var insert []Header
	var ended *rule
	action := &a.standard
	for i := range a.rules {
		rule := &a.rules[i]
		if got := a.apply(j, rule, &v, &insert); got != nil {
			ended, action = rule, got
			break
		}
	}
	v.Kind, v.Response, v.Labels = action.Kind, action.Response, j.labels
	if v.Kind == Allow {
		v.Insert = inserted(append(insert, action.Insert...))
	}
	v.Rule = DefaultAction
	if ended != nil {
		v.Rule, v.Rated = ended.name, ended.rated
	}
	a.note(j, ended, &v)
	return v, nil
}

// apply judges by a rule, and gives the action that ends the judging, nil if it goes on.
func (a *ACL) apply(j *judging, r *rule, v *Verdict, insert *[]Header) *Action {
	if r.group == nil {
		j.namespace = a.namespace
		if !r.matches(j) {
			return nil
		}
		j.label(r.labels)
		if r.action.Kind != Count {
			return &r.action
		}
		r.tally.counted.Add(1)
		v.Counted = append(v.Counted, Match{Rule: r.name, Kind: Count})
		*insert = append(*insert, r.action.Insert...)
		a.sample(j, r, nil, Count, v)
		return nil
	}
	return a.applyGroup(j, r, v, insert)
}

func (a *ACL) applyGroup(j *judging, r *rule, v *Verdict, insert *[]Header) *Action {
	g := r.group
	counted := false
	for i := range g.rules {
		in := &g.rules[i]
		j.namespace = g.namespace
		if !in.matches(j) {
			continue
		}
		j.label(in.labels)
		match := Match{Rule: in.name, Group: g.name, Kind: in.action.Kind}
		if in.action.Kind == Count {
			in.tally.counted.Add(1)
			counted = true
			v.Counted = append(v.Counted, match)
			*insert = append(*insert, in.action.Insert...)
			a.sample(j, r, in, Count, v)
			continue
		}
		in.tally.add(in.action.Kind)
		if !r.countGroup {
			g.tally.add(in.action.Kind)
			v.Inner = match
			return &in.action
		}
		// The group's evaluation ends; that of the web ACL goes on.
		// https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-group-override-options.html
		counted = true
		r.tally.counted.Add(1)
		v.Counted = append(v.Counted, Match{Rule: in.name, Group: g.name, Kind: Count})
		a.sample(j, r, in, Count, v)
		break
	}
	if counted {
		g.tally.counted.Add(1)
	} else {
		g.tally.passed.Add(1)
	}
	return nil
}

// note counts and samples what has been judged.
func (a *ACL) note(j *judging, ended *rule, v *Verdict) {
	a.all.add(v.Kind)
	if len(v.Counted) > 0 {
		a.all.counted.Add(1)
	}
	if ended == nil {
		a.byDefault.add(v.Kind)
		a.sample(j, nil, nil, v.Kind, v)
		return
	}
	ended.tally.add(v.Kind)
	a.sample(j, ended, nil, v.Kind, v)
}

// label adds labels to the request.
func (j *judging) label(names []string) {
	for _, name := range names {
		full := j.namespace + name
		if !slices.Contains(j.labels, full) {
			j.labels = append(j.labels, full)
		}
	}
}

// inserted gives headers their full names. The last one of a name stands.
func inserted(list []Header) []Header {
	out := make([]Header, 0, len(list))
	for _, h := range list {
		out = append(out, Header{insertPrefix + h.Name, h.Value})
	}
	return out
}

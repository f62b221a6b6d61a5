package proxy

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// pattern matches texts.
type pattern struct {
	glob  string
	fold  bool // glob is in lower case, and texts are compared so
	regex *regexp.Regexp
}

func (p *pattern) match(text string) bool {
	if p.regex != nil {
		return p.regex.MatchString(text)
	}
	if p.fold {
		text = strings.ToLower(text)
	}
	return glob(p.glob, text)
}

// glob compares with the wildcards * (any characters) and ? (one).
func glob(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// condition is a Condition, ready to match.
type condition struct {
	field    Field
	name     string
	patterns []pattern
	pairs    []pairPattern
	sources  []netip.Prefix
}

type pairPattern struct{ key, value *pattern } // a nil key is any

// newCondition compiles. Paths and methods are compared as they are, all else without regard to case.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
func newCondition(c *Condition) (condition, error) {
	out := condition{field: c.Field, name: http.CanonicalHeaderKey(c.Name), sources: c.Sources}
	fold := c.Field != FieldPath && c.Field != FieldMethod
	plain := func(v string) pattern {
		if fold {
			v = strings.ToLower(v)
		}
		return pattern{glob: v, fold: fold}
	}
	for _, v := range c.Values {
		out.patterns = append(out.patterns, plain(v))
	}
	for _, v := range c.Regexes {
		if c.Field == FieldHost {
			v = "(?i)" + v
		}
		re, err := regexp.Compile(v)
		if err != nil {
			return out, fmt.Errorf("reading the regular expression of a condition: %w", err)
		}
		out.patterns = append(out.patterns, pattern{regex: re})
	}
	for _, p := range c.Pairs {
		pair := pairPattern{value: new(plain(p.Value))}
		if p.Key != "" {
			pair.key = new(plain(p.Key))
		}
		out.pairs = append(out.pairs, pair)
	}
	return out, nil
}

// request is what conditions see of a request.
type request struct {
	*http.Request
	host   string // without its port
	path   string // as it was sent
	source netip.Addr
	query  url.Values // read when it is asked for
}

func (c *condition) met(r *request) bool {
	switch c.field {
	case FieldHost:
		return c.any(r.host)
	case FieldPath:
		return c.any(r.path)
	case FieldMethod:
		return c.any(r.Method)
	case FieldHeader:
		for _, v := range r.Header[c.name] {
			if c.any(v) {
				return true
			}
		}
	case FieldQuery:
		return c.anyPair(r)
	case FieldSource:
		for _, p := range c.sources {
			if p.Contains(r.source) {
				return true
			}
		}
	}
	return false
}

func (c *condition) any(text string) bool {
	for i := range c.patterns {
		if c.patterns[i].match(text) {
			return true
		}
	}
	return false
}

func (c *condition) anyPair(r *request) bool {
	if r.query == nil {
		r.query = r.URL.Query()
	}
	for _, p := range c.pairs {
		for key, values := range r.query {
			if p.key != nil && !p.key.match(key) {
				continue
			}
			for _, v := range values {
				if p.value.match(v) {
					return true
				}
			}
		}
	}
	return false
}

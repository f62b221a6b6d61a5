package auth

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Operator is a condition operator with its qualifier and its IfExists suffix.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type Operator struct {
	Name     string // such as StringEquals
	ForAll   bool   // ForAllValues:
	ForAny   bool   // ForAnyValue:
	IfExists bool
}

// comparison tells whether a request's value stands in a relation to a policy's value, which may hold wildcards and variables.
type comparison func(e *evaluation, got, want string) bool

type operatorRule struct {
	compare comparison
	negated bool // holds when no value compares
}

var operators = map[string]operatorRule{
	"StringEquals":              {compare: stringEquals},
	"StringNotEquals":           {compare: stringEquals, negated: true},
	"StringEqualsIgnoreCase":    {compare: stringEqualsFold},
	"StringNotEqualsIgnoreCase": {compare: stringEqualsFold, negated: true},
	"StringLike":                {compare: stringLike},
	"StringNotLike":             {compare: stringLike, negated: true},
	"NumericEquals":             {compare: numeric(func(c int) bool { return c == 0 })},
	"NumericNotEquals":          {compare: numeric(func(c int) bool { return c == 0 }), negated: true},
	"NumericLessThan":           {compare: numeric(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":     {compare: numeric(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":        {compare: numeric(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals":  {compare: numeric(func(c int) bool { return c >= 0 })},
	"DateEquals":                {compare: date(func(c int) bool { return c == 0 })},
	"DateNotEquals":             {compare: date(func(c int) bool { return c == 0 }), negated: true},
	"DateLessThan":              {compare: date(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":        {compare: date(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":           {compare: date(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals":     {compare: date(func(c int) bool { return c >= 0 })},
	"Bool":                      {compare: stringEqualsFold},
	"BinaryEquals":              {compare: binaryEquals},
	"IpAddress":                 {compare: ipAddress},
	"NotIpAddress":              {compare: ipAddress, negated: true},
	"ArnEquals":                 {compare: arnLike},
	"ArnLike":                   {compare: arnLike},
	"ArnNotEquals":              {compare: arnLike, negated: true},
	"ArnNotLike":                {compare: arnLike, negated: true},
}

func parseOperator(s string) (Operator, bool) {
	var o Operator
	if s == "Null" {
		return Operator{Name: s}, true
	}
	if rest, ok := strings.CutPrefix(s, "ForAllValues:"); ok {
		s, o.ForAll = rest, true
	} else if rest, ok := strings.CutPrefix(s, "ForAnyValue:"); ok {
		s, o.ForAny = rest, true
	}
	o.Name, o.IfExists = strings.CutSuffix(s, "IfExists")
	_, ok := operators[o.Name]
	return o, ok
}

// holds evaluates one condition.
func (e *evaluation) holds(c *Condition) bool {
	got := e.request.Context.Get(c.Key)
	if c.Operator.Name == "Null" {
		absent := strconv.FormatBool(len(got) == 0)
		return slices.ContainsFunc(c.Values, func(want string) bool { return strings.EqualFold(want, absent) })
	}
	rule := operators[c.Operator.Name]
	fits := func(value string) bool {
		return slices.ContainsFunc(c.Values, func(want string) bool { return rule.compare(e, value, want) }) != rule.negated
	}
	if len(got) == 0 {
		return c.Operator.IfExists || c.Operator.ForAll || rule.negated && !c.Operator.ForAny
	}
	if c.Operator.ForAll || rule.negated && !c.Operator.ForAny {
		return !slices.ContainsFunc(got, func(value string) bool { return !fits(value) })
	}
	return slices.ContainsFunc(got, fits)
}

// literal expands the variables of a value whose wildcards mean themselves.
func (e *evaluation) literal(want string) (string, bool) {
	p, ok := e.expand(want)
	return strings.NewReplacer(string(rune(anyRun)), "*", string(rune(anyOne)), "?").Replace(p), ok
}

func stringEquals(e *evaluation, got, want string) bool {
	want, ok := e.literal(want)
	return ok && got == want
}

func stringEqualsFold(e *evaluation, got, want string) bool {
	want, ok := e.literal(want)
	return ok && strings.EqualFold(got, want)
}

func stringLike(e *evaluation, got, want string) bool {
	p, ok := e.expand(want)
	return ok && matches(p, got)
}

func arnLike(e *evaluation, got, want string) bool {
	p, ok := e.expand(want)
	return ok && matchesARN(p, got)
}

func numeric(rel func(int) bool) comparison {
	return func(_ *evaluation, got, want string) bool {
		a, errA := strconv.ParseFloat(got, 64)
		b, errB := strconv.ParseFloat(want, 64)
		if errA != nil || errB != nil || a != a || b != b {
			return false
		}
		switch {
		case a < b:
			return rel(-1)
		case a > b:
			return rel(1)
		}
		return rel(0)
	}
}

func date(rel func(int) bool) comparison {
	return func(_ *evaluation, got, want string) bool {
		a, okA := parseDate(got)
		b, okB := parseDate(want)
		return okA && okB && rel(a.Compare(b))
	}
}

// parseDate reads the forms of ISO 8601 that W3C's profile has, and seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if len(s) == 4 && layout != "2006" {
			continue
		}
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

func binaryEquals(_ *evaluation, got, want string) bool {
	a, errA := base64.StdEncoding.DecodeString(got)
	b, errB := base64.StdEncoding.DecodeString(want)
	return errA == nil && errB == nil && string(a) == string(b)
}

func ipAddress(_ *evaluation, got, want string) bool {
	addr, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	addr = addr.Unmap()
	if prefix, err := netip.ParsePrefix(want); err == nil {
		return prefix.Contains(addr)
	}
	only, err := netip.ParseAddr(want)
	return err == nil && only.Unmap() == addr
}

package auth

import "strings"

// In a compiled pattern these bytes stand for the wildcards * and ?; the characters themselves are then literal. Policy text
// that contains them is refused by ParsePolicy.
const (
	anyRun    = '\x00'
	anyOne    = '\x01'
	wildcards = "\x00\x01"
)

// pattern compiles text with wildcards, without variables.
func pattern(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '*':
			return anyRun
		case '?':
			return anyOne
		}
		return r
	}, text)
}

// expand compiles text with wildcards and, if the policy's version has them, variables. It reports false where a variable
// has no value and no default: such text matches nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (e *evaluation) expand(text string) (string, bool) {
	if e.version != version2012 || !strings.Contains(text, "${") {
		return pattern(text), true
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		b.WriteString(pattern(before))
		if !ok {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString(pattern("${" + rest))
			return b.String(), true
		}
		value, ok := e.variable(name)
		if !ok {
			return "", false
		}
		b.WriteString(value)
		text = after
	}
}

// variable gives what ${name} stands for: ${*}, ${?} and ${$} for themselves, else a key's only value, else the default that
// may follow the key in quotes.
func (e *evaluation) variable(name string) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	if v := e.request.Context.Get(strings.TrimSpace(key)); len(v) == 1 {
		return v[0], !strings.ContainsAny(v[0], wildcards)
	}
	fallback = strings.TrimSpace(fallback)
	if hasDefault && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		return fallback[1 : len(fallback)-1], true
	}
	return "", false
}

// matches reports whether s fits a compiled pattern. It runs in time proportional to the product of the lengths at worst.
func matches(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == anyRun:
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == anyOne:
			p++
			i += runeLen(s[i:])
		case p < len(pattern) && pattern[p] == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyRun {
		p++
	}
	return p == len(pattern)
}

// runeLen is the length of the first character in bytes, so that ? stands for a whole one.
func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// matchesARN compares by the six parts of an ARN: a wildcard in one does not reach into the next, but for the last. Parts
// missing at the pattern's end match all.
func matchesARN(pattern, arn string) bool {
	if pattern == string(rune(anyRun)) {
		return true
	}
	have := strings.SplitN(arn, ":", 6)
	want := strings.SplitN(pattern, ":", 6)
	if len(have) < len(want) {
		return false
	}
	for i, w := range want {
		if !matches(w, have[i]) {
			return false
		}
	}
	return true
}

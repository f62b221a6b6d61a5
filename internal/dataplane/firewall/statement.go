package firewall

import (
	"regexp"
	"strings"
)

// truth is the value of a statement.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// matcher is a statement, ready to judge.
type matcher interface{ match(j *judging) truth }

type unknownMatch struct{}

func (unknownMatch) match(*judging) truth { return unknown }

type andMatch []matcher

func (m andMatch) match(j *judging) truth {
	out := yes
	for _, s := range m {
		if out = min(out, s.match(j)); out == no {
			return no
		}
	}
	return out
}

type orMatch []matcher

func (m orMatch) match(j *judging) truth {
	out := no
	for _, s := range m {
		if out = max(out, s.match(j)); out == yes {
			return yes
		}
	}
	return out
}

type notMatch struct{ of matcher }

func (m notMatch) match(j *judging) truth { return yes - m.of.match(j) }

type byteMatch struct {
	component
	search string
	test   func(text, search string) bool
}

func (m *byteMatch) match(j *judging) truth {
	return m.inspect(j, func(text string) bool { return m.test(text, m.search) })
}

func position(name string) func(text, search string) bool {
	switch name {
	case "EXACTLY":
		return func(text, search string) bool { return text == search }
	case "STARTS_WITH":
		return strings.HasPrefix
	case "ENDS_WITH":
		return strings.HasSuffix
	case "CONTAINS_WORD":
		return containsWord
	}
	return strings.Contains
}

// containsWord looks for a word between characters that are no letters, digits or underscores.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 || word == "" {
			return false
		}
		begin, end := from+i, from+i+len(word)
		if (begin == 0 || !wordByte(text[begin-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		from = begin + 1
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

type regexMatch struct {
	component
	patterns []*regexp.Regexp
}

func (m *regexMatch) match(j *judging) truth {
	return m.inspect(j, func(text string) bool {
		for _, p := range m.patterns {
			if p.MatchString(text) {
				return true
			}
		}
		return false
	})
}

type sizeMatch struct {
	component
	operator string
	size     int64
}

func (m *sizeMatch) match(j *judging) truth {
	return m.inspect(j, func(text string) bool {
		n := int64(len(text))
		switch m.operator {
		case "EQ":
			return n == m.size
		case "NE":
			return n != m.size
		case "LE":
			return n <= m.size
		case "LT":
			return n < m.size
		case "GE":
			return n >= m.size
		default:
			return n > m.size
		}
	})
}

type labelMatch struct {
	key       string
	namespace bool
	full      bool // the key is a whole name, with its prefix
}

// match looks for a label: one without a prefix among those of the rule's own context, where namespaces may stand before it.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-label-match-examples.html
func (m *labelMatch) match(j *judging) truth {
	for _, l := range j.labels {
		if m.full {
			if l == m.key && !m.namespace || m.namespace && strings.HasPrefix(l, m.key) {
				return yes
			}
			continue
		}
		local, ok := strings.CutPrefix(l, j.namespace)
		if !ok {
			continue
		}
		local = ":" + local
		if m.namespace && strings.Contains(local, ":"+strings.TrimSuffix(m.key, ":")+":") || !m.namespace && strings.HasSuffix(local, ":"+m.key) {
			return yes
		}
	}
	return no
}

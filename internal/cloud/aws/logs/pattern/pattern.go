package pattern

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a compiled filter pattern. It is safe for concurrent use.
type Pattern struct {
	matcher matcher
}

// matcher decides over one message; values are what it took from it, by the names that metric transformations use, such as
// $.latency or $status_code. With values nil, nothing is extracted.
type matcher interface {
	match(message string, values map[string]string) bool
}

// Compile reads a filter pattern. An empty one matches every message.
func Compile(text string) (*Pattern, error) {
	trimmed := strings.TrimSpace(text)
	var m matcher
	var err error
	switch {
	case strings.HasPrefix(trimmed, "{"):
		m, err = compileJSON(trimmed)
	case strings.HasPrefix(trimmed, "["):
		m, err = compileFields(trimmed)
	default:
		m, err = compileTerms(trimmed)
	}
	if err != nil {
		return nil, err
	}
	return &Pattern{matcher: m}, nil
}

// Match reports whether a message matches.
func (p *Pattern) Match(message string) bool { return p.matcher.match(message, nil) }

// Extract reports whether a message matches, and gives the values that the pattern names.
func (p *Pattern) Extract(message string) (map[string]string, bool) {
	values := map[string]string{}
	if !p.matcher.match(message, values) {
		return nil, false
	}
	return values, true
}

// regexSymbols are the characters beside letters and digits that AWS takes in a regular expression.
const regexSymbols = `:_#=@/;,- ^$?[]{}|\*+.`

// compileRegex reads what stands between the percent signs.
func compileRegex(text string) (*regexp.Regexp, error) {
	for _, r := range text {
		if !alphanumeric(r) && !strings.ContainsRune(regexSymbols, r) {
			return nil, fmt.Errorf("invalid character %q in regex %%%s%%", r, text)
		}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("invalid regex %%%s%%", text)
	}
	return re, nil
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// glob reports whether text matches a literal in which * stands for any characters.
func glob(literal, text string) bool {
	head, rest, wild := strings.Cut(literal, "*")
	if !wild {
		return literal == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text, rest = text[at+len(part):], more
	}
}

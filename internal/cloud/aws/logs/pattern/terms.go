package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// terms matches messages by the terms they contain. Optional terms (?a ?b) ask for one of them, and count only where there are
// no others, as on AWS.
type terms struct {
	required, excluded, optional []term
}

type term struct {
	text  string
	regex *regexp.Regexp // nil: text is looked for as it is
}

func (t term) in(message string) bool {
	if t.regex != nil {
		return t.regex.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

func (t *terms) match(message string, _ map[string]string) bool {
	for _, x := range t.required {
		if !x.in(message) {
			return false
		}
	}
	for _, x := range t.excluded {
		if x.in(message) {
			return false
		}
	}
	if len(t.optional) == 0 || len(t.required)+len(t.excluded) > 0 {
		return true
	}
	for _, x := range t.optional {
		if x.in(message) {
			return true
		}
	}
	return false
}

func compileTerms(text string) (*terms, error) {
	t := &terms{}
	for s := (&scanner{text: text}); ; {
		s.space()
		if s.done() {
			return t, nil
		}
		into := &t.required
		switch s.peek() {
		case '-':
			into = &t.excluded
			s.at++
		case '?':
			into = &t.optional
			s.at++
		}
		x, err := s.term()
		if err != nil {
			return nil, err
		}
		*into = append(*into, x)
	}
}

func (s *scanner) term() (term, error) {
	switch s.peek() {
	case '"':
		text, err := s.quoted()
		return term{text: text}, err
	case '%':
		re, err := s.regex()
		return term{regex: re}, err
	}
	word := s.until(" \t\n\r")
	if word == "" {
		return term{}, fmt.Errorf("a term is missing at %d", s.at)
	}
	for _, r := range word {
		if r < utf8.RuneSelf && r != '_' && !alphanumeric(r) {
			return term{}, fmt.Errorf("invalid character(s) in term '%s'", word)
		}
	}
	return term{text: word}, nil
}

package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// scanner walks over a pattern's text.
type scanner struct {
	text    string
	at      int
	regexes int
}

func (s *scanner) done() bool { return s.at >= len(s.text) }

// peek gives the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) space() {
	for !s.done() && strings.IndexByte(" \t\n\r", s.text[s.at]) >= 0 {
		s.at++
	}
}

// take goes over a word, if it comes next.
func (s *scanner) take(word string) bool {
	if !strings.HasPrefix(s.text[s.at:], word) {
		return false
	}
	s.at += len(word)
	return true
}

// until gives what stands before the next of some characters.
func (s *scanner) until(stops string) string {
	start := s.at
	for !s.done() && strings.IndexByte(stops, s.text[s.at]) < 0 {
		s.at++
	}
	return s.text[start:s.at]
}

// quoted reads a string in double quotes, in which a backslash keeps the next character as it is.
func (s *scanner) quoted() (string, error) {
	s.at++
	var b strings.Builder
	for ; !s.done(); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return b.String(), nil
		case c == '\\' && s.at+1 < len(s.text) && strings.IndexByte(`"\`, s.text[s.at+1]) >= 0:
			s.at++
			b.WriteByte(s.text[s.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quote is not closed")
}

func (s *scanner) regex() (*regexp.Regexp, error) {
	s.at++
	text := s.until("%")
	if s.done() {
		return nil, errors.New("a regex is not closed")
	}
	s.at++
	s.regexes++
	return compileRegex(text)
}

// maxRegexes is how many regular expressions a JSON or space-delimited pattern may have.
const maxRegexes = 2

func (s *scanner) checkRegexes() error {
	if s.regexes > maxRegexes {
		return fmt.Errorf("a pattern has at most %d regular expressions", maxRegexes)
	}
	return nil
}

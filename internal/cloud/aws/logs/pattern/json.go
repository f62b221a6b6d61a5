package pattern

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonPattern matches messages that are JSON documents, such as { $.status >= 500 && $.path = "/api/*" }.
type jsonPattern struct {
	cond     condition
	operands []operand
}

func (p *jsonPattern) match(message string, values map[string]string) bool {
	start := strings.TrimLeft(message, " \t\r\n")
	if start == "" || start[0] != '{' && start[0] != '[' {
		return false
	}
	d := json.NewDecoder(strings.NewReader(start))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) != nil {
		return false
	}
	if !p.cond.holds(func(o operand) []any { return o.(*selector).find(doc) }) {
		return false
	}
	if values != nil {
		for _, o := range p.operands {
			if found := o.(*selector).find(doc); len(found) > 0 {
				values[o.name()] = render(found[0])
			}
		}
	}
	return true
}

// render gives a value as a metric transformation sees it: strings as they are, all else as JSON.
func render(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case field:
		return string(t)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// selector is a path into a document: $.a.b[0]["c d"], with * for any member or element.
type selector struct {
	text  string
	steps []step
}

type step struct {
	name  string
	index int // of an element where name is empty
	any   bool
}

func (s *selector) name() string { return s.text }

func (s *selector) find(doc any) []any {
	level := []any{doc}
	for _, st := range s.steps {
		var next []any
		for _, v := range level {
			next = st.from(next, v)
		}
		if level = next; len(level) == 0 {
			return nil
		}
	}
	return level
}

func (st step) from(out []any, v any) []any {
	switch t := v.(type) {
	case map[string]any:
		if st.any {
			for _, item := range t {
				out = append(out, item)
			}
		} else if item, ok := t[st.name]; ok && st.name != "" {
			out = append(out, item)
		}
	case []any:
		if st.any {
			out = append(out, t...)
		} else if st.name == "" && st.index < len(t) {
			out = append(out, t[st.index])
		}
	}
	return out
}

func parseSelector(s *scanner) (operand, error) {
	start := s.at
	if !s.take("$") {
		return nil, fmt.Errorf("a selector that begins with $ was expected at %d", s.at)
	}
	out := &selector{}
	for {
		var st step
		var err error
		switch {
		case s.peek() == '.' && s.at+1 < len(s.text) && s.text[s.at+1] == '[':
			s.at++
			continue
		case s.take("."):
			st.name = s.until(" \t\n\r.[]=!<>&|()}")
			if st.name == "" {
				return nil, fmt.Errorf("a selector has an empty name at %d", s.at)
			}
			st.any = st.name == "*"
		case s.take("["):
			if st, err = s.bracket(); err != nil {
				return nil, err
			}
		default:
			if len(out.steps) == 0 {
				return nil, fmt.Errorf("a selector is empty at %d", s.at)
			}
			out.text = s.text[start:s.at]
			return out, nil
		}
		out.steps = append(out.steps, st)
	}
}

// bracket reads what stands in [ ]: an index, * or a quoted name.
func (s *scanner) bracket() (step, error) {
	var st step
	switch c := s.peek(); c {
	case '"', '\'':
		s.at++
		st.name = s.until(string(c))
		s.at++
	case '*':
		s.at++
		st.any = true
	default:
		n, err := strconv.Atoi(s.until("]"))
		if err != nil || n < 0 {
			return st, fmt.Errorf("an index was expected at %d", s.at)
		}
		st.index = n
	}
	if s.done() || !s.take("]") {
		return st, fmt.Errorf("a bracket is not closed at %d", s.at)
	}
	return st, nil
}

func compileJSON(text string) (*jsonPattern, error) {
	p := &parser{scanner: scanner{text: text, at: 1}, operand: parseSelector, closing: ")}"}
	cond, err := p.expression()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.take("}") {
		return nil, fmt.Errorf("the pattern is not closed by } at %d", p.at)
	}
	if p.space(); !p.done() {
		return nil, fmt.Errorf("text follows the pattern at %d", p.at)
	}
	return &jsonPattern{cond: cond, operands: p.operands}, p.checkRegexes()
}

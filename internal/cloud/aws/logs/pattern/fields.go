package pattern

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// field is the text of one field of a space-delimited message.
type field string

// fieldsPattern matches messages field by field, such as [ip, user, ..., status = 4*, size].
type fieldsPattern struct {
	columns  []column
	ellipsis int // how many columns stand before the ellipsis, -1 without one
}

type column struct {
	name string
	cond condition // nil: anything
}

type columnName string

func (c columnName) name() string { return string(c) }

func (p *fieldsPattern) match(message string, values map[string]string) bool {
	found := split(message)
	if p.ellipsis < 0 && len(found) != len(p.columns) || len(found) < len(p.columns) {
		return false
	}
	extra := len(found) - len(p.columns)
	for i, c := range p.columns {
		at := i
		if p.ellipsis >= 0 && i >= p.ellipsis {
			at += extra
		}
		if c.cond != nil && !c.cond.holds(func(operand) []any { return []any{found[at]} }) {
			return false
		}
	}
	if values == nil {
		return true
	}
	for at, f := range found {
		name := ""
		switch {
		case p.ellipsis < 0 || at < p.ellipsis:
			name = p.columns[at].name
		case at >= p.ellipsis+extra:
			name = p.columns[at-extra].name
		}
		if name == "" {
			name = strconv.Itoa(at + 1)
		}
		values["$"+name] = string(f)
	}
	return true
}

// split gives a message's fields: words, and what stands in double quotes or in brackets as one.
func split(message string) []field {
	var out []field
	for s := (&scanner{text: message}); ; {
		s.space()
		if s.done() {
			return out
		}
		end := byte(0)
		switch s.peek() {
		case '"':
			end = '"'
		case '[':
			end = ']'
		}
		if n := strings.IndexByte(message[s.at+1:], end); end != 0 && n >= 0 {
			out = append(out, field(message[s.at+1:s.at+1+n]))
			s.at += n + 2
			continue
		}
		out = append(out, field(s.until(" \t\n\r")))
	}
}

func compileFields(text string) (*fieldsPattern, error) {
	if !strings.HasSuffix(text, "]") {
		return nil, errors.New("the pattern is not closed by ]")
	}
	p := &parser{scanner: scanner{text: text[:len(text)-1], at: 1}, operand: parseColumn, closing: "),"}
	out := &fieldsPattern{ellipsis: -1}
	if strings.TrimSpace(text[1:len(text)-1]) == "" {
		out.ellipsis = 0
		return out, nil
	}
	for {
		p.space()
		if p.take("...") {
			if out.ellipsis >= 0 {
				return nil, errors.New("a pattern has one ellipsis at most")
			}
			out.ellipsis = len(out.columns)
		} else {
			c, err := p.column()
			if err != nil {
				return nil, err
			}
			out.columns = append(out.columns, c)
		}
		p.space()
		if p.done() {
			return out, p.checkRegexes()
		}
		if !p.take(",") {
			return nil, fmt.Errorf("a comma was expected at %d", p.at)
		}
	}
}

// column reads a name alone, or an expression about one name.
func (p *parser) column() (column, error) {
	start := p.at
	name := p.until(" \t\n\r,=!<>&|()")
	if p.space(); p.done() || p.peek() == ',' {
		return column{name: name}, nil
	}
	p.at, p.operands = start, nil
	cond, err := p.expression()
	if err != nil {
		return column{}, err
	}
	for _, o := range p.operands {
		if o.name() != p.operands[0].name() {
			return column{}, fmt.Errorf("a field's condition names both %s and %s", p.operands[0].name(), o.name())
		}
	}
	return column{name: p.operands[0].name(), cond: cond}, nil
}

func parseColumn(s *scanner) (operand, error) {
	name := s.until(" \t\n\r,=!<>&|()")
	if name == "" {
		return nil, fmt.Errorf("a field's name is missing at %d", s.at)
	}
	return columnName(name), nil
}

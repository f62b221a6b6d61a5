package pattern

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// condition is a node of a boolean expression. fields gives the values behind an operand.
type condition interface {
	holds(fields func(operand) []any) bool
}

// operand is the left side of a comparison: a JSON selector, or the name of a field.
type operand interface{ name() string }

type allOf []condition

func (c allOf) holds(fields func(operand) []any) bool {
	for _, x := range c {
		if !x.holds(fields) {
			return false
		}
	}
	return true
}

type anyOf []condition

func (c anyOf) holds(fields func(operand) []any) bool {
	for _, x := range c {
		if x.holds(fields) {
			return true
		}
	}
	return false
}

// comparison holds where one of the operand's values satisfies it; none does where the field is missing.
type comparison struct {
	of     operand
	op     string
	text   string
	quoted bool
	number *float64 // the literal's value, where it is an unquoted number
	regex  *regexp.Regexp
}

func (c *comparison) holds(fields func(operand) []any) bool {
	for _, v := range fields(c.of) {
		if c.satisfied(v) {
			return true
		}
	}
	return false
}

func (c *comparison) satisfied(v any) bool {
	switch c.op {
	case "=":
		return c.equal(v)
	case "!=":
		return !c.equal(v)
	}
	if c.number == nil {
		return false
	}
	f, ok := float(v)
	if !ok {
		return false
	}
	switch c.op {
	case "<":
		return f < *c.number
	case "<=":
		return f <= *c.number
	case ">":
		return f > *c.number
	}
	return f >= *c.number
}

func (c *comparison) equal(v any) bool {
	if c.number != nil {
		if f, ok := float(v); ok {
			return f == *c.number
		}
	}
	switch v.(type) {
	case nil:
		return false
	case string, field:
	default: // a quoted literal is a string, and equals no number or boolean
		if c.quoted {
			return false
		}
	}
	text := render(v)
	if c.regex != nil {
		return c.regex.MatchString(text)
	}
	return glob(c.text, text)
}

// float gives the number that a JSON number, or a field's text, stands for.
func float(v any) (float64, bool) {
	var text string
	switch t := v.(type) {
	case json.Number:
		text = t.String()
	case field:
		text = string(t)
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// is holds for IS NULL, IS TRUE and IS FALSE.
type is struct {
	of   operand
	want any
}

func (c *is) holds(fields func(operand) []any) bool {
	for _, v := range fields(c.of) {
		if b, isBool := v.(bool); c.want == nil && v == nil || isBool && c.want == b {
			return true
		}
	}
	return false
}

type notExists struct{ of operand }

func (c *notExists) holds(fields func(operand) []any) bool { return len(fields(c.of)) == 0 }

// parser reads expressions of && and ||, the former binding tighter, and notes the operands in them.
type parser struct {
	scanner
	operand  func(s *scanner) (operand, error)
	operands []operand
	closing  string // characters that end a bare literal, beside spaces
}

func (p *parser) expression() (condition, error) {
	first, err := p.conjunction()
	if err != nil {
		return nil, err
	}
	out := anyOf{first}
	for p.space(); p.take("||"); p.space() {
		next, err := p.conjunction()
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	if len(out) == 1 {
		return first, nil
	}
	return out, nil
}

func (p *parser) conjunction() (condition, error) {
	first, err := p.primary()
	if err != nil {
		return nil, err
	}
	out := allOf{first}
	for p.space(); p.take("&&"); p.space() {
		next, err := p.primary()
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	if len(out) == 1 {
		return first, nil
	}
	return out, nil
}

func (p *parser) primary() (condition, error) {
	p.space()
	if p.take("(") {
		c, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.space(); !p.take(")") {
			return nil, fmt.Errorf("a parenthesis is not closed at %d", p.at)
		}
		return c, nil
	}
	of, err := p.operand(&p.scanner)
	if err != nil {
		return nil, err
	}
	p.operands = append(p.operands, of)
	p.space()
	if word, ok := p.keyword(); ok {
		switch word {
		case "NOT EXISTS":
			return &notExists{of}, nil
		case "IS NULL":
			return &is{of, nil}, nil
		case "IS TRUE":
			return &is{of, true}, nil
		}
		return &is{of, false}, nil
	}
	for _, op := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			return p.comparison(of, op)
		}
	}
	return nil, fmt.Errorf("%s has no operator at %d", of.name(), p.at)
}

// keyword reads IS NULL and its like, with any spaces between the words and in any case.
func (p *parser) keyword() (string, bool) {
	start := p.at
	first := strings.ToUpper(p.until(" \t\n\r" + p.closing))
	if first != "IS" && first != "NOT" {
		p.at = start
		return "", false
	}
	p.space()
	word := first + " " + strings.ToUpper(p.until(" \t\n\r&|"+p.closing))
	switch word {
	case "NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE":
		return word, true
	}
	p.at = start
	return "", false
}

func (p *parser) comparison(of operand, op string) (condition, error) {
	p.space()
	c := &comparison{of: of, op: op}
	var err error
	switch p.peek() {
	case '"':
		c.quoted = true
		c.text, err = p.quoted()
	case '%':
		if op != "=" && op != "!=" {
			return nil, fmt.Errorf("a regex cannot be compared by %s", op)
		}
		c.regex, err = p.scanner.regex()
	default:
		c.text = p.until(" \t\n\r&|" + p.closing)
		if c.text == "" {
			return nil, fmt.Errorf("a value is missing at %d", p.at)
		}
		if f, numErr := strconv.ParseFloat(c.text, 64); numErr == nil {
			c.number = &f
		} else if op != "=" && op != "!=" {
			return nil, fmt.Errorf("%s is not a number", c.text)
		}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Package rule is the language of composite alarms' rules: ALARM(a) AND NOT (OK("b") OR AT_LEAST(50%, ALARM, (c, d))).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Rule is a parsed rule.
type Rule struct {
	root   node
	alarms []string
}

// Alarms gives the names or ARNs of the alarms in the rule, each once, as they come.
func (r *Rule) Alarms() []string { return r.alarms }

// Holds evaluates the rule on the states that alarms are in: ALARM, OK or INSUFFICIENT_DATA.
func (r *Rule) Holds(state func(alarm string) string) bool { return r.root.holds(state) }

// Most of what a rule may have.
const (
	maxElements = 500
	maxDepth    = 100
)

type node interface {
	holds(state func(string) string) bool
}

type (
	constant bool
	inState  struct{ state, alarm string }
	not      struct{ of node }
	allOf    []node
	anyOf    []node
	atLeast  struct {
		count   int
		percent bool
		state   string
		negated bool
		alarms  []string
	}
)

func (n constant) holds(func(string) string) bool { return bool(n) }

func (n inState) holds(state func(string) string) bool { return state(n.alarm) == n.state }

func (n not) holds(state func(string) string) bool { return !n.of.holds(state) }

func (n allOf) holds(state func(string) string) bool {
	return !slices.ContainsFunc(n, func(m node) bool { return !m.holds(state) })
}

func (n anyOf) holds(state func(string) string) bool {
	return slices.ContainsFunc(n, func(m node) bool { return m.holds(state) })
}

func (n *atLeast) holds(state func(string) string) bool {
	have := 0
	for _, a := range n.alarms {
		if (state(a) == n.state) != n.negated {
			have++
		}
	}
	if n.percent {
		return have*100 >= n.count*len(n.alarms)
	}
	return have >= n.count
}

// Parse reads a rule.
func Parse(text string) (*Rule, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.text != "" || t.quoted {
		return nil, fmt.Errorf("unexpected %q", t.text)
	}
	if p.elements > maxElements {
		return nil, fmt.Errorf("it has more than %d elements", maxElements)
	}
	return &Rule{root: root, alarms: p.alarms}, nil
}

type token struct {
	text   string
	quoted bool
}

func scan(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')' || c == ',':
			out = append(out, token{text: string(c)})
			i++
		case c == '"':
			var name strings.Builder
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				name.WriteByte(s[i])
			}
			if i == len(s) {
				return nil, fmt.Errorf("a name is not closed: %q", name.String())
			}
			out = append(out, token{text: name.String(), quoted: true})
			i++
		default:
			from := i
			for i < len(s) && !strings.ContainsRune(" \t\r\n(),\"", rune(s[i])) {
				i++
			}
			out = append(out, token{text: s[from:i]})
		}
	}
	return out, nil
}

type parser struct {
	tokens          []token
	alarms          []string
	elements, depth int
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) take(word string) bool {
	if t := p.peek(); !t.quoted && strings.EqualFold(t.text, word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) want(sign string) error {
	if !p.take(sign) {
		return fmt.Errorf("wanted %q, found %q", sign, p.peek().text)
	}
	return nil
}

func (p *parser) or() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("it nests too deep")
	}
	defer func() { p.depth-- }()
	first, err := p.and()
	if err != nil {
		return nil, err
	}
	terms := anyOf{first}
	for p.take("OR") {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		terms = append(terms, n)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return terms, nil
}

func (p *parser) and() (node, error) {
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	terms := allOf{first}
	for p.take("AND") {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, n)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return terms, nil
}

func (p *parser) term() (node, error) {
	negated := false
	for p.take("NOT") {
		negated = !negated
	}
	n, err := p.primary()
	if err == nil && negated {
		n = not{n}
	}
	return n, err
}

func (p *parser) primary() (node, error) {
	p.elements++
	switch t := p.next(); {
	case t.quoted:
		return nil, fmt.Errorf("unexpected name %q", t.text)
	case t.text == "":
		return nil, errors.New("it ends too early")
	case t.text == "(":
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.want(")")
	case strings.EqualFold(t.text, "TRUE"):
		return constant(true), nil
	case strings.EqualFold(t.text, "FALSE"):
		return constant(false), nil
	case isState(t.text):
		if err := p.want("("); err != nil {
			return nil, err
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		return inState{strings.ToUpper(t.text), name}, p.want(")")
	case strings.EqualFold(t.text, "AT_LEAST"):
		return p.atLeast()
	default:
		return nil, fmt.Errorf("unexpected %q", t.text)
	}
}

func isState(word string) bool {
	return slices.Contains([]string{"ALARM", "OK", "INSUFFICIENT_DATA"}, strings.ToUpper(word))
}

func (p *parser) name() (string, error) {
	t := p.next()
	if t.text == "" || !t.quoted && strings.Contains("(),", t.text) {
		return "", fmt.Errorf("wanted the name of an alarm, found %q", t.text)
	}
	if !slices.Contains(p.alarms, t.text) {
		p.alarms = append(p.alarms, t.text)
	}
	return t.text, nil
}

// atLeast reads AT_LEAST(count or percentage, [NOT] state, (alarm, …)).
func (p *parser) atLeast() (node, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	n := &atLeast{}
	threshold := p.next().text
	amount, percent := strings.CutSuffix(threshold, "%")
	count, err := strconv.Atoi(amount)
	if err != nil || count < 1 || percent && count > 100 {
		return nil, fmt.Errorf("%q is no threshold of AT_LEAST", threshold)
	}
	n.count, n.percent = count, percent
	if err := p.want(","); err != nil {
		return nil, err
	}
	n.negated = p.take("NOT")
	state := p.next().text
	if !isState(state) {
		return nil, fmt.Errorf("wanted a state, found %q", state)
	}
	n.state = strings.ToUpper(state)
	if err := p.want(","); err != nil {
		return nil, err
	}
	if err := p.want("("); err != nil {
		return nil, err
	}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		n.alarms = append(n.alarms, name)
		p.elements++
		if !p.take(",") {
			break
		}
	}
	if err := p.want(")"); err != nil {
		return nil, err
	}
	if !n.percent && n.count > len(n.alarms) {
		return nil, fmt.Errorf("AT_LEAST wants %d of %d alarms", n.count, len(n.alarms))
	}
	return n, p.want(")")
}

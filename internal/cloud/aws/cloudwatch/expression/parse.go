package expression

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Error says why an expression is not valid.
type Error struct{ Reason string }

func (e *Error) Error() string { return e.Reason }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Unsupported is the error of a function that this package lacks.
type Unsupported struct{ Function string }

func (e *Unsupported) Error() string { return "the function " + e.Function + " is not supported" }

// Expression is a parsed expression.
type Expression struct {
	root node
	refs []string
}

// References gives the ids that the expression names. One with METRICS() depends on all metrics besides.
func (e *Expression) References() []string { return e.refs }

// Eval gives the expression's value. Its errors are Error and Unsupported.
func (e *Expression) Eval(env *Env) (Value, error) { return e.root.eval(env) }

// Env is what an expression is evaluated in.
type Env struct {
	Start, End int64 // seconds; the grid of FILL and TIME_SERIES
	Period     int64 // of a series made of numbers alone
	Values     map[string]Value
	Metrics    []Series // what METRICS() gives
}

type node interface {
	eval(env *Env) (Value, error)
}

type (
	literal   struct{ value Value }
	reference string
	list      []node
	call      struct {
		name string
		args []node
	}
	unary  struct{ of node }
	binary struct {
		op          string
		left, right node
	}
)

// Parse reads an expression. Its errors are Error and, for a function that CloudWatch has, Unsupported.
func Parse(expression string) (*Expression, error) {
	if word, _, _ := strings.Cut(strings.TrimSpace(expression), " "); strings.EqualFold(word, "SELECT") {
		return nil, &Unsupported{"SELECT (Metrics Insights)"}
	}
	tokens, err := scan(expression)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, errorf("unexpected %q", t.text)
	}
	return &Expression{root: root, refs: p.refs}, nil
}

type tokenKind int

const (
	end tokenKind = iota
	digits
	quoted
	name
	symbol
)

type token struct {
	kind tokenKind
	text string
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func scan(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c, from := s[i], i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case digit(c) || c == '.' && i+1 < len(s) && digit(s[i+1]):
			for i < len(s) && (digit(s[i]) || s[i] == '.' || (s[i] == 'e' || s[i] == 'E') && i+1 < len(s) && (digit(s[i+1]) || s[i+1] == '-') || s[i] == '-' && (s[i-1] == 'e' || s[i-1] == 'E')) {
				i++
			}
			out = append(out, token{digits, s[from:i]})
		case letter(c):
			for i < len(s) && (letter(s[i]) || digit(s[i])) {
				i++
			}
			out = append(out, token{name, s[from:i]})
		case c == '"' || c == '\'':
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return nil, errorf("a string is not closed")
			}
			out = append(out, token{quoted, s[i+1 : i+1+n]})
			i += n + 2
		default:
			if i+1 < len(s) && slices.Contains([]string{"==", "!=", "<=", ">=", "&&", "||"}, s[i:i+2]) {
				i += 2
			} else if strings.IndexByte("+-*/^()[],<>", c) >= 0 {
				i++
			} else {
				return nil, errorf("unexpected %q", c)
			}
			out = append(out, token{symbol, s[from:i]})
		}
	}
	return out, nil
}

// maxDepth bounds how deep an expression nests.
const maxDepth = 100

type parser struct {
	tokens []token
	refs   []string
	depth  int
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

func (p *parser) take(sign string) bool {
	if t := p.peek(); t.kind == symbol && t.text == sign {
		p.next()
		return true
	}
	return false
}

// levels are the operators that take two operands, the weakest first.
func levels() [][]string {
	return [][]string{{"OR", "||"}, {"AND", "&&"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"}}
}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels()) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		t := p.peek()
		if t.kind != symbol && t.kind != name || !slices.Contains(levels()[level], t.text) {
			return left, nil
		}
		p.next()
		var right node
		if right, err = p.binary(level + 1); err == nil {
			left = &binary{t.text, left, right}
		}
	}
	return nil, err
}

func (p *parser) unary() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorf("the expression nests too deep")
	}
	defer func() { p.depth-- }()
	if p.take("-") {
		of, err := p.unary()
		return &unary{of}, err
	}
	left, err := p.primary()
	if err != nil || !p.take("^") {
		return left, err
	}
	right, err := p.unary()
	return &binary{"^", left, right}, err
}

func (p *parser) primary() (node, error) {
	switch t := p.next(); {
	case t.kind == digits:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, errorf("%q is no number", t.text)
		}
		return literal{Number(f)}, nil
	case t.kind == quoted:
		return literal{Value{kind: text, text: t.text}}, nil
	case t.kind == name && p.take("("):
		args, err := p.list(")")
		if err != nil {
			return nil, err
		}
		return &call{t.text, args}, known(t.text)
	case t.kind == name:
		if isFilling(t.text) {
			return literal{Value{kind: text, text: t.text}}, nil
		}
		p.refs = append(p.refs, t.text)
		return reference(t.text), nil
	case t.text == "[":
		items, err := p.list("]")
		return list(items), err
	case t.text == "(":
		inner, err := p.binary(0)
		if err == nil && !p.take(")") {
			err = errorf("a parenthesis is not closed")
		}
		return inner, err
	case t.kind == end:
		return nil, errorf("it ends too early")
	default:
		return nil, errorf("unexpected %q", t.text)
	}
}

func (p *parser) list(closing string) ([]node, error) {
	var out []node
	if p.take(closing) {
		return out, nil
	}
	for {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
		if p.take(closing) {
			return out, nil
		}
		if !p.take(",") {
			return nil, errorf("unexpected %q, wanted a comma or %q", p.peek().text, closing)
		}
	}
}

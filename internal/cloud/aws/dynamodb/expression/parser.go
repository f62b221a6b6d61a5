package expression

import (
	"strconv"
	"strings"
)

// parser reads the tokens of one expression. Its methods give up at the first fault, which stays in err.
type parser struct {
	c      *Context
	text   string
	tokens []token
	at     int
	depth  int
	err    error
}

// maxNesting bounds parentheses and function calls in each other; DynamoDB's own bound is on the number of operators.
const maxNesting = 300

func (c *Context) parser(text string) (*parser, error) {
	if strings.Trim(text, " \t\r\n") == "" {
		return nil, errorf("The expression can not be empty;")
	}
	if len(text) > maxLength {
		return nil, errorf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	return &parser{c: c, text: text, tokens: scan(text)}, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// unexpected faults the token that comes next, and shows it with its neighbours.
func (p *parser) unexpected() {
	from, to := max(p.at-1, 0), min(p.at+1, len(p.tokens)-1)
	if p.tokens[to].kind == tokenEnd {
		to = max(to-1, 0)
	}
	near := ""
	if from <= to {
		near = p.text[p.tokens[from].start:p.tokens[to].end]
	}
	p.fail(errorf("Syntax error; token: %s, near: %s", quoted(p.peek().shown()), quoted(near)))
}

func quoted(s string) string { return `"` + s + `"` }

func (p *parser) sign(s string) bool {
	if t := p.peek(); t.kind != tokenSign || t.text != s {
		return false
	}
	p.at++
	return true
}

func (p *parser) keyword(word string) bool {
	if t := p.peek(); t.kind != tokenWord || !strings.EqualFold(t.text, word) {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(s string) bool {
	if p.err == nil && !p.sign(s) {
		p.unexpected()
	}
	return p.err == nil
}

func (p *parser) end() error {
	if p.err == nil && p.peek().kind != tokenEnd {
		p.unexpected()
	}
	return p.err
}

// enter counts a level of nesting; leave must follow.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxNesting {
		p.fail(errorf("The expression contains too many nested levels"))
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// path reads a document path.
func (p *parser) path() Path {
	path := Path{p.attributeName()}
	for p.err == nil {
		switch {
		case p.sign("."):
			path = append(path, p.attributeName())
		case p.sign("["):
			t := p.peek()
			n, err := strconv.Atoi(t.text)
			if t.kind != tokenIndex {
				p.unexpected()
				return nil
			}
			p.at++
			if err != nil || n > maxIndex {
				p.fail(errorf("List index is not within the allowable range; index: [%s]", t.text))
				return nil
			}
			path = append(path, Step{Index: n, List: true})
			p.want("]")
		default:
			return path
		}
	}
	return nil
}

// maxIndex is the largest list index: an item of 400 KB has fewer elements.
const maxIndex = 1 << 20

func (p *parser) attributeName() Step {
	if p.err != nil {
		return Step{}
	}
	switch t := p.peek(); t.kind {
	case tokenName:
		p.at++
		name, err := p.c.name(t.text)
		if err != nil {
			p.fail(err)
		}
		return Step{Name: name}
	case tokenWord:
		if reserved(t.text) {
			if syntactic(t.text) {
				p.unexpected()
				return Step{}
			}
			p.fail(errorf("Attribute name is a reserved keyword; reserved keyword: %s", t.text))
			return Step{}
		}
		p.at++
		return Step{Name: t.text}
	}
	p.unexpected()
	return Step{}
}

// syntactic reports whether a word belongs to the grammar, where another one would be an attribute's name.
func syntactic(word string) bool {
	switch strings.ToUpper(word) {
	case "AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE":
		return true
	}
	return false
}

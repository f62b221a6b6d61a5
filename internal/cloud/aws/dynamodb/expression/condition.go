package expression

import (
	"slices"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// Condition is a condition or a filter.
type Condition struct{ root condition }

// Match reports whether an item meets the condition. A nil item is one that does not exist.
func (c *Condition) Match(item attribute.Item) bool { return c.root.match(item) }

// Names gives the top-level attributes that the condition looks at, once each.
func (c *Condition) Names() []string {
	seen := map[string]bool{}
	var out []string
	c.root.walk(func(o operand) {
		if s, ok := o.(sizeOf); ok {
			o = s.of
		}
		if p, ok := o.(at); ok && !seen[p[0].Name] {
			seen[p[0].Name] = true
			out = append(out, p[0].Name)
		}
	})
	return out
}

// Condition parses a condition; kind is ConditionExpression or FilterExpression.
func (c *Context) Condition(kind, text string) (*Condition, error) {
	root, err := c.condition(text)
	if err != nil {
		return nil, invalid(kind, err)
	}
	return &Condition{root}, nil
}

func (c *Context) condition(text string) (condition, error) {
	p, err := c.parser(text)
	if err != nil {
		return nil, err
	}
	t := p.or()
	root := p.asCondition(t)
	if err := p.end(); err != nil {
		return nil, err
	}
	return root, nil
}

// term is what the grammar allows in parentheses: a condition or an operand.
type term struct {
	cond    condition
	operand operand
	name    string // of the function, if it is one
	parens  bool
}

func (p *parser) or() term {
	t := p.and()
	for p.err == nil && p.keyword("OR") {
		x := p.asCondition(t)
		t = term{cond: either{x, p.asCondition(p.and())}}
	}
	return t
}

func (p *parser) and() term {
	t := p.not()
	for p.err == nil && p.keyword("AND") {
		x := p.asCondition(t)
		t = term{cond: both{x, p.asCondition(p.not())}}
	}
	return t
}

func (p *parser) not() term {
	if !p.keyword("NOT") {
		return p.predicate()
	}
	if !p.enter() {
		return term{}
	}
	defer p.leave()
	return term{cond: negation{p.asCondition(p.not())}}
}

// asCondition wants a condition: an operand alone is none, and the fault is where it goes on.
func (p *parser) asCondition(t term) condition {
	if p.err == nil && t.cond == nil {
		if t.name != "" {
			p.fail(misused(t.name))
		} else {
			p.unexpected()
		}
	}
	return t.cond
}

func misused(function string) error {
	return errorf("The function is not allowed to be used this way in an expression; function: %s", function)
}

func (p *parser) asOperand(t term) operand {
	if p.err == nil && t.operand == nil {
		if t.name != "" {
			p.fail(misused(t.name))
		} else {
			p.unexpected()
		}
	}
	return t.operand
}

// predicate reads a comparison, BETWEEN, IN, a function, or something in parentheses.
func (p *parser) predicate() term {
	x := p.primary()
	if p.err != nil {
		return term{}
	}
	switch t := p.peek(); {
	case t.kind == tokenSign && comparators[t.text]:
		left := p.asOperand(x)
		p.next()
		return p.comparison(t.text, left, p.asOperand(p.primary()))
	case p.keyword("BETWEEN"):
		v := p.asOperand(x)
		low := p.asOperand(p.primary())
		if p.err == nil && !p.keyword("AND") {
			p.unexpected()
		}
		return p.interval(v, low, p.asOperand(p.primary()))
	case p.keyword("IN"):
		v := p.asOperand(x)
		p.want("(")
		list := []operand{p.asOperand(p.primary())}
		for p.err == nil && p.sign(",") {
			list = append(list, p.asOperand(p.primary()))
		}
		if p.want(")") && len(list) > 100 {
			p.fail(errorf("The IN operator is provided with too many operands; number of operands: %d", len(list)))
		}
		return term{cond: oneOf{v, list}}
	}
	return x
}

var comparators = map[string]bool{"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true}

func (p *parser) comparison(operator string, x, y operand) term {
	if p.err != nil {
		return term{}
	}
	if same(x, y) {
		p.fail(errorf("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", operator, Path(x.(at))))
		return term{}
	}
	if operator != "=" && operator != "<>" {
		for _, o := range []operand{x, y} {
			if c, ok := o.(constant); ok && !c.Type.Scalar() {
				p.fail(errorf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, c.Type))
				return term{}
			}
		}
	}
	return term{cond: comparison{operator, x, y}}
}

func same(x, y operand) bool {
	p, ok := x.(at)
	q, also := y.(at)
	return ok && also && slices.Equal(p, q)
}

func (p *parser) interval(v, low, high operand) term {
	if p.err != nil {
		return term{}
	}
	a, ok := low.(constant)
	b, also := high.(constant)
	if ok && also {
		c, comparable := attribute.Compare(attribute.Value(a), attribute.Value(b))
		switch {
		case a.Type != b.Type:
			p.fail(errorf("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", shown(a), shown(b)))
		case !comparable:
			p.fail(errorf("Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: %s", a.Type))
		case c > 0:
			p.fail(errorf("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", shown(a), shown(b)))
		}
	}
	return term{cond: between{v, low, high}}
}

func shown(c constant) string {
	text := c.Text
	if c.Type == attribute.Binary {
		text = string(c.Bin)
	}
	return "{" + string(c.Type) + ":" + text + "}"
}

// primary reads a path, a value, a function, or a term in parentheses.
func (p *parser) primary() term {
	if p.err != nil {
		return term{}
	}
	switch t := p.peek(); {
	case t.kind == tokenSign && t.text == "(":
		return p.parenthesised()
	case t.kind == tokenValue:
		p.at++
		v, err := p.c.value(t.text)
		if err != nil {
			p.fail(err)
		}
		return term{operand: constant(v)}
	case t.kind == tokenWord && !syntactic(t.text) && p.tokens[p.at+1].text == "(":
		return p.function()
	}
	return term{operand: at(p.path())}
}

func (p *parser) parenthesised() term {
	if !p.enter() {
		return term{}
	}
	defer p.leave()
	p.at++
	t := p.or()
	if !p.want(")") {
		return term{}
	}
	if t.parens {
		p.fail(errorf("The expression has redundant parentheses;"))
	}
	t.parens = true
	return t
}

func (p *parser) function() term {
	if !p.enter() {
		return term{}
	}
	defer p.leave()
	name := p.next().text
	args := p.arguments()
	if p.err != nil {
		return term{}
	}
	count, known := map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1}[name]
	if !known {
		p.fail(errorf("Invalid function name; function: %s", name))
		return term{}
	}
	if count != len(args) {
		p.fail(errorf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args)))
		return term{}
	}
	if count == 2 && same(args[0], args[1]) {
		p.fail(errorf("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", name, Path(args[0].(at))))
		return term{}
	}
	if err := checkFunction(name, args); err != nil {
		p.fail(err)
		return term{}
	}
	switch name {
	case "size":
		return term{operand: sizeOf{args[0]}, name: name}
	case "attribute_exists":
		return term{cond: exists{args[0], true}, name: name}
	case "attribute_not_exists":
		return term{cond: exists{args[0], false}, name: name}
	case "attribute_type":
		return term{cond: typed{args[0], attribute.Type(args[1].(constant).Text)}, name: name}
	case "begins_with":
		return term{cond: begins{args[0], args[1]}, name: name}
	}
	return term{cond: contains{args[0], args[1]}, name: name}
}

func (p *parser) arguments() []operand {
	p.want("(")
	args := []operand{p.asOperand(p.primary())}
	for p.err == nil && p.sign(",") {
		args = append(args, p.asOperand(p.primary()))
	}
	p.want(")")
	return args
}

// checkFunction checks what can be known of a function's operands before there is an item.
func checkFunction(name string, args []operand) error {
	wrong := func(t attribute.Type) error {
		return errorf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", name, t)
	}
	switch name {
	case "attribute_exists", "attribute_not_exists":
		if _, ok := args[0].(at); !ok {
			return errorf("Operator or function requires a document path; operator or function: %s", name)
		}
	case "attribute_type":
		t, ok := args[1].(constant)
		if !ok {
			return wrong("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
		}
		if t.Type != attribute.String {
			return wrong(t.Type)
		}
		switch attribute.Type(t.Text) {
		case attribute.String, attribute.Number, attribute.Binary, attribute.StringSet, attribute.NumberSet, attribute.BinarySet,
			attribute.Map, attribute.List, attribute.Null, attribute.Bool:
		default:
			return errorf("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", t.Text)
		}
	case "begins_with":
		for _, a := range args {
			if c, ok := a.(constant); ok && c.Type != attribute.String && c.Type != attribute.Binary {
				return wrong(c.Type)
			}
		}
	case "size":
		if c, ok := args[0].(constant); ok {
			if _, ok := attribute.Value(c).Len(); !ok {
				return wrong(c.Type)
			}
		}
	}
	return nil
}

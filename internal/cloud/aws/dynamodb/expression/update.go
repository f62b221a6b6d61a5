package expression

import (
	"cmp"
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// Update changes an item.
type Update struct {
	actions []action
	idle    bool // on an item that does not exist
}

// Idle reports whether the update does nothing where there is no item. Others make the item.
func (u *Update) Idle() bool { return u.idle }

type verb int

const (
	set verb = iota
	add
	del // it may leave nothing, and then removes
	remove
)

var verbs = map[string]verb{"SET": set, "ADD": add, "DELETE": del, "REMOVE": remove}

// action is one change. All actions look at the item as it was before the first.
type action struct {
	verb   verb
	path   Path
	value  source // nil for REMOVE
	extend bool   // ADD puts a list's elements behind another's, as AttributeUpdates does
}

// source is the right side of an action.
type source interface {
	of(item attribute.Item) (attribute.Value, error)
}

type (
	plain       struct{ operand }
	ifNotExists struct {
		path at
		or   source
	}
	listAppend struct{ x, y source }
	arithmetic struct {
		operator string
		x, y     source
	}
)

// Paths gives what the update may change.
func (u *Update) Paths() []Path {
	out := make([]Path, len(u.actions))
	for i, a := range u.actions {
		out[i] = a.path
	}
	return out
}

// Update parses an update expression.
func (c *Context) Update(text string) (*Update, error) {
	p, err := c.parser(text)
	if err != nil {
		return nil, invalid(UpdateExpression, err)
	}
	u := &Update{}
	seen := map[verb]bool{}
	for p.err == nil && (len(seen) == 0 || p.peek().kind != tokenEnd) {
		t := p.peek()
		v, ok := verbs[strings.ToUpper(t.text)]
		if t.kind != tokenWord || !ok {
			p.unexpected()
			break
		}
		p.at++
		if seen[v] {
			p.fail(errorf("The \"%s\" section can only be used once in an update expression;", strings.ToUpper(t.text)))
		}
		seen[v] = true
		u.actions = append(u.actions, p.action(v))
		for p.err == nil && p.sign(",") {
			u.actions = append(u.actions, p.action(v))
		}
	}
	if err := p.end(); err != nil {
		return nil, invalid(UpdateExpression, err)
	}
	if err := disjoint(u.Paths()); err != nil {
		return nil, invalid(UpdateExpression, err)
	}
	u.arrange()
	return u, nil
}

// arrange puts the actions into an order in which indexes stay what they were: elements are set from the front and removed
// from the back.
func (u *Update) arrange() {
	slices.SortStableFunc(u.actions, func(a, b action) int {
		if c := cmp.Compare(min(a.verb, del), min(b.verb, del)); c != 0 {
			return c
		}
		c := slices.CompareFunc(a.path, b.path, func(s, t Step) int {
			return cmp.Or(cmp.Compare(s.Index, t.Index), strings.Compare(s.Name, t.Name))
		})
		if a.verb >= del {
			return -c
		}
		return c
	})
}

func (p *parser) action(v verb) action {
	a := action{verb: v, path: p.path()}
	switch v {
	case set:
		if p.want("=") {
			a.value = p.sum()
		}
	case add, del:
		t := p.peek()
		if p.err == nil && t.kind != tokenValue {
			p.unexpected()
		}
		if p.err != nil {
			return a
		}
		p.at++
		value, err := p.c.value(t.text)
		if err != nil {
			p.fail(err)
			return a
		}
		if !value.IsSet() && (v != add || value.Type != attribute.Number) {
			name, allowed := "ADD", "ALLOWED_FOR_ADD_OPERAND"
			if v == del {
				name, allowed = "DELETE", "ALLOWED_FOR_DELETE_OPERAND"
			}
			p.fail(errorf("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: %s", name, typeNames[value.Type], allowed))
		}
		a.value = plain{constant(value)}
	}
	return a
}

var typeNames = map[attribute.Type]string{
	attribute.String: "STRING", attribute.Number: "NUMBER", attribute.Binary: "BINARY", attribute.Bool: "BOOLEAN",
	attribute.Null: "NULL", attribute.Map: "MAP", attribute.List: "LIST",
}

// sum reads operand [(+|-) operand].
func (p *parser) sum() source {
	x := p.source()
	if p.err != nil {
		return nil
	}
	t := p.peek()
	if t.kind != tokenSign || t.text != "+" && t.text != "-" {
		return x
	}
	p.at++
	y := p.source()
	if p.err != nil {
		return nil
	}
	for _, s := range []source{x, y} {
		if fixed, ok := constantOf(s); ok && fixed.Type != attribute.Number {
			p.fail(errorf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", t.text, fixed.Type))
		}
		if _, list := s.(listAppend); list {
			p.fail(errorf("Incorrect operand type for operator or function; operator or function: %s, operand type: L", t.text))
		}
	}
	return arithmetic{t.text, x, y}
}

func constantOf(s source) (constant, bool) {
	if o, ok := s.(plain); ok {
		c, ok := o.operand.(constant)
		return c, ok
	}
	return constant{}, false
}

// source reads a path, a value, a function, or one of them in parentheses.
func (p *parser) source() source {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	switch t := p.peek(); {
	case t.kind == tokenSign && t.text == "(":
		p.at++
		s := p.sum()
		p.want(")")
		return s
	case t.kind == tokenValue:
		p.at++
		v, err := p.c.value(t.text)
		if err != nil {
			p.fail(err)
		}
		return plain{constant(v)}
	case t.kind == tokenWord && !syntactic(t.text) && p.tokens[p.at+1].text == "(":
		return p.setFunction()
	}
	return plain{at(p.path())}
}

func (p *parser) setFunction() source {
	name := p.next().text
	p.want("(")
	args := []source{p.source()}
	for p.err == nil && p.sign(",") {
		args = append(args, p.source())
	}
	if !p.want(")") {
		return nil
	}
	if name != "if_not_exists" && name != "list_append" {
		p.fail(errorf("Invalid function name; function: %s", name))
		return nil
	}
	if len(args) != 2 {
		p.fail(errorf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args)))
		return nil
	}
	if name == "if_not_exists" {
		o, _ := args[0].(plain)
		path, ok := o.operand.(at)
		if !ok {
			p.fail(errorf("Operator or function requires a document path; operator or function: %s", name))
			return nil
		}
		return ifNotExists{path, args[1]}
	}
	for _, a := range args {
		if c, ok := constantOf(a); ok && c.Type != attribute.List {
			p.fail(errorf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", name, c.Type))
			return nil
		}
	}
	return listAppend{args[0], args[1]}
}

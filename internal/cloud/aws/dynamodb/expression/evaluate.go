package expression

import (
	"slices"
	"strconv"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// operand is something with a value, given an item.
type operand interface {
	value(item attribute.Item) (attribute.Value, bool)
}

type (
	at       Path
	constant attribute.Value
	sizeOf   struct{ of operand }
)

func (p at) value(item attribute.Item) (attribute.Value, bool) { return Path(p).Get(item) }

func (c constant) value(attribute.Item) (attribute.Value, bool) { return attribute.Value(c), true }

func (s sizeOf) value(item attribute.Item) (attribute.Value, bool) {
	v, ok := s.of.value(item)
	if !ok {
		return attribute.Value{}, false
	}
	n, ok := v.Len()
	return attribute.Value{Type: attribute.Number, Text: strconv.Itoa(n)}, ok
}

// condition is true or false, given an item.
type condition interface {
	match(item attribute.Item) bool
	walk(f func(operand))
}

type (
	both       struct{ x, y condition }
	either     struct{ x, y condition }
	negation   struct{ x condition }
	comparison struct {
		operator string
		x, y     operand
	}
	between struct{ x, low, high operand }
	oneOf   struct {
		x    operand
		list []operand
	}
	exists struct {
		x    operand
		want bool
	}
	typed struct {
		x    operand
		want attribute.Type
	}
	begins   struct{ x, prefix operand }
	contains struct{ x, part operand }
)

func (c both) match(item attribute.Item) bool     { return c.x.match(item) && c.y.match(item) }
func (c either) match(item attribute.Item) bool   { return c.x.match(item) || c.y.match(item) }
func (c negation) match(item attribute.Item) bool { return !c.x.match(item) }

// A comparison with something that is not there is false, but for <>, which is true.
func (c comparison) match(item attribute.Item) bool {
	x, ok := c.x.value(item)
	y, also := c.y.value(item)
	switch {
	case c.operator == "<>":
		return !ok || !also || !x.Equal(y)
	case !ok || !also:
		return false
	case c.operator == "=":
		return x.Equal(y)
	}
	n, comparable := attribute.Compare(x, y)
	if !comparable {
		return false
	}
	switch c.operator {
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

func (c between) match(item attribute.Item) bool {
	return comparison{">=", c.x, c.low}.match(item) && comparison{"<=", c.x, c.high}.match(item)
}

func (c oneOf) match(item attribute.Item) bool {
	return slices.ContainsFunc(c.list, func(o operand) bool { return comparison{"=", c.x, o}.match(item) })
}

func (c exists) match(item attribute.Item) bool {
	_, ok := c.x.value(item)
	return ok == c.want
}

func (c typed) match(item attribute.Item) bool {
	v, ok := c.x.value(item)
	return ok && v.Type == c.want
}

func (c begins) match(item attribute.Item) bool {
	v, ok := c.x.value(item)
	prefix, also := c.prefix.value(item)
	return ok && also && v.HasPrefix(prefix)
}

func (c contains) match(item attribute.Item) bool {
	v, ok := c.x.value(item)
	part, also := c.part.value(item)
	return ok && also && v.Contains(part)
}

func (c both) walk(f func(operand))       { c.x.walk(f); c.y.walk(f) }
func (c either) walk(f func(operand))     { c.x.walk(f); c.y.walk(f) }
func (c negation) walk(f func(operand))   { c.x.walk(f) }
func (c comparison) walk(f func(operand)) { f(c.x); f(c.y) }
func (c between) walk(f func(operand))    { f(c.x); f(c.low); f(c.high) }
func (c exists) walk(f func(operand))     { f(c.x) }
func (c typed) walk(f func(operand))      { f(c.x) }
func (c begins) walk(f func(operand))     { f(c.x); f(c.prefix) }
func (c contains) walk(f func(operand))   { f(c.x); f(c.part) }

func (c oneOf) walk(f func(operand)) {
	f(c.x)
	for _, o := range c.list {
		f(o)
	}
}

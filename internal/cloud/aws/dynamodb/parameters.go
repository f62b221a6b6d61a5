package dynamodb

import (
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
)

// parameters are those of a request that make up its expressions, and the older ones that came before expressions.
type parameters struct {
	expressions []named // in the order in which AWS names them
	legacy      []named
	names       map[string]string
	values      map[string]AttributeValue
}

// named is a parameter; there says whether the request has it.
type named struct {
	name  string
	there bool
}

func expr(name string, value *string) named { return named{name, value != nil} }

func present(list []named) []string {
	var out []string
	for _, n := range list {
		if n.there {
			out = append(out, n.name)
		}
	}
	return out
}

// context checks the parameters against each other, and the placeholders.
func (p parameters) context() (*expression.Context, error) {
	expressions, legacy := present(p.expressions), present(p.legacy)
	if len(expressions) > 0 && len(legacy) > 0 {
		return nil, invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
			strings.Join(legacy, ", "), strings.Join(expressions, ", "))
	}
	if len(expressions) == 0 {
		if p.names != nil {
			return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
		}
		if p.values != nil {
			var missing []string
			for _, e := range p.expressions {
				if e.name != expression.ProjectionExpression {
					missing = append(missing, e.name)
				}
			}
			return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: %s is null", strings.Join(missing, " and "))
		}
	}
	var values map[string]attribute.Value
	if p.values != nil {
		values = make(map[string]attribute.Value, len(p.values))
		for _, k := range slices.Sorted(maps.Keys(p.values)) {
			v, err := read(p.values[k], 0)
			if err != nil {
				return nil, invalid("ExpressionAttributeValues contains invalid value: %s for key %s", err.Message, k)
			}
			values[k] = v
		}
	}
	c, err := expression.NewContext(p.names, values)
	return c, asInvalid(err)
}

// expected makes the condition of Expected.
func expected(in map[string]ExpectedAttributeValue, operator *string) (*expression.Condition, error) {
	var all []*expression.Condition
	for _, name := range slices.Sorted(maps.Keys(in)) {
		c, err := expectedOne(name, in[name])
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return joined(all, operator)
}

func joined(all []*expression.Condition, operator *string) (*expression.Condition, error) {
	switch text(operator) {
	case "", "AND", "OR":
	default:
		return nil, enum(*operator, "conditionalOperator", "OR, AND")
	}
	if operator != nil && len(all) == 0 {
		return nil, invalid("ConditionalOperator cannot be used without Filter or Expected")
	}
	if operator != nil && len(all) == 1 {
		return nil, invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return expression.Join(all, text(operator) == "OR"), nil
}

func expectedOne(name string, e ExpectedAttributeValue) (*expression.Condition, error) {
	list := e.AttributeValueList
	if e.ComparisonOperator == nil {
		switch {
		case list != nil:
			return nil, invalidValue("AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", name)
		case e.Exists != nil && !*e.Exists:
			if e.Value != nil {
				return nil, invalidValue("Value cannot be used when Exists is false for Attribute: %s", name)
			}
			return comparison(name, "NULL", nil)
		case e.Value == nil:
			given := "null"
			if e.Exists != nil {
				given = "true"
			}
			return nil, invalidValue("Value must be provided when Exists is %s for Attribute: %s", given, name)
		}
		return comparison(name, "EQ", []AttributeValue{*e.Value})
	}
	switch {
	case e.Exists != nil:
		return nil, invalidValue("Exists and ComparisonOperator cannot be used together for Attribute: %s", name)
	case e.Value != nil && list != nil:
		return nil, invalidValue("Value and AttributeValueList cannot be used together for Attribute: %s", name)
	case e.Value != nil:
		list = []AttributeValue{*e.Value}
	}
	return comparison(name, *e.ComparisonOperator, list)
}

func comparison(name, operator string, list []AttributeValue) (*expression.Condition, error) {
	values, err := readList(list)
	if err != nil {
		return nil, err
	}
	c, err := expression.Comparison(name, operator, values)
	return c, asInvalid(err)
}

func readList(list []AttributeValue) ([]attribute.Value, error) {
	values := make([]attribute.Value, len(list))
	for i, v := range list {
		var err error
		if values[i], err = readValue(v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// filter makes the condition of an expression, or of QueryFilter or ScanFilter; nil for none.
func filter(c *expression.Context, text *string, in map[string]Condition, operator *string) (*expression.Condition, error) {
	if text != nil {
		out, err := c.Condition(expression.FilterExpression, *text)
		return out, asInvalid(err)
	}
	var all []*expression.Condition
	for _, name := range slices.Sorted(maps.Keys(in)) {
		one, err := comparison(name, *in[name].ComparisonOperator, in[name].AttributeValueList)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return joined(all, operator)
}

// projection makes the projection of an expression or of AttributesToGet, nil for neither.
func projection(c *expression.Context, text *string, names []string) (*expression.Projection, error) {
	var p *expression.Projection
	var err error
	switch {
	case text != nil:
		p, err = c.Projection(*text)
	case names != nil:
		if len(names) == 0 {
			return nil, invalid("1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal to 1")
		}
		p, err = expression.Attributes(names)
	}
	return p, asInvalid(err)
}

// guard has the parameters of the condition on a write.
type guard struct {
	expression *string
	expected   map[string]ExpectedAttributeValue
	operator   *string
	onFailure  *string // ReturnValuesOnConditionCheckFailure
}

func (g guard) parameters(names map[string]string, values map[string]AttributeValue) parameters {
	return parameters{
		expressions: []named{expr(expression.ConditionExpression, g.expression)},
		legacy:      []named{{"Expected", g.expected != nil}, {"ConditionalOperator", g.operator != nil}},
		names:       names, values: values,
	}
}

// write begins the change of a write whose only expression is its condition, and which may answer the old item.
func (g guard) write(returnValues *string, names map[string]string, values map[string]AttributeValue) (change, error) {
	if err := returnsOld(returnValues); err != nil {
		return change{}, err
	}
	c, err := g.parameters(names, values).context()
	if err != nil {
		return change{}, err
	}
	return g.change(c)
}

// change begins a change with its condition. It is the last to look at the expressions: what they left unused is a fault.
func (g guard) change(c *expression.Context) (change, error) {
	ch := change{}
	var err error
	if g.expression != nil {
		ch.condition, err = c.Condition(expression.ConditionExpression, *g.expression)
	} else {
		ch.condition, err = expected(g.expected, g.operator)
	}
	if err != nil {
		return ch, asInvalid(err)
	}
	switch text(g.onFailure) {
	case "", "NONE":
	case "ALL_OLD":
		ch.showOld = true
	default:
		return ch, enum(*g.onFailure, "returnValuesOnConditionCheckFailure", "ALL_OLD, NONE")
	}
	return ch, asInvalid(c.Unused())
}

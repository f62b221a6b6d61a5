package expression

import "atoll/internal/cloud/aws/dynamodb/attribute"

// KeyCondition is what a query asks of one key attribute. Operator is a comparator, BETWEEN or begins_with.
type KeyCondition struct {
	Name     string
	Operator string
	Values   []attribute.Value
}

// KeyConditions parses a key condition expression into its parts.
func (c *Context) KeyConditions(text string) ([]KeyCondition, error) {
	root, err := c.condition(text)
	if err != nil {
		return nil, invalid(KeyConditionExpression, err)
	}
	return keyConditions(root, nil)
}

func keyConditions(root condition, out []KeyCondition) ([]KeyCondition, error) {
	operator, name := "", ""
	var operands []operand
	switch c := root.(type) {
	case both:
		out, err := keyConditions(c.x, out)
		if err != nil {
			return nil, err
		}
		return keyConditions(c.y, out)
	case comparison:
		operator, operands = c.operator, []operand{c.x, c.y}
		if _, turned := c.y.(at); turned {
			operator, operands = mirrored[c.operator], []operand{c.y, c.x}
		}
	case between:
		operator, operands = "BETWEEN", []operand{c.x, c.low, c.high}
	case begins:
		operator, operands = "begins_with", []operand{c.x, c.prefix}
	case either:
		name = "OR"
	case negation:
		name = "NOT"
	case oneOf:
		name = "IN"
	case contains:
		name = "contains"
	case typed:
		name = "attribute_type"
	case exists:
		name = "attribute_not_exists"
		if c.want {
			name = "attribute_exists"
		}
	}
	if operator == "<>" {
		name = operator
	}
	if name != "" {
		return nil, errorf("Invalid operator used in KeyConditionExpression: %s", name)
	}
	return keyCondition(operator, operands, out)
}

var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func keyCondition(operator string, operands []operand, out []KeyCondition) ([]KeyCondition, error) {
	path, ok := operands[0].(at)
	if !ok {
		if _, size := operands[0].(sizeOf); size {
			return nil, errorf("KeyConditionExpressions cannot contain nested operations")
		}
		return nil, errorf("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	if len(path) > 1 {
		return nil, errorf("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	k := KeyCondition{Name: path[0].Name, Operator: operator}
	for _, o := range operands[1:] {
		switch v := o.(type) {
		case constant:
			k.Values = append(k.Values, attribute.Value(v))
		case at:
			return nil, errorf("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		default:
			return nil, errorf("KeyConditionExpressions cannot contain nested operations")
		}
	}
	for _, have := range out {
		if have.Name == k.Name {
			return nil, errorf("KeyConditionExpressions must only contain one condition per key")
		}
	}
	return append(out, k), nil
}

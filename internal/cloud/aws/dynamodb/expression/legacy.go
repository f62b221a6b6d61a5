package expression

import (
	"slices"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// Comparison makes the condition of one of the operators that came before expressions, on a top-level attribute.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Conditions.html
func Comparison(name, operator string, values []attribute.Value) (*Condition, error) {
	counts := map[string]int{"EQ": 1, "NE": 1, "LE": 1, "LT": 1, "GE": 1, "GT": 1, "CONTAINS": 1, "NOT_CONTAINS": 1, "BEGINS_WITH": 1,
		"NOT_NULL": 0, "NULL": 0, "BETWEEN": 2}
	count, known := counts[operator]
	if operator == "IN" {
		count, known = max(len(values), 1), true
	}
	if !known {
		return nil, errorf("1 validation error detected: Value '%s' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]", operator)
	}
	if len(values) != count {
		return nil, errorf("One or more parameter values were invalid: Invalid number of argument(s) for the %s ComparisonOperator", operator)
	}
	if err := comparableValues(operator, values); err != nil {
		return nil, err
	}
	x := at{Step{Name: name}}
	list := make([]operand, len(values))
	for i, v := range values {
		list[i] = constant(v)
	}
	var root condition
	switch operator {
	case "NULL":
		root = exists{x, false}
	case "NOT_NULL":
		root = exists{x, true}
	case "CONTAINS":
		root = contains{x, list[0]}
	case "NOT_CONTAINS":
		root = both{exists{x, true}, negation{contains{x, list[0]}}}
	case "BEGINS_WITH":
		root = begins{x, list[0]}
	case "BETWEEN":
		root = between{x, list[0], list[1]}
	case "IN":
		root = oneOf{x, list}
	default:
		signs := map[string]string{"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
		root = comparison{signs[operator], x, list[0]}
	}
	return &Condition{root}, nil
}

func comparableValues(operator string, values []attribute.Value) error {
	if operator == "EQ" || operator == "NE" {
		return nil
	}
	for _, v := range values {
		ok := v.Type.Scalar()
		if operator == "BEGINS_WITH" {
			ok = v.Type == attribute.String || v.Type == attribute.Binary
		}
		if !ok {
			return errorf("One or more parameter values were invalid: ComparisonOperator %s is not valid for %s AttributeValue type", operator, v.Type)
		}
	}
	return nil
}

// Join makes one condition of several: all of them must hold, or with or, one of them. It gives nil for none.
func Join(conditions []*Condition, or bool) *Condition {
	var out condition
	for _, c := range conditions {
		switch {
		case out == nil:
			out = c.root
		case or:
			out = either{out, c.root}
		default:
			out = both{out, c.root}
		}
	}
	if out == nil {
		return nil
	}
	return &Condition{out}
}

// Change is one entry of AttributeUpdates. Action is PUT, ADD or DELETE.
type Change struct {
	Name   string
	Action string
	Value  *attribute.Value
}

// Changes makes the update of AttributeUpdates.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributeUpdates.html
func Changes(changes []Change) (*Update, error) {
	u := &Update{idle: len(changes) > 0 && !slices.ContainsFunc(changes, func(c Change) bool { return c.Action != "DELETE" })}
	for _, c := range changes {
		a := action{path: Path{Step{Name: c.Name}}}
		switch {
		case c.Action == "DELETE" && c.Value == nil:
			a.verb = remove
		case c.Value == nil:
			return nil, errorf("One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified")
		case c.Action == "PUT":
			a.verb = set
		case c.Action == "ADD":
			if !c.Value.IsSet() && c.Value.Type != attribute.Number && c.Value.Type != attribute.List {
				return nil, errorf("One or more parameter values were invalid: ADD action is not supported for the type %s", c.Value.Type)
			}
			a.verb, a.extend = add, true
		case c.Action == "DELETE":
			if !c.Value.IsSet() {
				return nil, errorf("One or more parameter values were invalid: DELETE action with value is not supported for the type %s", c.Value.Type)
			}
			a.verb = del
		default:
			return nil, errorf("1 validation error detected: Value '%s' at 'attributeUpdates.%s.member.action' failed to satisfy constraint: Member must satisfy enum value set: [ADD, PUT, DELETE]", c.Action, c.Name)
		}
		if c.Value != nil {
			a.value = plain{constant(*c.Value)}
		}
		u.actions = append(u.actions, a)
	}
	u.arrange()
	return u, nil
}

// Attributes makes the projection of AttributesToGet.
func Attributes(names []string) (*Projection, error) {
	paths := make([]Path, len(names))
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			return nil, errorf("One or more parameter values were invalid: Duplicate value in attribute name: %s", n)
		}
		paths[i] = Path{Step{Name: n}}
	}
	return NewProjection(paths), nil
}

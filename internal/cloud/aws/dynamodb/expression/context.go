package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// Error is a fault of an expression, or of its use on an item, in DynamoDB's words.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// The kinds of expressions, by the names of their parameters.
const (
	ConditionExpression    = "ConditionExpression"
	FilterExpression       = "FilterExpression"
	KeyConditionExpression = "KeyConditionExpression"
	ProjectionExpression   = "ProjectionExpression"
	UpdateExpression       = "UpdateExpression"
)

// maxLength is the longest expression that DynamoDB takes, in bytes.
const maxLength = 4096

// Context is what the expressions of one request may refer to.
type Context struct {
	names  map[string]string
	values map[string]attribute.Value
	used   map[string]bool // by placeholder; those of names and of values differ in their first character
}

// NewContext checks the placeholders of a request. Nil maps are absent ones.
func NewContext(names map[string]string, values map[string]attribute.Value) (*Context, error) {
	if names != nil && len(names) == 0 {
		return nil, errorf("ExpressionAttributeNames must not be empty")
	}
	if values != nil && len(values) == 0 {
		return nil, errorf("ExpressionAttributeValues must not be empty")
	}
	for _, k := range slices.Sorted(maps.Keys(names)) {
		if !placeholder(k, '#') {
			return nil, errorf("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", k)
		}
		if names[k] == "" {
			return nil, errorf("ExpressionAttributeNames contains invalid value: The expression attribute name can not be empty; key: %s", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if !placeholder(k, ':') {
			return nil, errorf("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", k)
		}
	}
	return &Context{names: names, values: values, used: map[string]bool{}}, nil
}

func placeholder(s string, mark byte) bool {
	if len(s) < 2 || s[0] != mark {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !wordByte(s[i]) {
			return false
		}
	}
	return true
}

// Unused reports the placeholders that no expression referred to.
func (c *Context) Unused() error {
	if left := unused(c.names, c.used); left != "" {
		return errorf("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", left)
	}
	if left := unused(c.values, c.used); left != "" {
		return errorf("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", left)
	}
	return nil
}

func unused[V any](all map[string]V, used map[string]bool) string {
	var left []string
	for k := range all {
		if !used[k] {
			left = append(left, k)
		}
	}
	slices.Sort(left)
	return strings.Join(left, ", ")
}

func (c *Context) name(placeholder string) (string, error) {
	name, ok := c.names[placeholder]
	if !ok {
		return "", errorf("An expression attribute name used in the document path is not defined; attribute name: %s", placeholder)
	}
	c.used[placeholder] = true
	return name, nil
}

func (c *Context) value(placeholder string) (attribute.Value, error) {
	v, ok := c.values[placeholder]
	if !ok {
		return v, errorf("An expression attribute value used in expression is not defined; attribute value: %s", placeholder)
	}
	c.used[placeholder] = true
	return v, nil
}

// invalid puts the kind of the expression in front of a fault.
func invalid(kind string, err error) error {
	if err == nil {
		return nil
	}
	return errorf("Invalid %s: %s", kind, err.Error())
}

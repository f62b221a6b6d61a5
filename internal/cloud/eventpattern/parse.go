package eventpattern

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// reader reads one pattern.
type reader struct {
	dialect Dialect
	p       *Pattern
}

func faulty(format string, args ...any) error { return fmt.Errorf(format, args...) }

func (r *reader) object(in map[string]any, depth int) (object, error) {
	var o object
	if len(in) == 0 {
		return o, faulty("Empty patterns are not allowed")
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if alternatives, ok := in[name].([]any); ok && name == "$or" && objects(alternatives) {
			or, err := r.or(alternatives, depth)
			if err != nil {
				return o, err
			}
			o.ors = append(o.ors, or)
			continue
		}
		f, err := r.field(name, in[name], depth)
		if err != nil {
			return o, err
		}
		o.fields = append(o.fields, f)
	}
	return o, nil
}

// objects reports whether a $or is the operator: a list of at least two objects. A field may have that name too.
func objects(list []any) bool {
	for _, v := range list {
		if _, ok := v.(map[string]any); !ok {
			return false
		}
	}
	return len(list) > 1
}

func (r *reader) or(alternatives []any, depth int) ([]object, error) {
	out := make([]object, 0, len(alternatives))
	for _, a := range alternatives {
		o, err := r.object(a.(map[string]any), depth)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (r *reader) field(name string, value any, depth int) (field, error) {
	f := field{name: name}
	switch value := value.(type) {
	case map[string]any:
		r.p.nested = true
		inner, err := r.object(value, depth+1)
		f.inner = &inner
		return f, err
	case []any:
		if len(value) == 0 {
			return f, faulty("Empty arrays are not allowed")
		}
		r.p.keys++
		r.p.combinations *= len(value) * depth
		if r.p.combinations > 1<<30 {
			r.p.combinations = 1 << 30
		}
		for _, v := range value {
			c, err := r.condition(v)
			if err != nil {
				return f, err
			}
			f.conditions = append(f.conditions, c)
		}
		return f, nil
	}
	return f, faulty("%q must be an object or an array", name)
}

func (r *reader) condition(value any) (condition, error) {
	switch value := value.(type) {
	case map[string]any:
		if len(value) != 1 {
			return nil, faulty("Only one key allowed in match expression")
		}
		for operator, operand := range value {
			return r.operator(operator, operand)
		}
	case []any:
		return nil, faulty("Match value must be String, number, true, false, or null")
	}
	return r.equal(value), nil
}

// equal passes a scalar of the same value.
func (r *reader) equal(want any) condition {
	number, isNumber := want.(json.Number)
	return func(value any) bool {
		if got, ok := value.(json.Number); ok && isNumber && r.dialect.Numeric {
			a, errA := got.Float64()
			b, errB := number.Float64()
			return errA == nil && errB == nil && a == b
		}
		return value == want
	}
}

func (r *reader) operator(name string, operand any) (condition, error) {
	switch name {
	case "exists":
		want, ok := operand.(bool)
		if !ok {
			return nil, faulty("exists match pattern must be either true or false.")
		}
		return func(value any) bool { _, missing := value.(absent); return missing != want }, nil
	case "anything-but":
		return r.anythingBut(operand)
	case "numeric":
		return r.numeric(operand)
	case "cidr":
		return cidr(operand)
	}
	return r.text(name, operand)
}

// text reads the operators on strings.
func (r *reader) text(name string, operand any) (condition, error) {
	if folded, ok := operand.(map[string]any); ok && (name == "prefix" || name == "suffix") {
		want, ok := folded["equals-ignore-case"].(string)
		if !ok || len(folded) != 1 {
			return nil, faulty("%s match pattern must be a string", name)
		}
		want = strings.ToLower(want)
		return onText(func(s string) bool { return affix(name, strings.ToLower(s), want) }), nil
	}
	switch name {
	case "prefix", "suffix", "equals-ignore-case":
	case "wildcard":
		if !r.dialect.Wildcards {
			return nil, faulty("Unrecognized match type %s", name)
		}
	default:
		return nil, faulty("Unrecognized match type %s", name)
	}
	want, ok := operand.(string)
	if !ok {
		return nil, faulty("%s match pattern must be a string", name)
	}
	switch name {
	case "equals-ignore-case":
		return onText(func(s string) bool { return strings.EqualFold(s, want) }), nil
	case "wildcard":
		return wildcard(want)
	}
	return onText(func(s string) bool { return affix(name, s, want) }), nil
}

func affix(name, s, want string) bool {
	if name == "prefix" {
		return strings.HasPrefix(s, want)
	}
	return strings.HasSuffix(s, want)
}

func onText(f func(string) bool) condition {
	return func(value any) bool { s, ok := value.(string); return ok && f(s) }
}

// anythingBut passes what is there and is none of its operand, which is a scalar, a list of them, or an operator on strings with one or more.
func (r *reader) anythingBut(operand any) (condition, error) {
	var none []condition
	switch operand := operand.(type) {
	case map[string]any:
		if len(operand) != 1 {
			return nil, faulty("Only one key allowed in match expression")
		}
		for name, values := range operand {
			list, ok := values.([]any)
			if !ok {
				list = []any{values}
			}
			if len(list) == 0 {
				return nil, faulty("Anything-But expression's list must not be empty")
			}
			for _, v := range list {
				c, err := r.text(name, v)
				if err != nil {
					return nil, err
				}
				none = append(none, c)
			}
		}
	case []any:
		if len(operand) == 0 {
			return nil, faulty("Anything-But expression's list must not be empty")
		}
		texts, numbers := 0, 0
		for _, v := range operand {
			switch v.(type) {
			case string:
				texts++
			case json.Number:
				numbers++
			}
			none = append(none, r.equal(v))
		}
		if texts != len(operand) && numbers != len(operand) {
			return nil, faulty("Inside anything but list, either all values are number or string, mixed type is not supported")
		}
	case string, json.Number:
		none = append(none, r.equal(operand))
	default:
		return nil, faulty("Inside anything but list, start|null|boolean is not supported.")
	}
	return func(value any) bool {
		_, missing := value.(absent)
		return !missing && !slices.ContainsFunc(none, func(c condition) bool { return c(value) })
	}, nil
}

// numeric reads a comparison, ["=", 5], or a range, [">", 0, "<=", 5].
func (r *reader) numeric(operand any) (condition, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 {
		return nil, faulty("Value of numeric must be an array.")
	}
	if len(list) != 2 && len(list) != 4 {
		return nil, faulty("Value of numeric must be an array of one or two comparisons")
	}
	lower, upper := math.Inf(-1), math.Inf(1)
	openLower, openUpper := false, false
	for i := 0; i < len(list); i += 2 {
		sign, _ := list[i].(string)
		text, ok := list[i+1].(json.Number)
		if !ok {
			return nil, faulty("Value of %s must be numeric", sign)
		}
		n, err := text.Float64()
		if err != nil || n > r.dialect.Largest || n < -r.dialect.Largest {
			return nil, faulty("Value of %s must be between %.0f and %.0f, inclusive", sign, -r.dialect.Largest, r.dialect.Largest)
		}
		switch {
		case sign == "=" && len(list) == 2:
			lower, upper = n, n
		case (sign == ">" || sign == ">=") && i == 0:
			lower, openLower = n, sign == ">"
		case (sign == "<" || sign == "<=") && (i == 2 || len(list) == 2):
			upper, openUpper = n, sign == "<"
		default:
			return nil, faulty("Unrecognized numeric range operator: %s", sign)
		}
	}
	if lower > upper || lower == upper && (openLower || openUpper) {
		return nil, faulty("Bottom must be less than top")
	}
	return func(value any) bool {
		text, ok := value.(json.Number)
		if !ok {
			return false
		}
		n, err := text.Float64()
		return err == nil && (n > lower || n == lower && !openLower) && (n < upper || n == upper && !openUpper)
	}, nil
}

func cidr(operand any) (condition, error) {
	text, _ := operand.(string)
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, faulty("Malformed CIDR, one '/' required")
	}
	prefix = prefix.Masked()
	return onText(func(s string) bool {
		addr, err := netip.ParseAddr(s)
		return err == nil && prefix.Contains(addr.Unmap())
	}), nil
}

// wildcard reads text in which * stands for any characters, and a backslash makes * or a backslash mean itself.
func wildcard(text string) (condition, error) {
	parts := []string{""}
	for i := 0; i < len(text); i++ {
		last := len(parts) - 1
		switch c := text[i]; {
		case c == '\\':
			if i+1 == len(text) || text[i+1] != '*' && text[i+1] != '\\' {
				return nil, faulty("Invalid escape character at pos %d", i)
			}
			i++
			parts[last] += string(text[i])
		case c == '*':
			if i > 0 && text[i-1] == '*' && parts[last] == "" {
				return nil, faulty("Consecutive wildcard characters at pos %d", i-1)
			}
			parts = append(parts, "")
		default:
			parts[last] += string(c)
		}
	}
	return onText(func(s string) bool { return fits(parts, s) }), nil
}

// fits reports whether s is the parts in order, with anything between them.
func fits(parts []string, s string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		at := strings.Index(s, p)
		if at < 0 {
			return false
		}
		s = s[at+len(p):]
	}
	return true
}

package dynamodb

import (
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/wire"
)

// readValue checks a value of a request.
func readValue(v AttributeValue) (attribute.Value, error) {
	out, err := read(v, 0)
	if err != nil {
		return attribute.Value{}, err
	}
	return out, nil
}

func read(v AttributeValue, depth int) (attribute.Value, *wire.Error) {
	var zero attribute.Value
	set := 0
	for _, there := range []bool{v.S != nil, v.N != nil, v.B != nil, v.SS != nil, v.NS != nil, v.BS != nil, v.M != nil, v.L != nil, v.NULL != nil, v.BOOL != nil} {
		if there {
			set++
		}
	}
	switch {
	case set == 0:
		return zero, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case set > 1:
		return zero, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case v.S != nil:
		return attribute.Text(*v.S), nil
	case v.N != nil:
		n, err := attribute.ParseNumber(*v.N)
		if err != nil {
			return zero, invalid("%s", err.Error())
		}
		return attribute.Value{Type: attribute.Number, Text: n}, nil
	case v.B != nil:
		return attribute.Value{Type: attribute.Binary, Bin: v.B}, nil
	case v.BOOL != nil:
		return attribute.Value{Type: attribute.Bool, Bool: *v.BOOL}, nil
	case v.NULL != nil:
		if !*v.NULL {
			return zero, invalidValue("Null attribute value types must have the value of true")
		}
		return attribute.Value{Type: attribute.Null}, nil
	case v.SS != nil || v.NS != nil || v.BS != nil:
		return readSet(v)
	}
	if depth >= attribute.MaxDepth {
		return zero, errNesting()
	}
	if v.L != nil {
		out := attribute.Value{Type: attribute.List, List: make([]attribute.Value, len(v.L))}
		for i, e := range v.L {
			var err *wire.Error
			if out.List[i], err = read(e, depth+1); err != nil {
				return zero, err
			}
		}
		return out, nil
	}
	out := attribute.Value{Type: attribute.Map, Map: make(map[string]attribute.Value, len(v.M))}
	for k, e := range v.M {
		own, err := read(e, depth+1)
		if err != nil {
			return zero, err
		}
		out.Map[k] = own
	}
	return out, nil
}

func errNesting() *wire.Error {
	return invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
}

func readSet(v AttributeValue) (attribute.Value, *wire.Error) {
	var zero attribute.Value
	switch {
	case v.SS != nil:
		if len(v.SS) == 0 {
			return zero, invalidValue("An string set  may not be empty")
		}
		if repeats(v.SS) {
			return zero, invalidValue("Input collection [%s] contains duplicates.", strings.Join(v.SS, ", "))
		}
		return attribute.Value{Type: attribute.StringSet, Set: v.SS}, nil
	case v.NS != nil:
		if len(v.NS) == 0 {
			return zero, invalidValue("An number set  may not be empty")
		}
		set := make([]string, len(v.NS))
		for i, n := range v.NS {
			var err error
			if set[i], err = attribute.ParseNumber(n); err != nil {
				return zero, invalid("%s", err.Error())
			}
		}
		if repeats(set) {
			return zero, invalid("Input collection contains duplicates")
		}
		return attribute.Value{Type: attribute.NumberSet, Set: set}, nil
	}
	if len(v.BS) == 0 {
		return zero, invalidValue("Binary sets should not be empty")
	}
	set := make([]string, len(v.BS))
	for i, b := range v.BS {
		set[i] = string(b)
	}
	if repeats(set) {
		return zero, invalidValue("Input collection of type BS contains duplicates.")
	}
	return attribute.Value{Type: attribute.BinarySet, Bins: v.BS}, nil
}

func repeats(set []string) bool {
	sorted := slices.Sorted(slices.Values(set))
	return len(slices.Compact(sorted)) < len(set)
}

// readItem checks the attributes of an item or a key.
func readItem(m map[string]AttributeValue) (attribute.Item, error) {
	item := make(attribute.Item, len(m))
	for k, v := range m {
		own, err := readValue(v)
		if err != nil {
			return nil, err
		}
		if len(k) > 65535 {
			return nil, invalid("Member must have length less than or equal to 65535")
		}
		item[k] = own
	}
	return item, nil
}

// showValue renders a value for an answer.
func showValue(v attribute.Value) AttributeValue {
	switch v.Type {
	case attribute.String:
		return AttributeValue{S: &v.Text}
	case attribute.Number:
		return AttributeValue{N: &v.Text}
	case attribute.Binary:
		return AttributeValue{B: notNil(v.Bin)}
	case attribute.StringSet:
		return AttributeValue{SS: v.Set}
	case attribute.NumberSet:
		return AttributeValue{NS: v.Set}
	case attribute.BinarySet:
		bins := make([][]byte, len(v.Bins))
		for i, b := range v.Bins {
			bins[i] = notNil(b)
		}
		return AttributeValue{BS: bins}
	case attribute.Bool:
		return AttributeValue{BOOL: &v.Bool}
	case attribute.Null:
		return AttributeValue{NULL: new(true)}
	case attribute.List:
		list := make([]AttributeValue, len(v.List))
		for i, e := range v.List {
			list[i] = showValue(e)
		}
		return AttributeValue{L: list}
	}
	return AttributeValue{M: showItem(v.Map)}
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func showItem(item attribute.Item) map[string]AttributeValue {
	out := make(map[string]AttributeValue, len(item))
	for k, v := range item {
		out[k] = showValue(v)
	}
	return out
}

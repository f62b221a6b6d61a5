// Package attribute has DynamoDB's attribute values: their types, exact decimal numbers, order, sizes, and an encoding of keys
// that sorts as DynamoDB does. It knows nothing of the wire.
package attribute

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Type is a data type by its name on the wire.
type Type string

// The data types.
const (
	String    Type = "S"
	Number    Type = "N"
	Binary    Type = "B"
	StringSet Type = "SS"
	NumberSet Type = "NS"
	BinarySet Type = "BS"
	Map       Type = "M"
	List      Type = "L"
	Null      Type = "NULL"
	Bool      Type = "BOOL"
)

// MaxDepth is how many lists and maps may stand in each other.
const MaxDepth = 32

// Value is one attribute value. The member that belongs to its type is set; the others are zero.
type Value struct {
	Type Type             `json:"t"`
	Text string           `json:"s,omitempty"` // of a string; of a number in canonical form
	Bin  []byte           `json:"b,omitempty"`
	Set  []string         `json:"ss,omitempty"` // of strings, or of numbers in canonical form
	Bins [][]byte         `json:"bs,omitempty"`
	Map  map[string]Value `json:"m,omitempty"`
	List []Value          `json:"l,omitempty"`
	Bool bool             `json:"o,omitempty"`
}

// Item is an item: its attributes by name.
type Item = map[string]Value

// Text makes a string.
func Text(s string) Value { return Value{Type: String, Text: s} }

// Scalar reports whether values of a type have an order, and so may be keys.
func (t Type) Scalar() bool { return t == String || t == Number || t == Binary }

// Clone gives a copy that shares no list or map with v.
func (v Value) Clone() Value {
	switch v.Type {
	case Map:
		v.Map = CloneItem(v.Map)
	case List:
		own := make([]Value, len(v.List))
		for i, e := range v.List {
			own[i] = e.Clone()
		}
		v.List = own
	}
	return v
}

// CloneItem copies an item; scalars and sets are shared, since they are never changed in place.
func CloneItem(item Item) Item {
	own := make(Item, len(item))
	for k, v := range item {
		own[k] = v.Clone()
	}
	return own
}

// Equal reports whether two values have the same type and content. Sets have no order.
func (v Value) Equal(w Value) bool {
	if v.Type != w.Type {
		return false
	}
	switch v.Type {
	case String, Number:
		return v.Text == w.Text
	case Binary:
		return bytes.Equal(v.Bin, w.Bin)
	case Bool:
		return v.Bool == w.Bool
	case StringSet, NumberSet:
		return len(v.Set) == len(w.Set) && !slices.ContainsFunc(v.Set, func(s string) bool { return !slices.Contains(w.Set, s) })
	case BinarySet:
		return len(v.Bins) == len(w.Bins) && !slices.ContainsFunc(v.Bins, func(b []byte) bool { return !w.hasBin(b) })
	case List:
		return slices.EqualFunc(v.List, w.List, Value.Equal)
	case Map:
		if len(v.Map) != len(w.Map) {
			return false
		}
		for k, e := range v.Map {
			if f, ok := w.Map[k]; !ok || !e.Equal(f) {
				return false
			}
		}
	}
	return true
}

func (v Value) hasBin(b []byte) bool {
	return slices.ContainsFunc(v.Bins, func(e []byte) bool { return bytes.Equal(e, b) })
}

// Compare orders two scalars of one type: below zero, zero or above. Strings are ordered by their UTF-8 bytes. It reports false for others.
func Compare(v, w Value) (int, bool) {
	if v.Type != w.Type {
		return 0, false
	}
	switch v.Type {
	case String:
		return bytes.Compare([]byte(v.Text), []byte(w.Text)), true
	case Binary:
		return bytes.Compare(v.Bin, w.Bin), true
	case Number:
		return canonical(v.Text).compare(canonical(w.Text)), true
	}
	return 0, false
}

// Contains reports whether a string or binary has another as a part, or a set or list has it as an element.
func (v Value) Contains(w Value) bool {
	switch v.Type {
	case String:
		return w.Type == String && bytes.Contains([]byte(v.Text), []byte(w.Text))
	case Binary:
		return w.Type == Binary && bytes.Contains(v.Bin, w.Bin)
	case StringSet:
		return w.Type == String && slices.Contains(v.Set, w.Text)
	case NumberSet:
		return w.Type == Number && slices.Contains(v.Set, w.Text)
	case BinarySet:
		return w.Type == Binary && v.hasBin(w.Bin)
	case List:
		return slices.ContainsFunc(v.List, w.Equal)
	}
	return false
}

// HasPrefix reports whether a string or binary begins with another.
func (v Value) HasPrefix(w Value) bool {
	if v.Type != w.Type {
		return false
	}
	switch v.Type {
	case String:
		return len(w.Text) <= len(v.Text) && v.Text[:len(w.Text)] == w.Text
	case Binary:
		return bytes.HasPrefix(v.Bin, w.Bin)
	}
	return false
}

// Len is what the expression function size gives: characters, bytes or elements. It reports false where that has no meaning.
func (v Value) Len() (int, bool) {
	switch v.Type {
	case String:
		return utf8.RuneCountInString(v.Text), true
	case Binary:
		return len(v.Bin), true
	case StringSet, NumberSet:
		return len(v.Set), true
	case BinarySet:
		return len(v.Bins), true
	case List:
		return len(v.List), true
	case Map:
		return len(v.Map), true
	}
	return 0, false
}

// Union gives a set with the elements of both; both are of the same type.
func (v Value) Union(w Value) Value {
	out := Value{Type: v.Type, Set: slices.Clone(v.Set), Bins: slices.Clone(v.Bins)}
	for _, s := range w.Set {
		if !slices.Contains(out.Set, s) {
			out.Set = append(out.Set, s)
		}
	}
	for _, b := range w.Bins {
		if !out.hasBin(b) {
			out.Bins = append(out.Bins, b)
		}
	}
	return out
}

// Minus gives a set without another's elements. An empty result is no value that may be stored.
func (v Value) Minus(w Value) Value {
	out := Value{Type: v.Type}
	for _, s := range v.Set {
		if !slices.Contains(w.Set, s) {
			out.Set = append(out.Set, s)
		}
	}
	for _, b := range v.Bins {
		if !w.hasBin(b) {
			out.Bins = append(out.Bins, b)
		}
	}
	return out
}

// IsSet reports whether v is a set.
func (v Value) IsSet() bool { return v.Type == StringSet || v.Type == NumberSet || v.Type == BinarySet }

// Depth counts the lists and maps that stand in each other: 0 for a scalar.
func (v Value) Depth() int {
	deepest := 0
	for _, e := range v.List {
		deepest = max(deepest, e.Depth())
	}
	for _, e := range v.Map {
		deepest = max(deepest, e.Depth())
	}
	if v.Type == List || v.Type == Map {
		return deepest + 1
	}
	return 0
}

// Size is what a value counts for in the size of an item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (v Value) Size() int {
	switch v.Type {
	case String:
		return len(v.Text)
	case Number:
		return numberSize(v.Text)
	case Binary:
		return len(v.Bin)
	case StringSet:
		n := 0
		for _, s := range v.Set {
			n += len(s)
		}
		return n
	case NumberSet:
		n := 0
		for _, s := range v.Set {
			n += numberSize(s)
		}
		return n
	case BinarySet:
		n := 0
		for _, b := range v.Bins {
			n += len(b)
		}
		return n
	case List:
		n := 3
		for _, e := range v.List {
			n += e.Size() + 1
		}
		return n
	case Map:
		n := 3
		for k, e := range v.Map {
			n += len(k) + e.Size() + 1
		}
		return n
	}
	return 1
}

// ItemSize is the size of an item in bytes, names included.
func ItemSize(item Item) int {
	n := 0
	for k, v := range item {
		n += len(k) + v.Size()
	}
	return n
}

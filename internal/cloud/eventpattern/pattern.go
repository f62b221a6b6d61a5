// Package eventpattern is the language in which EventBridge's event patterns and SNS's filter policies tell which JSON they are about.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
package eventpattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Dialect is whose language a pattern is in.
type Dialect struct {
	// Numeric compares a bare number as a number; otherwise its text counts, so that 300 and 300.0 differ.
	Numeric bool
	// Largest is the bound of numbers in "numeric", and its negative.
	Largest float64
	// Wildcards allows the operator "wildcard".
	Wildcards bool
}

// The dialects that AWS has.
var (
	EventBridge = Dialect{Largest: 5e9, Wildcards: true}
	SNS         = Dialect{Numeric: true, Largest: 1e9}
)

// Pattern is a parsed pattern.
type Pattern struct {
	root         object
	keys         int
	combinations int
	nested       bool
}

// Keys counts the names that have conditions.
func (p *Pattern) Keys() int { return p.keys }

// Combinations is the product, over all names that have conditions, of the number of conditions and the depth.
func (p *Pattern) Combinations() int { return p.combinations }

// Nested reports whether a name lies within another.
func (p *Pattern) Nested() bool { return p.nested }

// object is a level of a pattern: all fields must hold, and of each $or one alternative.
type object struct {
	fields []field
	ors    [][]object
}

type field struct {
	name       string
	inner      *object // nil where the field has conditions
	conditions []condition
}

// condition says whether a value passes. Absent stands for a value that is not there.
type condition func(value any) bool

type absent struct{}

// Parse reads a pattern. Its errors say what is wrong in EventBridge's words where these are known.
func Parse(document []byte, dialect Dialect) (*Pattern, error) {
	value, err := decode(document)
	if err != nil {
		return nil, fmt.Errorf("the document is not valid JSON: %w", err)
	}
	top, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("Filter is not an object") //nolint:staticcheck // AWS's words
	}
	r := reader{dialect: dialect, p: &Pattern{combinations: 1}}
	root, err := r.object(top, 1)
	if err != nil {
		return nil, err
	}
	r.p.root = root
	return r.p, nil
}

// decode reads one JSON value and nothing after it, with numbers as they are written.
func decode(document []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is text after its end")
	}
	return value, nil
}

// Matches reports whether a JSON document passes the pattern.
func (p *Pattern) Matches(document []byte) (bool, error) {
	value, err := decode(document)
	if err != nil {
		return false, err
	}
	event, ok := value.(map[string]any)
	return ok && p.root.matches(event), nil
}

// MatchesValue is Matches for a decoded document, whose numbers are json.Number.
func (p *Pattern) MatchesValue(event map[string]any) bool { return p.root.matches(event) }

func (o *object) matches(event map[string]any) bool {
	for i := range o.fields {
		if !o.fields[i].matches(event) {
			return false
		}
	}
	for _, alternatives := range o.ors {
		if !anyMatches(alternatives, event) {
			return false
		}
	}
	return true
}

func anyMatches(alternatives []object, event map[string]any) bool {
	for i := range alternatives {
		if alternatives[i].matches(event) {
			return true
		}
	}
	return false
}

func (f *field) matches(event map[string]any) bool {
	value, there := event[f.name]
	if f.inner != nil {
		return within(f.inner, value)
	}
	var leaves []any
	if there {
		leaves = flatten(leaves, value)
	}
	if len(leaves) == 0 {
		leaves = []any{absent{}}
	}
	for _, leaf := range leaves {
		for _, c := range f.conditions {
			if c(leaf) {
				return true
			}
		}
	}
	return false
}

// within matches a level against what an event has there: an object, or a list one of whose objects must match as a whole.
// Anything else has none of the level's fields.
func within(o *object, value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return o.matches(value)
	case []any:
		for _, element := range value {
			if within(o, element) {
				return true
			}
		}
		return len(value) == 0 && o.matches(nil)
	}
	return o.matches(nil)
}

// flatten gives the values of a leaf: itself, or a list's elements. Objects are no leaves.
func flatten(leaves []any, value any) []any {
	switch value := value.(type) {
	case map[string]any:
	case []any:
		for _, element := range value {
			leaves = flatten(leaves, element)
		}
	default:
		leaves = append(leaves, value)
	}
	return leaves
}

package state

import (
	"encoding/json"
	"iter"
	"strings"
)

// Table is a kind of record. Its value is cheap to copy.
type Table[T any] struct{ of *records }

// TableOption adds to a table.
type TableOption[T any] func(*records)

// WithARN enters each record in the ARN index, and ties the tags of that ARN to the record's life.
func WithARN[T any](arn func(sc Scope, id string, v *T) string) TableOption[T] {
	return func(d *records) { d.arn = func(sc Scope, id string, v any) string { return arn(sc, id, v.(*T)) } }
}

// WithIndex finds records by values derived from them.
func WithIndex[T any](name string, values func(v *T) []string) TableOption[T] {
	return func(d *records) {
		d.indexes = append(d.indexes, index{name, func(v any) []string { return values(v.(*T)) }})
	}
}

// NewTable makes a table of a store and loads its records. A record that cannot be read shows in the store's Err.
func NewTable[T any](s *Store, name string, opts ...TableOption[T]) Table[T] {
	d := &records{name: name, clone: clone[T], decode: decode[T]}
	for _, o := range opts {
		o(d)
	}
	s.add(d)
	return Table[T]{of: d}
}

// add registers a table.
func (s *Store) add(d *records) {
	if d.name == "" || strings.ContainsRune(d.name, 0) {
		panic("state: bad table name")
	}
	s.register(d.name, func(tx *Tx) error { return d.load(s, tx) })
}

func clone[T any](v any) (any, []byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, nil, err
	}
	own, err := decode[T](raw)
	return own, raw, err
}

func decode[T any](raw []byte) (any, error) {
	v := new(T)
	return v, json.Unmarshal(raw, v)
}

// typed gives an iterator's values their type.
//
//go:noinline
func typed[K, T any](seq iter.Seq2[K, any]) iter.Seq2[K, *T] {
	return func(yield func(K, *T) bool) {
		seq(func(k K, v any) bool { return yield(k, v.(*T)) })
	}
}

// Get gives a record. In a View the value is shared and must not be changed; in an Update it is the caller's own copy.
func (t Table[T]) Get(tx *Tx, sc Scope, id string) (*T, bool) {
	v, ok := t.of.get(tx, sc, id)
	if !ok {
		return nil, false
	}
	return v.(*T), true
}

// Put stores a copy of a record.
func (t Table[T]) Put(tx *Tx, sc Scope, id string, v *T) { t.of.put(tx, sc, id, v) }

// Delete removes a record and, with it, its ARN and its tags. It reports whether the record was there.
func (t Table[T]) Delete(tx *Tx, sc Scope, id string) bool { return t.of.delete(tx, sc, id) }

// All gives a scope's records in the order of their ids. Values are shared: read only. Writes during the iteration are not seen.
func (t Table[T]) All(tx *Tx, sc Scope) iter.Seq2[string, *T] {
	return typed[string, T](t.of.scan(tx, sc, "", ""))
}

// From gives the records with ids after another one, for paging.
func (t Table[T]) From(tx *Tx, sc Scope, after string) iter.Seq2[string, *T] {
	return typed[string, T](t.of.scan(tx, sc, "", after))
}

// Prefix gives the records whose ids begin with prefix.
func (t Table[T]) Prefix(tx *Tx, sc Scope, prefix string) iter.Seq2[string, *T] {
	return typed[string, T](t.of.scan(tx, sc, prefix, ""))
}

// PrefixFrom gives the records whose ids begin with prefix and come after another one.
func (t Table[T]) PrefixFrom(tx *Tx, sc Scope, prefix, after string) iter.Seq2[string, *T] {
	return typed[string, T](t.of.scan(tx, sc, prefix, after))
}

// By gives the records that an index has under a value, in the order of their ids.
func (t Table[T]) By(tx *Tx, sc Scope, index, value string) iter.Seq2[string, *T] {
	return typed[string, T](t.of.by(tx, sc, index, value))
}

// AllScopes gives the records of all accounts and regions.
func (t Table[T]) AllScopes(tx *Tx) iter.Seq2[Scope, *T] { return typed[Scope, T](t.of.allScopes(tx)) }

// Scopes gives the accounts and regions that have records.
func (t Table[T]) Scopes(tx *Tx) []Scope { return t.of.scopes(tx) }

// Len counts a scope's records.
func (t Table[T]) Len(tx *Tx, sc Scope) int { return t.of.len(tx, sc) }

// Page takes up to limit records that keep accepts (nil: all); next is the id of the last one when more follow, else "".
// A limit of 0 means no bound.
func Page[T any](seq iter.Seq2[string, *T], limit int, keep func(*T) bool) (items []*T, next string) {
	last := ""
	for id, v := range seq {
		if keep != nil && !keep(v) {
			continue
		}
		if limit > 0 && len(items) == limit {
			return items, last
		}
		items, last = append(items, v), id
	}
	return items, ""
}

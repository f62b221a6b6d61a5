package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// Table is a kind of record. Its value is cheap to copy.
type Table[T any] struct{ def *definition[T] }

type definition[T any] struct {
	name    string
	arn     func(sc Scope, id string, v *T) string
	indexes []index[T]
}

type index[T any] struct {
	name   string
	values func(v *T) []string
}

// TableOption adds to a table.
type TableOption[T any] func(*definition[T])

// WithARN enters each record in the ARN index, and ties the tags of that ARN to the record's life.
func WithARN[T any](arn func(sc Scope, id string, v *T) string) TableOption[T] {
	return func(d *definition[T]) { d.arn = arn }
}

// WithIndex finds records by values derived from them.
func WithIndex[T any](name string, values func(v *T) []string) TableOption[T] {
	return func(d *definition[T]) { d.indexes = append(d.indexes, index[T]{name, values}) }
}

// NewTable makes a table of a store and loads its records. A record that cannot be read shows in the store's Err.
func NewTable[T any](s *Store, name string, opts ...TableOption[T]) Table[T] {
	if name == "" || strings.ContainsRune(name, 0) {
		panic("state: bad table name")
	}
	t := Table[T]{def: &definition[T]{name: name}}
	for _, o := range opts {
		o(t.def)
	}
	s.register(name, func(tx *Tx) error {
		return s.each(name, func(key, value []byte) error {
			parts := strings.SplitN(string(key), "\x00", 3)
			if len(parts) != 3 {
				return fmt.Errorf("%w: the table %s has the key %q", ErrCorrupt, name, key)
			}
			v := new(T)
			if err := json.Unmarshal(value, v); err != nil {
				return fmt.Errorf("%w: the record %q of %s: %w", ErrCorrupt, parts[2], name, err)
			}
			t.insert(tx, Scope{parts[0], parts[1]}, parts[2], v)
			return nil
		})
	})
	return t
}

// Keys in the tree: "r" table scope id for records, "i" table index scope value id for indexes, "a" arn for
// ARNs, "t" arn for tags, "T" account arn for ARNs with tags.

func diskKey(sc Scope, id string) []byte {
	return []byte(sc.Account + "\x00" + sc.Region + "\x00" + id)
}

func (d *definition[T]) prefix(sc Scope) []byte {
	return []byte("r" + d.name + "\x00" + sc.Account + "\x00" + sc.Region + "\x00")
}

func (d *definition[T]) key(sc Scope, id string) []byte {
	n := len(d.name) + len(sc.Account) + len(sc.Region) + len(id) + 4
	b := make([]byte, 0, n)
	b = append(append(b, 'r'), d.name...)
	b = append(append(b, 0), sc.Account...)
	b = append(append(b, 0), sc.Region...)
	return append(append(b, 0), id...)
}

func (d *definition[T]) indexKey(index string, sc Scope, value, id string) []byte {
	return []byte("i" + d.name + "\x00" + index + "\x00" + sc.Account + "\x00" + sc.Region + "\x00" + value + "\x00" + id)
}

// Get gives a record. In a View the value is shared and must not be changed; in an Update it is the caller's own copy.
func (t Table[T]) Get(tx *Tx, sc Scope, id string) (*T, bool) {
	v, ok := tx.get(t.def.key(sc, id))
	if !ok {
		return nil, false
	}
	r := v.(*T)
	if tx.txn == nil {
		return r, true
	}
	own, _, err := clone(r)
	if err != nil {
		tx.fail(fmt.Errorf("copying the record %q of %s: %w", id, t.def.name, err))
		return nil, false
	}
	return own, true
}

func clone[T any](v *T) (*T, []byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, nil, err
	}
	own := new(T)
	return own, raw, json.Unmarshal(raw, own)
}

// Put stores a copy of a record.
func (t Table[T]) Put(tx *Tx, sc Scope, id string, v *T) {
	tx.mustWrite()
	if strings.ContainsRune(id, 0) {
		tx.fail(fmt.Errorf("the id %q of %s has a NUL byte", id, t.def.name))
		return
	}
	own, raw, err := clone(v)
	if err != nil {
		tx.fail(fmt.Errorf("storing the record %q of %s: %w", id, t.def.name, err))
		return
	}
	if old, ok := tx.get(t.def.key(sc, id)); ok {
		t.unindex(tx, sc, id, old.(*T), own)
	}
	t.insert(tx, sc, id, own)
	tx.record(t.def.name, diskKey(sc, id), raw)
}

func (t Table[T]) insert(tx *Tx, sc Scope, id string, v *T) {
	tx.set(t.def.key(sc, id), v)
	for _, ix := range t.def.indexes {
		for _, value := range ix.values(v) {
			if strings.ContainsRune(value, 0) {
				tx.fail(fmt.Errorf("the record %q of %s has a NUL byte in its index %s", id, t.def.name, ix.name))
				continue
			}
			tx.set(t.def.indexKey(ix.name, sc, value, id), entry{id: id, record: v})
		}
	}
	if t.def.arn != nil {
		if arn := t.def.arn(sc, id, v); arn != "" {
			enter(tx, arn, place{table: t.def.name, scope: sc, id: id})
		}
	}
}

// entry is what an index has under a value.
type entry struct {
	id     string
	record any
}

// unindex takes a record's old entries out; those that next will have again are overwritten anyway.
func (t Table[T]) unindex(tx *Tx, sc Scope, id string, old, next *T) {
	for _, ix := range t.def.indexes {
		for _, value := range ix.values(old) {
			tx.unset(t.def.indexKey(ix.name, sc, value, id))
		}
	}
	if t.def.arn == nil {
		return
	}
	arn := t.def.arn(sc, id, old)
	if arn == "" || next != nil && t.def.arn(sc, id, next) == arn {
		return
	}
	leave(tx, arn, sc.Account)
}

// Delete removes a record and, with it, its ARN and its tags. It reports whether the record was there.
func (t Table[T]) Delete(tx *Tx, sc Scope, id string) bool {
	tx.mustWrite()
	key := t.def.key(sc, id)
	old, ok := tx.get(key)
	if !ok {
		return false
	}
	t.unindex(tx, sc, id, old.(*T), nil)
	tx.unset(key)
	tx.record(t.def.name, diskKey(sc, id), nil)
	return true
}

// All gives a scope's records in the order of their ids. Values are shared: read only. Writes during the iteration are not seen.
func (t Table[T]) All(tx *Tx, sc Scope) iter.Seq2[string, *T] { return t.scan(tx, sc, "", "") }

// From gives the records with ids after another one, for paging.
func (t Table[T]) From(tx *Tx, sc Scope, after string) iter.Seq2[string, *T] {
	return t.scan(tx, sc, "", after)
}

// Prefix gives the records whose ids begin with prefix.
func (t Table[T]) Prefix(tx *Tx, sc Scope, prefix string) iter.Seq2[string, *T] {
	return t.scan(tx, sc, prefix, "")
}

// PrefixFrom gives the records whose ids begin with prefix and come after another one.
func (t Table[T]) PrefixFrom(tx *Tx, sc Scope, prefix, after string) iter.Seq2[string, *T] {
	return t.scan(tx, sc, prefix, after)
}

func (t Table[T]) scan(tx *Tx, sc Scope, prefix, after string) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		base := t.def.prefix(sc)
		full := append(bytes.Clone(base), prefix...)
		emit := func(k []byte, v any) bool { return yield(string(k[len(base):]), v.(*T)) }
		node := tx.node()
		if after == "" || after < prefix {
			it := node.Iterator()
			it.SeekPrefix(full)
			for k, v, ok := it.Next(); ok; k, v, ok = it.Next() {
				if !emit(k, v) {
					return
				}
			}
			return
		}
		from := append(bytes.Clone(base), after...)
		it := node.Iterator()
		it.SeekLowerBound(from)
		for k, v, ok := it.Next(); ok && bytes.HasPrefix(k, full); k, v, ok = it.Next() {
			if !bytes.Equal(k, from) && !emit(k, v) {
				return
			}
		}
	}
}

// By gives the records that an index has under a value, in the order of their ids.
func (t Table[T]) By(tx *Tx, sc Scope, index, value string) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		it := tx.node().Iterator()
		it.SeekPrefix(t.def.indexKey(index, sc, value, ""))
		for _, v, ok := it.Next(); ok; _, v, ok = it.Next() {
			if e := v.(entry); !yield(e.id, e.record.(*T)) {
				return
			}
		}
	}
}

// AllScopes gives the records of all accounts and regions.
func (t Table[T]) AllScopes(tx *Tx) iter.Seq2[Scope, *T] {
	return func(yield func(Scope, *T) bool) {
		base := []byte("r" + t.def.name + "\x00")
		it := tx.node().Iterator()
		it.SeekPrefix(base)
		for k, v, ok := it.Next(); ok; k, v, ok = it.Next() {
			parts := strings.SplitN(string(k[len(base):]), "\x00", 3)
			if !yield(Scope{parts[0], parts[1]}, v.(*T)) {
				return
			}
		}
	}
}

// Scopes gives the accounts and regions that have records.
func (t Table[T]) Scopes(tx *Tx) []Scope {
	var out []Scope
	for sc := range t.AllScopes(tx) {
		if len(out) == 0 || out[len(out)-1] != sc {
			out = append(out, sc)
		}
	}
	return out
}

// Len counts a scope's records.
func (t Table[T]) Len(tx *Tx, sc Scope) int {
	n := 0
	for range t.All(tx, sc) {
		n++
	}
	return n
}

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

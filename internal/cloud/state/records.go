package state

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// records is a table behind its record type: values are pointers to it. It is apart from Table so that the compiler makes this code
// once, and not for each type in each package that sees one; its iterators are marked noinline for the same reason.
type records struct {
	name    string
	arn     func(sc Scope, id string, v any) string // nil without ARNs
	indexes []index
	clone   func(v any) (own any, raw []byte, err error)
	decode  func(raw []byte) (any, error)
}

type index struct {
	name   string
	values func(v any) []string
}

// load inserts the stored records of the table.
func (d *records) load(s *Store, tx *Tx) error {
	return s.each(d.name, func(key, value []byte) error {
		parts := strings.SplitN(string(key), "\x00", 3)
		if len(parts) != 3 {
			return fmt.Errorf("%w: the table %s has the key %q", ErrCorrupt, d.name, key)
		}
		v, err := d.decode(value)
		if err != nil {
			return fmt.Errorf("%w: the record %q of %s: %w", ErrCorrupt, parts[2], d.name, err)
		}
		d.insert(tx, Scope{parts[0], parts[1]}, parts[2], v)
		return nil
	})
}

// Keys in the tree: "r" table scope id for records, "i" table index scope value id for indexes, "a" arn for
// ARNs, "t" arn for tags, "T" account arn for ARNs with tags.

func diskKey(sc Scope, id string) []byte {
	return []byte(sc.Account + "\x00" + sc.Region + "\x00" + id)
}

func (d *records) prefix(sc Scope) []byte {
	return []byte("r" + d.name + "\x00" + sc.Account + "\x00" + sc.Region + "\x00")
}

func (d *records) key(sc Scope, id string) []byte {
	n := len(d.name) + len(sc.Account) + len(sc.Region) + len(id) + 4
	b := make([]byte, 0, n)
	b = append(append(b, 'r'), d.name...)
	b = append(append(b, 0), sc.Account...)
	b = append(append(b, 0), sc.Region...)
	return append(append(b, 0), id...)
}

func (d *records) indexPrefix(index string, sc Scope) string {
	return "i" + d.name + "\x00" + index + "\x00" + sc.Account + "\x00" + sc.Region + "\x00"
}

func (d *records) indexKey(index string, sc Scope, value, id string) []byte {
	return []byte(d.indexPrefix(index, sc) + value + "\x00" + id)
}

func (d *records) get(tx *Tx, sc Scope, id string) (any, bool) {
	v, ok := tx.get(d.key(sc, id))
	if !ok || tx.txn == nil {
		return v, ok
	}
	own, _, err := d.clone(v)
	if err != nil {
		tx.fail(fmt.Errorf("copying the record %q of %s: %w", id, d.name, err))
		return nil, false
	}
	return own, true
}

func (d *records) put(tx *Tx, sc Scope, id string, v any) {
	tx.mustWrite()
	if strings.ContainsRune(id, 0) {
		tx.fail(fmt.Errorf("the id %q of %s has a NUL byte", id, d.name))
		return
	}
	own, raw, err := d.clone(v)
	if err != nil {
		tx.fail(fmt.Errorf("storing the record %q of %s: %w", id, d.name, err))
		return
	}
	if old, ok := tx.get(d.key(sc, id)); ok {
		d.unindex(tx, sc, id, old, own)
	}
	d.insert(tx, sc, id, own)
	tx.record(d.name, diskKey(sc, id), raw)
}

func (d *records) insert(tx *Tx, sc Scope, id string, v any) {
	tx.set(d.key(sc, id), v)
	for _, ix := range d.indexes {
		for _, value := range ix.values(v) {
			if strings.ContainsRune(value, 0) {
				tx.fail(fmt.Errorf("the record %q of %s has a NUL byte in its index %s", id, d.name, ix.name))
				continue
			}
			tx.set(d.indexKey(ix.name, sc, value, id), entry{id: id, record: v})
		}
	}
	if d.arn != nil {
		if arn := d.arn(sc, id, v); arn != "" {
			enter(tx, arn, place{table: d.name, scope: sc, id: id})
		}
	}
}

// entry is what an index has under a value.
type entry struct {
	id     string
	record any
}

// unindex takes a record's old entries out; those that next, nil for none, will have again are overwritten anyway.
func (d *records) unindex(tx *Tx, sc Scope, id string, old, next any) {
	for _, ix := range d.indexes {
		for _, value := range ix.values(old) {
			tx.unset(d.indexKey(ix.name, sc, value, id))
		}
	}
	if d.arn == nil {
		return
	}
	arn := d.arn(sc, id, old)
	if arn == "" || next != nil && d.arn(sc, id, next) == arn {
		return
	}
	leave(tx, arn, sc.Account)
}

func (d *records) delete(tx *Tx, sc Scope, id string) bool {
	tx.mustWrite()
	key := d.key(sc, id)
	old, ok := tx.get(key)
	if !ok {
		return false
	}
	d.unindex(tx, sc, id, old, nil)
	tx.unset(key)
	tx.record(d.name, diskKey(sc, id), nil)
	return true
}

// scan gives the records whose ids begin with prefix and come after another one.
//
//go:noinline
func (d *records) scan(tx *Tx, sc Scope, prefix, after string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		base := d.prefix(sc)
		full := append(bytes.Clone(base), prefix...)
		emit := func(k []byte, v any) bool { return yield(string(k[len(base):]), v) }
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

//go:noinline
func (d *records) by(tx *Tx, sc Scope, index, value string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		it := tx.node().Iterator()
		it.SeekPrefix(d.indexKey(index, sc, value, ""))
		for _, v, ok := it.Next(); ok; _, v, ok = it.Next() {
			if e := v.(entry); !yield(e.id, e.record) {
				return
			}
		}
	}
}

//go:noinline
func (d *records) allScopes(tx *Tx) iter.Seq2[Scope, any] {
	return func(yield func(Scope, any) bool) {
		base := []byte("r" + d.name + "\x00")
		it := tx.node().Iterator()
		it.SeekPrefix(base)
		for k, v, ok := it.Next(); ok; k, v, ok = it.Next() {
			parts := strings.SplitN(string(k[len(base):]), "\x00", 3)
			if !yield(Scope{parts[0], parts[1]}, v) {
				return
			}
		}
	}
}

func (d *records) scopes(tx *Tx) []Scope {
	var out []Scope
	for sc := range d.allScopes(tx) {
		if len(out) == 0 || out[len(out)-1] != sc {
			out = append(out, sc)
		}
	}
	return out
}

func (d *records) len(tx *Tx, sc Scope) int {
	n := 0
	for range d.scan(tx, sc, "", "") {
		n++
	}
	return n
}

// byRange gives the positions of an index with the records that stand there.
//
//go:noinline
func (d *records) byRange(tx *Tx, sc Scope, index, from, to string, reverse bool) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		bounded(tx.node(), []byte(d.indexPrefix(index, sc)), from, to, reverse, func(at string, v any) bool { return yield(at, v.(entry).record) })
	}
}

//go:noinline
func (d *records) within(tx *Tx, sc Scope, from, to string, reverse bool) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) { bounded(tx.node(), d.prefix(sc), from, to, reverse, yield) }
}

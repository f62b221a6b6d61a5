package state

import (
	"bytes"
	"iter"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// Range gives the records with ids from from up to, and without, to; with reverse the last one comes first. Values are shared:
// read only.
func (t Table[T]) Range(tx *Tx, sc Scope, from, to string, reverse bool) iter.Seq2[string, *T] {
	return typed[string, T](t.of.within(tx, sc, from, to, reverse))
}

// ByRange gives the positions of an index from from up to, and without, to, with the records that stand there; with reverse the
// last one comes first. A position is an index value, a NUL byte and the record's id, so that values sort before ids. Values are
// shared: read only.
func (t Table[T]) ByRange(tx *Tx, sc Scope, index, from, to string, reverse bool) iter.Seq2[string, *T] {
	return typed[string, T](t.of.byRange(tx, sc, index, from, to, reverse))
}

// bounded walks the keys base+from <= key < base+to.
func bounded(node *iradix.Node[any], base []byte, from, to string, reverse bool, yield func(string, any) bool) {
	low, high := append(bytes.Clone(base), from...), append(bytes.Clone(base), to...)
	if bytes.Compare(low, high) >= 0 {
		return
	}
	if reverse {
		it := node.ReverseIterator()
		it.SeekReverseLowerBound(high)
		for k, v, ok := it.Previous(); ok && bytes.Compare(k, low) >= 0; k, v, ok = it.Previous() {
			if !bytes.Equal(k, high) && !yield(string(k[len(base):]), v) {
				return
			}
		}
		return
	}
	it := node.Iterator()
	it.SeekLowerBound(low)
	for k, v, ok := it.Next(); ok && bytes.Compare(k, high) < 0; k, v, ok = it.Next() {
		if !yield(string(k[len(base):]), v) {
			return
		}
	}
}

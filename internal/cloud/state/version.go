package state

// Version stands for the contents of a table. Versions are compared with ==.
type Version struct{ node <-chan struct{} }

// Version gives the version of all of a table's records, in all accounts and regions: Views in which it is the same see the same
// records, so that what was made from them may be kept. It changes with each Update that writes to the table, seldom with others, and
// in an Update no two calls give the same one.
func (t Table[T]) Version(tx *Tx) Version { return t.of.version(tx) }

// The tree is immutable: a write gives every node above a record a successor. Each node has a channel of its own, which tells it from
// its successors.
func (d *records) version(tx *Tx) Version {
	if tx.Writable() {
		return Version{make(chan struct{})}
	}
	it := tx.root.Root().Iterator()
	node := it.SeekPrefixWatch([]byte("r" + d.name + "\x00"))
	if _, _, any := it.Next(); !any {
		return Version{} // the node is one of other tables
	}
	return Version{node}
}

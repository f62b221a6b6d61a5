package state

import (
	iradix "github.com/hashicorp/go-immutable-radix/v2"
)

// Tx is a transaction: a snapshot in a View, a working copy in an Update. It must not outlive its function.
type Tx struct {
	root    *tree
	txn     *iradix.Txn[any] // nil in a View
	writes  map[string]write // by table and key, the last one counts
	after   []func()
	loading bool // records come from disk and are not written again
	err     error
}

// Writable reports whether the transaction belongs to an Update.
func (tx *Tx) Writable() bool { return tx.txn != nil }

// AfterCommit runs f once the Update is on disk, in the order of the Updates; never if it fails. f must not block.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

func (tx *Tx) get(key []byte) (any, bool) {
	if tx.txn != nil {
		return tx.txn.Get(key)
	}
	return tx.root.Get(key)
}

// node gives the tree as it stands now; iterators over it are not disturbed by later writes of the same transaction.
func (tx *Tx) node() *iradix.Node[any] {
	if tx.txn == nil {
		return tx.root.Root()
	}
	// Committing hands the nodes made so far over to the returned tree: later writes copy them.
	snapshot := tx.txn.CommitOnly()
	tx.txn = snapshot.Txn()
	return snapshot.Root()
}

func (tx *Tx) set(key []byte, value any) { tx.txn.Insert(key, value) }

func (tx *Tx) unset(key []byte) { tx.txn.Delete(key) }

// record notes what goes to disk.
func (tx *Tx) record(table string, key, value []byte) {
	if tx.loading {
		return
	}
	tx.writes[table+"\x00"+string(key)] = write{table: table, key: key, value: value}
}

func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

func (tx *Tx) mustWrite() {
	if tx.txn == nil {
		panic("state: a View cannot write")
	}
}

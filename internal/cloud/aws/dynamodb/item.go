package dynamodb

import (
	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
)

// maxItem is the largest item, in bytes.
const maxItem = 400 << 10

// itemRecord is an item. Its record id is its table's UID and its encoded key.
type itemRecord struct {
	Table   string // UID
	Item    attribute.Item
	Size    int
	Entries []entry // where it stands in indexes
	Expires int64   // seconds since 1970; 0: never
}

// entry is an item's place in a secondary index.
type entry struct {
	Index string // UID
	At    []byte
	Size  int
}

// entry makes an item's entry in an index. It reports false for an item without the index's keys.
func (r *tableRecord) entry(ix *indexRecord, item attribute.Item) (entry, bool) {
	at, ok := position(r.prefix(ix), ix.Keys, item)
	if !ok {
		return entry{}, false
	}
	return entry{Index: ix.UID, At: at, Size: attribute.ItemSize(r.projected(ix, item))}, true
}

// projected gives the part of an item that an index has.
func (r *tableRecord) projected(ix *indexRecord, item attribute.Item) attribute.Item {
	if ix == nil || ix.Projection == "ALL" {
		return item
	}
	out := keyOf(item, r.Keys, ix.Keys)
	for _, name := range ix.NonKey {
		if v, ok := item[name]; ok {
			out[name] = v
		}
	}
	return out
}

// projects reports whether an index has an attribute.
func (r *tableRecord) projects(ix *indexRecord, name string) bool {
	if ix.Projection == "ALL" {
		return true
	}
	for _, k := range r.Keys {
		if k.Name == name {
			return true
		}
	}
	for _, k := range ix.Keys {
		if k.Name == name {
			return true
		}
	}
	for _, n := range ix.NonKey {
		if n == name {
			return true
		}
	}
	return false
}

func (c *countRecord) add(e entry, sign int64) {
	if c.Indexes == nil {
		c.Indexes = map[string]tally{}
	}
	have := c.Indexes[e.Index]
	c.Indexes[e.Index] = tally{have.Items + sign, have.Bytes + sign*int64(e.Size)}
}

func (c *countRecord) addItem(r *itemRecord, sign int64) {
	c.Items += sign
	c.Bytes += sign * int64(r.Size)
	for _, e := range r.Entries {
		c.add(e, sign)
	}
}

// item gives an item by its record id, nil if it is not there. It is shared: read only.
func (t *txn) item(id string) *itemRecord {
	r, ok := first(t.s.items.Range(t.tx, t.sc, id, id+"\x00", false))
	if !ok {
		return nil
	}
	return r
}

// change is a write of one item, or the check of a condition on one.
type change struct {
	table     *tableRecord
	key       attribute.Item
	condition *expression.Condition // nil: none
	// next gives the item to store in place of old, which is nil if there is none; a nil result deletes. It must not change old.
	next    func(old attribute.Item) (attribute.Item, error)
	showOld bool // with a condition that fails
	check   bool // the condition only
	update  bool // next changes an item, and does not replace it
}

// effect is what a change did.
type effect struct {
	old, new attribute.Item // nil: not there
	used     usage
}

// apply carries out a change within an update.
func (t *txn) apply(c change) (*effect, error) {
	id := c.table.id(c.key)
	record := t.item(id)
	e := &effect{}
	if record != nil {
		e.old = record.Item
	}
	if c.condition != nil && !c.condition.Match(e.old) {
		if c.showOld && e.old != nil {
			return nil, errCondition(showItem(e.old))
		}
		return nil, errCondition(nil)
	}
	if c.check {
		e.used = usage{table: c.table, write: true}
		e.used.addItem(recordSize(record))
		return e, nil
	}
	var err error
	if e.new, err = c.next(e.old); err != nil {
		return nil, asInvalid(err)
	}
	if e.new == nil {
		e.used = t.store(c.table, id, record, nil)
		return e, nil
	}
	if err := c.table.checkIndexes(e.new); err != nil {
		return nil, err
	}
	for _, v := range e.new {
		if c.update && v.Depth() > attribute.MaxDepth {
			return nil, errNesting()
		}
	}
	next := c.table.record(e.new)
	if next.Size > maxItem {
		if c.update {
			return nil, invalid("Item size to update has exceeded the maximum allowed size")
		}
		return nil, invalid("Item size has exceeded the maximum allowed size")
	}
	e.used = t.store(c.table, id, record, next)
	return e, nil
}

func recordSize(r *itemRecord) int {
	if r == nil {
		return 0
	}
	return r.Size
}

// record makes the record of an item.
func (r *tableRecord) record(item attribute.Item) *itemRecord {
	out := &itemRecord{Table: r.UID, Item: item, Size: attribute.ItemSize(item), Expires: r.expires(item)}
	for i := range r.Indexes {
		if e, ok := r.entry(&r.Indexes[i], item); ok {
			out.Entries = append(out.Entries, e)
		}
	}
	return out
}

// store puts next in the place of old, either of which may be nil, and gives the capacity that the write takes.
func (t *txn) store(r *tableRecord, id string, old, next *itemRecord) usage {
	used := usage{table: r, write: true}
	used.addItem(max(recordSize(old), recordSize(next)))
	used.addEntries(old, next)
	if old == nil && next == nil {
		return used
	}
	count, ok := t.s.counts.Get(t.tx, t.sc, r.UID)
	if !ok {
		count = &countRecord{}
	}
	if old != nil {
		count.addItem(old, -1)
	}
	if next != nil {
		count.addItem(next, 1)
		t.s.items.Put(t.tx, t.sc, id, next)
	} else {
		t.s.items.Delete(t.tx, t.sc, id)
	}
	t.s.counts.Put(t.tx, t.sc, r.UID, count)
	return used
}

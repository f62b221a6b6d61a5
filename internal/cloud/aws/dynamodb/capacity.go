package dynamodb

import (
	"bytes"
	"maps"
	"slices"
)

// usage counts the capacity that a request takes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
type usage struct {
	table   *tableRecord
	write   bool
	units   float64            // of the table itself
	indexes map[string]float64 // by UID
}

const (
	readUnit  = 4 << 10 // bytes
	writeUnit = 1 << 10
)

func rounded(size, unit int) float64 { return float64(max((size+unit-1)/unit, 1)) }

// addItem counts a write of an item.
func (u *usage) addItem(size int) { u.units += rounded(size, writeUnit) }

// addRead counts a read of so many bytes, from an index if one is given.
func (u *usage) addRead(size int, consistent bool, ix *indexRecord) {
	n := rounded(size, readUnit)
	if !consistent {
		n /= 2
	}
	if ix == nil {
		u.units += n
		return
	}
	u.addIndex(ix.UID, n)
}

func (u *usage) addIndex(uid string, n float64) {
	if u.indexes == nil {
		u.indexes = map[string]float64{}
	}
	u.indexes[uid] += n
}

// addEntries counts the writes of index entries: one that moves is deleted and put.
func (u *usage) addEntries(old, next *itemRecord) {
	var before, after []entry
	if old != nil {
		before = old.Entries
	}
	if next != nil {
		after = next.Entries
	}
	for _, e := range before {
		i := slices.IndexFunc(after, func(o entry) bool { return o.Index == e.Index })
		if i < 0 || !bytes.Equal(after[i].At, e.At) {
			u.addIndex(e.Index, rounded(e.Size, writeUnit))
		}
	}
	for _, e := range after {
		size := e.Size
		if i := slices.IndexFunc(before, func(o entry) bool { return o.Index == e.Index && bytes.Equal(o.At, e.At) }); i >= 0 {
			size = max(size, before[i].Size)
		}
		u.addIndex(e.Index, rounded(size, writeUnit))
	}
}

// add counts another use of the same table, times a factor: 2 in a transaction.
func (u *usage) add(o usage, factor float64) {
	u.table, u.write = o.table, o.write
	u.units += factor * o.units
	for uid, n := range o.indexes {
		u.addIndex(uid, factor*n)
	}
}

// show renders the count as ReturnConsumedCapacity asks for it: nil with NONE or nothing.
func (u *usage) show(level *string, transaction bool) *ConsumedCapacity {
	if level == nil || *level == "NONE" {
		return nil
	}
	total := u.units
	for _, n := range u.indexes {
		total += n
	}
	c := &ConsumedCapacity{TableName: &u.table.Name, CapacityUnits: &total}
	split := func(n float64) Capacity {
		out := Capacity{CapacityUnits: &n}
		if transaction && u.write {
			out.WriteCapacityUnits = &n
		} else if transaction {
			out.ReadCapacityUnits = &n
		}
		return out
	}
	if transaction {
		whole := split(total)
		c.ReadCapacityUnits, c.WriteCapacityUnits = whole.ReadCapacityUnits, whole.WriteCapacityUnits
	}
	if *level != "INDEXES" {
		return c
	}
	c.Table = new(split(u.units))
	for _, uid := range slices.Sorted(maps.Keys(u.indexes)) {
		for i := range u.table.Indexes {
			ix := &u.table.Indexes[i]
			if ix.UID != uid {
				continue
			}
			to := &c.GlobalSecondaryIndexes
			if ix.Local {
				to = &c.LocalSecondaryIndexes
			}
			if *to == nil {
				*to = map[string]Capacity{}
			}
			(*to)[ix.Name] = split(u.indexes[uid])
		}
	}
	return c
}

// checkReturns checks the enums of what a request wants returned.
func checkReturns(capacity, metrics *string) error {
	switch text(capacity) {
	case "", "NONE", "TOTAL", "INDEXES":
	default:
		return enum(*capacity, "returnConsumedCapacity", "INDEXES, TOTAL, NONE")
	}
	switch text(metrics) {
	case "", "NONE", "SIZE":
		return nil
	}
	return enum(*metrics, "returnItemCollectionMetrics", "SIZE, NONE")
}

package dynamodb

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
	"atoll/internal/cloud/wire"
)

// maxPage bounds what a query or scan looks at for one answer, in bytes.
const maxPage = 1 << 20

// search is a query or a scan: a range of a table's or an index's positions.
type search struct {
	table      *tableRecord
	index      *indexRecord // nil: the table
	from, to   string
	reverse    bool
	limit      int // 0: none
	consistent bool
	filter     *expression.Condition
	projection *expression.Projection
	whole      bool // a local index's items with all of the table's attributes
	count      bool // no items
}

// page is an answer's worth of a search.
type page struct {
	items          []map[string]AttributeValue
	count, scanned int64
	last           map[string]AttributeValue
	used           usage
}

// selection has the parameters by which a query and a scan choose what they give of each item.
type selection struct {
	table, index, choose *string
	attributes           []string
	paths                *string
	consistent           *bool
	limit                *int64
	context              *expression.Context
}

// search begins a search with what queries and scans have in common.
func (t *txn) search(in selection) (*search, error) {
	r, err := t.itemTable(*in.table)
	if err != nil {
		return nil, err
	}
	q := &search{table: r, consistent: flag(in.consistent)}
	if in.limit != nil {
		if *in.limit < 1 {
			return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.limit)
		}
		q.limit = int(*in.limit)
	}
	if in.index != nil {
		if q.index = r.index(*in.index); q.index == nil {
			return nil, invalid("The table does not have the specified index: %s", *in.index)
		}
		if q.consistent && !q.index.Local {
			return nil, invalid("Consistent reads are not supported on global secondary indexes")
		}
	}
	if q.projection, err = projection(in.context, in.paths, in.attributes); err != nil {
		return nil, err
	}
	return q, q.choose(in)
}

// choose heeds Select.
func (q *search) choose(in selection) error {
	choice := text(in.choose)
	if q.projection != nil && choice != "" && choice != "SPECIFIC_ATTRIBUTES" {
		name := expression.ProjectionExpression
		if in.paths == nil {
			name = "AttributesToGet"
		}
		return invalid("Cannot specify the %s when choosing to get %s", name, choice)
	}
	switch choice {
	case "", "SPECIFIC_ATTRIBUTES":
		if choice != "" && q.projection == nil {
			return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	case "ALL_ATTRIBUTES":
		if q.index != nil && !q.index.Local && q.index.Projection != "ALL" {
			return invalidValue("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", q.index.Name)
		}
		q.whole = true
	case "ALL_PROJECTED_ATTRIBUTES":
		if q.index == nil {
			return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
		}
	case "COUNT":
		q.count = true
	default:
		return enum(choice, "select", "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES")
	}
	if q.index == nil || q.projection == nil {
		return nil
	}
	missing := slices.DeleteFunc(q.projection.Names(), func(n string) bool { return q.table.projects(q.index, n) })
	if len(missing) > 0 && !q.index.Local {
		return invalidValue("Global secondary index %s does not project [%s]", q.index.Name, strings.Join(missing, ", "))
	}
	q.whole = len(missing) > 0
	return nil
}

// keys gives the attributes of a position: the table's keys, and the index's.
func (q *search) keys() []keyElement {
	keys := slices.Clone(q.table.Keys)
	if q.index == nil {
		return keys
	}
	for _, k := range q.index.Keys {
		if !slices.ContainsFunc(keys, func(o keyElement) bool { return o.Name == k.Name }) {
			keys = append(keys, k)
		}
	}
	return keys
}

// start begins behind the key at which another page ended. It reports false for a key outside of the search's range.
func (q *search) start(in map[string]AttributeValue) (bool, error) {
	if in == nil {
		return true, nil
	}
	key, err := readItem(in)
	if err != nil {
		return false, invalid("The provided starting key is invalid: %s", errorMessage(err))
	}
	keys := q.keys()
	if len(key) != len(keys) {
		return false, errStart(q)
	}
	for _, k := range keys {
		if v, ok := key[k.Name]; !ok || v.Type != k.Type || emptyKey(v) != "" {
			return false, errStart(q)
		}
	}
	at := q.table.id(key)
	if q.index != nil {
		place, _ := position(q.table.prefix(q.index), q.index.Keys, key)
		at = string(place) + "\x00" + at
	}
	if at < q.from || at >= q.to {
		return false, nil
	}
	if q.reverse {
		q.to = at
	} else {
		q.from = at + "\x00"
	}
	return true, nil
}

func errStart(q *search) error {
	if q.index != nil {
		return invalid("The provided starting key is invalid")
	}
	return invalid("The provided starting key is invalid: %s", errKeySchema.Message)
}

func errorMessage(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// run reads a page.
func (t *txn) run(q *search) *page {
	p := &page{used: usage{table: q.table}}
	if !q.count {
		p.items = []map[string]AttributeValue{}
	}
	seq := t.s.items.Range(t.tx, t.sc, q.from, q.to, q.reverse)
	if q.index != nil {
		seq = t.s.items.ByRange(t.tx, t.sc, bySecondary, q.from, q.to, q.reverse)
	}
	size := 0
	var last attribute.Item
	for _, record := range seq {
		n := record.Size
		if q.index != nil {
			if i := slices.IndexFunc(record.Entries, func(e entry) bool { return e.Index == q.index.UID }); i >= 0 {
				n = record.Entries[i].Size
			}
		}
		if size+n > maxPage && p.scanned > 0 {
			p.last = showItem(last)
			break
		}
		size += n
		p.scanned++
		last = keyOf(record.Item, q.keys())
		q.take(p, record)
		if p.scanned == int64(q.limit) {
			p.last = showItem(last)
			break
		}
	}
	p.used.addRead(size, q.consistent, q.index)
	return p
}

// take adds an item to a page if the filter lets it through.
func (q *search) take(p *page, record *itemRecord) {
	item := record.Item
	if q.whole && q.index != nil && q.index.Projection != "ALL" {
		p.used.addRead(record.Size, q.consistent, nil) // fetched from the table
	} else {
		item = q.table.projected(q.index, item)
	}
	if q.filter != nil && !q.filter.Match(item) {
		return
	}
	p.count++
	if q.count {
		return
	}
	if q.projection != nil {
		item = q.projection.Apply(item)
	}
	p.items = append(p.items, showItem(item))
}

// everything makes a search go through the whole table or index, or through one segment of it.
func (q *search) everything(segment, total int64) {
	const hashes = 1 << 32
	prefix := q.table.prefix(q.index)
	q.from, q.to = prefix, prefix+"g" // behind all hexadecimal digits
	if total > 1 {
		q.from = fmt.Sprintf("%s%08x", prefix, (segment*hashes+total-1)/total)
		if segment+1 < total {
			q.to = fmt.Sprintf("%s%08x", prefix, ((segment+1)*hashes+total-1)/total)
		}
	}
}

// narrow makes a search go through what key conditions ask for.
func (q *search) narrow(conditions []expression.KeyCondition) error {
	keys := q.table.Keys
	if q.index != nil {
		keys = q.index.Keys
	}
	by := map[string]expression.KeyCondition{}
	for _, c := range conditions {
		by[c.Name] = c
	}
	var hash, sort []byte
	var last *expression.KeyCondition
	used := 0
	for i, k := range keys {
		c, ok := by[k.Name]
		switch {
		case !ok && k.Range:
			continue
		case !ok:
			return invalid("Query condition missed key schema element: %s", k.Name)
		case last != nil || used < i:
			return invalid("Query key condition not supported")
		case !k.Range && c.Operator != "=":
			return invalid("Query key condition not supported")
		}
		used++
		for _, v := range c.Values {
			if v.Type != k.Type {
				return invalidValue("Condition parameter type does not match schema type")
			}
			if what := emptyKey(v); what != "" {
				return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, k.Name)
			}
		}
		switch {
		case !k.Range:
			hash = append(attribute.Key(hash, c.Values[0]), attribute.End...)
		case c.Operator == "=":
			sort = append(attribute.Key(sort, c.Values[0]), attribute.End...)
		default:
			last = &c
		}
	}
	if used < len(by) {
		for _, k := range keys {
			if _, ok := by[k.Name]; !ok {
				return invalid("Query condition missed key schema element: %s", k.Name)
			}
		}
		return invalid("Query key condition not supported: %s is no key attribute", strings.Join(slices.Sorted(maps.Keys(by)), ", "))
	}
	base := append(partition(q.table.prefix(q.index), hash), sort...)
	q.from, q.to = string(base), successor(base)
	if last != nil {
		q.bound(base, last)
	}
	return nil
}

// bound narrows a range by a condition on the sort key that follows base.
func (q *search) bound(base []byte, c *expression.KeyCondition) {
	at := func(i int, tail string) string {
		return string(attribute.Key(slices.Clone(base), c.Values[i])) + tail
	}
	switch c.Operator {
	case "<":
		q.to = at(0, attribute.End)
	case "<=":
		q.to = at(0, attribute.After)
	case ">":
		q.from = at(0, attribute.After)
	case ">=":
		q.from = at(0, attribute.End)
	case "BETWEEN":
		q.from, q.to = at(0, attribute.End), at(1, attribute.After)
	case "begins_with":
		q.from = at(0, "")
		q.to = successor([]byte(q.from))
	}
}

// successor gives the least string above all that begin with b.
func successor(b []byte) string {
	b = slices.Clone(b)
	for len(b) > 0 && b[len(b)-1] == 0xff {
		b = b[:len(b)-1]
	}
	b[len(b)-1]++
	return string(b)
}

package dynamodb

import (
	"context"
	"maps"
	"slices"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
)

// PutItem stores an item, in place of one with its key.
func (s *Service) PutItem(ctx context.Context, in *PutItemInput) (*PutItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	g := guard{in.ConditionExpression, in.Expected, in.ConditionalOperator, in.ReturnValuesOnConditionCheckFailure}
	ch, err := g.write(in.ReturnValues, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	item, err := readItem(in.Item)
	if err != nil {
		return nil, err
	}
	out := &PutItemOutput{}
	return out, s.update(ctx, func(t *txn) error {
		e, err := t.putItem(*in.TableName, item, ch)
		if err != nil {
			return err
		}
		if text(in.ReturnValues) == "ALL_OLD" && e.old != nil {
			out.Attributes = showItem(e.old)
		}
		out.ConsumedCapacity = e.used.show(in.ReturnConsumedCapacity, false)
		out.ItemCollectionMetrics = t.collection(e.used.table, item, in.ReturnItemCollectionMetrics)
		return nil
	})
}

// putItem fills a change that puts an item, and applies it.
func (t *txn) putItem(table string, item attribute.Item, c change) (*effect, error) {
	r, err := t.itemTable(table)
	if err != nil {
		return nil, err
	}
	if err := r.checkKey(item); err != nil {
		return nil, err
	}
	c.table, c.key = r, keyOf(item, r.Keys)
	c.next = func(attribute.Item) (attribute.Item, error) { return item, nil }
	return t.apply(c)
}

// DeleteItem deletes an item, if it is there.
func (s *Service) DeleteItem(ctx context.Context, in *DeleteItemInput) (*DeleteItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	g := guard{in.ConditionExpression, in.Expected, in.ConditionalOperator, in.ReturnValuesOnConditionCheckFailure}
	ch, err := g.write(in.ReturnValues, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	out := &DeleteItemOutput{}
	return out, s.update(ctx, func(t *txn) error {
		e, err := t.deleteItem(*in.TableName, in.Key, ch)
		if err != nil {
			return err
		}
		if text(in.ReturnValues) == "ALL_OLD" && e.old != nil {
			out.Attributes = showItem(e.old)
		}
		out.ConsumedCapacity = e.used.show(in.ReturnConsumedCapacity, false)
		out.ItemCollectionMetrics = t.collection(e.used.table, e.old, in.ReturnItemCollectionMetrics)
		return nil
	})
}

func (t *txn) deleteItem(table string, key map[string]AttributeValue, c change) (*effect, error) {
	r, err := t.itemTable(table)
	if err != nil {
		return nil, err
	}
	if c.key, err = r.readKey(key); err != nil {
		return nil, err
	}
	c.table = r
	c.next = func(attribute.Item) (attribute.Item, error) { return nil, nil }
	return t.apply(c)
}

// UpdateItem changes an item, or makes it.
func (s *Service) UpdateItem(ctx context.Context, in *UpdateItemInput) (*UpdateItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	switch text(in.ReturnValues) {
	case "", "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW":
	default:
		return nil, enum(*in.ReturnValues, "returnValues", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
	}
	g := guard{in.ConditionExpression, in.Expected, in.ConditionalOperator, in.ReturnValuesOnConditionCheckFailure}
	p := g.parameters(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	p.expressions = append([]named{expr(expression.UpdateExpression, in.UpdateExpression)}, p.expressions...)
	p.legacy = append([]named{{"AttributeUpdates", in.AttributeUpdates != nil}}, p.legacy...)
	c, err := p.context()
	if err != nil {
		return nil, err
	}
	u, err := updateOf(c, in.UpdateExpression, in.AttributeUpdates)
	if err != nil {
		return nil, err
	}
	ch, err := g.change(c)
	if err != nil {
		return nil, err
	}
	out := &UpdateItemOutput{}
	return out, s.update(ctx, func(t *txn) error {
		e, err := t.updateItem(*in.TableName, in.Key, u, ch)
		if err != nil {
			return err
		}
		out.Attributes = returned(text(in.ReturnValues), u, e)
		out.ConsumedCapacity = e.used.show(in.ReturnConsumedCapacity, false)
		out.ItemCollectionMetrics = t.collection(e.used.table, e.new, in.ReturnItemCollectionMetrics)
		return nil
	})
}

func (t *txn) updateItem(table string, in map[string]AttributeValue, u *expression.Update, c change) (*effect, error) {
	r, err := t.itemTable(table)
	if err != nil {
		return nil, err
	}
	if c.key, err = r.readKey(in); err != nil {
		return nil, err
	}
	for _, p := range u.Paths() {
		if slices.ContainsFunc(r.Keys, func(k keyElement) bool { return k.Name == p[0].Name }) {
			return nil, invalidValue("Cannot update attribute %s. This attribute is part of the key", p[0].Name)
		}
	}
	c.table, c.update = r, true
	c.next = func(old attribute.Item) (attribute.Item, error) {
		if old == nil && u.Idle() {
			return nil, nil
		}
		if old == nil {
			old = c.key
		}
		return u.Apply(old)
	}
	return t.apply(c)
}

// updateOf makes the update of an expression or of AttributeUpdates; with neither, one that changes nothing.
func updateOf(c *expression.Context, expr *string, legacy map[string]AttributeValueUpdate) (*expression.Update, error) {
	if expr != nil {
		u, err := c.Update(*expr)
		return u, asInvalid(err)
	}
	var changes []expression.Change
	for _, name := range slices.Sorted(maps.Keys(legacy)) {
		in := legacy[name]
		ch := expression.Change{Name: name, Action: "PUT"}
		if in.Action != nil {
			ch.Action = *in.Action
		}
		if in.Value != nil {
			v, err := readValue(*in.Value)
			if err != nil {
				return nil, err
			}
			ch.Value = &v
		}
		changes = append(changes, ch)
	}
	u, err := expression.Changes(changes)
	return u, asInvalid(err)
}

// returned gives what UpdateItem answers for ReturnValues.
func returned(want string, u *expression.Update, e *effect) map[string]AttributeValue {
	item, part := e.new, want == "UPDATED_OLD" || want == "UPDATED_NEW"
	switch want {
	case "ALL_OLD", "UPDATED_OLD":
		item = e.old
	case "ALL_NEW", "UPDATED_NEW":
	default:
		return nil
	}
	if part && item != nil {
		item = expression.NewProjection(u.Paths()).Apply(item)
	}
	if len(item) == 0 {
		return nil
	}
	return showItem(item)
}

func returnsOld(want *string) error {
	switch text(want) {
	case "", "NONE", "ALL_OLD":
		return nil
	case "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW":
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	return enum(*want, "returnValues", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
}

const gibibyte = 1 << 30

// collection renders the metrics of an item's collection, which only tables with local indexes have. The estimate's bounds are
// those of the whole table.
func (t *txn) collection(r *tableRecord, item attribute.Item, want *string) *ItemCollectionMetrics {
	if text(want) != "SIZE" || !r.hasLocal() || item == nil {
		return nil
	}
	size := 0.0
	if count, ok := first(t.s.counts.Range(t.tx, t.sc, r.UID, r.UID+"\x00", false)); ok {
		size = float64(count.Bytes / gibibyte)
	}
	return &ItemCollectionMetrics{ItemCollectionKey: showItem(keyOf(item, r.Keys[:1])), SizeEstimateRangeGB: []float64{0, size + 1}}
}

// GetItem gives an item, or nothing.
func (s *Service) GetItem(ctx context.Context, in *GetItemInput) (*GetItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, nil); err != nil {
		return nil, err
	}
	g, err := newGetter(in.ProjectionExpression, in.ExpressionAttributeNames, in.AttributesToGet)
	if err != nil {
		return nil, err
	}
	out := &GetItemOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.itemTable(*in.TableName)
		if err != nil {
			return err
		}
		key, err := r.readKey(in.Key)
		if err != nil {
			return err
		}
		used := usage{table: r}
		out.Item = g.get(t, r, key, flag(in.ConsistentRead), &used)
		out.ConsumedCapacity = used.show(in.ReturnConsumedCapacity, false)
		return nil
	})
}

// getter reads single items through a projection.
type getter struct{ projection *expression.Projection }

func newGetter(paths *string, names map[string]string, attributes []string) (*getter, error) {
	c, err := parameters{
		expressions: []named{expr(expression.ProjectionExpression, paths)},
		legacy:      []named{{"AttributesToGet", attributes != nil}}, names: names,
	}.context()
	if err != nil {
		return nil, err
	}
	g := &getter{}
	if g.projection, err = projection(c, paths, attributes); err != nil {
		return nil, err
	}
	return g, asInvalid(c.Unused())
}

// get gives an item for an answer, nil if it is not there, and counts the read.
func (g *getter) get(t *txn, r *tableRecord, key attribute.Item, consistent bool, used *usage) map[string]AttributeValue {
	record := t.item(r.id(key))
	used.addRead(recordSize(record), consistent, nil)
	if record == nil {
		return nil
	}
	item := record.Item
	if g.projection != nil {
		item = g.projection.Apply(item)
	}
	return showItem(item)
}

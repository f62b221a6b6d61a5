package dynamodb

import (
	"context"
	"maps"
	"slices"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

const (
	maxBatchWrites = 25
	maxBatchReads  = 100
	maxBatchBytes  = 16 << 20 // of an answer
)

// BatchGetItem gives items of one or more tables. What does not fit into the answer is left unprocessed.
func (s *Service) BatchGetItem(ctx context.Context, in *BatchGetItemInput) (*BatchGetItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, nil); err != nil {
		return nil, err
	}
	if len(in.RequestItems) == 0 {
		return nil, invalid("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	names := slices.Sorted(maps.Keys(in.RequestItems))
	getters := map[string]*getter{}
	total := 0
	for _, name := range names {
		req := in.RequestItems[name]
		total += len(req.Keys)
		if len(req.Keys) == 0 {
			return nil, invalid("1 validation error detected: Value '[]' at 'requestItems.%s.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1", name)
		}
		g, err := newGetter(req.ProjectionExpression, req.ExpressionAttributeNames, req.AttributesToGet)
		if err != nil {
			return nil, err
		}
		getters[name] = g
	}
	if total > maxBatchReads {
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	out := &BatchGetItemOutput{}
	return out, s.view(ctx, func(t *txn) error {
		*out = BatchGetItemOutput{Responses: map[string][]map[string]AttributeValue{}, UnprocessedKeys: map[string]KeysAndAttributes{}}
		size := 0
		for _, name := range names {
			req := in.RequestItems[name]
			r, err := t.itemTable(name)
			if err != nil {
				return err
			}
			used := usage{table: r}
			found, seen := []map[string]AttributeValue{}, map[string]bool{}
			for i, k := range req.Keys {
				key, err := r.readKey(k)
				if err != nil {
					return err
				}
				id := r.id(key)
				if seen[id] {
					return invalid("Provided list of item keys contains duplicates")
				}
				seen[id] = true
				size += recordSize(t.item(id))
				if size > maxBatchBytes {
					left := req
					left.Keys = req.Keys[i:]
					out.UnprocessedKeys[name] = left
					break
				}
				if item := getters[name].get(t, r, key, flag(req.ConsistentRead), &used); item != nil {
					found = append(found, item)
				}
			}
			out.Responses[name] = found
			if c := used.show(in.ReturnConsumedCapacity, false); c != nil {
				out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
			}
		}
		return nil
	})
}

// BatchWriteItem puts and deletes items of one or more tables. Here they are written together.
func (s *Service) BatchWriteItem(ctx context.Context, in *BatchWriteItemInput) (*BatchWriteItemOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	if len(in.RequestItems) == 0 {
		return nil, invalid("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	total := 0
	for _, requests := range in.RequestItems {
		total += len(requests)
	}
	if total > maxBatchWrites {
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	out := &BatchWriteItemOutput{UnprocessedItems: map[string][]WriteRequest{}}
	return out, s.update(ctx, func(t *txn) error {
		for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
			if err := t.batchWrite(name, in, out); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *txn) batchWrite(name string, in *BatchWriteItemInput, out *BatchWriteItemOutput) error {
	r, err := t.itemTable(name)
	if err != nil {
		return err
	}
	requests := in.RequestItems[name]
	if len(requests) == 0 {
		return invalid("1 validation error detected: Value '[]' at 'requestItems.%s.member' failed to satisfy constraint: Member must have length greater than or equal to 1", name)
	}
	used := usage{table: r, write: true}
	seen := map[string]bool{}
	for _, req := range requests {
		var e *effect
		var key attribute.Item
		switch {
		case req.PutRequest == nil && req.DeleteRequest == nil:
			return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
		case req.PutRequest != nil && req.DeleteRequest != nil:
			return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
		case req.PutRequest != nil:
			item, err := readItem(req.PutRequest.Item)
			if err != nil {
				return err
			}
			if e, err = t.putItem(name, item, change{}); err != nil {
				return err
			}
			key = keyOf(item, r.Keys)
		default:
			if e, err = t.deleteItem(name, req.DeleteRequest.Key, change{}); err != nil {
				return err
			}
			if key, err = r.readKey(req.DeleteRequest.Key); err != nil {
				return err
			}
		}
		id := r.id(key)
		if seen[id] {
			return invalid("Provided list of item keys contains duplicates")
		}
		seen[id] = true
		used.add(e.used, 1)
		if m := t.collection(r, key, in.ReturnItemCollectionMetrics); m != nil {
			if out.ItemCollectionMetrics == nil {
				out.ItemCollectionMetrics = map[string][]ItemCollectionMetrics{}
			}
			out.ItemCollectionMetrics[name] = append(out.ItemCollectionMetrics[name], *m)
		}
	}
	if c := used.show(in.ReturnConsumedCapacity, false); c != nil {
		out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
	}
	return nil
}

package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/aws/dynamodb/expression"
	"atoll/internal/cloud/wire"
)

const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
	tokenLife           = 10 * time.Minute
)

// tokenRecord remembers a transaction by its client request token, so that a repeated one is not carried out twice.
type tokenRecord struct {
	Hash string
	Time time.Time
}

// action is one of a transaction's writes.
type action struct {
	table  string
	change change
	item   attribute.Item // of a put
	key    map[string]AttributeValue
	update *expression.Update
}

// newAction checks one of a transaction's writes, as far as that needs no table.
func newAction(in TransactWriteItem) (*action, error) {
	count := 0
	for _, there := range []bool{in.ConditionCheck != nil, in.Put != nil, in.Delete != nil, in.Update != nil} {
		if there {
			count++
		}
	}
	if count != 1 {
		return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	a := &action{}
	var g guard
	var names map[string]string
	var values map[string]AttributeValue
	var update *string
	check := false
	switch {
	case in.ConditionCheck != nil:
		c := in.ConditionCheck
		a.table, a.key, check = *c.TableName, c.Key, true
		g.expression, g.onFailure, names, values = c.ConditionExpression, c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	case in.Put != nil:
		c := in.Put
		a.table = *c.TableName
		g.expression, g.onFailure, names, values = c.ConditionExpression, c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	case in.Delete != nil:
		c := in.Delete
		a.table, a.key = *c.TableName, c.Key
		g.expression, g.onFailure, names, values = c.ConditionExpression, c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	default:
		c := in.Update
		a.table, a.key, update = *c.TableName, c.Key, c.UpdateExpression
		g.expression, g.onFailure, names, values = c.ConditionExpression, c.ReturnValuesOnConditionCheckFailure, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	}
	p := g.parameters(names, values)
	if update != nil {
		p.expressions = append([]named{expr(expression.UpdateExpression, update)}, p.expressions...)
	}
	c, err := p.context()
	if err != nil {
		return nil, err
	}
	if update != nil {
		if a.update, err = updateOf(c, update, nil); err != nil {
			return nil, err
		}
	}
	if a.change, err = g.change(c); err != nil {
		return nil, err
	}
	a.change.check = check
	if in.Put != nil {
		a.item, err = readItem(in.Put.Item)
	}
	return a, err
}

// id gives the record id of the item that an action is about.
func (a *action) id(r *tableRecord) (string, error) {
	if a.item != nil {
		return r.id(keyOf(a.item, r.Keys)), r.checkKey(a.item)
	}
	key, err := r.readKey(a.key)
	if err != nil {
		return "", err
	}
	return r.id(key), nil
}

func (a *action) apply(t *txn) (*effect, error) {
	switch {
	case a.item != nil:
		return t.putItem(a.table, a.item, a.change)
	case a.update != nil:
		return t.updateItem(a.table, a.key, a.update, a.change)
	default: // a check's change stops before it deletes
		return t.deleteItem(a.table, a.key, a.change)
	}
}

const oneOperation = "Transaction request cannot include multiple operations on one item"

// TransactWriteItems carries out up to 100 writes and checks, all of them or none.
func (s *Service) TransactWriteItems(ctx context.Context, in *TransactWriteItemsInput) (*TransactWriteItemsOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("1 validation error detected: Value '[%d items]' at 'transactItems' failed to satisfy constraint: Member must have length between 1 and 100", n)
	}
	if token := in.ClientRequestToken; token != nil && (*token == "" || len(*token) > 36) {
		return nil, invalid("1 validation error detected: Value '%s' at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36", *token)
	}
	actions := make([]*action, len(in.TransactItems))
	size := 0
	for i, item := range in.TransactItems {
		var err error
		if actions[i], err = newAction(item); err != nil {
			return nil, err
		}
		size += attribute.ItemSize(actions[i].item)
	}
	if size > maxTransactionBytes {
		return nil, invalid("The aggregate size of the items in the transaction exceeds 4 MB")
	}
	raw, err := json.Marshal(in.TransactItems)
	if err != nil {
		return nil, fmt.Errorf("hashing a transaction: %w", err)
	}
	sum := sha256.Sum256(raw)
	out := &TransactWriteItemsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		done, err := t.token(in.ClientRequestToken, hex.EncodeToString(sum[:]))
		if err != nil || done {
			return err
		}
		return t.transact(actions, in, out)
	})
}

// token notes a transaction's token, and reports whether it was carried out before.
func (t *txn) token(token *string, hash string) (bool, error) {
	old := []string{}
	for at := range t.s.tokens.ByRange(t.tx, t.sc, byTime, "", padded(t.now.Add(-tokenLife).Unix()), false) {
		_, id, _ := strings.Cut(at, "\x00")
		old = append(old, id)
	}
	for _, id := range old {
		t.s.tokens.Delete(t.tx, t.sc, id)
	}
	if token == nil {
		return false, nil
	}
	id := hex.EncodeToString([]byte(*token))
	if have, ok := t.s.tokens.Get(t.tx, t.sc, id); ok {
		if have.Hash != hash {
			return false, wire.Errorf("IdempotentParameterMismatchException", "The request uses the same client token as a previous, but non-identical request.")
		}
		return true, nil
	}
	t.s.tokens.Put(t.tx, t.sc, id, &tokenRecord{Hash: hash, Time: t.now})
	return false, nil
}

func (t *txn) transact(actions []*action, in *TransactWriteItemsInput, out *TransactWriteItemsOutput) error {
	seen := map[string]bool{}
	for _, a := range actions {
		r, err := t.itemTable(a.table)
		if err != nil {
			return err
		}
		id, err := a.id(r)
		if err != nil {
			return err
		}
		if seen[id] {
			return invalid(oneOperation)
		}
		seen[id] = true
	}
	used := map[string]*usage{}
	reasons, failed := make([]cancellationReason, len(actions)), false
	for i, a := range actions {
		e, err := a.apply(t)
		if err != nil {
			reason, ok := reasonOf(err)
			if !ok {
				return err
			}
			reasons[i], failed = reason, true
			continue
		}
		reasons[i] = cancellationReason{Code: new("None")}
		name := e.used.table.Name
		if used[name] == nil {
			used[name] = &usage{}
		}
		used[name].add(e.used, 2)
		if m := t.collection(e.used.table, e.new, in.ReturnItemCollectionMetrics); m != nil {
			if out.ItemCollectionMetrics == nil {
				out.ItemCollectionMetrics = map[string][]ItemCollectionMetrics{}
			}
			out.ItemCollectionMetrics[name] = append(out.ItemCollectionMetrics[name], *m)
		}
	}
	if failed {
		return errCanceled(reasons)
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if c := used[name].show(in.ReturnConsumedCapacity, true); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return nil
}

// reasonOf says why an action cancels its transaction; other errors fail the request as they are.
func reasonOf(err error) (cancellationReason, bool) {
	var e *wire.Error
	if !errors.As(err, &e) {
		return cancellationReason{}, false
	}
	r := cancellationReason{Message: &e.Message}
	switch e.Code {
	case "ConditionalCheckFailedException":
		r.Code = new("ConditionalCheckFailed")
		if d, ok := e.Detail.(*conditionFailed); ok {
			r.Item = d.Item
		}
	case "ValidationException":
		r.Code = new("ValidationError")
	default:
		return r, false
	}
	return r, true
}

func errCanceled(reasons []cancellationReason) *wire.Error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = *r.Code
	}
	e := wire.Errorf("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Detail = &transactionCanceled{CancellationReasons: reasons}
	return e
}

// TransactGetItems reads up to 100 items as they are at one time.
func (s *Service) TransactGetItems(ctx context.Context, in *TransactGetItemsInput) (*TransactGetItemsOutput, error) {
	if err := checkReturns(in.ReturnConsumedCapacity, nil); err != nil {
		return nil, err
	}
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("1 validation error detected: Value '[%d items]' at 'transactItems' failed to satisfy constraint: Member must have length between 1 and 100", n)
	}
	getters := make([]*getter, len(in.TransactItems))
	for i, item := range in.TransactItems {
		var err error
		if getters[i], err = newGetter(item.Get.ProjectionExpression, item.Get.ExpressionAttributeNames, nil); err != nil {
			return nil, err
		}
	}
	out := &TransactGetItemsOutput{}
	return out, s.view(ctx, func(t *txn) error {
		*out = TransactGetItemsOutput{Responses: make([]ItemResponse, len(getters))}
		used, seen := map[string]*usage{}, map[string]bool{}
		for i, g := range getters {
			get := in.TransactItems[i].Get
			r, err := t.itemTable(*get.TableName)
			if err != nil {
				return err
			}
			key, err := r.readKey(get.Key)
			if err != nil {
				return err
			}
			id := r.id(key)
			if seen[id] {
				return invalid(oneOperation)
			}
			seen[id] = true
			one := usage{table: r}
			out.Responses[i].Item = g.get(t, r, key, true, &one)
			if used[r.Name] == nil {
				used[r.Name] = &usage{}
			}
			used[r.Name].add(one, 2)
		}
		for _, name := range slices.Sorted(maps.Keys(used)) {
			if c := used[name].show(in.ReturnConsumedCapacity, true); c != nil {
				out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
			}
		}
		return nil
	})
}

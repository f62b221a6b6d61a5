package dynamodb

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias, such as alias/aws/dynamodb; it errs for one that cannot
	// encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   Keys
}

// Service is Amazon DynamoDB.
type Service struct {
	d      Deps
	tables state.Table[tableRecord]
	items  state.Table[itemRecord]
	counts state.Table[countRecord]
	tokens state.Table[tokenRecord]
}

var _ wire.Service = (*Service)(nil)

const (
	bySecondary = "secondary" // where items stand in their table's indexes
	byExpiry    = "expiry"
	byTime      = "time"
)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		tables: state.NewTable(d.Store, "dynamodb.table", state.WithARN(func(sc state.Scope, name string, _ *tableRecord) string {
			return tableARN(sc, name)
		})),
		items: state.NewTable(d.Store, "dynamodb.item",
			state.WithIndex(bySecondary, func(r *itemRecord) []string {
				at := make([]string, 0, len(r.Entries))
				for _, e := range r.Entries {
					at = append(at, string(e.At))
				}
				return at
			}),
			state.WithIndex(byExpiry, func(r *itemRecord) []string {
				if r.Expires == 0 {
					return nil
				}
				return []string{expiry(r.Table, r.Expires)}
			})),
		counts: state.NewTable[countRecord](d.Store, "dynamodb.count"),
		tokens: state.NewTable(d.Store, "dynamodb.token", state.WithIndex(byTime, func(r *tokenRecord) []string {
			return []string{padded(r.Time.Unix())}
		})),
	}
}

// padded writes seconds since 1970 so that they sort.
func padded(seconds int64) string {
	s := strconv.FormatInt(max(seconds, 0), 10)
	return "0000000000000000000"[min(len(s), 19):] + s
}

// API is the generated description of DynamoDB's wire side.
func (s *Service) API() *model.API { return API() }

func tableARN(sc state.Scope, name string) string {
	return "arn:aws:dynamodb:" + sc.Region + ":" + sc.Account + ":table/" + name
}

// txn is a transaction within one account and region, at one time.
type txn struct {
	s   *Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	return &txn{s: s, tx: tx, sc: wire.CallFrom(ctx).Scope(), now: s.d.Clock.Now()}
}

// dueError says that a read came upon a table with items to expire first.
type dueError struct{ table string }

func (e *dueError) Error() string { return "items of " + e.table + " have expired" }

// view runs a read. Where items have expired they are deleted before it.
func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	for {
		err := s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
		var due *dueError
		if !errors.As(err, &due) {
			return err
		}
		err = s.update(ctx, func(t *txn) error {
			_, err := t.table(due.table)
			if isNotFound(err) { // deleted meanwhile
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// update runs a change.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

package budgets

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	Logger *slog.Logger
}

// Service is AWS Budgets.
type Service struct {
	d       Deps
	budgets state.Table[budgetRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its table in the store.
func New(d Deps) *Service {
	return &Service{d: d, budgets: state.NewTable(d.Store, "budgets.budget",
		state.WithARN(func(sc state.Scope, name string, _ *budgetRecord) string { return budgetARN(sc.Account, name) }))}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

func budgetARN(account, name string) string { return "arn:aws:budgets::" + account + ":budget/" + name }

// txn is a transaction in the caller's account.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

// view reads in the caller's account, which is the only one that a call may name.
func (s *Service) view(ctx context.Context, account string, fn func(t *txn) error) error {
	if err := checkAccount(ctx, account); err != nil {
		return err
	}
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) update(ctx context.Context, account string, fn func(t *txn) error) error {
	if err := checkAccount(ctx, account); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	return &txn{Service: s, tx: tx, sc: wire.CallFrom(ctx).Global(), now: s.d.Clock.Now()}
}

// change edits one budget.
func (s *Service) change(ctx context.Context, account, name string, edit func(t *txn, r *budgetRecord) error) error {
	return s.update(ctx, account, func(t *txn) error {
		r, err := t.budget(name)
		if err != nil {
			return err
		}
		if err := edit(t, r); err != nil {
			return err
		}
		t.budgets.Put(t.tx, t.sc, name, r)
		return nil
	})
}

func checkAccount(ctx context.Context, account string) error {
	caller := wire.CallFrom(ctx)
	if account == caller.Account {
		return nil
	}
	if len(account) != 12 {
		return invalid("1 validation error detected: Value '%s' at 'accountId' failed to satisfy constraint: Member must have length equal to 12", account)
	}
	return wire.Errorf("AccessDeniedException", "Account %s is not authorized to call AWS Budgets for account %s", caller.Account, account)
}

package iam

import (
	"context"
	"log/slog"
	"net/http"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   *auth.Keys
	HTTP   *http.Client // reaches OpenID Connect providers for their thumbprints
}

// Service is AWS Identity and Access Management.
type Service struct {
	d Deps
	tables
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service { return &Service{d: d, tables: newTables(d.Store)} }

// API is the generated description of IAM's wire side.
func (s *Service) API() *model.API { return API() }

// tables are the service's records, all in the account's global scope. Names are unique whatever their case, so the ids of the
// records are the names in lower case.
type tables struct {
	roles     state.Table[roleRecord]
	users     state.Table[userRecord]
	groups    state.Table[groupRecord]
	policies  state.Table[policyRecord]
	profiles  state.Table[instanceProfileRecord]
	providers state.Table[oidcProviderRecord] // by URL, without its scheme
	accounts  state.Table[accountRecord]      // one, with the id accountID
	deletions state.Table[deletionRecord]     // by task id
}

func newTables(st *state.Store) tables {
	return tables{
		roles: state.NewTable(st, "iam.role",
			state.WithARN(func(sc state.Scope, _ string, r *roleRecord) string { return r.arn(sc.Account) }),
			state.WithIndex("policy", func(r *roleRecord) []string { return r.Attached }),
			state.WithIndex("boundary", func(r *roleRecord) []string { return some(r.Boundary) })),
		users: state.NewTable(st, "iam.user",
			state.WithARN(func(sc state.Scope, _ string, r *userRecord) string { return r.arn(sc.Account) }),
			state.WithIndex("policy", func(r *userRecord) []string { return r.Attached }),
			state.WithIndex("boundary", func(r *userRecord) []string { return some(r.Boundary) }),
			state.WithIndex("group", func(r *userRecord) []string { return r.Groups })),
		groups: state.NewTable(st, "iam.group",
			state.WithARN(func(sc state.Scope, _ string, r *groupRecord) string { return r.arn(sc.Account) }),
			state.WithIndex("policy", func(r *groupRecord) []string { return r.Attached })),
		policies: state.NewTable(st, "iam.policy",
			state.WithARN(func(sc state.Scope, _ string, r *policyRecord) string { return r.arn(sc.Account) })),
		profiles: state.NewTable(st, "iam.instance-profile",
			state.WithARN(func(sc state.Scope, _ string, r *instanceProfileRecord) string { return r.arn(sc.Account) }),
			state.WithIndex("role", func(r *instanceProfileRecord) []string { return some(r.Role) })),
		providers: state.NewTable(st, "iam.oidc-provider",
			state.WithARN(func(sc state.Scope, id string, _ *oidcProviderRecord) string { return providerARN(sc.Account, id) })),
		accounts:  state.NewTable[accountRecord](st, "iam.account"),
		deletions: state.NewTable[deletionRecord](st, "iam.role-deletion"),
	}
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// txn is a transaction within one account. What the resources do inside of a transaction are its methods.
type txn struct {
	s  *Service
	tx *state.Tx
	sc state.Scope
}

// view runs a read in the caller's account.
func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Global()
	return s.d.Store.View(func(tx *state.Tx) error { return fn(&txn{s: s, tx: tx, sc: sc}) })
}

// update runs a change in the caller's account.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Global()
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(&txn{s: s, tx: tx, sc: sc}) })
}

// changeOne runs a change of the record that find gives, and puts it back.
func changeOne[R any](ctx context.Context, s *Service, find func(t *txn) (*R, error), change func(t *txn, r *R) error, put func(t *txn, r *R)) error {
	return s.update(ctx, func(t *txn) error {
		r, err := find(t)
		if err != nil {
			return err
		}
		if err := change(t, r); err != nil {
			return err
		}
		put(t, r)
		return nil
	})
}

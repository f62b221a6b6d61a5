package events

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/task"
	"atoll/internal/cloud/wire"
)

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Roles knows the IAM roles of all accounts and what they may do.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
	Permissions(tx *state.Tx, p auth.Principal) (auth.Permissions, bool)
}

// Topics publishes to SNS topics for a service; source is the ARN of what it publishes about.
type Topics interface {
	DeliverFor(ctx context.Context, sc state.Scope, topicARN, service, source, subject, message string) error
}

// Logs puts events into log groups for a service; source is the ARN of what it puts them for.
type Logs interface {
	PutAs(ctx context.Context, sc state.Scope, service, source, group, stream, message string, at time.Time) error
}

// Tasks runs ECS tasks.
type Tasks interface {
	// Definition gives the ARN with a revision of the task definition that an ARN means.
	Definition(tx *state.Tx, sc state.Scope, definition string) (string, bool)
	RunFor(ctx context.Context, sc state.Scope, request task.Request) error
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   Keys
	Roles  Roles
	Topics Topics
	Logs   Logs
	Tasks  Tasks // nil where there is no ECS
	Bus    *event.Bus
}

// Service is Amazon EventBridge.
type Service struct {
	d         Deps
	buses     state.Table[busRecord]
	rules     state.Table[ruleRecord]
	archives  state.Table[archiveRecord]
	schedules state.Table[scheduleRecord]
	jobs      state.Table[jobRecord]
	wake      chan struct{} // has an element while there may be new jobs or schedules
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store, and subscribes it to the cloud's events.
func New(d Deps) *Service {
	s := &Service{
		d: d,
		buses: state.NewTable(d.Store, "events.bus", state.WithARN(func(sc state.Scope, name string, _ *busRecord) string {
			return busARN(sc, name)
		})),
		rules: state.NewTable(d.Store, "events.rule", state.WithARN(func(sc state.Scope, _ string, r *ruleRecord) string {
			return ruleARN(sc, r.Bus, r.Name)
		})),
		archives:  state.NewTable(d.Store, "events.archive", state.WithIndex("bus", func(r *archiveRecord) []string { return []string{r.Bus} })),
		schedules: state.NewTable(d.Store, "events.schedule", state.WithIndex("due", (*scheduleRecord).due)),
		jobs:      state.NewTable[jobRecord](d.Store, "events.job"),
		wake:      make(chan struct{}, 1),
	}
	d.Bus.Subscribe(s.take)
	return s
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in an account and region: the caller's, or those of an event.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	return &txn{Service: s, tx: tx, sc: wire.CallFrom(ctx).Scope(), now: s.d.Clock.Now()}
}

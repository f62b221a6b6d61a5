package logs

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Metrics takes the values that metric filters find.
type Metrics interface {
	// AddValues adds values of one moment to a metric. The unit may be empty.
	AddValues(tx *state.Tx, sc state.Scope, namespace, name string, dimensions map[string]string, values []float64, unit string, at time.Time)
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   Keys
	// Metrics is CloudWatch; nil publishes nothing.
	Metrics Metrics
}

// Service is CloudWatch Logs.
type Service struct {
	d        Deps
	groups   state.Table[groupRecord]
	streams  state.Table[streamRecord]
	segments state.Table[segmentRecord]
	filters  state.Table[metricFilterRecord]
	policies state.Table[resourcePolicyRecord]
	queries  state.Table[queryDefinitionRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		groups: state.NewTable(d.Store, "logs.group", state.WithARN(func(sc state.Scope, name string, _ *groupRecord) string {
			return groupARN(sc, name)
		})),
		streams:  state.NewTable[streamRecord](d.Store, "logs.stream"),
		segments: state.NewTable[segmentRecord](d.Store, "logs.segment"),
		filters:  state.NewTable[metricFilterRecord](d.Store, "logs.metric-filter"),
		policies: state.NewTable[resourcePolicyRecord](d.Store, "logs.resource-policy"),
		queries:  state.NewTable[queryDefinitionRecord](d.Store, "logs.query-definition"),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in the caller's account and region.
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

package route53

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Networks knows the VPCs.
type Networks interface {
	VPC(tx *state.Tx, sc state.Scope, id string) (network.VPC, bool)
}

// LogGroups knows the log groups of CloudWatch Logs, and whether their resource policies let a service write to them.
type LogGroups interface {
	HasGroup(tx *state.Tx, sc state.Scope, name string) bool
	ServiceMay(tx *state.Tx, sc state.Scope, service, source, group, stream string) bool
}

// Deps is what the service needs.
type Deps struct {
	Store    *state.Store
	Clock    clock.Clock
	IDs      id.Source
	Logger   *slog.Logger
	Networks Networks
	Logs     LogGroups
}

// Service is Amazon Route 53.
type Service struct {
	d           Deps
	zones       state.Table[zoneRecord]
	records     state.Table[setRecord]
	changes     state.Table[changeRecord]
	checks      state.Table[checkRecord]
	collections state.Table[collectionRecord]
	delegations state.Table[delegationRecord]
	queryLogs   state.Table[queryLogRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		zones: state.NewTable(d.Store, "route53.zone",
			state.WithARN(func(_ state.Scope, id string, _ *zoneRecord) string { return zoneARN(id) }),
			state.WithIndex("name", func(z *zoneRecord) []string { return []string{reversed(z.Name)} }),
			state.WithIndex("reference", func(z *zoneRecord) []string { return []string{z.Reference} }),
			state.WithIndex("vpc", (*zoneRecord).vpcKeys)),
		records: state.NewTable(d.Store, "route53.record", state.WithIndex("collection", (*setRecord).collection)),
		changes: state.NewTable(d.Store, "route53.change",
			state.WithIndex("at", func(c *changeRecord) []string { return []string{c.At.UTC().Format(time.RFC3339)} })),
		checks: state.NewTable(d.Store, "route53.health-check",
			state.WithARN(func(_ state.Scope, id string, _ *checkRecord) string { return checkARN(id) }),
			state.WithIndex("reference", func(c *checkRecord) []string { return []string{c.Reference} })),
		collections: state.NewTable(d.Store, "route53.cidr-collection",
			state.WithARN(func(_ state.Scope, id string, _ *collectionRecord) string { return collectionARN(id) })),
		delegations: state.NewTable[delegationRecord](d.Store, "route53.delegation-set"),
		queryLogs:   state.NewTable(d.Store, "route53.query-log", state.WithIndex("zone", func(r *queryLogRecord) []string { return []string{r.Zone} })),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in the caller's account: Route 53 has no regions.
type txn struct {
	*Service
	tx     *state.Tx
	sc     state.Scope
	region string // that the call is signed for
	now    time.Time
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	call := wire.CallFrom(ctx)
	return &txn{Service: s, tx: tx, sc: call.Global(), region: call.Region, now: s.d.Clock.Now()}
}

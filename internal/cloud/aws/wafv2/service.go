package wafv2

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// LoadBalancers knows the load balancers of Elastic Load Balancing.
type LoadBalancers interface {
	LoadBalancer(tx *state.Tx, sc state.Scope, arn string) (network.LoadBalancer, bool)
}

// Buckets knows the buckets of S3.
type Buckets interface {
	ServiceMay(tx *state.Tx, service, action, bucket, key string, context auth.Context) (exists, may bool)
}

// Logs knows the log groups of CloudWatch Logs.
type Logs interface {
	HasGroup(tx *state.Tx, sc state.Scope, name string) bool
}

// Deps is what the service needs.
type Deps struct {
	Store         *state.Store
	Clock         clock.Clock
	IDs           id.Source
	Logger        *slog.Logger
	LoadBalancers LoadBalancers // nil where there are none
	Plane         Plane         // nil: web ACLs are records, and judge nothing
	Buckets       Buckets
	Logs          Logs
}

// Service is AWS WAF.
type Service struct {
	d            Deps
	changes      *state.Follower
	acls         state.Table[aclRecord]
	groups       state.Table[groupRecord]
	ipSets       state.Table[ipSetRecord]
	regexSets    state.Table[regexSetRecord]
	associations state.Table[associationRecord]
	loggings     state.Table[loggingRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d, changes: state.NewFollower(),
		acls: state.NewTable(d.Store, "wafv2.acl", withARN(kindACL, func(r *aclRecord) *head { return &r.head }),
			state.WithIndex("reference", func(r *aclRecord) []string { return r.References })),
		groups: state.NewTable(d.Store, "wafv2.rule-group", withARN(kindGroup, func(r *groupRecord) *head { return &r.head }),
			state.WithIndex("reference", func(r *groupRecord) []string { return r.References })),
		ipSets:    state.NewTable(d.Store, "wafv2.ip-set", withARN(kindIPSet, func(r *ipSetRecord) *head { return &r.head })),
		regexSets: state.NewTable(d.Store, "wafv2.regex-set", withARN(kindRegexSet, func(r *regexSetRecord) *head { return &r.head })),
		associations: state.NewTable(d.Store, "wafv2.association",
			state.WithIndex("acl", func(r *associationRecord) []string { return []string{r.ACL} })),
		loggings: state.NewTable[loggingRecord](d.Store, "wafv2.logging"),
	}
}

// withARN enters records in the ARN index.
func withARN[T any](kind string, headOf func(*T) *head) state.TableOption[T] {
	return state.WithARN(func(sc state.Scope, _ string, r *T) string { return headOf(r).arn(sc, kind) })
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
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.txn(ctx, tx)
		t.stir()
		return fn(t)
	})
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	return s.in(tx, wire.CallFrom(ctx).Scope())
}

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

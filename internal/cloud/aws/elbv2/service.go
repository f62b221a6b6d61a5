package elbv2

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Networks knows VPCs and subnets.
type Networks interface {
	VPC(tx *state.Tx, sc state.Scope, id string) (network.VPC, bool)
	Subnet(tx *state.Tx, sc state.Scope, id string) (network.Subnet, bool)
	SubnetsOf(tx *state.Tx, sc state.Scope, vpc string) []network.Subnet
}

// SecurityGroups knows security groups.
type SecurityGroups interface {
	SecurityGroup(tx *state.Tx, sc state.Scope, id string) (network.SecurityGroup, bool)
	DefaultSecurityGroup(tx *state.Tx, sc state.Scope, vpc string) (network.SecurityGroup, bool)
}

// Interfaces makes the network interfaces of load balancers.
type Interfaces interface {
	AttachInterface(tx *state.Tx, sc state.Scope, in network.InterfaceRequest) (network.Interface, error)
	SetInterfaceGroups(tx *state.Tx, sc state.Scope, id string, groups []string) error
	ReleaseInterface(tx *state.Tx, sc state.Scope, id string)
	Interface(tx *state.Tx, sc state.Scope, id string) (network.Interface, bool)
}

// Buckets says whether a service, or an account of AWS's, may act on a bucket, takes logs, and gives the files of trust stores.
type Buckets interface {
	ServiceMay(tx *state.Tx, service, action, bucket, key string, context auth.Context) (exists, may bool)
	AccountMay(tx *state.Tx, account, action, bucket, key string, context auth.Context) (exists, may bool)
	PutAs(ctx context.Context, bucket, key, contentType, encoding, kmsKey string, metadata map[string]string, body []byte) error
	// ReadAs gives fs.ErrNotExist where there is no such object.
	ReadAs(ctx context.Context, bucket, key, version string, limit int64) ([]byte, error)
}

// Certificates knows ACM's certificates, and keeps who uses them.
type Certificates interface {
	Certificate(tx *state.Tx, sc state.Scope, arn string) (domain string, issued bool, ok bool)
	UseCertificate(tx *state.Tx, sc state.Scope, arn, user string)
	ReleaseCertificate(tx *state.Tx, sc state.Scope, arn, user string)
}

// Deps is what the service needs.
type Deps struct {
	Store          *state.Store
	Clock          clock.Clock
	IDs            id.Source
	Logger         *slog.Logger
	Networks       Networks
	SecurityGroups SecurityGroups
	Interfaces     Interfaces
	Buckets        Buckets
	Certificates   Certificates // nil: there are no certificates
	Plane          Plane        // nil: load balancers are records, and do not serve
	Bus            *event.Bus   // nil: nobody is told of targets' states
}

// Service is Elastic Load Balancing v2. Its records are keyed by what follows the kind in their ARNs: a load balancer by
// "app/NAME/ID", its listeners by that and "/ID", their rules by that and "/ID"; a target group by "NAME/ID", its targets by that
// and "/TARGET/PORT"; a trust store by "NAME/ID".
type Service struct {
	d         Deps
	changes   *state.Follower
	balancers state.Table[balancerRecord]
	groups    state.Table[groupRecord]
	targets   state.Table[targetRecord]
	listeners state.Table[listenerRecord]
	rules     state.Table[ruleRecord]
	trust     state.Table[trustRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d, changes: state.NewFollower(),
		balancers: state.NewTable(d.Store, "elbv2.load-balancer",
			state.WithARN(func(sc state.Scope, id string, _ *balancerRecord) string { return arn(sc, kindBalancer, id) }),
			state.WithIndex("name", func(v *balancerRecord) []string { return []string{v.Name} }),
			state.WithIndex("dns", func(v *balancerRecord) []string { return []string{strings.ToLower(v.DNSName)} })),
		groups: state.NewTable(d.Store, "elbv2.target-group",
			state.WithARN(func(sc state.Scope, id string, _ *groupRecord) string { return arn(sc, kindGroup, id) }),
			state.WithIndex("name", func(v *groupRecord) []string { return []string{v.Name} })),
		targets: state.NewTable(d.Store, "elbv2.target",
			state.WithIndex("target", func(v *targetRecord) []string { return []string{v.Target} })),
		listeners: state.NewTable(d.Store, "elbv2.listener",
			state.WithARN(func(sc state.Scope, id string, _ *listenerRecord) string { return arn(sc, kindListener, id) }),
			state.WithIndex("group", func(v *listenerRecord) []string { return groupsOf(v.Actions) }),
			state.WithIndex("trust", (*listenerRecord).trusts)),
		rules: state.NewTable(d.Store, "elbv2.rule",
			state.WithARN(func(sc state.Scope, id string, _ *ruleRecord) string { return arn(sc, kindRule, id) }),
			state.WithIndex("group", func(v *ruleRecord) []string { return groupsOf(v.Actions) })),
		trust: state.NewTable(d.Store, "elbv2.trust-store",
			state.WithARN(func(sc state.Scope, id string, _ *trustRecord) string { return arn(sc, kindTrustStore, id) }),
			state.WithIndex("name", func(v *trustRecord) []string { return []string{v.Name} })),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in an account and region.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.in(tx, wire.CallFrom(ctx).Scope())) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, wire.CallFrom(ctx).Scope())
		t.stir()
		return fn(t)
	})
}

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

package rds

import (
	"context"
	"log/slog"
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

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now. It must not be
	// called within a transaction.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Roles knows the roles of all accounts.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
}

// Subnets knows the VPCs and subnets of a region.
type Subnets interface {
	VPC(tx *state.Tx, sc state.Scope, id string) (network.VPC, bool)
	DefaultVPC(tx *state.Tx, sc state.Scope) (network.VPC, bool)
	Subnet(tx *state.Tx, sc state.Scope, id string) (network.Subnet, bool)
	SubnetsOf(tx *state.Tx, sc state.Scope, vpc string) []network.Subnet
}

// SecurityGroups knows the security groups of a region.
type SecurityGroups interface {
	SecurityGroup(tx *state.Tx, sc state.Scope, id string) (network.SecurityGroup, bool)
	DefaultSecurityGroup(tx *state.Tx, sc state.Scope, vpc string) (network.SecurityGroup, bool)
}

// Interfaces makes the network interfaces by which instances are reached.
type Interfaces interface {
	AttachInterface(tx *state.Tx, sc state.Scope, in network.InterfaceRequest) (network.Interface, error)
	SetInterfaceGroups(tx *state.Tx, sc state.Scope, id string, groups []string) error
	ReleaseInterface(tx *state.Tx, sc state.Scope, id string)
	Interface(tx *state.Tx, sc state.Scope, id string) (network.Interface, bool)
}

// Zones knows the availability zones of a region.
type Zones interface {
	Zones(region string) []string
}

// Secrets keeps the passwords of master users that RDS manages.
type Secrets interface {
	CreateManaged(tx *state.Tx, sc state.Scope, owner, name, kmsKeyARN, value string, tags map[string]string) (arn string, err error)
	PutManaged(tx *state.Tx, sc state.Scope, arn, value string) error
	DeleteManaged(tx *state.Tx, sc state.Scope, arn string)
}

// Deps is what the service needs.
type Deps struct {
	Store          *state.Store
	Clock          clock.Clock
	IDs            id.Source
	Logger         *slog.Logger
	Bus            *event.Bus
	Keys           Keys
	Roles          Roles
	Subnets        Subnets
	SecurityGroups SecurityGroups
	Interfaces     Interfaces
	Zones          Zones
	Secrets        Secrets // nil: passwords cannot be managed
	Servers        Servers // nil: instances are records, and no databases run
	Copies         Copies  // of the servers' data; there if Servers is
	Meters         Meters  // of the servers; nil: there are no metrics
	Metrics        Metrics // takes what Meters gives
	Logs           Logs    // nil: nothing is exported
	Topics         Topics  // nil: nothing can be subscribed to
	Network        Network // nil: servers are reached by their Dial alone
}

// Service is Amazon RDS.
type Service struct {
	d               Deps
	instances       state.Table[instanceRecord]
	snapshots       state.Table[snapshotRecord]
	backups         state.Table[backupRecord]
	subnetGroups    state.Table[subnetGroupRecord]
	parameterGroups state.Table[parameterGroupRecord]
	events          state.Table[eventRecord]
	subscriptions   state.Table[subscriptionRecord]
	optionGroups    state.Table[optionGroupRecord]
	keeper          *keeper
	servers         servers
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	s := &Service{
		d: d, keeper: newKeeper(), servers: servers{known: map[string]*known{}},
		instances: state.NewTable(d.Store, "rds.instance",
			state.WithARN(func(sc state.Scope, id string, _ *instanceRecord) string { return instanceARN(sc, id) }),
			state.WithIndex("parameter-group", func(r *instanceRecord) []string { return []string{r.ParameterGroup} }),
			state.WithIndex("subnet-group", func(r *instanceRecord) []string { return []string{r.SubnetGroup} }),
			state.WithIndex("source", func(r *instanceRecord) []string { return []string{r.Source} }),
			state.WithIndex("resource", func(r *instanceRecord) []string { return []string{r.ResourceID} }),
			state.WithIndex("due", (*instanceRecord).due)),
		snapshots: state.NewTable(d.Store, "rds.snapshot",
			state.WithARN(func(sc state.Scope, id string, _ *snapshotRecord) string { return arn(sc, "snapshot", id) }),
			state.WithIndex("instance", func(r *snapshotRecord) []string { return []string{r.InstanceID} })),
		backups: state.NewTable(d.Store, "rds.automated-backup",
			state.WithARN(func(sc state.Scope, _ string, r *backupRecord) string { return arn(sc, "auto-backup", r.ID) }),
			state.WithIndex("due", (*backupRecord).due)),
		subnetGroups: state.NewTable(d.Store, "rds.subnet-group",
			state.WithARN(func(sc state.Scope, id string, _ *subnetGroupRecord) string { return arn(sc, "subgrp", id) })),
		parameterGroups: state.NewTable(d.Store, "rds.parameter-group",
			state.WithARN(func(sc state.Scope, id string, _ *parameterGroupRecord) string { return arn(sc, "pg", id) })),
		events: state.NewTable[eventRecord](d.Store, "rds.event"),
		optionGroups: state.NewTable(d.Store, "rds.option-group",
			state.WithARN(func(sc state.Scope, id string, _ *optionGroupRecord) string { return arn(sc, "og", id) })),
		subscriptions: state.NewTable(d.Store, "rds.event-subscription",
			state.WithARN(func(sc state.Scope, id string, _ *subscriptionRecord) string { return arn(sc, "es", id) })),
	}
	if d.Topics != nil {
		d.Bus.Subscribe(s.tell)
	}
	return s
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

func arn(sc state.Scope, kind, name string) string {
	return "arn:aws:rds:" + sc.Region + ":" + sc.Account + ":" + kind + ":" + name
}

func instanceARN(sc state.Scope, id string) string { return arn(sc, "db", id) }

// txn is a transaction in an account and region.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) txn(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

// view runs a read, after what the clock has brought about since the last call.
func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	sc, late := wire.CallFrom(ctx).Scope(), false
	err := s.d.Store.View(func(tx *state.Tx) error {
		t := s.txn(tx, sc)
		if late = t.late(); late {
			return nil
		}
		return fn(t)
	})
	if err != nil || !late {
		return err
	}
	if err := s.update(ctx, func(*txn) error { return nil }); err != nil {
		return err
	}
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(tx, sc)) })
}

// update runs a change, after what the clock has brought about since the last call.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Scope()
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.txn(tx, sc)
		t.settle()
		return fn(t)
	})
}

// text and the like give a member's value; RDS takes an empty text for one that is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func yes(b *bool) bool { return b != nil && *b }

// or gives a member's value, or another one where it is absent.
func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

// given gives a pointer to a text, nil for an empty one.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// moment gives a pointer to a time, nil for the zero one.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

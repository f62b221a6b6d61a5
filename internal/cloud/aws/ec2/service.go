package ec2

import (
	"context"
	"log/slog"
	"time"

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
	Logs   Logs  // where flow logs go; nil: they are records only
	Roles  Roles // by which they are written
}

// Logs are those of CloudWatch Logs.
type Logs interface {
	PutTrusted(ctx context.Context, sc state.Scope, group, stream string, messages []string, at time.Time) error
}

// Roles are those of IAM.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
	Permissions(tx *state.Tx, p auth.Principal) (auth.Permissions, bool)
}

// Service is Amazon EC2's networking.
type Service struct {
	d Deps
	tables
	networks networks
	flows    *flowWindows
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service { return &Service{d: d, tables: newTables(d.Store), flows: newFlowWindows()} }

// API is the generated description of EC2's wire side.
func (s *Service) API() *model.API { return API() }

// view runs a read in the caller's region. With dryRun, a read that would succeed is answered with DryRunOperation, as EC2 does.
func (s *Service) view(ctx context.Context, dryRun *bool, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Scope()
	if err := s.ensureRegion(ctx, sc); err != nil {
		return err
	}
	return s.d.Store.View(func(tx *state.Tx) error {
		if err := fn(&txn{s: s, tx: tx, sc: sc}); err != nil {
			return err
		}
		return dryRunError(dryRun)
	})
}

func dryRunError(dryRun *bool) error {
	if truth(dryRun) {
		return wire.Errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").WithStatus(412)
	}
	return nil
}

// update runs a change in the caller's region. With dryRun, a change that would succeed is undone, and answered as above.
func (s *Service) update(ctx context.Context, dryRun *bool, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Scope()
	if err := s.ensureRegion(ctx, sc); err != nil {
		return err
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		if err := fn(&txn{s: s, tx: tx, sc: sc}); err != nil {
			return err
		}
		return dryRunError(dryRun)
	})
}

// txn is a transaction within one account and region. The resources' functions that work inside of a transaction are its methods.
type txn struct {
	s  *Service
	tx *state.Tx
	sc state.Scope
}

func (t *txn) id(prefix string) string { return t.s.d.IDs.Resource(prefix) }

// arn gives the ARN of one of the region's resources; kind is EC2's resource type in ARNs, such as "vpc".
func arn(sc state.Scope, kind, id string) string {
	return "arn:aws:ec2:" + sc.Region + ":" + sc.Account + ":" + kind + "/" + id
}

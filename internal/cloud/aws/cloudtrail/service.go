package cloudtrail

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
	"atoll/internal/monitor"
)

// Events is the audit record.
type Events interface {
	Flush(ctx context.Context) error
	End() trail.Position
	Newest(before trail.Position) iter.Seq2[trail.Line, error]
	Since(after trail.Position) iter.Seq2[trail.Line, error]
}

// Buckets are those of Amazon S3.
type Buckets interface {
	ServiceMay(tx *state.Tx, service, action, bucket, key string, context auth.Context) (exists, may bool)
	PutAs(ctx context.Context, bucket, key, contentType, encoding, kmsKey string, metadata map[string]string, body []byte) error
}

// Groups are the log groups of CloudWatch Logs.
type Groups interface {
	HasGroup(tx *state.Tx, sc state.Scope, name string) bool
	PutTrusted(ctx context.Context, sc state.Scope, group, stream string, messages []string, at time.Time) error
}

// Roles are those of IAM.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
	Permissions(tx *state.Tx, p auth.Principal) (auth.Permissions, bool)
}

// Keys are those of KMS.
type Keys interface {
	KeyARN(ctx context.Context, key string) (string, error)
}

// Topics are those of Amazon SNS.
type Topics interface {
	ServiceMay(tx *state.Tx, topicARN, service, account, source string) bool
	DeliverFor(ctx context.Context, sc state.Scope, topicARN, service, source, subject, body string) error
}

// Deps is what the service needs.
type Deps struct {
	Store   *state.Store
	Clock   clock.Clock
	IDs     id.Source
	Logger  *slog.Logger
	Events  Events
	Buckets Buckets
	Groups  Groups
	Roles   Roles
	Keys    Keys
	Topics  Topics
}

// Service is CloudTrail.
type Service struct {
	d       Deps
	trails  state.Table[trailRecord]
	signers state.Table[signerRecord]

	schedule monitor.Monitor
	next     time.Time // up to here, and without, delivery is done
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{d: d,
		trails: state.NewTable(d.Store, "cloudtrail.trail",
			state.WithARN(func(sc state.Scope, name string, _ *trailRecord) string { return trailARN(sc, name) })),
		signers: state.NewTable[signerRecord](d.Store, "cloudtrail.signer"),
		next:    boundary(d.Clock.Now()),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

func trailARN(sc state.Scope, name string) string {
	return "arn:aws:cloudtrail:" + sc.Region + ":" + sc.Account + ":trail/" + name
}

// txn is a transaction in the caller's account and region.
type txn struct {
	*Service
	ctx context.Context
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
	return &txn{Service: s, ctx: ctx, tx: tx, sc: wire.CallFrom(ctx).Scope(), now: s.d.Clock.Now()}
}

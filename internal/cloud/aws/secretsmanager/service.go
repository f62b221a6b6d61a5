package secretsmanager

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

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Roles knows IAM's roles.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
}

// Regions knows the regions.
type Regions interface {
	// Zones gives the availability zones of a region, none of one that does not exist.
	Zones(region string) []string
}

// Deps is what the service needs.
type Deps struct {
	Store   *state.Store
	Clock   clock.Clock
	IDs     id.Source
	Logger  *slog.Logger
	Keys    Keys
	Roles   Roles
	Regions Regions
}

// Service is AWS Secrets Manager.
type Service struct {
	d        Deps
	secrets  state.Table[secretRecord]
	versions state.Table[versionRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		secrets: state.NewTable(d.Store, "secretsmanager.secret",
			state.WithARN(func(sc state.Scope, _ string, r *secretRecord) string { return r.arn(sc) }),
			state.WithIndex("due", (*secretRecord).due)),
		versions: state.NewTable[versionRecord](d.Store, "secretsmanager.version"),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in one account and region, mostly the caller's.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.in(tx, wire.CallFrom(ctx).Scope())) })
}

// update runs a change, after it has removed the secrets whose recovery window has ended.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, wire.CallFrom(ctx).Scope())
		t.settle()
		return fn(t)
	})
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05.000000000Z"

// due gives the time at which the secret goes away, for the index of that name.
func (r *secretRecord) due() []string {
	if r.Deletion.IsZero() {
		return nil
	}
	return []string{r.Deletion.UTC().Format(dueFormat)}
}

func (t *txn) settle() {
	var gone []*secretRecord
	for _, r := range t.secrets.ByRange(t.tx, t.sc, "due", "", t.now.UTC().Format(dueFormat)+"\x01", false) {
		gone = append(gone, r)
	}
	for _, r := range gone {
		t.erase(r)
	}
}

package ssm

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

// Keys is KMS, for secure strings.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
	// Seal encrypts with the key that has an ARN.
	Seal(tx *state.Tx, sc state.Scope, keyARN string, plaintext []byte, context map[string]string) ([]byte, error)
	// Open decrypts what Seal made, while its key is enabled.
	Open(tx *state.Tx, sc state.Scope, blob []byte, context map[string]string) ([]byte, error)
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   Keys
}

// Service is AWS Systems Manager.
type Service struct {
	d          Deps
	parameters state.Table[parameterRecord]
	versions   state.Table[versionRecord]
	counts     state.Table[countRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		parameters: state.NewTable(d.Store, "ssm.parameter",
			state.WithARN(func(sc state.Scope, id string, _ *parameterRecord) string { return arnPrefix(sc) + id }),
			state.WithIndex("due", (*parameterRecord).due)),
		versions: state.NewTable[versionRecord](d.Store, "ssm.version"),
		counts:   state.NewTable[countRecord](d.Store, "ssm.count"),
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

// update runs a change, after it has removed the parameters that have expired.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, wire.CallFrom(ctx).Scope())
		t.settle()
		return fn(t)
	})
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05.000000000Z"

// due gives the time at which the parameter expires, for the index of that name.
func (p *parameterRecord) due() []string {
	if p.Expires.IsZero() {
		return nil
	}
	return []string{p.Expires.UTC().Format(dueFormat)}
}

func (t *txn) settle() {
	var expired []*parameterRecord
	for _, p := range t.parameters.ByRange(t.tx, t.sc, "due", "", t.now.UTC().Format(dueFormat)+"\x01", false) {
		expired = append(expired, p)
	}
	for _, p := range expired {
		t.delete(p)
	}
}

// ParameterValue gives the decrypted value of a parameter, by its name or ARN with or without a selector, for other services.
func (s *Service) ParameterValue(tx *state.Tx, sc state.Scope, name string) (value string, ok bool) {
	t := s.in(tx, sc)
	p, v, err := t.selected(name)
	if err != nil {
		return "", false
	}
	value, err = t.value(p, v, true)
	return value, err == nil
}

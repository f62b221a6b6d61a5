package kms

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

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
}

// Service is AWS KMS.
type Service struct {
	d         Deps
	keys      state.Table[keyRecord]
	materials state.Table[materialRecord]
	aliases   state.Table[aliasRecord]
	grants    state.Table[grantRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		keys: state.NewTable(d.Store, "kms.key",
			state.WithARN(func(sc state.Scope, id string, _ *keyRecord) string { return keyARN(sc, id) }),
			state.WithIndex("due", (*keyRecord).due)),
		materials: state.NewTable[materialRecord](d.Store, "kms.material"),
		aliases:   state.NewTable(d.Store, "kms.alias", state.WithIndex("key", func(r *aliasRecord) []string { return []string{r.KeyID} })),
		grants:    state.NewTable[grantRecord](d.Store, "kms.grant"),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in the caller's account and region.
type txn struct {
	*Service
	tx   *state.Tx
	sc   state.Scope
	now  time.Time
	call *wire.Call
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	call := wire.CallFrom(ctx)
	return &txn{Service: s, tx: tx, sc: call.Scope(), now: s.d.Clock.Now(), call: call}
}

// view runs a read, after what the clock has brought about since the last call.
func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	late := false
	err := s.d.Store.View(func(tx *state.Tx) error {
		t := s.txn(ctx, tx)
		if late = len(t.overdue()) > 0; late {
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
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

// update runs a change.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.txn(ctx, tx)
		for _, id := range t.overdue() {
			t.settle(id)
		}
		return fn(t)
	})
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05.000000000Z"

// due gives the time at which something happens to the key by itself, for the index of that name.
func (k *keyRecord) due() []string {
	switch {
	case k.State == statePendingDeletion:
		return []string{k.Deletion.UTC().Format(dueFormat)}
	case k.State == stateEnabled && k.RotationPeriod > 0:
		return []string{k.NextRotation.UTC().Format(dueFormat)}
	}
	return nil
}

// overdue gives the keys to which something should have happened by now.
func (t *txn) overdue() []string {
	var ids []string
	for _, k := range t.keys.ByRange(t.tx, t.sc, "due", "", t.now.UTC().Format(dueFormat)+"\x01", false) {
		ids = append(ids, k.ID)
	}
	return ids
}

func (t *txn) settle(id string) {
	k, ok := t.keys.Get(t.tx, t.sc, id)
	switch {
	case !ok:
	case k.State == statePendingDeletion:
		t.erase(k)
	default:
		t.addMaterial(k, newSymmetricMaterial())
		for !k.NextRotation.After(t.now) {
			k.NextRotation = k.NextRotation.Add(k.rotationPeriod())
		}
		t.putKey(k)
	}
}

// KeyARN gives the ARN of the enabled key behind a key id, an ARN or an alias in the account and region of the call, for services
// that are told to encrypt with it. The AWS managed key of an alias such as alias/aws/dynamodb is made on first use.
func (s *Service) KeyARN(ctx context.Context, key string) (string, error) {
	arn := ""
	return arn, s.viewManaged(ctx, key, func(t *txn) error {
		k, err := t.keyOrAlias(key)
		if err != nil {
			return err
		}
		arn = keyARN(t.sc, k.ID)
		return t.enabled(k)
	})
}

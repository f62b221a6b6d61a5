package acm

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

// Records knows the DNS records of an account's public hosted zones.
type Records interface {
	// RecordValues gives the values of a name's records of a type, none where there is no such record.
	RecordValues(tx *state.Tx, account, name, recordType string) []string
}

// Deps is what the service needs.
type Deps struct {
	Store   *state.Store
	Clock   clock.Clock
	IDs     id.Source
	Logger  *slog.Logger
	Records Records // nil: there are no records, and no certificate is issued
}

// Service is AWS Certificate Manager.
type Service struct {
	d            Deps
	certificates state.Table[certificateRecord]
	materials    state.Table[materialRecord]
	authority    state.Table[authorityRecord]
	accounts     state.Table[accountRecord]
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d: d,
		certificates: state.NewTable(d.Store, "acm.certificate",
			state.WithARN(func(sc state.Scope, id string, _ *certificateRecord) string { return certificateARN(sc, id) }),
			state.WithIndex("due", (*certificateRecord).due),
			state.WithIndex("token", (*certificateRecord).token)),
		materials: state.NewTable[materialRecord](d.Store, "acm.material"),
		authority: state.NewTable[authorityRecord](d.Store, "acm.authority"),
		accounts:  state.NewTable[accountRecord](d.Store, "acm.account"),
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

func (s *Service) txn(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(tx, wire.CallFrom(ctx).Scope())) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(tx, wire.CallFrom(ctx).Scope())) })
}

// read runs a read of one certificate, after what time and records have brought about since it was last looked at.
func (s *Service) read(ctx context.Context, arn string, fn func(t *txn, r *certificateRecord) error) error {
	late := false
	err := s.view(ctx, func(t *txn) error {
		r, err := t.certificate(arn)
		if err != nil {
			return err
		}
		if late = t.behind(r); late {
			return nil
		}
		return fn(t, r)
	})
	if err != nil || !late {
		return err
	}
	if err := s.change(ctx, arn, func(*txn, *certificateRecord) error { return nil }); err != nil {
		return err
	}
	return s.view(ctx, func(t *txn) error {
		r, err := t.certificate(arn)
		if err != nil {
			return err
		}
		return fn(t, r)
	})
}

// readAll runs a read of many certificates, likewise.
func (s *Service) readAll(ctx context.Context, fn func(t *txn) error) error {
	late := false
	err := s.view(ctx, func(t *txn) error {
		for _, r := range t.due() {
			if late = t.behind(r); late {
				return nil
			}
		}
		return fn(t)
	})
	if err != nil || !late {
		return err
	}
	err = s.update(ctx, func(t *txn) error {
		for _, r := range t.due() {
			own, ok := t.certificates.Get(t.tx, t.sc, r.ID)
			if !ok {
				continue
			}
			if err := t.settle(own); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.view(ctx, fn)
}

// change runs a change of one certificate.
func (s *Service) change(ctx context.Context, arn string, fn func(t *txn, r *certificateRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		r, err := t.certificate(arn)
		if err != nil {
			return err
		}
		if err := t.settle(r); err != nil {
			return err
		}
		if err := fn(t, r); err != nil {
			return err
		}
		t.put(r)
		return nil
	})
}

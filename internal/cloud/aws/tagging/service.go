package tagging

import (
	"context"

	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Buckets knows where the buckets of S3 are: their ARNs do not say it.
type Buckets interface {
	BucketRegion(tx *state.Tx, bucket string) (region string, ok bool)
}

// Deps is what the service needs.
type Deps struct {
	Store   *state.Store
	Buckets Buckets
}

// Service is the Resource Groups Tagging API. It has no records of its own.
type Service struct{ d Deps }

var _ wire.Service = (*Service)(nil)

// New makes the service.
func New(d Deps) *Service { return &Service{d: d} }

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// Operations is the service's operation table. Its actions are "tag:…" in policies, and know no resources.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Read(s.GetResources, wire.Action("tag:GetResources")),
		wire.Read(s.GetTagKeys, wire.Action("tag:GetTagKeys")),
		wire.Read(s.GetTagValues, wire.Action("tag:GetTagValues")),
		wire.Write(s.TagResources, wire.Action("tag:TagResources")),
		wire.Write(s.UntagResources, wire.Action("tag:UntagResources")),
	}
}

// txn is a transaction in the caller's account and region.
type txn struct {
	*Service
	tx *state.Tx
	sc state.Scope
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(&txn{s, tx, wire.CallFrom(ctx).Scope()}) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(&txn{s, tx, wire.CallFrom(ctx).Scope()}) })
}

package ecr

import (
	"context"
	"errors"
	"fmt"
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

// Deps is what the service needs.
type Deps struct {
	Store     *state.Store
	Clock     clock.Clock
	IDs       id.Source
	Logger    *slog.Logger
	Keys      Keys
	Roles     Roles
	ImagesDir string // holds the layers' bytes, and nothing else
	Ephemeral bool   // the store is in memory: layers need not outlive it
}

// Service is Amazon ECR.
type Service struct {
	d            Deps
	repositories state.Table[repositoryRecord]
	images       state.Table[imageRecord]
	layers       state.Table[layerRecord]
	contents     state.Table[contentRecord]
	tokens       state.Table[tokenRecord]
	registries   state.Table[registryRecord]
	rules        state.Table[pullThroughRecord]
	blobs        *blobs
	downloads    []byte // signs the URLs of layers
}

var _ wire.Service = (*Service)(nil)

// New makes the service, and removes what interrupted calls left in ImagesDir.
func New(d Deps) (*Service, error) {
	s := &Service{
		d: d,
		repositories: state.NewTable(d.Store, "ecr.repository", state.WithARN(func(sc state.Scope, name string, _ *repositoryRecord) string {
			return repositoryARN(sc, name)
		})),
		images: state.NewTable(d.Store, "ecr.image", state.WithIndex("needs", (*imageRecord).needs), state.WithIndex("tag", (*imageRecord).tags),
			state.WithIndex("subject", (*imageRecord).subject)),
		layers:     state.NewTable[layerRecord](d.Store, "ecr.layer"),
		contents:   state.NewTable[contentRecord](d.Store, "ecr.content"),
		tokens:     state.NewTable(d.Store, "ecr.token", state.WithIndex("expiry", (*tokenRecord).expiry)),
		registries: state.NewTable[registryRecord](d.Store, "ecr.registry"),
		rules:      state.NewTable[pullThroughRecord](d.Store, "ecr.pull-through-rule"),
		blobs:      newBlobs(d.ImagesDir, d.Ephemeral), downloads: []byte(d.IDs.Secret()),
	}
	if err := d.Store.Err(); err != nil {
		return nil, fmt.Errorf("reading the records of ECR: %w", err)
	}
	n, err := s.blobs.sweep(func(digest string) bool { return s.stored(digest) })
	if err != nil {
		return nil, fmt.Errorf("cleaning the directory of ECR's layers: %w", err)
	}
	if n > 0 {
		d.Logger.Info("removed files of unfinished ECR calls", "files", n)
	}
	return s, nil
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
	dead []string // digests whose content no repository has any more
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	call := wire.CallFrom(ctx)
	return &txn{Service: s, tx: tx, sc: call.Scope(), now: s.d.Clock.Now(), call: call}
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

// update runs a change, and then removes the content that it left without a repository.
func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	var dead []string
	err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.txn(ctx, tx)
		err := fn(t)
		dead = t.dead
		return err
	})
	if err == nil {
		s.reap(dead)
	}
	return err
}

// reap removes content that no repository has. What cannot be removed is left for the next start.
func (s *Service) reap(digests []string) {
	var errs []error
	for _, digest := range digests {
		errs = append(errs, s.blobs.remove(digest, s.stored))
	}
	if err := errors.Join(errs...); err != nil {
		s.d.Logger.Error("removing the content of layers", "err", err)
	}
}

// stored reports whether a repository has the content with a digest.
func (s *Service) stored(digest string) (ok bool) {
	_ = s.d.Store.View(func(tx *state.Tx) error {
		_, ok = s.contents.Get(tx, state.Scope{}, digest)
		return nil
	})
	return ok
}

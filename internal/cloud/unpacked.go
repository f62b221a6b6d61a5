package cloud

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/image"
)

// unpacked keeps the images that tasks run from. One that no task has used for a while is removed: the next task that needs it pulls it anew, as each
// does on Fargate.
type unpacked struct {
	*image.Store
	engine *engine.Engine // has the same images; nil for none
	clock  clock.Clock
	logger *slog.Logger

	mu   sync.Mutex
	used map[v1.Hash]time.Time // when a task last began or ended; of one from before the cloud's start, when it was first seen
}

func newUnpacked(store *image.Store, c clock.Clock, logger *slog.Logger) *unpacked {
	return &unpacked{Store: store, clock: c, logger: logger, used: map[v1.Hash]time.Time{}}
}

// unusedTime is how long an image stays that no task uses.
const unusedTime = time.Hour

// Run removes images until ctx ends, and then closes the store.
func (u *unpacked) Run(ctx context.Context) error {
	defer u.Close()
	for u.clock.Wait(ctx, u.clock.Now().Add(unusedTime/4)) == nil {
		if err := u.removeUnused(ctx); err != nil {
			u.logger.Warn("removing images that nobody uses", "err", err)
		}
	}
	return nil
}

func (u *unpacked) removeUnused(ctx context.Context) error {
	decided := map[v1.Hash]bool{} // the same for both
	keep := func(digest v1.Hash) bool {
		kept, ok := decided[digest]
		if !ok {
			kept = u.keep(digest)
			decided[digest] = kept
		}
		return kept
	}
	_, err := u.Prune(keep)
	if u.engine != nil {
		_, failed := u.engine.Prune(ctx, keep)
		err = errors.Join(err, failed)
	}
	return err
}

func (u *unpacked) note(digest v1.Hash) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used[digest] = u.clock.Now()
}

// keep reports whether an image is to stay even if no task runs from it now.
func (u *unpacked) keep(digest v1.Hash) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now()
	at, ok := u.used[digest]
	if !ok {
		u.used[digest] = now
		return true
	}
	if now.Sub(at) < unusedTime {
		return true
	}
	delete(u.used, digest)
	return false
}

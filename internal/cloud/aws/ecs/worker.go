package ecs

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

const (
	// pulse is how often the service looks after tasks that do not tell of themselves.
	pulse = time.Second
	// sweeps is how often it looks for what has been deleted long enough.
	sweeps = time.Minute
)

// Run stops the tasks that the runtime has lost, looks after those that run, and forgets what has been deleted long enough, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	s.try(ctx, s.dropLost)
	swept := s.d.Clock.Now()
	for {
		if err := s.waitPulse(ctx); err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		s.try(ctx, s.attend)
		if now := s.d.Clock.Now(); now.Sub(swept) >= sweeps {
			swept = now
			s.try(ctx, s.sweep)
		}
	}
}

func (s *Service) try(ctx context.Context, f func(context.Context) error) {
	if err := f(ctx); err != nil && ctx.Err() == nil {
		s.d.Logger.Error("looking after tasks", "err", err)
	}
}

// waitPulse returns with the next pulse, or when there is something to look at.
func (s *Service) waitPulse(ctx context.Context) error {
	timed, cancel := context.WithCancel(ctx)
	defer cancel()
	ticked := make(chan struct{})
	go func() {
		_ = s.d.Clock.Wait(timed, s.d.Clock.Now().Add(pulse))
		close(ticked)
	}()
	select {
	case <-ticked:
		return ctx.Err()
	case <-s.poked:
		cancel()
		<-ticked
		return ctx.Err()
	}
}

// chores are the ids of what a sweep is to look after in one scope.
type chores struct{ tasks, services, clusters, unsettled, definitions []string }

func (c *chores) none() bool {
	return len(c.tasks)+len(c.services)+len(c.clusters)+len(c.unsettled)+len(c.definitions) == 0
}

func (s *Service) sweep(ctx context.Context) error {
	return s.eachScope(func(sc state.Scope) error {
		var c chores
		err := s.d.Store.View(func(tx *state.Tx) error { c = s.in(tx, sc).chores(); return nil })
		if err != nil || c.none() {
			return err
		}
		return s.d.Store.Update(ctx, func(tx *state.Tx) error { t := s.in(tx, sc); t.do(t.chores()); return nil })
	})
}

func (t *txn) chores() chores {
	var c chores
	for id, r := range t.tasks.All(t.tx, t.sc) {
		if r.gone(t.now) {
			c.tasks = append(c.tasks, id)
		}
	}
	for id, r := range t.services.All(t.tx, t.sc) {
		switch d := r.primary(); {
		case r.Status == statusInactive && t.now.Sub(r.Deleted) >= kept:
			c.services = append(c.services, id)
		case r.Status == statusActive && d != nil && d.State != stateFailed && !r.Steady && r.Launch == fargate:
			c.unsettled = append(c.unsettled, id)
		}
	}
	for id, r := range t.clusters.All(t.tx, t.sc) {
		if r.Status == statusInactive && t.now.Sub(r.Deleted) >= kept {
			c.clusters = append(c.clusters, id)
		}
	}
	for id, r := range t.definitions.All(t.tx, t.sc) {
		if *r.TaskDefinition.Status == statusDeleting && !t.definitionUsed(r.arn()) {
			c.definitions = append(c.definitions, id)
		}
	}
	return c
}

func (t *txn) do(c chores) {
	for _, id := range c.tasks {
		t.tasks.Delete(t.tx, t.sc, id)
	}
	for _, id := range c.services {
		r, _ := t.services.Get(t.tx, t.sc, id)
		t.dropHistory(r)
		t.services.Delete(t.tx, t.sc, id)
	}
	for _, id := range c.clusters {
		t.clusters.Delete(t.tx, t.sc, id)
	}
	for _, id := range c.definitions {
		t.definitions.Delete(t.tx, t.sc, id)
	}
	for _, id := range c.unsettled {
		t.settleByKey(id)
	}
}

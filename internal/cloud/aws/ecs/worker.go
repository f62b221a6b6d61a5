package ecs

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// Run forgets what has been deleted long enough, and tries again to place tasks that could not be placed, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.d.Clock.Wait(ctx, s.d.Clock.Now().Add(time.Minute)); err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.d.Logger.Error("looking after tasks", "err", err)
		}
	}
}

// chores are the ids of what a sweep is to look after in one scope.
type chores struct{ tasks, services, clusters, unsettled, definitions []string }

func (c *chores) none() bool {
	return len(c.tasks)+len(c.services)+len(c.clusters)+len(c.unsettled)+len(c.definitions) == 0
}

func (s *Service) sweep(ctx context.Context) error {
	var scopes []state.Scope
	if err := s.d.Store.View(func(tx *state.Tx) error { scopes = s.clusters.Scopes(tx); return nil }); err != nil {
		return err
	}
	for _, sc := range scopes {
		var c chores
		err := s.d.Store.View(func(tx *state.Tx) error { c = s.in(tx, sc).chores(); return nil })
		if err == nil && !c.none() {
			err = s.d.Store.Update(ctx, func(tx *state.Tx) error { t := s.in(tx, sc); t.do(t.chores()); return nil })
		}
		if err != nil {
			return err
		}
	}
	return nil
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

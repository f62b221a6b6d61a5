package rds

import (
	"context"
	"sync"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/monitor"
)

// serverKey names an instance, whatever its identifier becomes.
type serverKey struct {
	sc       state.Scope
	resource string
}

// keeper runs the work on servers: one goroutine for each server that has some, until there is none left.
type keeper struct {
	monitor monitor.Monitor
	busy    map[serverKey]bool
	again   map[serverKey]bool // asked for while busy, or not yet begun
	sweeps  bool
	events  []ServerEvent
	held    bool               // events wait for the disk to take them
	late    map[serverKey]bool // work that could not be stored, or had no space
	logs    []serverLog
	begun   bool // all instances were looked at
}

func newKeeper() *keeper {
	return &keeper{busy: map[serverKey]bool{}, again: map[serverKey]bool{}, late: map[serverKey]bool{}}
}

func (k *keeper) kick(key serverKey) { k.monitor.Change(func() { k.again[key] = true }) }

func (k *keeper) sweep() { k.monitor.Change(func() { k.sweeps = true }) }

// chores are what the keeper has to do.
type chores struct {
	keys   []serverKey // each on a goroutine of its own
	sweep  bool
	events []ServerEvent
	logs   []serverLog
}

// own reports whether there is work for the keeper's own goroutine.
func (c *chores) own() bool { return c.sweep || len(c.events)+len(c.logs) > 0 }

// next waits for work.
func (k *keeper) next(ctx context.Context) (c chores, err error) {
	err = k.monitor.Wait(ctx, func() bool {
		for key := range k.again {
			if !k.busy[key] {
				c.keys = append(c.keys, key)
				k.busy[key] = true
				delete(k.again, key)
			}
		}
		c.sweep, c.logs = k.sweeps, k.logs
		if !k.held {
			c.events, k.events = k.events, nil
		}
		if c.own() {
			k.busy[serverKey{}] = true
		}
		k.sweeps, k.logs = false, nil
		return c.own() || len(c.keys) > 0
	})
	return c, err
}

// Tell takes what has happened to a server by itself.
func (s *Service) Tell(e ServerEvent) {
	s.keeper.monitor.Change(func() { s.keeper.events = append(s.keeper.events, e) })
}

// hold keeps events that could not be stored, before those that came meanwhile.
func (k *keeper) hold(events []ServerEvent) {
	if len(events) > 0 {
		k.monitor.Change(func() { k.events, k.held = append(events, k.events...), true })
	}
}

// delay has an instance's work done again in a while.
func (k *keeper) delay(key serverKey) { k.monitor.Change(func() { k.late[key] = true }) }

// retry asks for what is delayed or held, if there is something.
func (k *keeper) retry() (late []serverKey) {
	k.monitor.Change(func() {
		for key := range k.late {
			late = append(late, key)
			k.again[key] = true
		}
		clear(k.late)
		k.held = false
	})
	return late
}

// retryPause is between attempts at what a full disk has kept from being done.
const retryPause = 5 * time.Second

// retryLate tries what is late again, until ctx ends.
func (s *Service) retryLate(ctx context.Context) {
	for s.d.Clock.Wait(ctx, s.d.Clock.Now().Add(retryPause)) == nil {
		for _, key := range s.keeper.retry() {
			s.servers.again(key.resource)
		}
	}
}

// Idle waits until the servers are as the instances say.
func (s *Service) Idle(ctx context.Context) error {
	k := s.keeper
	return k.monitor.Wait(ctx, func() bool {
		return s.d.Servers == nil || len(k.busy)+len(k.again)+len(k.events)+len(k.logs) == 0 && !k.sweeps && k.begun
	})
}

// keep works until ctx ends, and returns when all work has.
func (s *Service) keep(ctx context.Context) {
	var running sync.WaitGroup
	defer func() {
		running.Wait()
		for _, name := range s.servers.all() {
			s.servers.forget(name)
		}
	}()
	s.adopt(ctx)
	s.wake()
	s.keeper.monitor.Change(func() { s.keeper.begun = true })
	for {
		todo, err := s.keeper.next(ctx)
		if err != nil {
			return
		}
		for _, key := range todo.keys {
			running.Go(func() {
				s.work(ctx, key)
				s.keeper.monitor.Change(func() { delete(s.keeper.busy, key) })
			})
		}
		for i, e := range todo.events {
			if !s.happenedTo(ctx, e) {
				s.keeper.hold(todo.events[i:])
				break
			}
		}
		if todo.sweep {
			s.removeUnused()
		}
		s.export(ctx, todo.logs)
		if todo.own() {
			s.keeper.monitor.Change(func() { delete(s.keeper.busy, serverKey{}) })
		}
	}
}

// adopt gives a server to instances that were made while the cloud ran none.
func (s *Service) adopt(ctx context.Context) {
	var without []serverKey
	s.each(func(sc state.Scope, r *instanceRecord) {
		if r.Server == nil && r.Engine == postgres {
			without = append(without, serverKey{sc, r.ResourceID})
		}
	})
	for _, key := range without {
		err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
			t := s.txn(tx, key.sc)
			if r := t.byResource(key.resource); r != nil {
				t.follow(r, "starting")
				t.putInstance(r)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.d.Logger.Error("a DB instance gets no server", "resource", key.resource, "err", err)
		}
	}
}

// wake asks for the work of all instances: at the start, and once a minute for those that have failed.
func (s *Service) wake() {
	s.each(func(sc state.Scope, r *instanceRecord) {
		if r.Server != nil {
			s.keeper.kick(serverKey{sc, r.ResourceID})
		}
	})
	s.keeper.sweep()
}

func (s *Service) wakeFailed() {
	s.each(func(sc state.Scope, r *instanceRecord) {
		if r.Server != nil && r.Server.failed() {
			s.servers.again(r.ResourceID)
			s.keeper.kick(serverKey{sc, r.ResourceID})
		}
	})
}

func (s *Service) each(f func(sc state.Scope, r *instanceRecord)) {
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for sc, r := range s.instances.AllScopes(tx) {
			f(sc, r)
		}
		return nil
	})
}

// removeUnused deletes the data of snapshots that no record names any more, and the archives that nothing can be restored from.
func (s *Service) removeUnused() {
	var snapshots []string
	archives := map[string][]string{}
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for _, r := range s.instances.AllScopes(tx) {
			if r.Server == nil {
				continue
			}
			if r.Retention > 0 || r.Server.KeepBackups {
				archives[r.ResourceID] = append(archives[r.ResourceID], []string{}...)
			}
			if o := r.Server.Origin; o != nil {
				snapshots = append(snapshots, o.Snapshot)
				if o.Replay != "" {
					archives[o.Replay] = append(archives[o.Replay], o.Snapshot)
				}
			}
		}
		for _, b := range s.backups.AllScopes(tx) {
			archives[b.ResourceID] = append(archives[b.ResourceID], []string{}...)
		}
		for _, r := range s.snapshots.AllScopes(tx) {
			if r.Data == "" {
				continue
			}
			snapshots = append(snapshots, r.Data)
			if _, ok := archives[r.ResourceID]; ok && r.Type == automated {
				archives[r.ResourceID] = append(archives[r.ResourceID], r.Data)
			}
		}
		return nil
	})
	if err := s.d.Copies.Keep(snapshots, archives); err != nil {
		s.d.Logger.Error("backups that are not needed any more stay on the disk", "err", err)
	}
}

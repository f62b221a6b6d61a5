package events

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"atoll/internal/cloud/state"
)

// jobRecord is an event on its way to a target, by a number that keeps their order.
type jobRecord struct {
	Scope     state.Scope
	Bus, Rule string
	Target    Target // as it was when the rule fired
	Event     string
	Ingested  time.Time
	Forwarded bool // the event came from another bus
}

// enqueue hands an event to a rule's targets. The worker delivers.
func (t *txn) enqueue(r *ruleRecord, e *envelope, forwarded bool) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	number := int64(0)
	for last := range t.jobs.Range(t.tx, state.Scope{}, "", "\x7f", true) {
		if number, err = strconv.ParseInt(last, 10, 64); err != nil {
			return err
		}
		break
	}
	for _, target := range r.Targets {
		number++
		t.jobs.Put(t.tx, state.Scope{}, fmt.Sprintf("%019d", number), &jobRecord{Scope: t.sc, Bus: r.Bus, Rule: r.Name, Target: target, Event: string(raw), Ingested: t.now, Forwarded: forwarded})
	}
	t.tx.AfterCommit(t.stir)
	return nil
}

// stir has the worker look for jobs and schedules.
func (s *Service) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run fires schedules and delivers events until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var waits sync.WaitGroup
	defer waits.Wait()
	for {
		next, err := s.fire(ctx)
		if err == nil {
			err = s.deliverAll(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		waiting, cancel := context.WithCancel(ctx)
		reached := make(chan struct{})
		if !next.IsZero() {
			waits.Go(func() {
				if s.d.Clock.Wait(waiting, next) == nil {
					close(reached)
				}
			})
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-reached:
		}
		cancel()
	}
}

// fire fires the rules whose time has come, and gives the next time.
func (s *Service) fire(ctx context.Context) (next time.Time, err error) {
	now := s.d.Clock.Now()
	var ids []string
	err = s.d.Store.View(func(tx *state.Tx) error {
		for _, r := range s.schedules.ByRange(tx, state.Scope{}, "due", "", "\x7f", false) {
			if r.Next.After(now) {
				next = r.Next
				break
			}
			ids = append(ids, scheduleID(r.Scope, ruleID(r.Bus, r.Rule)))
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return next, err
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		for _, id := range ids {
			r, ok := s.schedules.Get(tx, state.Scope{}, id)
			if !ok || r.Next.After(now) {
				continue
			}
			t := &txn{Service: s, tx: tx, sc: r.Scope, now: now}
			if err := t.fired(id, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return next, fmt.Errorf("firing schedules: %w", err)
	}
	s.stir() // for the next times of those that have fired
	return next, nil
}

func (t *txn) fired(id string, r *scheduleRecord) error {
	if rule, ok := t.rules.Get(t.tx, t.sc, ruleID(r.Bus, r.Rule)); ok {
		e := t.event("aws.events", "Scheduled Event", r.Next, []string{ruleARN(t.sc, r.Bus, r.Rule)}, json.RawMessage("{}"))
		if err := t.enqueue(rule, e, false); err != nil {
			return err
		}
	}
	times, err := parseSchedule(r.Expression)
	if err != nil {
		return err
	}
	next, ok := times.after(t.now, r.From)
	if !ok {
		t.schedules.Delete(t.tx, state.Scope{}, id)
		return nil
	}
	r.Next = next
	t.schedules.Put(t.tx, state.Scope{}, id, r)
	return nil
}

// deliverAll delivers what waits, in order. What a target refuses is dropped and logged.
func (s *Service) deliverAll(ctx context.Context) error {
	for {
		id, j := "", (*jobRecord)(nil)
		err := s.d.Store.View(func(tx *state.Tx) error {
			for first, r := range s.jobs.All(tx, state.Scope{}) {
				id, j = first, r
				break
			}
			return nil
		})
		if err != nil || j == nil || ctx.Err() != nil {
			return err
		}
		failed := s.deliver(ctx, j)
		if ctx.Err() != nil {
			return ctx.Err() // it is delivered again at the next start
		}
		if failed != nil {
			s.d.Logger.Warn("an event could not be delivered", "rule", ruleARN(j.Scope, j.Bus, j.Rule), "target", *j.Target.Arn, "err", failed)
		}
		err = s.d.Store.Update(ctx, func(tx *state.Tx) error { s.jobs.Delete(tx, state.Scope{}, id); return nil })
		if err != nil {
			return fmt.Errorf("noting a delivery: %w", err)
		}
	}
}

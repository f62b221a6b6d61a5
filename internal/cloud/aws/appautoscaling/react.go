package appautoscaling

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/event"
)

const alarmed = "ALARM"

// react scales when an alarm changes its state. While an alarm stays in its state, the worker scales on, once a minute.
func (s *Service) react(ctx context.Context, e event.Event) {
	if e.Source != "aws.cloudwatch" || e.DetailType != "CloudWatch Alarm State Change" || len(e.Resources) != 1 {
		return
	}
	err := s.updateIn(ctx, e.Scope, func(t *txn) error {
		a, ok := t.d.Alarms.AlarmByARN(t.tx, t.sc, e.Resources[0])
		if !ok || !a.Enabled {
			return nil
		}
		for _, action := range a.Actions {
			for _, p := range t.policies.By(t.tx, t.sc, byARN, action) {
				t.invoke(p, a, true)
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("scaling on an alarm", "alarm", e.Resources[0], "err", err)
	}
}

// invoke carries out a policy for an alarm. first tells the alarm's transition from its later minutes: what comes of it is recorded
// even if that is nothing.
func (t *txn) invoke(p *policyRecord, a AlarmView, first bool) {
	r, err := t.target(p.key)
	if err != nil {
		return
	}
	now, err := t.capacity(r.key)
	if err != nil || now == 0 && r.Namespace == dynamodb {
		return
	}
	next, ok := t.wanted(p, r, a, now)
	if !ok {
		return
	}
	cause := "monitor alarm " + a.Name + " in state " + a.State + " triggered policy " + p.Name
	switch {
	case next > now && r.Suspended.Out, next < now && r.Suspended.In:
		return
	case next > now:
		t.scaleOut(p, r, now, next, cause, first)
	case next < now:
		t.scaleIn(p, r, now, next, cause, first)
	case first:
		t.notScaled(r, now, cause, "AlreadyAtDesiredCapacity")
	}
}

// wanted gives the capacity that a policy wants. While the cooldown of a scale-out lasts, it counts from the capacity before that:
// what was added then is not added once more.
func (t *txn) wanted(p *policyRecord, r *targetRecord, a AlarmView, now int64) (int64, bool) {
	base := now
	if a.Above && t.now.Before(r.OutUntil) && r.OutFrom < now {
		base = r.OutFrom
	}
	if p.Step != nil {
		n, ok := p.steps(a, base)
		if ok && base < now && n <= now {
			return now, true
		}
		return n, ok
	}
	if !slices.ContainsFunc(p.Alarms, func(o ownAlarm) bool { return o.Name == a.Name && (o.For == forHigh || o.For == forLow) }) {
		return 0, false
	}
	n, ok := p.proposal(a, base)
	if a.Above {
		return max(n, now), ok
	}
	return min(n, now), ok
}

func (t *txn) scaleOut(p *policyRecord, r *targetRecord, now, next int64, cause string, first bool) {
	if next = r.within(next); next <= now {
		if first {
			t.notScaled(r, now, cause, "AlreadyAtMaxCapacity")
		}
		return
	}
	if !t.now.Before(r.OutUntil) {
		r.OutFrom = now
	}
	r.OutUntil, r.InUntil = t.now.Add(p.cooldown(true)), time.Time{} // a scale-out ends the cooldown of a scale-in
	t.targets.Put(t.tx, t.sc, r.id(), r)
	t.scale(r, next, cause)
}

func (t *txn) scaleIn(p *policyRecord, r *targetRecord, now, next int64, cause string, first bool) {
	if p.Tracking != nil {
		if yes(p.Tracking.DisableScaleIn) {
			return
		}
		// All target tracking policies must want to scale in; the one that keeps most counts.
		for _, other := range t.policies.Prefix(t.tx, t.sc, r.id()+separator) {
			if other.Tracking == nil || other.Name == p.Name || yes(other.Tracking.DisableScaleIn) {
				continue
			}
			n, ready := t.readyToScaleIn(other, now)
			if !ready {
				return
			}
			next = max(next, n)
		}
	}
	if next = max(next, r.Min); next >= now {
		if first {
			t.notScaled(r, now, cause, "AlreadyAtMinCapacity")
		}
		return
	}
	if t.now.Before(r.InUntil) {
		return
	}
	r.InUntil = t.now.Add(p.cooldown(false))
	t.targets.Put(t.tx, t.sc, r.id(), r)
	t.scale(r, next, cause)
}

// readyToScaleIn reports whether a target tracking policy's low alarm has gone off, and what capacity it wants then.
func (t *txn) readyToScaleIn(p *policyRecord, now int64) (int64, bool) {
	for _, a := range t.d.Alarms.AlarmsActing(t.tx, t.sc, p.ARN) {
		if a.State == alarmed && slices.Contains(p.Alarms, ownAlarm{forLow, a.Name}) {
			return p.proposal(a, now)
		}
	}
	return 0, false
}

// cooldown is how long after a scale-out, or a scale-in, the next one waits.
func (p *policyRecord) cooldown(out bool) time.Duration {
	seconds := p.key.cooldown()
	var given *int64
	switch {
	case p.Step != nil:
		given = p.Step.Cooldown
	case out:
		given = p.Tracking.ScaleOutCooldown
	default:
		given = p.Tracking.ScaleInCooldown
	}
	if given != nil {
		seconds = *given
	}
	return time.Duration(seconds) * time.Second
}

func (t *txn) notScaled(r *targetRecord, now int64, cause, code string) {
	reason := NotScaledReason{Code: &code, CurrentCapacity: &now}
	switch code {
	case "AlreadyAtMaxCapacity":
		reason.MaxCapacity = &r.Max
	case "AlreadyAtMinCapacity":
		reason.MinCapacity = &r.Min
	}
	t.record(activityRecord{key: r.key, Description: "Attempting to scale due to alarm triggered", Cause: cause, Status: failed, NotScaled: []NotScaledReason{reason}})
}

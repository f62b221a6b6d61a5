package appautoscaling

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/aws/appautoscaling/schedule"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// actionRecord is a scheduled action. It stands under its target's id and its name.
type actionRecord struct {
	key
	Name, ARN  string
	Schedule   string
	Timezone   *string    `json:",omitempty"`
	Start, End *time.Time `json:",omitempty"`
	Min, Max   *int64     `json:",omitempty"`
	Created    time.Time
	Next       *time.Time `json:",omitempty"` // when it is to act; nil: never again
}

const maxActions = 200

// PutScheduledAction makes a scheduled action or changes the one of its name: what is not given stays, times of start and end aside.
func (s *Service) PutScheduledAction(ctx context.Context, in *PutScheduledActionInput) (*PutScheduledActionOutput, error) {
	k, err := readKey("PutScheduledAction", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	if err := checkName(*in.ScheduledActionName, "scheduledActionName", "|:/"); err != nil {
		return nil, err
	}
	return &PutScheduledActionOutput{}, s.update(ctx, func(t *txn) error {
		if _, err := t.target(k); err != nil {
			return err
		}
		r, exists := t.actions.Get(t.tx, t.sc, policyID(k, *in.ScheduledActionName))
		if !exists {
			n := 0
			for range t.actions.Prefix(t.tx, t.sc, k.id()+separator) {
				n++
			}
			if n >= maxActions {
				return wire.Errorf("LimitExceededException", "A scalable target can have no more than %d scheduled actions", maxActions)
			}
			r = &actionRecord{key: k, Name: *in.ScheduledActionName, Created: t.now}
			r.ARN = "arn:aws:autoscaling:" + t.sc.Region + ":" + t.sc.Account + ":scheduledAction:" + t.d.IDs.UUID() + ":resource/" + k.Namespace + "/" + k.Resource + ":scheduledActionName/" + r.Name
		}
		if err := r.change(in, t.now); err != nil {
			return err
		}
		t.actions.Put(t.tx, t.sc, policyID(k, r.Name), r)
		return nil
	})
}

func (r *actionRecord) change(in *PutScheduledActionInput, now time.Time) error {
	if in.Schedule != nil {
		r.Schedule = *in.Schedule
	}
	if in.Timezone != nil {
		r.Timezone = in.Timezone
	}
	r.Start, r.End = in.StartTime, in.EndTime
	if a := in.ScalableTargetAction; a != nil {
		r.Min, r.Max = a.MinCapacity, a.MaxCapacity
	}
	switch {
	case r.Schedule == "":
		return invalid("Schedule is required when creating a scheduled action")
	case r.Min == nil && r.Max == nil:
		return invalid("At least one of MinCapacity and MaxCapacity is required in the scalable target action")
	case r.Min != nil && *r.Min < r.least() || r.Max != nil && *r.Max < r.least():
		return invalid("Capacities must be greater than or equal to %d", r.least())
	case r.Min != nil && r.Max != nil && *r.Max < *r.Min:
		return invalid("Maximum capacity cannot be less than minimum capacity")
	case r.Start != nil && r.End != nil && !r.Start.Before(*r.End):
		return invalid("The start time must be before the end time")
	}
	if _, err := schedule.Parse(r.Schedule, text(r.Timezone)); err != nil {
		return invalid("Schedule expression %s is not valid: %s", r.Schedule, err)
	}
	r.plan(now)
	return nil
}

// plan sets the time of the next action after a moment.
func (r *actionRecord) plan(after time.Time) {
	r.Next = nil
	s, err := schedule.Parse(r.Schedule, text(r.Timezone))
	if err != nil {
		return // was checked when it was stored
	}
	start := r.Created
	if r.Start != nil {
		start = *r.Start
		if after.Before(start) {
			after = start.Add(-1)
		}
	}
	if next, ok := s.Next(start, after); ok && (r.End == nil || next.Before(*r.End)) {
		r.Next = &next
	}
}

// run carries out a scheduled action that is due.
func (t *txn) run(r *actionRecord) {
	defer func() {
		r.plan(t.now)
		t.actions.Put(t.tx, t.sc, policyID(r.key, r.Name), r)
	}()
	target, err := t.target(r.key)
	if err != nil || target.Suspended.Scheduled {
		return
	}
	a := activityRecord{key: r.key, Cause: "scheduled action name " + r.Name + " was triggered", Status: successful}
	what := ""
	if r.Min != nil {
		what = "min capacity to " + itoa(*r.Min)
	}
	if r.Max != nil {
		if what != "" {
			what += " and "
		}
		what += "max capacity to " + itoa(*r.Max)
	}
	a.Description, a.Message = "Setting "+what, "Successfully set "+what
	if err := target.bound(r.Min, r.Max); err != nil {
		a.Status, a.Message = failed, "Failed to set "+what+". Reason: "+err.Error()
		t.record(a)
		return
	}
	t.targets.Put(t.tx, t.sc, target.id(), target)
	t.record(a)
	t.bringInside(target)
}

// DeleteScheduledAction deletes a scheduled action.
func (s *Service) DeleteScheduledAction(ctx context.Context, in *DeleteScheduledActionInput) (*DeleteScheduledActionOutput, error) {
	k, err := readKey("DeleteScheduledAction", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	return &DeleteScheduledActionOutput{}, s.update(ctx, func(t *txn) error {
		if !t.actions.Delete(t.tx, t.sc, policyID(k, *in.ScheduledActionName)) {
			return wire.Errorf("ObjectNotFoundException", "No scheduled action found for service namespace: %s, resource ID: %s, scalable dimension: %s, scheduled action name: %s", k.Namespace, k.Resource, k.Dimension, *in.ScheduledActionName)
		}
		return nil
	})
}

// DescribeScheduledActions lists the scheduled actions of a service.
func (s *Service) DescribeScheduledActions(ctx context.Context, in *DescribeScheduledActionsInput) (*DescribeScheduledActionsOutput, error) {
	if err := checkEnum(*in.ServiceNamespace, "serviceNamespace", namespaces()...); err != nil {
		return nil, err
	}
	if in.ScalableDimension != nil && in.ResourceId == nil {
		return nil, invalid("A scalable dimension can be given with a resource ID only")
	}
	limit, err := limitOf(in.MaxResults, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeScheduledActionsOutput{ScheduledActions: []ScheduledAction{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.actions.PrefixFrom(t.tx, t.sc, *in.ServiceNamespace+separator, after)
		found, next := state.Page(seq, limit, func(r *actionRecord) bool {
			return (in.ResourceId == nil || *in.ResourceId == r.Resource) && (in.ScalableDimension == nil || *in.ScalableDimension == r.Dimension) &&
				(len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, r.Name))
		})
		for _, r := range found {
			out.ScheduledActions = append(out.ScheduledActions, ScheduledAction{
				ScheduledActionName: new(r.Name), ScheduledActionARN: new(r.ARN), ServiceNamespace: new(r.Namespace), ResourceId: new(r.Resource),
				ScalableDimension: new(r.Dimension), Schedule: new(r.Schedule), Timezone: r.Timezone, StartTime: r.Start, EndTime: r.End, CreationTime: new(r.Created),
				ScalableTargetAction: &ScalableTargetAction{MinCapacity: r.Min, MaxCapacity: r.Max},
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

package appautoscaling

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/state"
)

// targetRecord is a scalable target.
type targetRecord struct {
	key
	ARN       string
	Min, Max  int64
	Created   time.Time
	Suspended suspension

	// The last scale-out, for its cooldown: what the capacity was before, and until when that counts.
	OutFrom  int64
	OutUntil time.Time
	InUntil  time.Time // end of the cooldown of the last scale-in
}

type suspension struct{ In, Out, Scheduled bool }

func (r *targetRecord) within(n int64) int64 { return min(max(n, r.Min), r.Max) }

// RegisterScalableTarget makes a target or changes what is given of one. A capacity that lies outside of its bounds is brought inside.
func (s *Service) RegisterScalableTarget(ctx context.Context, in *RegisterScalableTargetInput) (*RegisterScalableTargetOutput, error) {
	k, err := readKey("RegisterScalableTarget", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	out := &RegisterScalableTargetOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, exists := t.targets.Get(t.tx, t.sc, k.id())
		if !exists {
			if in.MinCapacity == nil || in.MaxCapacity == nil {
				return invalid("MinCapacity and MaxCapacity are required when registering a new scalable target")
			}
			r = &targetRecord{key: k, Created: t.now, ARN: "arn:aws:application-autoscaling:" + t.sc.Region + ":" + t.sc.Account + ":scalable-target/0" + t.d.IDs.Hex(35)}
		}
		if err := r.bound(in.MinCapacity, in.MaxCapacity); err != nil {
			return err
		}
		if _, err := t.capacity(k); err != nil {
			return err
		}
		if p := in.SuspendedState; p != nil {
			for _, m := range []struct {
				to   *bool
				from *bool
			}{{&r.Suspended.In, p.DynamicScalingInSuspended}, {&r.Suspended.Out, p.DynamicScalingOutSuspended}, {&r.Suspended.Scheduled, p.ScheduledScalingSuspended}} {
				if m.from != nil {
					*m.to = *m.from
				}
			}
		}
		t.targets.Put(t.tx, t.sc, k.id(), r)
		out.ScalableTargetARN = new(r.ARN)
		if err := t.tag(r.ARN, in.Tags); err != nil {
			return err
		}
		t.bringInside(r)
		return nil
	})
}

func (r *targetRecord) bound(least, most *int64) error {
	if least != nil {
		r.Min = *least
	}
	if most != nil {
		r.Max = *most
	}
	switch {
	case r.Min < r.least():
		return invalid("Minimum capacity must be greater than or equal to %d", r.least())
	case r.Max < r.Min:
		return invalid("Maximum capacity cannot be less than minimum capacity")
	}
	return nil
}

// bringInside moves a capacity to the bound beyond which it lies.
func (t *txn) bringInside(r *targetRecord) {
	now, err := t.capacity(r.key)
	next := r.within(now)
	if err != nil || next == now || now == 0 && r.Namespace == dynamodb { // gone, inside, or on-demand
		return
	}
	cause := "minimum capacity was set to " + itoa(next)
	if next < now {
		cause = "maximum capacity was set to " + itoa(next)
	}
	t.scale(r, next, cause)
}

// DeregisterScalableTarget forgets a target with its policies, their alarms, and its scheduled actions.
func (s *Service) DeregisterScalableTarget(ctx context.Context, in *DeregisterScalableTargetInput) (*DeregisterScalableTargetOutput, error) {
	k, err := readKey("DeregisterScalableTarget", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	return &DeregisterScalableTargetOutput{}, s.update(ctx, func(t *txn) error {
		if _, err := t.target(k); err != nil {
			return err
		}
		t.forget(k)
		return nil
	})
}

func (t *txn) target(k key) (*targetRecord, error) {
	r, ok := t.targets.Get(t.tx, t.sc, k.id())
	if !ok {
		return nil, k.missing()
	}
	return r, nil
}

func (t *txn) forget(k key) {
	prefix := k.id() + separator
	for _, p := range t.policies.Prefix(t.tx, t.sc, prefix) {
		t.deletePolicy(p)
	}
	for id := range t.actions.Prefix(t.tx, t.sc, prefix) {
		t.actions.Delete(t.tx, t.sc, id)
	}
	t.targets.Delete(t.tx, t.sc, k.id())
}

// DescribeScalableTargets lists the targets of a service.
func (s *Service) DescribeScalableTargets(ctx context.Context, in *DescribeScalableTargetsInput) (*DescribeScalableTargetsOutput, error) {
	if err := checkEnum(*in.ServiceNamespace, "serviceNamespace", namespaces()...); err != nil {
		return nil, err
	}
	limit, err := limitOf(in.MaxResults, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	if len(in.ResourceIds) > 50 {
		return nil, invalid("The list of resource IDs has more than 50 elements")
	}
	if in.ScalableDimension != nil && len(in.ResourceIds) == 0 {
		return nil, invalid("A scalable dimension can be given with resource IDs only")
	}
	out := &DescribeScalableTargetsOutput{ScalableTargets: []ScalableTarget{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.targets.PrefixFrom(t.tx, t.sc, *in.ServiceNamespace+separator, after)
		found, next := state.Page(seq, limit, func(r *targetRecord) bool {
			return (len(in.ResourceIds) == 0 || slices.Contains(in.ResourceIds, r.Resource)) && (in.ScalableDimension == nil || *in.ScalableDimension == r.Dimension)
		})
		for _, r := range found {
			out.ScalableTargets = append(out.ScalableTargets, ScalableTarget{
				ServiceNamespace: new(r.Namespace), ResourceId: new(r.Resource), ScalableDimension: new(r.Dimension), MinCapacity: new(r.Min), MaxCapacity: new(r.Max),
				RoleARN: new(r.role(t.sc.Account)), CreationTime: new(r.Created), ScalableTargetARN: new(r.ARN),
				SuspendedState: &SuspendedState{
					DynamicScalingInSuspended: new(r.Suspended.In), DynamicScalingOutSuspended: new(r.Suspended.Out), ScheduledScalingSuspended: new(r.Suspended.Scheduled),
				},
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

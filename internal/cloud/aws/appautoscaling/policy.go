package appautoscaling

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// policyRecord is a scaling policy. It stands under its target's id and its name.
type policyRecord struct {
	key
	Name, ARN string
	Type      string
	Created   time.Time
	Step      *StepScalingPolicyConfiguration           `json:",omitempty"`
	Tracking  *TargetTrackingScalingPolicyConfiguration `json:",omitempty"`
	Alarms    []ownAlarm                                `json:",omitempty"` // that a target tracking policy has made
}

// ownAlarm is an alarm that a policy has made, by what it is for: AlarmHigh, AlarmLow, ProvisionedCapacityHigh, ProvisionedCapacityLow.
type ownAlarm struct{ For, Name string }

const (
	typeStep     = "StepScaling"
	typeTracking = "TargetTrackingScaling"
)

func (r *policyRecord) id() string { return policyID(r.key, r.Name) }

func policyID(k key, name string) string { return k.id() + separator + name }

// maxPolicies is how many policies a target may have: 50 in all.
const maxPolicies = 50

// PutScalingPolicy makes a policy or changes the one of its name. What is not given of one that is there stays.
func (s *Service) PutScalingPolicy(ctx context.Context, in *PutScalingPolicyInput) (*PutScalingPolicyOutput, error) {
	k, err := readKey("PutScalingPolicy", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	if err := checkName(*in.PolicyName, "policyName", "|"); err != nil {
		return nil, err
	}
	if in.PolicyType != nil {
		if err := checkEnum(*in.PolicyType, "policyType", typeStep, typeTracking, "PredictiveScaling"); err != nil {
			return nil, err
		}
	}
	if in.PredictiveScalingPolicyConfiguration != nil || text(in.PolicyType) == "PredictiveScaling" {
		return nil, wire.NotImplemented("application-autoscaling:PutScalingPolicy with predictive scaling")
	}
	if in.StepScalingPolicyConfiguration != nil && in.TargetTrackingScalingPolicyConfiguration != nil {
		return nil, invalid("Only one of the policy configurations can be specified")
	}
	out := &PutScalingPolicyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, err := t.target(k); err != nil {
			return err
		}
		r, err := t.policyFor(k, in)
		if err != nil {
			return err
		}
		if err := t.configure(r, in); err != nil {
			return err
		}
		if err := t.putAlarms(r); err != nil {
			return err
		}
		t.policies.Put(t.tx, t.sc, r.id(), r)
		out.PolicyARN, out.Alarms = new(r.ARN), t.alarmsOf(r)
		return nil
	})
}

// policyFor gives the policy to change, or a new one.
func (t *txn) policyFor(k key, in *PutScalingPolicyInput) (*policyRecord, error) {
	kind := text(in.PolicyType)
	r, ok := t.policies.Get(t.tx, t.sc, policyID(k, *in.PolicyName))
	if ok {
		if kind != "" && kind != r.Type {
			return nil, invalid("The type of the scaling policy %s cannot be changed from %s to %s", r.Name, r.Type, kind)
		}
		return r, nil
	}
	n := 0
	for range t.policies.Prefix(t.tx, t.sc, k.id()+separator) {
		n++
	}
	if n >= maxPolicies {
		return nil, wire.Errorf("LimitExceededException", "A scalable target can have no more than %d scaling policies", maxPolicies)
	}
	if kind == "" {
		kind = typeStep
	}
	arn := "arn:aws:autoscaling:" + t.sc.Region + ":" + t.sc.Account + ":scalingPolicy:" + t.d.IDs.UUID() + ":resource/" + k.Namespace + "/" + k.Resource + ":policyName/" + *in.PolicyName
	return &policyRecord{key: k, Name: *in.PolicyName, ARN: arn, Type: kind, Created: t.now}, nil
}

func (t *txn) configure(r *policyRecord, in *PutScalingPolicyInput) error {
	switch r.Type {
	case typeStep:
		if in.TargetTrackingScalingPolicyConfiguration != nil {
			return invalid("A target tracking configuration does not fit a policy of the type StepScaling")
		}
		if c := in.StepScalingPolicyConfiguration; c != nil {
			r.Step = c
			return checkSteps(c)
		}
		if r.Step == nil {
			return invalid("StepScalingPolicyConfiguration is required for a policy of the type StepScaling")
		}
	default:
		if in.StepScalingPolicyConfiguration != nil {
			return invalid("A step scaling configuration does not fit a policy of the type TargetTrackingScaling")
		}
		if c := in.TargetTrackingScalingPolicyConfiguration; c != nil {
			r.Tracking = c
			return t.checkTracking(r)
		}
		if r.Tracking == nil {
			return invalid("TargetTrackingScalingPolicyConfiguration is required for a policy of the type TargetTrackingScaling")
		}
	}
	return nil
}

// alarmsOf gives the alarms that invoke a policy: its own, and those of users that have it among their actions.
func (t *txn) alarmsOf(r *policyRecord) []Alarm {
	out := []Alarm{}
	for _, a := range t.d.Alarms.AlarmsActing(t.tx, t.sc, r.ARN) {
		out = append(out, Alarm{AlarmName: new(a.Name), AlarmARN: new(a.ARN)})
	}
	return out
}

// DeleteScalingPolicy deletes a policy and the alarms that it has made.
func (s *Service) DeleteScalingPolicy(ctx context.Context, in *DeleteScalingPolicyInput) (*DeleteScalingPolicyOutput, error) {
	k, err := readKey("DeleteScalingPolicy", in.ServiceNamespace, in.ResourceId, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	return &DeleteScalingPolicyOutput{}, s.update(ctx, func(t *txn) error {
		r, ok := t.policies.Get(t.tx, t.sc, policyID(k, *in.PolicyName))
		if !ok {
			return wire.Errorf("ObjectNotFoundException", "No scaling policy found for service namespace: %s, resource ID: %s, scalable dimension: %s, policy name: %s", k.Namespace, k.Resource, k.Dimension, *in.PolicyName)
		}
		t.deletePolicy(r)
		return nil
	})
}

func (t *txn) deletePolicy(r *policyRecord) {
	for _, a := range r.Alarms {
		t.d.Alarms.DeleteAlarm(t.tx, t.sc, a.Name)
	}
	t.policies.Delete(t.tx, t.sc, r.id())
}

// DescribeScalingPolicies lists the policies of a service.
func (s *Service) DescribeScalingPolicies(ctx context.Context, in *DescribeScalingPoliciesInput) (*DescribeScalingPoliciesOutput, error) {
	if err := checkEnum(*in.ServiceNamespace, "serviceNamespace", namespaces()...); err != nil {
		return nil, err
	}
	if in.ScalableDimension != nil && in.ResourceId == nil {
		return nil, invalid("A scalable dimension can be given with a resource ID only")
	}
	limit, err := limitOf(in.MaxResults, 10)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeScalingPoliciesOutput{ScalingPolicies: []ScalingPolicy{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.policies.PrefixFrom(t.tx, t.sc, *in.ServiceNamespace+separator, after)
		found, next := state.Page(seq, limit, func(r *policyRecord) bool {
			return (in.ResourceId == nil || *in.ResourceId == r.Resource) && (in.ScalableDimension == nil || *in.ScalableDimension == r.Dimension) &&
				(len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, r.Name))
		})
		for _, r := range found {
			out.ScalingPolicies = append(out.ScalingPolicies, ScalingPolicy{
				PolicyARN: new(r.ARN), PolicyName: new(r.Name), ServiceNamespace: new(r.Namespace), ResourceId: new(r.Resource), ScalableDimension: new(r.Dimension),
				PolicyType: new(r.Type), CreationTime: new(r.Created), StepScalingPolicyConfiguration: r.Step, TargetTrackingScalingPolicyConfiguration: r.Tracking,
				Alarms: t.alarmsOf(r),
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

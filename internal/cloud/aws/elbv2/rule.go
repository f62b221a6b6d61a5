package elbv2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxPriority = 50000
	maxRules    = 100 // of a load balancer, default rules aside
)

// ruleRecord is a rule of a listener. The default rule's actions are its listener's.
type ruleRecord struct {
	ID         string // the listener's and its own
	Priority   int64  // 0 for the default rule
	Conditions []RuleCondition
	Actions    []Action
	Transforms []RuleTransform
}

func (r *ruleRecord) standard() bool { return r.Priority == 0 }

// place makes rules sort by priority, the default one last.
func (r *ruleRecord) place() string {
	if r.standard() {
		return "default"
	}
	return fmt.Sprintf("%05d", r.Priority)
}

// rulesOf gives a listener's rules in their order.
func (t *txn) rulesOf(listener string) []*ruleRecord {
	var out []*ruleRecord
	for _, r := range t.rules.Prefix(t.tx, t.sc, listener+"/") {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *ruleRecord) int { return cmp.Compare(a.place(), b.place()) })
	return out
}

func (t *txn) describeRule(r *ruleRecord) Rule {
	out := Rule{
		RuleArn: new(arn(t.sc, kindRule, r.ID)), Priority: new(strconv.FormatInt(r.Priority, 10)), IsDefault: new(r.standard()),
		Conditions: r.Conditions, Actions: shown(r.Actions), Transforms: r.Transforms,
	}
	if out.Conditions == nil {
		out.Conditions = []RuleCondition{}
	}
	if r.standard() {
		out.Priority = new("default")
		if l, ok := t.listeners.Get(t.tx, t.sc, parent(r.ID)); ok {
			out.Actions = shown(l.Actions)
		}
	}
	return out
}

// CreateRule adds a rule to a listener of an application load balancer.
func (s *Service) CreateRule(ctx context.Context, in *CreateRuleInput) (*CreateRuleOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkPriority(*in.Priority); err != nil {
		return nil, err
	}
	out := &CreateRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err != nil {
			return err
		}
		b, _ := t.balancers.Get(t.tx, t.sc, parent(l.ID))
		if b.Type != typeApplication {
			return badConfiguration("Rules are not supported for listeners of load balancers with type '%s'", b.Type)
		}
		n := 0
		for _, r := range t.rules.Prefix(t.tx, t.sc, b.ID+"/") {
			if !r.standard() {
				n++
			}
		}
		if n >= maxRules {
			return wire.Errorf("TooManyRules", "The maximum number of rules has been reached on load balancer '%s'", arn(t.sc, kindBalancer, b.ID))
		}
		r := &ruleRecord{ID: l.ID + "/" + t.d.IDs.Hex(16), Priority: *in.Priority}
		if t.priorityTaken(r) {
			return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", r.Priority)
		}
		if r.Conditions, err = newConditions(in.Conditions); err != nil {
			return err
		}
		if r.Actions, err = t.newActions(b, l.Protocol, in.Actions); err != nil {
			return err
		}
		if err := keepSecrets(r.Actions, nil); err != nil {
			return err
		}
		if r.Transforms, err = newTransforms(in.Transforms); err != nil {
			return err
		}
		t.rules.Put(t.tx, t.sc, r.ID, r)
		state.SetTags(t.tx, arn(t.sc, kindRule, r.ID), tags)
		if err := t.checkGroupCount(b); err != nil {
			return err
		}
		out.Rules = []Rule{t.describeRule(r)}
		return nil
	})
}

func checkPriority(p int64) error {
	if p < 1 || p > maxPriority {
		return invalid("The priority '%d' must be within '1-%d' inclusive", p, maxPriority)
	}
	return nil
}

// priorityTaken says whether another rule of the listener has a rule's priority.
func (t *txn) priorityTaken(r *ruleRecord) bool {
	for id, other := range t.rules.Prefix(t.tx, t.sc, parent(r.ID)+"/") {
		if id != r.ID && other.Priority == r.Priority {
			return true
		}
	}
	return false
}

// DescribeRules lists the rules of a listener in their order, or those with the given ARNs.
func (s *Service) DescribeRules(ctx context.Context, in *DescribeRulesInput) (*DescribeRulesOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	if (in.ListenerArn == nil) == (len(in.RuleArns) == 0) {
		return nil, invalid("You must specify either listener rule ARNs or a listener ARN")
	}
	out := &DescribeRulesOutput{Rules: []Rule{}}
	return out, s.view(ctx, func(t *txn) error {
		var found []*ruleRecord
		if in.ListenerArn != nil {
			l, err := find(t, t.listeners, kindListener, in.ListenerArn)
			if err != nil {
				return err
			}
			found, out.NextMarker = pageBy(t.rulesOf(l.ID), (*ruleRecord).place, limit, after)
		}
		for i := range in.RuleArns {
			r, err := find(t, t.rules, kindRule, &in.RuleArns[i])
			if err != nil {
				return oneOrMore(err, "RuleNotFound", "rules")
			}
			found = append(found, r)
		}
		for _, r := range found {
			out.Rules = append(out.Rules, t.describeRule(r))
		}
		return nil
	})
}

// oneOrMore words the error of a describing call as AWS does, which does not say what is missing.
func oneOrMore(err error, code, what string) error {
	var e *wire.Error
	if errors.As(err, &e) && e.Code == code {
		return wire.Errorf(code, "One or more %s not found", what)
	}
	return err
}

// ModifyRule changes what a rule has: what the call does not name stays.
func (s *Service) ModifyRule(ctx context.Context, in *ModifyRuleInput) (*ModifyRuleOutput, error) {
	out := &ModifyRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.rules, kindRule, in.RuleArn)
		if err != nil {
			return err
		}
		if r.standard() {
			return wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified", *in.RuleArn)
		}
		l, _ := t.listeners.Get(t.tx, t.sc, parent(r.ID))
		b, _ := t.balancers.Get(t.tx, t.sc, parent(l.ID))
		if in.Conditions != nil {
			if r.Conditions, err = newConditions(in.Conditions); err != nil {
				return err
			}
		}
		if in.Actions != nil {
			old := r.Actions
			if r.Actions, err = t.newActions(b, l.Protocol, in.Actions); err != nil {
				return err
			}
			if err := keepSecrets(r.Actions, old); err != nil {
				return err
			}
		}
		reset := in.ResetTransforms != nil && *in.ResetTransforms
		switch {
		case reset && len(in.Transforms) > 0:
			return invalid("You can specify either transforms or reset transforms, but not both")
		case reset:
			r.Transforms = nil
		case in.Transforms != nil:
			if r.Transforms, err = newTransforms(in.Transforms); err != nil {
				return err
			}
		}
		t.rules.Put(t.tx, t.sc, r.ID, r)
		if err := t.checkGroupCount(b); err != nil {
			return err
		}
		out.Rules = []Rule{t.describeRule(r)}
		return nil
	})
}

// SetRulePriorities moves rules, all at once, so that they can change places.
func (s *Service) SetRulePriorities(ctx context.Context, in *SetRulePrioritiesInput) (*SetRulePrioritiesOutput, error) {
	out := &SetRulePrioritiesOutput{}
	return out, s.update(ctx, func(t *txn) error {
		var moved []*ruleRecord
		for _, p := range in.RulePriorities {
			if p.RuleArn == nil || p.Priority == nil {
				return invalid("A rule ARN and a priority must be specified")
			}
			if err := checkPriority(*p.Priority); err != nil {
				return err
			}
			r, err := find(t, t.rules, kindRule, p.RuleArn)
			if err != nil {
				return oneOrMore(err, "RuleNotFound", "rules")
			}
			if r.standard() {
				return wire.Errorf("OperationNotPermitted", "The priority of default rule '%s' cannot be modified", *p.RuleArn)
			}
			r.Priority = *p.Priority
			t.rules.Put(t.tx, t.sc, r.ID, r)
			moved = append(moved, r)
		}
		for _, r := range moved {
			if t.priorityTaken(r) {
				return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", r.Priority)
			}
			out.Rules = append(out.Rules, t.describeRule(r))
		}
		return nil
	})
}

// DeleteRule removes a rule.
func (s *Service) DeleteRule(ctx context.Context, in *DeleteRuleInput) (*DeleteRuleOutput, error) {
	return &DeleteRuleOutput{}, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.rules, kindRule, in.RuleArn)
		if err != nil {
			return err
		}
		if r.standard() {
			return wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", *in.RuleArn)
		}
		t.rules.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

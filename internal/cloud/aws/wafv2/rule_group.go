package wafv2

import (
	"context"
	"maps"
	"slices"

	"atoll/internal/cloud/wire"
)

type groupRecord struct {
	head
	Capacity         int64 // as given by its maker; its rules may not need more
	Rules            []Rule
	VisibilityConfig *VisibilityConfig
	Bodies           map[string]CustomResponseBody
	References       []string
	Available        []string // labels that the rules add
	Consumed         []string // labels that the rules match
}

// give checks rules and gives them to a group.
func (r *groupRecord) give(t *txn, rules []Rule, visibility *VisibilityConfig, bodies map[string]CustomResponseBody) error {
	c := &checker{t: t, scope: r.Scope, bodies: bodies, group: true}
	if err := c.bodiesFit(); err != nil {
		return err
	}
	if err := checkVisibility(visibility); err != nil {
		return err
	}
	if err := c.rules(rules); err != nil {
		return err
	}
	if c.capacity() > r.Capacity {
		return limitExceeded()
	}
	r.Rules, r.VisibilityConfig, r.Bodies, r.References = rules, visibility, bodies, c.references
	available := map[string]bool{}
	for _, rule := range rules {
		for _, l := range rule.RuleLabels {
			available[r.labelNamespace(t)+*l.Name] = true
		}
	}
	r.Available, r.Consumed = slices.Sorted(maps.Keys(available)), slices.Sorted(maps.Keys(c.labels))
	return nil
}

func (r *groupRecord) labelNamespace(t *txn) string {
	return "awswaf:" + t.sc.Account + ":rulegroup:" + r.Name + ":"
}

// CreateRuleGroup makes a rule group.
func (s *Service) CreateRuleGroup(ctx context.Context, in *CreateRuleGroupInput) (*CreateRuleGroupOutput, error) {
	if in.MonetizationConfig != nil {
		return nil, wire.NotImplemented("wafv2:CreateRuleGroup with MonetizationConfig")
	}
	out := &CreateRuleGroupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		h, err := t.newHead(*in.Scope, *in.Name, in.Description)
		if err != nil {
			return err
		}
		if *in.Capacity < 1 || *in.Capacity > maxCapacity {
			return wire.Errorf("WAFLimitsExceededException", "AWS WAF couldn’t perform the operation because the capacity must be from 1 to %d.", maxCapacity)
		}
		r := &groupRecord{head: h, Capacity: *in.Capacity}
		if err := r.give(t, in.Rules, in.VisibilityConfig, in.CustomResponseBodies); err != nil {
			return err
		}
		out.Summary = &RuleGroupSummary{Name: &h.Name, Id: &h.ID, LockToken: &h.Lock, ARN: new(h.arn(t.sc, kindGroup)), Description: new(h.Description)}
		return t.groupKind().add(t, r, in.Tags)
	})
}

// UpdateRuleGroup replaces a group's rules.
func (s *Service) UpdateRuleGroup(ctx context.Context, in *UpdateRuleGroupInput) (*UpdateRuleGroupOutput, error) {
	if in.MonetizationConfig != nil {
		return nil, wire.NotImplemented("wafv2:UpdateRuleGroup with MonetizationConfig")
	}
	out := &UpdateRuleGroupOutput{}
	return out, s.update(ctx, func(t *txn) (err error) {
		out.NextLockToken, err = t.groupKind().change(t, in.Scope, in.Name, in.Id, in.LockToken, func(r *groupRecord) error {
			if err := checkDescription(in.Description); err != nil {
				return err
			}
			r.Description = text(in.Description)
			return r.give(t, in.Rules, in.VisibilityConfig, in.CustomResponseBodies)
		})
		return err
	})
}

func labels(names []string) []LabelSummary {
	out := make([]LabelSummary, 0, len(names))
	for _, n := range names {
		out = append(out, LabelSummary{Name: new(n)})
	}
	return out
}

// GetRuleGroup gives a group, by its ARN or by scope, name and id.
func (s *Service) GetRuleGroup(ctx context.Context, in *GetRuleGroupInput) (*GetRuleGroupOutput, error) {
	out := &GetRuleGroupOutput{}
	return out, s.view(ctx, func(t *txn) (err error) {
		var r *groupRecord
		if in.ARN != nil {
			r, err = t.groupKind().byARN(t, *in.ARN)
		} else {
			r, err = t.groupKind().find(t, in.Scope, in.Name, in.Id)
		}
		if err != nil {
			return err
		}
		out.LockToken = new(r.Lock)
		out.RuleGroup = t.renderGroup(r)
		return nil
	})
}

func (t *txn) renderGroup(r *groupRecord) *RuleGroup {
	return &RuleGroup{
		Name: new(r.Name), Id: new(r.ID), Capacity: new(r.Capacity), ARN: new(r.arn(t.sc, kindGroup)), Description: new(r.Description),
		Rules: append([]Rule{}, r.Rules...), VisibilityConfig: r.VisibilityConfig, CustomResponseBodies: r.Bodies,
		LabelNamespace: new(r.labelNamespace(t)), AvailableLabels: labels(r.Available), ConsumedLabels: labels(r.Consumed),
	}
}

// DeleteRuleGroup deletes a group that no web ACL uses.
func (s *Service) DeleteRuleGroup(ctx context.Context, in *DeleteRuleGroupInput) (*DeleteRuleGroupOutput, error) {
	return &DeleteRuleGroupOutput{}, s.update(ctx, func(t *txn) error {
		return t.groupKind().remove(t, in.Scope, in.Name, in.Id, in.LockToken, t.referenced)
	})
}

// ListRuleGroups lists a scope's groups by name.
func (s *Service) ListRuleGroups(ctx context.Context, in *ListRuleGroupsInput) (*ListRuleGroupsOutput, error) {
	out := &ListRuleGroupsOutput{RuleGroups: []RuleGroupSummary{}}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.NextMarker, err = t.groupKind().list(t, in.Scope, in.NextMarker, in.Limit, func(h *head, arn string) {
			out.RuleGroups = append(out.RuleGroups, RuleGroupSummary{Name: new(h.Name), Id: new(h.ID), LockToken: new(h.Lock), ARN: &arn, Description: new(h.Description)})
		})
		return err
	})
}

package events

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTargets = 5 // of a rule

// PutTargets adds targets to a rule, or replaces those of the same ids.
func (s *Service) PutTargets(ctx context.Context, in *PutTargetsInput) (*PutTargetsOutput, error) {
	if n := len(in.Targets); n < 1 || n > 100 {
		return nil, invalid("1 validation error detected: Value at 'targets' failed to satisfy constraint: Member must have length between 1 and 100")
	}
	return &PutTargetsOutput{FailedEntryCount: new(int64(0)), FailedEntries: []PutTargetsResultEntry{}}, s.update(ctx, func(t *txn) error {
		r, err := t.rule(in.EventBusName, *in.Rule)
		if err != nil {
			return err
		}
		arn := ruleARN(t.sc, r.Bus, r.Name)
		for _, target := range in.Targets {
			if err := t.checkTarget(&target, arn); err != nil {
				return err
			}
			r.Targets = slices.DeleteFunc(r.Targets, func(old Target) bool { return *old.Id == *target.Id })
			r.Targets = append(r.Targets, target)
		}
		if len(r.Targets) > maxTargets {
			return wire.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
		}
		slices.SortFunc(r.Targets, func(a, b Target) int { return cmp.Compare(*a.Id, *b.Id) })
		return t.putRule(r)
	})
}

// RemoveTargets takes targets from a rule. Ids that it does not have are fine.
func (s *Service) RemoveTargets(ctx context.Context, in *RemoveTargetsInput) (*RemoveTargetsOutput, error) {
	if n := len(in.Ids); n < 1 || n > 100 {
		return nil, invalid("1 validation error detected: Value at 'ids' failed to satisfy constraint: Member must have length between 1 and 100")
	}
	return &RemoveTargetsOutput{FailedEntryCount: new(int64(0)), FailedEntries: []RemoveTargetsResultEntry{}}, s.update(ctx, func(t *txn) error {
		r, err := t.rule(in.EventBusName, *in.Rule)
		if err != nil {
			return err
		}
		r.Targets = slices.DeleteFunc(r.Targets, func(old Target) bool { return slices.Contains(in.Ids, *old.Id) })
		return t.putRule(r)
	})
}

// ListTargetsByRule lists a rule's targets by id.
func (s *Service) ListTargetsByRule(ctx context.Context, in *ListTargetsByRuleInput) (*ListTargetsByRuleOutput, error) {
	limit, after, err := page(in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListTargetsByRuleOutput{Targets: []Target{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.rule(in.EventBusName, *in.Rule)
		if err != nil {
			return err
		}
		for _, target := range r.Targets {
			if *target.Id <= after {
				continue
			}
			if len(out.Targets) == limit {
				out.NextToken = state.Token(*out.Targets[limit-1].Id)
				break
			}
			out.Targets = append(out.Targets, target)
		}
		return nil
	})
}

// ListRuleNamesByTarget lists the rules of a bus that have a target.
func (s *Service) ListRuleNamesByTarget(ctx context.Context, in *ListRuleNamesByTargetInput) (*ListRuleNamesByTargetOutput, error) {
	limit, after, err := page(in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListRuleNamesByTargetOutput{RuleNames: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		b, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		found, next := state.Page(t.rules.PrefixFrom(t.tx, t.sc, ruleID(b.Name, ""), after), limit, func(r *ruleRecord) bool {
			return slices.ContainsFunc(r.Targets, func(target Target) bool { return *target.Arn == *in.TargetArn })
		})
		for _, r := range found {
			out.RuleNames = append(out.RuleNames, r.Name)
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// targetARN is a target's ARN in its parts.
type targetARN struct{ service, region, account, resource string }

func parseTarget(arn string) (targetARN, bool) {
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] == "" || p[5] == "" {
		return targetARN{}, false
	}
	return targetARN{service: p[2], region: p[3], account: p[4], resource: p[5]}, true
}

// logGroup gives the name of the log group that a target is.
func (a targetARN) logGroup() string {
	return strings.TrimSuffix(strings.TrimPrefix(a.resource, "log-group:"), ":*")
}

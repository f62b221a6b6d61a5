package events

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/eventpattern"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// ruleRecord stands under BUS/NAME; no rule's name has a slash.
type ruleRecord struct {
	Bus, Name         string
	Pattern, Schedule string // at least one of them
	State             string
	Description, Role string
	CreatedBy         string   // account
	Targets           []Target // by id
}

const (
	stateEnabled    = "ENABLED"
	stateEnabledAll = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
	stateDisabled   = "DISABLED"
)

// Limits of rules: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const (
	maxRules        = 300 // on a bus
	maxPatternBytes = 4096
)

func (t *txn) putRule(r *ruleRecord) error {
	t.rules.Put(t.tx, t.sc, ruleID(r.Bus, r.Name), r)
	return t.schedule(r)
}

func invalidPattern(err error) error {
	return wire.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %s", err)
}

func checkRule(in *PutRuleInput, bus string) error {
	pattern, schedule := text(in.EventPattern), text(in.ScheduleExpression)
	if err := checkRuleName(*in.Name); err != nil {
		return err
	}
	switch {
	case pattern == "" && schedule == "":
		return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case schedule != "" && bus != defaultBus:
		return invalid("ScheduleExpression is supported only on the default event bus.")
	case len([]rune(text(in.Description))) > 512:
		return constraint(*in.Description, "description", "Member must have length less than or equal to 512")
	case in.State != nil && !slices.Contains([]string{stateEnabled, stateEnabledAll, stateDisabled}, *in.State):
		return constraint(*in.State, "state", "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]")
	case len(pattern) > maxPatternBytes:
		return constraint(pattern, "eventPattern", "Member must have length less than or equal to 4096")
	}
	if schedule != "" {
		if _, err := parseSchedule(schedule); err != nil {
			return invalid("Parameter ScheduleExpression is not valid.")
		}
	}
	if pattern != "" {
		if _, err := eventpattern.Parse([]byte(pattern), eventpattern.EventBridge); err != nil {
			return invalidPattern(err)
		}
	}
	return nil
}

// PutRule makes a rule or replaces one, whose targets and tags stay.
func (s *Service) PutRule(ctx context.Context, in *PutRuleInput) (*PutRuleOutput, error) {
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &PutRuleOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		if err := checkRule(in, b.Name); err != nil {
			return err
		}
		arn := ruleARN(t.sc, b.Name, *in.Name)
		if in.RoleArn != nil {
			if err := t.assumable(*in.RoleArn, arn); err != nil {
				return err
			}
		}
		r, exists := t.rules.Get(t.tx, t.sc, ruleID(b.Name, *in.Name))
		if !exists {
			n := 0
			for range t.rules.Prefix(t.tx, t.sc, ruleID(b.Name, "")) {
				n++
			}
			if n >= maxRules {
				return wire.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
			}
			r = &ruleRecord{Bus: b.Name, Name: *in.Name, CreatedBy: t.sc.Account}
		}
		r.Pattern, r.Schedule, r.Description, r.Role, r.State = text(in.EventPattern), text(in.ScheduleExpression), text(in.Description), text(in.RoleArn), stateEnabled
		if in.State != nil {
			r.State = *in.State
		}
		if err := t.putRule(r); err != nil {
			return err
		}
		out.RuleArn = new(arn)
		if exists {
			return nil
		}
		return t.tag(arn, tags)
	})
}

// DescribeRule gives a rule.
func (s *Service) DescribeRule(ctx context.Context, in *DescribeRuleInput) (*DescribeRuleOutput, error) {
	out := &DescribeRuleOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.rule(in.EventBusName, *in.Name)
		if err != nil {
			return err
		}
		*out = DescribeRuleOutput{
			Name: new(r.Name), Arn: new(ruleARN(t.sc, r.Bus, r.Name)), EventPattern: optional(r.Pattern), ScheduleExpression: optional(r.Schedule),
			State: new(r.State), Description: optional(r.Description), RoleArn: optional(r.Role), EventBusName: new(r.Bus), CreatedBy: new(r.CreatedBy),
		}
		return nil
	})
}

// ListRules lists a bus's rules by name.
func (s *Service) ListRules(ctx context.Context, in *ListRulesInput) (*ListRulesOutput, error) {
	limit, after, err := page(in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListRulesOutput{Rules: []Rule{}}
	return out, s.view(ctx, func(t *txn) error {
		b, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		found, next := state.Page(t.rules.PrefixFrom(t.tx, t.sc, ruleID(b.Name, text(in.NamePrefix)), after), limit, nil)
		for _, r := range found {
			out.Rules = append(out.Rules, Rule{
				Name: new(r.Name), Arn: new(ruleARN(t.sc, r.Bus, r.Name)), EventPattern: optional(r.Pattern), State: new(r.State),
				Description: optional(r.Description), ScheduleExpression: optional(r.Schedule), RoleArn: optional(r.Role), EventBusName: new(r.Bus),
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// DeleteRule deletes a rule that has no targets. One that is not there is fine.
func (s *Service) DeleteRule(ctx context.Context, in *DeleteRuleInput) (*DeleteRuleOutput, error) {
	return &DeleteRuleOutput{}, s.update(ctx, func(t *txn) error {
		b, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		id := ruleID(b.Name, *in.Name)
		if r, ok := t.rules.Get(t.tx, t.sc, id); ok && len(r.Targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		t.rules.Delete(t.tx, t.sc, id)
		t.schedules.Delete(t.tx, state.Scope{}, scheduleID(t.sc, id))
		return nil
	})
}

// EnableRule enables a rule.
func (s *Service) EnableRule(ctx context.Context, in *EnableRuleInput) (*EnableRuleOutput, error) {
	return &EnableRuleOutput{}, s.setState(ctx, in.EventBusName, *in.Name, stateEnabled)
}

// DisableRule disables a rule.
func (s *Service) DisableRule(ctx context.Context, in *DisableRuleInput) (*DisableRuleOutput, error) {
	return &DisableRuleOutput{}, s.setState(ctx, in.EventBusName, *in.Name, stateDisabled)
}

func (s *Service) setState(ctx context.Context, bus *string, name, to string) error {
	return s.update(ctx, func(t *txn) error {
		r, err := t.rule(bus, name)
		if err != nil {
			return err
		}
		if r.State == to || strings.HasPrefix(r.State, to+"_") {
			return nil
		}
		r.State = to
		return t.putRule(r)
	})
}

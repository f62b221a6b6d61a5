package cloudwatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/cloudwatch/rule"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// compositeRule says when a composite alarm goes off, and which alarm keeps it from acting.
type compositeRule struct {
	Rule     string
	Children []string // names of the alarms in the rule

	Suppressor      *string `json:",omitempty"` // as given: a name or an ARN
	Wait, Extension *int64  `json:",omitempty"` // seconds

	// Suppression is under way while SuppressedBy is set. Acted is the state whose actions were carried out last, those of
	// the state that the alarm was made with included.
	SuppressedBy     string // "Alarm", "WaitPeriod" or "ExtensionPeriod"
	SuppressedReason string
	Until            time.Time // of the two periods
	Acted            string
}

// children gives the alarms whose changes concern a composite alarm.
func (r *alarmRecord) children() []string {
	if r.Composite == nil {
		return nil
	}
	out := slices.Clone(r.Composite.Children)
	if r.Composite.Suppressor != nil {
		out = append(out, alarmName(*r.Composite.Suppressor))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const maxChildren = 100

// PutCompositeAlarm makes a composite alarm, or gives the one of its name another configuration, and evaluates it.
func (s *Service) PutCompositeAlarm(ctx context.Context, in *PutCompositeAlarmInput) (*PutCompositeAlarmOutput, error) {
	if in.ActionConfiguration != nil {
		return nil, wire.NotImplemented("cloudwatch:PutCompositeAlarm with ActionConfiguration")
	}
	r, err := newAlarm(actionInput{in.AlarmName, in.AlarmDescription, in.ActionsEnabled, in.OKActions, in.AlarmActions, in.InsufficientDataActions})
	if err != nil {
		return nil, err
	}
	if err := checkLength(*in.AlarmRule, "alarmRule", 1, 10240); err != nil {
		return nil, err
	}
	for _, a := range r.actions() {
		if strings.HasPrefix(a, "arn:aws:autoscaling:") || strings.HasPrefix(a, "arn:aws:automate:") || strings.HasPrefix(a, "arn:aws:swf:") {
			return nil, invalid("Composite alarms do not support the action %s.", a)
		}
	}
	parsed, err := rule.Parse(*in.AlarmRule)
	if err != nil {
		return nil, invalid("Error in AlarmRule: %s.", err)
	}
	r.Composite = &compositeRule{Rule: *in.AlarmRule, Suppressor: in.ActionsSuppressor, Wait: in.ActionsSuppressorWaitPeriod, Extension: in.ActionsSuppressorExtensionPeriod}
	if err := r.Composite.check(); err != nil {
		return nil, err
	}
	return &PutCompositeAlarmOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.resolve(r, parsed); err != nil {
			return err
		}
		old, exists := t.alarms.Get(t.tx, t.sc, r.Name)
		if exists && old.Composite != nil {
			c := old.Composite
			r.Composite.Acted = c.Acted
			if r.Composite.Suppressor != nil {
				r.Composite.SuppressedBy, r.Composite.SuppressedReason, r.Composite.Until = c.SuppressedBy, c.SuppressedReason, c.Until
			}
		}
		if err := t.putAlarm(r, in.Tags); err != nil {
			return err
		}
		why := "created"
		if exists {
			why = "updated"
		}
		t.evaluateComposite(r, func(value string) alarmState {
			return alarmState{Value: value, Reason: alarmARN(t.sc, r.Name) + " was " + why + " and its alarm rule evaluates to " + value}
		})
		t.resuppress(r.Name)
		return nil
	})
}

func (c *compositeRule) check() error {
	if c.Suppressor == nil {
		if c.Wait != nil || c.Extension != nil {
			return badCombination("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod can be specified with ActionsSuppressor only.")
		}
		return nil
	}
	if err := checkLength(*c.Suppressor, "actionsSuppressor", 1, 1600); err != nil {
		return err
	}
	if c.Wait == nil || c.Extension == nil {
		return missing("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required with ActionsSuppressor.")
	}
	if *c.Wait < 0 || *c.Extension < 0 {
		return invalid("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be negative.")
	}
	return nil
}

// resolve finds the alarms of a rule, which must all be there.
func (t *txn) resolve(r *alarmRecord, parsed *rule.Rule) error {
	var unknown []string
	for _, given := range parsed.Alarms() {
		name := alarmName(given)
		if given != name && given != alarmARN(t.sc, name) {
			unknown = append(unknown, given)
			continue
		}
		if _, ok := t.alarms.Get(t.tx, t.sc, name); !ok && name != r.Name {
			unknown = append(unknown, given)
		}
		if !slices.Contains(r.Composite.Children, name) {
			r.Composite.Children = append(r.Composite.Children, name)
		}
	}
	if len(unknown) > 0 {
		return invalid("Could not save the composite alarm as alarms [%s] in the alarm rule do not exist", strings.Join(unknown, ", "))
	}
	if len(r.Composite.Children) > maxChildren {
		return invalid("A composite alarm can depend on no more than %d alarms.", maxChildren)
	}
	if t.leadsTo(r.Composite.Children, r.Name, map[string]bool{}) {
		return invalid("The alarm rule refers to the alarm itself, or to alarms that depend on it.")
	}
	if s := r.Composite.Suppressor; s != nil {
		if _, ok := t.alarms.Get(t.tx, t.sc, alarmName(*s)); !ok {
			return invalid("The actions suppressor %s does not exist.", *s)
		}
	}
	return nil
}

// leadsTo reports whether alarms are, or depend on, the one with a name.
func (t *txn) leadsTo(names []string, name string, seen map[string]bool) bool {
	for _, n := range names {
		if n == name {
			return true
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		if r, ok := t.alarms.Get(t.tx, t.sc, n); ok && r.Composite != nil && t.leadsTo(r.Composite.Children, name, seen) {
			return true
		}
	}
	return false
}

// evaluateComposite evaluates a composite alarm's rule. why makes the state for a value that differs from the present one.
func (t *txn) evaluateComposite(r *alarmRecord, why func(value string) alarmState) {
	parsed, err := rule.Parse(r.Composite.Rule)
	if err != nil {
		return // was checked when it was stored
	}
	value := stateOK
	if parsed.Holds(t.stateOf) {
		value = stateAlarm
	}
	if value != r.State.Value {
		t.transition(r, why(value))
	}
}

// stateOf gives the state of an alarm by name or ARN; one that is not there has none.
func (t *txn) stateOf(nameOrARN string) string {
	if r, ok := t.alarms.Get(t.tx, t.sc, alarmName(nameOrARN)); ok {
		return r.State.Value
	}
	return ""
}

// propagate evaluates the composite alarms that have a changed alarm in their rules, and looks at those that it suppresses.
func (t *txn) propagate(child *alarmRecord) {
	var parents []string
	for name := range t.alarms.By(t.tx, t.sc, byChild, child.Name) {
		parents = append(parents, name)
	}
	arn := alarmARN(t.sc, child.Name)
	for _, name := range parents {
		parent, ok := t.alarms.Get(t.tx, t.sc, name)
		if !ok {
			continue
		}
		if slices.Contains(parent.Composite.Children, child.Name) {
			t.evaluateComposite(parent, func(value string) alarmState {
				trigger := map[string]any{"arn": arn, "state": map[string]string{"value": child.State.Value, "timestamp": stamp(child.State.Updated)}}
				return alarmState{
					Value:  value,
					Reason: arn + " transitioned to " + child.State.Value + " at " + child.State.Updated.Format("Monday 02 January, 2006 15:04:05 MST"),
					Data:   encode(map[string]any{"triggeringAlarms": []any{trigger}}),
				}
			})
		}
		t.resuppress(name)
	}
}

func (r *alarmRecord) showComposite(sc state.Scope) CompositeAlarm {
	c := r.Composite
	return CompositeAlarm{
		AlarmName: new(r.Name), AlarmArn: new(alarmARN(sc, r.Name)), AlarmDescription: r.Description, AlarmRule: new(c.Rule),
		AlarmConfigurationUpdatedTimestamp: new(r.Configured), ActionsEnabled: new(r.ActionsEnabled),
		OKActions: list(r.Actions[stateOK]), AlarmActions: list(r.Actions[stateAlarm]), InsufficientDataActions: list(r.Actions[stateInsufficient]),
		StateValue: new(r.State.Value), StateReason: new(r.State.Reason), StateReasonData: optional(r.State.Data),
		StateUpdatedTimestamp: new(r.State.Updated), StateTransitionedTimestamp: new(r.State.Transitioned),
		ActionsSuppressor: c.Suppressor, ActionsSuppressorWaitPeriod: c.Wait, ActionsSuppressorExtensionPeriod: c.Extension,
		ActionsSuppressedBy: optional(c.SuppressedBy), ActionsSuppressedReason: optional(c.SuppressedReason),
	}
}

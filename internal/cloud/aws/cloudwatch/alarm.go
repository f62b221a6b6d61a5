package cloudwatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// States of an alarm.
const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

func alarmStates() []string { return []string{stateOK, stateAlarm, stateInsufficient} }

const (
	typeMetric    = "MetricAlarm"
	typeComposite = "CompositeAlarm"
)

// alarmRecord is an alarm of either type, under its name.
type alarmRecord struct {
	Name           string
	Description    *string
	ActionsEnabled bool
	Actions        map[string][]string // ARNs by the state that they are for
	Configured     time.Time
	State          alarmState

	Metric    *metricRule    `json:",omitempty"`
	Composite *compositeRule `json:",omitempty"`
}

// alarmState is the state of an alarm, and why it is in it.
type alarmState struct {
	Value        string
	Reason, Data string    // Data is JSON, empty for none
	Updated      time.Time // when Value was last set
	Transitioned time.Time // when Value last changed
}

func (r *alarmRecord) kind() string {
	if r.Composite != nil {
		return typeComposite
	}
	return typeMetric
}

func (r *alarmRecord) actions() []string {
	var out []string
	for _, s := range alarmStates() {
		out = append(out, r.Actions[s]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// actionInput is what PutMetricAlarm and PutCompositeAlarm have in common.
type actionInput struct {
	name, description      *string
	enabled                *bool
	ok, alarm, shortcoming []string
}

const maxActions = 5

// newAlarm makes the common part of an alarm's record.
func newAlarm(in actionInput) (*alarmRecord, error) {
	if err := checkLength(*in.name, "alarmName", 1, 255); err != nil {
		return nil, err
	}
	if in.description != nil {
		if err := checkLength(*in.description, "alarmDescription", 0, 1024); err != nil {
			return nil, err
		}
	}
	r := &alarmRecord{
		Name: *in.name, Description: in.description, ActionsEnabled: in.enabled == nil || *in.enabled,
		Actions: map[string][]string{stateOK: in.ok, stateAlarm: in.alarm, stateInsufficient: in.shortcoming},
	}
	for _, actions := range r.Actions {
		if len(actions) > maxActions {
			return nil, invalid("1 validation error detected: the alarm has more than %d actions for one state.", maxActions)
		}
		for _, a := range actions {
			if len(a) > 1024 || strings.Count(a, ":") < 4 || !strings.HasPrefix(a, "arn:") {
				return nil, invalid("Invalid arn syntax: %s", a)
			}
		}
	}
	return r, nil
}

// putAlarm stores a new or changed alarm. What stays of one that was there are its state and its tags.
func (t *txn) putAlarm(r *alarmRecord, tags []Tag) error {
	old, exists := t.alarms.Get(t.tx, t.sc, r.Name)
	r.Configured = t.now
	if exists {
		if old.kind() != r.kind() {
			return invalid("An alarm with the name %s exists already, and it is not a %s.", r.Name, r.kind())
		}
		r.State = old.State
	} else {
		r.State = alarmState{Value: stateInsufficient, Reason: "Unchecked: Initial alarm creation", Updated: t.now, Transitioned: t.now}
		if err := t.tag(alarmARN(t.sc, r.Name), tags); err != nil {
			return err
		}
	}
	t.alarms.Put(t.tx, t.sc, r.Name, r)
	t.recordConfiguration(r, exists)
	return nil
}

const maxNames = 100

func checkNames(names []string) error {
	if len(names) > maxNames {
		return invalid("1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", maxNames)
	}
	return nil
}

// DeleteAlarms deletes alarms, all of them or none. Names of no alarm are passed over: AWS documents an error and gives none.
func (s *Service) DeleteAlarms(ctx context.Context, in *DeleteAlarmsInput) (*DeleteAlarmsOutput, error) {
	if err := checkNames(in.AlarmNames); err != nil {
		return nil, err
	}
	return &DeleteAlarmsOutput{}, s.update(ctx, func(t *txn) error {
		composites := 0
		for _, name := range in.AlarmNames {
			r, ok := t.alarms.Get(t.tx, t.sc, name)
			if ok && r.Composite != nil {
				composites++
			}
			for parent := range t.alarms.By(t.tx, t.sc, byChild, name) {
				if !slices.Contains(in.AlarmNames, parent) {
					return invalid("Cannot delete %s as there are composite alarm(s) depending on it.", name)
				}
			}
		}
		if composites > 1 {
			return invalid("Only one composite alarm can be deleted per call.")
		}
		for _, name := range in.AlarmNames {
			t.deleteAlarm(name)
		}
		return nil
	})
}

func (t *txn) deleteAlarm(name string) {
	r, ok := t.alarms.Get(t.tx, t.sc, name)
	if !ok {
		return
	}
	t.alarms.Delete(t.tx, t.sc, name)
	t.record(r, historyConfiguration, `Alarm "`+r.Name+`" deleted`, map[string]any{"version": "1.0", "type": "Delete", "deletedAlarm": t.configurationOf(r)})
}

// EnableAlarmActions lets alarms act again.
func (s *Service) EnableAlarmActions(ctx context.Context, in *EnableAlarmActionsInput) (*EnableAlarmActionsOutput, error) {
	return &EnableAlarmActionsOutput{}, s.setActionsEnabled(ctx, in.AlarmNames, true)
}

// DisableAlarmActions keeps alarms from acting.
func (s *Service) DisableAlarmActions(ctx context.Context, in *DisableAlarmActionsInput) (*DisableAlarmActionsOutput, error) {
	return &DisableAlarmActionsOutput{}, s.setActionsEnabled(ctx, in.AlarmNames, false)
}

// setActionsEnabled passes over alarms that do not exist, as AWS does.
func (s *Service) setActionsEnabled(ctx context.Context, names []string, enabled bool) error {
	if err := checkNames(names); err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		for _, name := range names {
			r, ok := t.alarms.Get(t.tx, t.sc, name)
			if !ok || r.ActionsEnabled == enabled {
				continue
			}
			r.ActionsEnabled, r.Configured = enabled, t.now
			t.alarms.Put(t.tx, t.sc, name, r)
			t.recordConfiguration(r, true)
		}
		return nil
	})
}

// SetAlarmState puts an alarm into a state until it is next evaluated. The alarm acts as if it had got there by itself.
func (s *Service) SetAlarmState(ctx context.Context, in *SetAlarmStateInput) (*SetAlarmStateOutput, error) {
	if err := checkEnum(in.StateValue, "stateValue", alarmStates()); err != nil {
		return nil, err
	}
	if err := checkLength(*in.StateReason, "stateReason", 0, 1023); err != nil {
		return nil, err
	}
	if in.StateReasonData != nil && (len(*in.StateReasonData) > 4000 || !isJSON(*in.StateReasonData)) {
		return nil, wire.Errorf("InvalidFormat", "StateReasonData was not valid JSON")
	}
	return &SetAlarmStateOutput{}, s.update(ctx, func(t *txn) error {
		r, ok := t.alarms.Get(t.tx, t.sc, *in.AlarmName)
		if !ok {
			return wire.Errorf("ResourceNotFound", "The alarm %s does not exist.", *in.AlarmName)
		}
		t.transition(r, alarmState{Value: *in.StateValue, Reason: *in.StateReason, Data: text(in.StateReasonData)})
		return nil
	})
}

// DescribeAlarms lists alarms by name. Without AlarmTypes, those are metric alarms only.
func (s *Service) DescribeAlarms(ctx context.Context, in *DescribeAlarmsInput) (*DescribeAlarmsOutput, error) {
	q, err := readAlarmQuery(in)
	if err != nil {
		return nil, err
	}
	out := &DescribeAlarmsOutput{MetricAlarms: []MetricAlarm{}, CompositeAlarms: []CompositeAlarm{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.alarms.PrefixFrom(t.tx, t.sc, text(in.AlarmNamePrefix), q.after)
		found, next := state.Page(seq, q.limit, func(r *alarmRecord) bool { return q.wants(t, r) })
		for _, r := range found {
			switch {
			case q.brief:
				out.addBrief(t, r)
			case r.Composite != nil:
				out.CompositeAlarms = append(out.CompositeAlarms, r.showComposite(t.sc))
			default:
				out.MetricAlarms = append(out.MetricAlarms, r.showMetric(t.sc))
			}
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// alarmQuery is a checked DescribeAlarmsInput.
type alarmQuery struct {
	*DescribeAlarmsInput
	after string
	limit int
	types []string
	brief bool // asked for relatives: AWS answers with names and states only
}

func readAlarmQuery(in *DescribeAlarmsInput) (*alarmQuery, error) {
	q := &alarmQuery{DescribeAlarmsInput: in, limit: 50, types: in.AlarmTypes}
	if err := checkNames(in.AlarmNames); err != nil {
		return nil, err
	}
	if err := checkEnum(in.StateValue, "stateValue", alarmStates()); err != nil {
		return nil, err
	}
	if len(in.AlarmNames) > 0 && in.AlarmNamePrefix != nil {
		return nil, badCombination("AlarmNames and AlarmNamePrefix cannot both be specified.")
	}
	if len(in.AlarmNames) > 0 {
		q.limit = maxNames
	}
	if in.MaxRecords != nil {
		if *in.MaxRecords < 1 || *in.MaxRecords > 100 {
			return nil, constraint(itoa(int(*in.MaxRecords)), "maxRecords", "Member must have value between 1 and 100")
		}
		q.limit = int(*in.MaxRecords)
	}
	for _, kind := range in.AlarmTypes {
		if err := checkEnum(&kind, "alarmTypes", []string{typeMetric, typeComposite, "LogAlarm"}); err != nil {
			return nil, err
		}
	}
	q.brief = in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil
	switch {
	case in.ChildrenOfAlarmName != nil && in.ParentsOfAlarmName != nil, q.brief && (len(in.AlarmNames) > 0 || in.AlarmNamePrefix != nil || in.ActionPrefix != nil || in.StateValue != nil):
		return nil, badCombination("ChildrenOfAlarmName and ParentsOfAlarmName can be specified with AlarmTypes, MaxRecords and NextToken only.")
	case len(q.types) == 0 && q.brief:
		q.types = []string{typeMetric, typeComposite}
	case len(q.types) == 0:
		q.types = []string{typeMetric}
	}
	var err error
	q.after, err = pageAfter(in.NextToken)
	return q, err
}

func (q *alarmQuery) wants(t *txn, r *alarmRecord) bool {
	if !slices.Contains(q.types, r.kind()) || len(q.AlarmNames) > 0 && !slices.Contains(q.AlarmNames, r.Name) ||
		q.StateValue != nil && *q.StateValue != r.State.Value {
		return false
	}
	if q.ActionPrefix != nil && !slices.ContainsFunc(r.actions(), func(a string) bool { return strings.HasPrefix(a, *q.ActionPrefix) }) {
		return false
	}
	if q.ParentsOfAlarmName != nil {
		return r.Composite != nil && slices.Contains(r.Composite.Children, *q.ParentsOfAlarmName)
	}
	if q.ChildrenOfAlarmName != nil {
		parent, ok := t.alarms.Get(t.tx, t.sc, *q.ChildrenOfAlarmName)
		return ok && parent.Composite != nil && slices.Contains(parent.Composite.Children, r.Name)
	}
	return true
}

func (out *DescribeAlarmsOutput) addBrief(t *txn, r *alarmRecord) {
	arn := alarmARN(t.sc, r.Name)
	if r.Composite != nil {
		out.CompositeAlarms = append(out.CompositeAlarms, CompositeAlarm{AlarmName: new(r.Name), AlarmArn: &arn, StateValue: new(r.State.Value), StateUpdatedTimestamp: new(r.State.Updated)})
		return
	}
	out.MetricAlarms = append(out.MetricAlarms, MetricAlarm{AlarmName: new(r.Name), AlarmArn: &arn, StateValue: new(r.State.Value), StateUpdatedTimestamp: new(r.State.Updated)})
}

// list makes an absent list an empty one: AWS answers with those of an alarm.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

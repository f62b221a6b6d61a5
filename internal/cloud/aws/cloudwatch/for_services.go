package cloudwatch

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// What other services may ask of CloudWatch, each within a transaction of theirs. AddMetric and PutMetric belong here too.

// PutManagedAlarm makes or changes an alarm that a service manages. Its errors are those of PutMetricAlarm.
func (s *Service) PutManagedAlarm(tx *state.Tx, sc state.Scope, in *PutMetricAlarmInput) (arn string, err error) {
	r, err := readMetricAlarm(in, sc.Account)
	if err != nil {
		return "", err
	}
	return alarmARN(sc, r.Name), s.in(tx, sc).putAlarm(r, in.Tags)
}

// DeleteManagedAlarm deletes an alarm; one that is gone is no error.
func (s *Service) DeleteManagedAlarm(tx *state.Tx, sc state.Scope, name string) {
	s.in(tx, sc).deleteAlarm(name)
}

// Alarm is what others may know of a metric alarm.
type Alarm struct {
	Name, ARN, State string
	Enabled          bool     // whether it acts
	Actions          []string // for the state that it is in
	High             bool     // whether it goes off above its threshold, as opposed to below
	Threshold        float64
	Values           []float64 // the data that it looks at now, the earliest first
}

// AlarmByARN gives a metric alarm.
func (s *Service) AlarmByARN(tx *state.Tx, sc state.Scope, arn string) (Alarm, bool) {
	r, ok := s.alarms.Get(tx, sc, alarmName(arn))
	if !ok || r.Metric == nil || arn != alarmARN(sc, r.Name) {
		return Alarm{}, false
	}
	return s.in(tx, sc).tell(r), true
}

// AlarmsActing gives the metric alarms that have an action in any state, by name.
func (s *Service) AlarmsActing(tx *state.Tx, sc state.Scope, action string) []Alarm {
	t := s.in(tx, sc)
	var out []Alarm
	for _, r := range s.alarms.By(tx, sc, byAction, action) {
		if r.Metric != nil {
			out = append(out, t.tell(r))
		}
	}
	return out
}

func (t *txn) tell(r *alarmRecord) Alarm {
	a := Alarm{
		Name: r.Name, ARN: alarmARN(t.sc, r.Name), State: r.State.Value, Enabled: r.ActionsEnabled, Actions: r.Actions[r.State.Value],
		High: r.Metric.Comparison[0] == 'G', Threshold: r.Metric.Threshold,
	}
	if v, ok := t.evaluateMetric(r); ok {
		for _, o := range v.used {
			a.Values = append(a.Values, o.value)
		}
	}
	return a
}

// Datum is values of one moment of another service's metric.
type Datum struct {
	Namespace, Name, Unit string
	Dimensions            map[string]string
	Values, Counts        []float64 // how often each value came
	At                    time.Time
}

// PutData adds data to metrics, in a transaction of its own.
func (s *Service) PutData(ctx context.Context, sc state.Scope, all []Datum) error {
	data := make([]datum, len(all))
	for i, in := range all {
		d := internal(in.Namespace, in.Name, in.Dimensions, nil, in.Unit, in.At)
		for j, v := range in.Values {
			d.samples = append(d.samples, sample{in.At, pointOf(v, in.Counts[j])})
		}
		data[i] = d
	}
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		s.in(tx, sc).put(data)
		return nil
	})
}

package cloud

import (
	"atoll/internal/cloud/aws/appautoscaling"
	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/state"
)

// scalingAlarms gives CloudWatch's alarms to Application Auto Scaling, each in its own words.
type scalingAlarms struct{ *cloudwatch.Service }

func (s scalingAlarms) PutAlarm(tx *state.Tx, sc state.Scope, a appautoscaling.NewAlarm) error {
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: &a.Name, AlarmDescription: &a.Description, AlarmActions: []string{a.Action}, EvaluationPeriods: &a.Periods, Threshold: &a.Threshold,
		ComparisonOperator: new("LessThanThreshold"),
	}
	if a.Above {
		in.ComparisonOperator = new("GreaterThanThreshold")
	}
	if len(a.Queries) > 0 {
		in.Metrics = alarmQueries(a)
	} else {
		in.Namespace, in.MetricName, in.Statistic, in.Period = &a.Namespace, &a.Metric, &a.Statistic, &a.Period
		if a.Unit != "" {
			in.Unit = &a.Unit
		}
		for _, d := range a.Dimensions {
			in.Dimensions = append(in.Dimensions, cloudwatch.Dimension{Name: &d[0], Value: &d[1]})
		}
	}
	_, err := s.PutManagedAlarm(tx, sc, in)
	return err
}

func alarmQueries(a appautoscaling.NewAlarm) []cloudwatch.MetricDataQuery {
	var out []cloudwatch.MetricDataQuery
	for _, q := range a.Queries {
		next := cloudwatch.MetricDataQuery{Id: q.Id, Expression: q.Expression, Label: q.Label, ReturnData: q.ReturnData}
		if m := q.MetricStat; m != nil {
			metric := &cloudwatch.Metric{Namespace: m.Metric.Namespace, MetricName: m.Metric.MetricName}
			for _, d := range m.Metric.Dimensions {
				metric.Dimensions = append(metric.Dimensions, cloudwatch.Dimension{Name: d.Name, Value: d.Value})
			}
			next.MetricStat = &cloudwatch.MetricStat{Metric: metric, Period: new(a.Period), Stat: m.Stat, Unit: m.Unit}
		}
		out = append(out, next)
	}
	return out
}

func (s scalingAlarms) DeleteAlarm(tx *state.Tx, sc state.Scope, name string) {
	s.DeleteManagedAlarm(tx, sc, name)
}

func (s scalingAlarms) AlarmByARN(tx *state.Tx, sc state.Scope, arn string) (appautoscaling.AlarmView, bool) {
	a, ok := s.Service.AlarmByARN(tx, sc, arn)
	return alarmView(a), ok
}

func (s scalingAlarms) AlarmsActing(tx *state.Tx, sc state.Scope, action string) []appautoscaling.AlarmView {
	var out []appautoscaling.AlarmView
	for _, a := range s.Service.AlarmsActing(tx, sc, action) {
		out = append(out, alarmView(a))
	}
	return out
}

func alarmView(a cloudwatch.Alarm) appautoscaling.AlarmView {
	return appautoscaling.AlarmView{
		Name: a.Name, ARN: a.ARN, State: a.State, Enabled: a.Enabled, Actions: a.Actions, Above: a.High, Threshold: a.Threshold, Values: a.Values,
	}
}

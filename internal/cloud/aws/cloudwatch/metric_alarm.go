package cloudwatch

import (
	"context"
	"math"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// metricRule says when a metric alarm goes off: one metric's statistic, or queries of which one returns data.
type metricRule struct {
	Namespace, Name   *string           `json:",omitempty"`
	Statistic         *string           `json:",omitempty"`
	ExtendedStatistic *string           `json:",omitempty"`
	Dimensions        []Dimension       `json:",omitempty"`
	Period            *int64            `json:",omitempty"` // seconds
	Unit              *string           `json:",omitempty"`
	Queries           []MetricDataQuery `json:",omitempty"`

	Evaluated  int64 // periods
	Breaching  *int64
	Threshold  float64
	Comparison string
	Missing    *string // what to make of missing data; absent is "missing"
	LowSamples *string
}

const (
	treatMissing      = "missing"
	treatIgnore       = "ignore"
	treatBreaching    = "breaching"
	treatNotBreaching = "notBreaching"
)

func comparisons() []string {
	return []string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"}
}

// watched gives the metrics that an alarm watches by itself, for DescribeAlarmsForMetric.
func (r *alarmRecord) watched() []string {
	if r.Metric == nil || r.Metric.Name == nil {
		return nil
	}
	return []string{metricID(*r.Metric.Namespace, *r.Metric.Name, sorted(r.Metric.Dimensions))}
}

// PutMetricAlarm makes an alarm, or gives the one of its name another configuration. Its state comes with the next evaluation.
func (s *Service) PutMetricAlarm(ctx context.Context, in *PutMetricAlarmInput) (*PutMetricAlarmOutput, error) {
	call := wire.CallFrom(ctx)
	r, err := readMetricAlarm(in, call.Account)
	if err != nil {
		return nil, err
	}
	return &PutMetricAlarmOutput{}, s.update(ctx, func(t *txn) error { return t.putAlarm(r, in.Tags) })
}

func readMetricAlarm(in *PutMetricAlarmInput, account string) (*alarmRecord, error) {
	if err := refuseMetricAlarm(in); err != nil {
		return nil, err
	}
	r, err := newAlarm(actionInput{in.AlarmName, in.AlarmDescription, in.ActionsEnabled, in.OKActions, in.AlarmActions, in.InsufficientDataActions})
	if err != nil {
		return nil, err
	}
	switch {
	case in.ComparisonOperator == nil:
		return nil, missing("The parameter ComparisonOperator is required.")
	case in.EvaluationPeriods == nil:
		return nil, missing("The parameter EvaluationPeriods is required.")
	case in.Threshold == nil:
		return nil, missing("The parameter Threshold is required.")
	case *in.EvaluationPeriods < 1:
		return nil, constraint(itoa(int(*in.EvaluationPeriods)), "evaluationPeriods", "Member must have value greater than or equal to 1")
	case in.DatapointsToAlarm != nil && (*in.DatapointsToAlarm < 1 || *in.DatapointsToAlarm > *in.EvaluationPeriods):
		return nil, invalid("DatapointsToAlarm must be at least 1 and must not exceed EvaluationPeriods.")
	case math.IsNaN(*in.Threshold) || math.IsInf(*in.Threshold, 0):
		return nil, invalid("The value of the parameter Threshold is not a number.")
	}
	if err := checkEnum(in.ComparisonOperator, "comparisonOperator", comparisons()); err != nil {
		return nil, err
	}
	if err := checkEnum(in.TreatMissingData, "treatMissingData", []string{treatMissing, treatIgnore, treatBreaching, treatNotBreaching}); err != nil {
		return nil, err
	}
	if err := checkEnum(in.EvaluateLowSampleCountPercentile, "evaluateLowSampleCountPercentile", []string{"evaluate", "ignore"}); err != nil {
		return nil, err
	}
	r.Metric = &metricRule{
		Namespace: in.Namespace, Name: in.MetricName, Statistic: in.Statistic, ExtendedStatistic: in.ExtendedStatistic, Dimensions: in.Dimensions,
		Period: in.Period, Unit: in.Unit, Queries: in.Metrics, Evaluated: *in.EvaluationPeriods, Breaching: in.DatapointsToAlarm,
		Threshold: *in.Threshold, Comparison: *in.ComparisonOperator, Missing: in.TreatMissingData, LowSamples: in.EvaluateLowSampleCountPercentile,
	}
	return r, r.Metric.check(account)
}

func refuseMetricAlarm(in *PutMetricAlarmInput) error {
	const operation = "cloudwatch:PutMetricAlarm with "
	switch {
	case in.ThresholdMetricId != nil, in.ComparisonOperator != nil && (strings.Contains(*in.ComparisonOperator, "LowerThreshold") || strings.Contains(*in.ComparisonOperator, "UpperThreshold")):
		return wire.NotImplemented(operation + "anomaly detection")
	case in.EvaluationCriteria != nil || in.EvaluationInterval != nil:
		return wire.NotImplemented(operation + "PromQL")
	case in.EvaluationWindow != nil && in.EvaluationWindow.WallClockWindow != nil:
		return wire.NotImplemented(operation + "a wall clock window")
	case in.WarmUpConfiguration != nil:
		return wire.NotImplemented(operation + "a warm-up")
	case in.ActionConfiguration != nil:
		return wire.NotImplemented(operation + "ActionConfiguration")
	}
	return nil
}

// check checks what the alarm watches.
func (m *metricRule) check(account string) error {
	if len(m.Queries) > 0 {
		return m.checkQueries(account)
	}
	switch {
	case m.Name == nil || m.Namespace == nil:
		return missing("The parameters MetricName and Namespace are required for an alarm without Metrics.")
	case m.Period == nil:
		return missing("The parameter Period is required for an alarm without Metrics.")
	case (m.Statistic == nil) == (m.ExtendedStatistic == nil):
		return badCombination("Exactly one of Statistic and ExtendedStatistic must be specified.")
	}
	if err := checkMetricName(*m.Namespace, *m.Name, ""); err != nil {
		return err
	}
	if err := checkDimensions(m.Dimensions, ""); err != nil {
		return err
	}
	if err := checkEnum(m.Unit, "unit", units()); err != nil {
		return err
	}
	if err := checkEnum(m.Statistic, "statistic", simpleStatistics()); err != nil {
		return err
	}
	if m.ExtendedStatistic != nil {
		if st, ok := parseStatistic(*m.ExtendedStatistic); !ok || st.kind == "" {
			return invalid("The value %s for parameter ExtendedStatistic is not supported.", *m.ExtendedStatistic)
		}
	} else if m.LowSamples != nil {
		return badCombination("EvaluateLowSampleCountPercentile can be specified with ExtendedStatistic only.")
	}
	return checkAlarmPeriod(*m.Period, m.Evaluated)
}

func checkAlarmPeriod(period, evaluated int64) error {
	if period <= 0 || period%60 != 0 && !slices.Contains([]int64{10, 20, 30}, period) {
		return invalid("Period must be 10, 20, 30 or a multiple of 60.")
	}
	if span := period * evaluated; span > 7*86400 || period < 3600 && span > 86400 {
		return invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), or, with a period of an hour or more, across more than seven days.")
	}
	return nil
}

const maxAlarmQueries = 20

func (m *metricRule) checkQueries(account string) error {
	if m.Name != nil || m.Namespace != nil || m.Statistic != nil || m.ExtendedStatistic != nil || len(m.Dimensions) > 0 || m.Period != nil || m.Unit != nil {
		return badCombination("The parameter Metrics and the parameters MetricName, Namespace, Dimensions, Period, Unit, Statistic and ExtendedStatistic are mutually exclusive.")
	}
	if len(m.Queries) > maxAlarmQueries {
		return invalid("An alarm can have no more than %d metric data queries.", maxAlarmQueries)
	}
	queries, err := readQueries("PutMetricAlarm", account, m.Queries, true)
	if err != nil {
		return err
	}
	returned := 0
	for _, q := range queries {
		if q.returned {
			returned++
		}
		if q.stat != nil {
			if err := checkAlarmPeriod(*q.stat.Period, m.Evaluated); err != nil {
				return err
			}
		}
	}
	if returned != 1 {
		return invalid("Exactly one element of the metrics list should return data.")
	}
	return nil
}

// period is that of the alarm's data points, in seconds.
func (m *metricRule) period() int64 {
	if m.Period != nil {
		return *m.Period
	}
	var most int64
	for _, q := range m.Queries {
		if q.MetricStat != nil {
			most = max(most, *q.MetricStat.Period)
		} else if q.Period != nil {
			most = max(most, *q.Period)
		}
	}
	if most == 0 {
		return 60
	}
	return most
}

// toAlarm is how many data points must breach the threshold.
func (m *metricRule) toAlarm() int {
	if m.Breaching != nil {
		return int(*m.Breaching)
	}
	return int(m.Evaluated)
}

// treat says what to make of missing data.
func (m *metricRule) treat() string {
	switch {
	case m.Missing != nil:
		return *m.Missing
	case m.Namespace != nil && *m.Namespace == "AWS/DynamoDB":
		return treatIgnore
	}
	return treatMissing
}

func (m *metricRule) breaches(x float64) bool {
	switch m.Comparison {
	case "GreaterThanThreshold":
		return x > m.Threshold
	case "GreaterThanOrEqualToThreshold":
		return x >= m.Threshold
	case "LessThanThreshold":
		return x < m.Threshold
	default:
		return x <= m.Threshold
	}
}

func (r *alarmRecord) showMetric(sc state.Scope) MetricAlarm {
	m := r.Metric
	out := MetricAlarm{
		AlarmName: new(r.Name), AlarmArn: new(alarmARN(sc, r.Name)), AlarmDescription: r.Description,
		AlarmConfigurationUpdatedTimestamp: new(r.Configured), ActionsEnabled: new(r.ActionsEnabled),
		OKActions: list(r.Actions[stateOK]), AlarmActions: list(r.Actions[stateAlarm]), InsufficientDataActions: list(r.Actions[stateInsufficient]),
		StateValue: new(r.State.Value), StateReason: new(r.State.Reason), StateReasonData: optional(r.State.Data),
		StateUpdatedTimestamp: new(r.State.Updated), StateTransitionedTimestamp: new(r.State.Transitioned),
		EvaluationPeriods: new(m.Evaluated), DatapointsToAlarm: m.Breaching, Threshold: new(m.Threshold), ComparisonOperator: new(m.Comparison),
		TreatMissingData: m.Missing, EvaluateLowSampleCountPercentile: m.LowSamples, Dimensions: list(m.Dimensions),
	}
	if len(m.Queries) > 0 {
		out.Metrics = m.Queries
		return out
	}
	out.MetricName, out.Namespace, out.Statistic, out.ExtendedStatistic = m.Name, m.Namespace, m.Statistic, m.ExtendedStatistic
	out.Period, out.Unit = m.Period, m.Unit
	return out
}

// DescribeAlarmsForMetric lists the alarms that watch one metric.
func (s *Service) DescribeAlarmsForMetric(ctx context.Context, in *DescribeAlarmsForMetricInput) (*DescribeAlarmsForMetricOutput, error) {
	if err := checkDimensions(in.Dimensions, ""); err != nil {
		return nil, err
	}
	same := func(want, have *string) bool { return want == nil || have != nil && *want == *have }
	out := &DescribeAlarmsForMetricOutput{MetricAlarms: []MetricAlarm{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, r := range t.alarms.By(t.tx, t.sc, byMetric, metricID(*in.Namespace, *in.MetricName, sorted(in.Dimensions))) {
			m := r.Metric
			if same(in.Statistic, m.Statistic) && same(in.ExtendedStatistic, m.ExtendedStatistic) && same(in.Unit, m.Unit) && (in.Period == nil || *in.Period == *m.Period) {
				out.MetricAlarms = append(out.MetricAlarms, r.showMetric(t.sc))
			}
		}
		return nil
	})
}

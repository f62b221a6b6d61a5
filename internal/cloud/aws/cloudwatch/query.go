package cloudwatch

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/aws/cloudwatch/expression"
	"atoll/internal/cloud/wire"
)

// query is a checked MetricDataQuery: a metric's statistic, or an expression.
type query struct {
	id, label string
	returned  bool

	stat       *MetricStat
	statistic  statistic
	expression *expression.Expression
	period     int64 // of an expression; 0 takes that of its series
}

var queryIDs = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// readQueries checks queries; operation names the call in refusals, and own is the caller's account. The queries come back in an
// order in which each follows those that it needs; returned says what an absent ReturnData means.
func readQueries(operation, own string, in []MetricDataQuery, returned bool) ([]query, error) {
	byID := map[string]query{}
	for i := range in {
		q, err := readQuery(operation, own, &in[i], returned)
		if err != nil {
			return nil, err
		}
		if _, twice := byID[q.id]; twice {
			return nil, invalid("The values for parameter id in MetricDataQueries are not unique.")
		}
		byID[q.id] = q
	}
	var out []query
	state := map[string]int{} // 1: being placed, 2: placed
	var place func(id string) error
	place = func(id string) error {
		q := byID[id]
		switch state[id] {
		case 1:
			return invalid("Error in expression '%s': the expressions refer to each other in a circle", id)
		case 2:
			return nil
		}
		state[id] = 1
		if q.expression != nil {
			for _, ref := range q.expression.References() {
				if _, ok := byID[ref]; !ok {
					return invalid("Error in expression '%s': The following ids were not found: [%s]", id, ref)
				}
				if err := place(ref); err != nil {
					return err
				}
			}
		}
		state[id] = 2
		out = append(out, q)
		return nil
	}
	for i := range in { // metrics first: METRICS() stands for all of them
		if in[i].MetricStat != nil {
			out, state[*in[i].Id] = append(out, byID[*in[i].Id]), 2
		}
	}
	for i := range in {
		if err := place(*in[i].Id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readQuery(operation, own string, in *MetricDataQuery, returned bool) (query, error) {
	q := query{id: *in.Id, label: text(in.Label), returned: returned}
	if in.ReturnData != nil {
		q.returned = *in.ReturnData
	}
	if !queryIDs.MatchString(q.id) {
		return q, invalid("The value %s for parameter id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", q.id)
	}
	if in.AccountId != nil && *in.AccountId != own {
		return q, wire.NotImplemented("cloudwatch:" + operation + " with metrics of another account")
	}
	if strings.Contains(q.label, "${") {
		return q, wire.NotImplemented("cloudwatch:" + operation + " with dynamic labels")
	}
	switch {
	case in.MetricStat != nil && in.Expression != nil, in.MetricStat == nil && in.Expression == nil:
		return q, invalid("Exactly one of MetricStat and Expression must be specified in the metric data query %s.", q.id)
	case in.MetricStat != nil:
		return q, q.readStat(in)
	}
	if in.Period != nil {
		if err := checkPeriod(*in.Period); err != nil {
			return q, err
		}
		q.period = *in.Period
	}
	if len(*in.Expression) > 2048 {
		return q, constraint(*in.Expression, "metricDataQueries.expression", "Member must have length less than or equal to 2048")
	}
	var err error
	q.expression, err = expression.Parse(*in.Expression)
	return q, expressionError(operation, q.id, err)
}

// expressionError words what is wrong with an expression, and refuses what the local cloud lacks.
func expressionError(operation, id string, err error) error {
	var lacking *expression.Unsupported
	switch {
	case err == nil:
		return nil
	case errors.As(err, &lacking):
		return wire.NotImplemented("cloudwatch:" + operation + " with " + lacking.Function + " in an expression")
	}
	return invalid("Error in expression '%s': %s", id, err)
}

func (q *query) readStat(in *MetricDataQuery) error {
	q.stat = in.MetricStat
	m := q.stat.Metric
	if err := checkMetricName(text(m.Namespace), text(m.MetricName), "metricStat.metric."); err != nil {
		return err
	}
	if err := checkDimensions(m.Dimensions, "MetricStat.Metric."); err != nil {
		return err
	}
	if err := checkEnum(q.stat.Unit, "metricStat.unit", units()); err != nil {
		return err
	}
	if in.Period != nil {
		return invalid("Period must not be specified beside MetricStat in the metric data query %s.", q.id)
	}
	st, ok := parseStatistic(*q.stat.Stat)
	if !ok {
		return badValue("The value %s for parameter MetricStat.Stat is not supported.", *q.stat.Stat)
	}
	q.statistic = st
	if q.label == "" {
		q.label = *m.MetricName
	}
	return checkPeriod(*q.stat.Period)
}

// result is what a query came to.
type result struct {
	query
	series []expression.Series
}

// evaluate runs queries over a span of time. Expressions that come to no time series are an error. align changes the start for a
// period, so that an alarm's periods end with the span.
func (t *txn) evaluate(operation string, queries []query, span func(period int64) (from, to int64)) ([]result, error) {
	env := &expression.Env{Values: map[string]expression.Value{}, Period: 60}
	if i := slices.IndexFunc(queries, func(q query) bool { return q.stat != nil }); i >= 0 {
		env.Period = *queries[i].stat.Period
	}
	var out []result
	for _, q := range queries {
		if q.stat != nil {
			s := t.metricSeries(q, span)
			env.Metrics = append(env.Metrics, s)
			env.Values[q.id] = expression.Of(s)
			out = append(out, result{q, []expression.Series{s}})
			continue
		}
		local := *env
		if q.period > 0 {
			local.Period = q.period
		}
		local.Start, local.End = span(local.Period)
		v, err := q.expression.Eval(&local)
		if err != nil {
			return nil, expressionError(operation, q.id, err)
		}
		env.Values[q.id] = v
		if q.returned && v.IsNumber() {
			return nil, invalid("Error in expression '%s': the expression must come to a time series", q.id)
		}
		out = append(out, result{q, v.Series()})
	}
	return out, nil
}

func (t *txn) metricSeries(q query, span func(period int64) (from, to int64)) expression.Series {
	m, period := q.stat.Metric, *q.stat.Period
	from, to := span(period)
	s := expression.Series{ID: q.id, Label: q.label, Period: period, Points: map[int64]float64{}}
	for at, p := range t.read(t.find(*m.Namespace, *m.MetricName, m.Dimensions, text(q.stat.Unit)), from, to, period) {
		if v, ok := q.statistic.of(p); ok {
			s.Points[at] = v
		}
	}
	return s
}

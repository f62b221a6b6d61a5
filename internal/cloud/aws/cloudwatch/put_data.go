package cloudwatch

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Limits of PutMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
const (
	maxData    = 1000
	maxValues  = 150
	maxDataAge = 14 * 24 * time.Hour
	maxLead    = 2 * time.Hour
)

// datum is a checked datum.
type datum struct {
	namespace, name string
	dims            []dimension
	unit            string
	level           int // of the tier that it goes to
	samples         []sample
}

// PutMetricData adds data to metrics, all of it or nothing.
func (s *Service) PutMetricData(ctx context.Context, in *PutMetricDataInput) (*PutMetricDataOutput, error) {
	if len(in.EntityMetricData) > 0 {
		return nil, wire.NotImplemented("cloudwatch:PutMetricData with entities")
	}
	switch n := len(in.MetricData); {
	case n == 0:
		return nil, missing("The parameter MetricData is required.")
	case n > maxData:
		return nil, badValue("The collection MetricData must not have a size greater than %d.", maxData)
	}
	if strings.HasPrefix(*in.Namespace, "AWS/") {
		return nil, badValue("The value %s for parameter Namespace is invalid: namespaces that begin with AWS/ are reserved.", *in.Namespace)
	}
	now := s.d.Clock.Now()
	data := make([]datum, len(in.MetricData))
	for i := range in.MetricData {
		d, err := readDatum(*in.Namespace, &in.MetricData[i], "MetricData.member."+itoa(i+1)+".", now)
		if err != nil {
			return nil, err
		}
		data[i] = d
	}
	return &PutMetricDataOutput{}, s.update(ctx, func(t *txn) error {
		t.put(data)
		return nil
	})
}

func readDatum(namespace string, in *MetricDatum, at string, now time.Time) (datum, error) {
	d := datum{namespace: namespace, name: *in.MetricName, dims: sorted(in.Dimensions), unit: "None", level: 1}
	if err := checkMetricName(namespace, d.name, at); err != nil {
		return d, err
	}
	if err := checkDimensions(in.Dimensions, at); err != nil {
		return d, err
	}
	if in.Unit != nil {
		if !slices.Contains(units(), *in.Unit) {
			return d, badValue("The parameter %sUnit must be a value in the set [ %s ].", at, strings.Join(units(), ", "))
		}
		d.unit = *in.Unit
	}
	if in.StorageResolution != nil {
		switch *in.StorageResolution {
		case 1:
			d.level = 0
		case 60:
		default:
			return d, badValue("The parameter %sStorageResolution must be 1 or 60.", at)
		}
	}
	when := now
	if in.Timestamp != nil {
		when = *in.Timestamp
	}
	switch {
	case when.Before(now.Add(-maxDataAge)):
		return d, badValue("The parameter %sTimestamp must specify a time no more than two weeks in the past.", at)
	case when.After(now.Add(maxLead)):
		return d, badValue("The parameter %sTimestamp must specify a time no more than two hours in the future.", at)
	}
	points, err := readValues(in, at)
	for _, p := range points {
		d.samples = append(d.samples, sample{when, p})
	}
	return d, err
}

// readValues reads the one of a value, values with counts, and a statistic set that a datum has.
func readValues(in *MetricDatum, at string) ([]point, error) {
	kinds := 0
	for _, given := range []bool{in.Value != nil, in.StatisticValues != nil, len(in.Values) > 0} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return nil, missing("At least one of the parameters %sValue, %sValues and %sStatisticValues must be specified.", at, at, at)
	case kinds > 1:
		return nil, badCombination("The parameters %sValue, %sValues and %sStatisticValues are mutually exclusive and you have specified more than one of them.", at, at, at)
	case in.StatisticValues != nil:
		p, err := readSet(in.StatisticValues, at)
		return []point{p}, err
	case in.Value != nil:
		return []point{pointOf(*in.Value, 1)}, checkValues(at+"Value", *in.Value)
	case len(in.Counts) > 0 && len(in.Counts) != len(in.Values):
		return nil, badCombination("The parameters %sValues and %sCounts must have the same number of elements.", at, at)
	case len(in.Values) > maxValues:
		return nil, badValue("The collection %sValues must not have a size greater than %d.", at, maxValues)
	}
	var points []point
	for i, v := range in.Values {
		count := 1.0
		if len(in.Counts) > 0 {
			count = in.Counts[i]
		}
		if count <= 0 {
			return nil, badValue("The parameter %sCounts.member.%d must be greater than 0.", at, i+1)
		}
		if err := checkValues(at+"Values.member."+itoa(i+1), v, count); err != nil {
			return nil, err
		}
		points = append(points, pointOf(v, count))
	}
	return points, nil
}

func readSet(in *StatisticSet, at string) (point, error) {
	p := point{Count: *in.SampleCount, Sum: *in.Sum, Min: *in.Minimum, Max: *in.Maximum}
	if err := checkValues(at+"StatisticValues", p.Count, p.Sum, p.Min, p.Max); err != nil {
		return p, err
	}
	if p.Min > p.Max {
		return p, badCombination("The parameter %sStatisticValues.Maximum must be greater than %sStatisticValues.Minimum.", at, at)
	}
	if p.Count <= 0 {
		return p, badValue("The parameter %sStatisticValues.SampleCount must be greater than 0.", at)
	}
	return p, nil
}

// checkValues checks that values are numbers within -2^360 and 2^360.
func checkValues(at string, values ...float64) error {
	limit := math.Ldexp(1, 360)
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > limit {
			return badValue("The value %v for parameter %s is invalid.", v, at)
		}
	}
	return nil
}

// put stores data: the metrics that are new, and each metric's chunks once.
func (t *txn) put(data []datum) {
	type place struct {
		id    string
		level int
		unit  string
	}
	groups := map[place][]sample{}
	metrics := map[string]*metricRecord{}
	for _, d := range data {
		id := metricID(d.namespace, d.name, d.dims)
		m, ok := metrics[id]
		if !ok {
			m = &metricRecord{Namespace: d.namespace, Name: d.name, Dimensions: d.dims}
			metrics[id] = m
		}
		if !slices.Contains(m.Units, d.unit) {
			m.Units = append(m.Units, d.unit)
		}
		for _, s := range d.samples {
			if s.at.After(m.Last) {
				m.Last = s.at
			}
		}
		p := place{id, d.level, d.unit}
		groups[p] = append(groups[p], d.samples...)
	}
	for id, m := range metrics {
		t.notice(id, m)
	}
	for p, samples := range groups {
		t.add(metricUID(p.id), p.level, p.unit, samples)
	}
}

// notice brings a metric's record up to date, and leaves it alone where that would change next to nothing.
func (t *txn) notice(id string, next *metricRecord) {
	have, ok := t.metrics.Get(t.tx, t.sc, id)
	if ok {
		fresh := next.Last.Sub(have.Last) >= lastStep
		for _, u := range have.Units {
			if !slices.Contains(next.Units, u) {
				next.Units = append(next.Units, u)
			}
		}
		if !fresh && len(next.Units) == len(have.Units) {
			return
		}
		if !fresh {
			next.Last = have.Last
		}
	}
	slices.Sort(next.Units)
	t.metrics.Put(t.tx, t.sc, id, next)
}

// internal makes a datum of another service's metric.
func internal(namespace, name string, dims map[string]string, values []float64, unit string, at time.Time) datum {
	if unit == "" {
		unit = "None"
	}
	d := datum{namespace: namespace, name: name, unit: unit, level: 1}
	for _, v := range values {
		d.samples = append(d.samples, sample{at, pointOf(v, 1)})
	}
	for _, k := range slices.Sorted(maps.Keys(dims)) {
		d.dims = append(d.dims, dimension{k, dims[k]})
	}
	return d
}

// AddMetric adds a value to a metric in the transaction of another service. The unit is one of CloudWatch's, or empty.
func (s *Service) AddMetric(tx *state.Tx, sc state.Scope, namespace, name string, dimensions map[string]string, value float64, unit string, at time.Time) {
	s.AddValues(tx, sc, namespace, name, dimensions, []float64{value}, unit, at)
}

// AddValues is AddMetric with several values of one moment.
func (s *Service) AddValues(tx *state.Tx, sc state.Scope, namespace, name string, dimensions map[string]string, values []float64, unit string, at time.Time) {
	s.in(tx, sc).put([]datum{internal(namespace, name, dimensions, values, unit, at)})
}

// PutMetric adds a value to a metric, in a transaction of its own.
func (s *Service) PutMetric(ctx context.Context, sc state.Scope, namespace, name string, dimensions map[string]string, value float64, unit string, at time.Time) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		s.AddMetric(tx, sc, namespace, name, dimensions, value, unit, at)
		return nil
	})
}

package logs

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxMetricFilters = 100 // per group
	maxDimensions    = 3
)

var metricNames = regexp.MustCompile(`^[^:*$]*$`)

// metricUnits are CloudWatch's.
var metricUnits = []string{
	"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits",
	"Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second",
	"Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second",
	"Terabits/Second", "Count/Second", "None",
}

// metricFilterRecord stands under GROUP:FILTER.
type metricFilterRecord struct {
	Group, Name, Pattern string
	Created              int64
	Metric               metricRecord
	Transformed          bool // to look at transformed events; acts on groups with a transformer alone, of which there are none
}

// metricRecord is a filter's one transformation.
type metricRecord struct {
	Name, Namespace, Value string
	Default                *float64
	Dimensions             map[string]string
	Unit                   string
}

// PutMetricFilter makes a filter, or replaces the one of its name.
func (s *Service) PutMetricFilter(ctx context.Context, in *PutMetricFilterInput) (*PutMetricFilterOutput, error) {
	if text(in.FieldSelectionCriteria) != "" || len(in.EmitSystemFieldDimensions) > 0 {
		return nil, wire.NotImplemented("logs:PutMetricFilter with field selection criteria or system field dimensions")
	}
	if err := checkName(*in.FilterName, "filterName", streamNames); err != nil {
		return nil, err
	}
	if _, err := compile(*in.FilterPattern); err != nil {
		return nil, err
	}
	if len(in.MetricTransformations) != 1 {
		return nil, invalid("1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have length equal to 1")
	}
	metric, err := readMetric(&in.MetricTransformations[0])
	if err != nil {
		return nil, err
	}
	return &PutMetricFilterOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err != nil {
			return err
		}
		if g.Class != classStandard {
			return invalid("Metric filters are not supported for log groups of the class %s.", g.Class)
		}
		id := g.Name + ":" + *in.FilterName
		f, exists := t.filters.Get(t.tx, t.sc, id)
		if !exists {
			n := 0
			for range t.filters.Prefix(t.tx, t.sc, g.Name+":") {
				n++
			}
			if n >= maxMetricFilters {
				return wire.Errorf("LimitExceededException", "Resource limit exceeded.")
			}
			f = &metricFilterRecord{Group: g.Name, Name: *in.FilterName, Created: t.now.UnixMilli()}
		}
		f.Pattern, f.Metric = *in.FilterPattern, *metric
		f.Transformed = in.ApplyOnTransformedLogs != nil && *in.ApplyOnTransformedLogs
		t.filters.Put(t.tx, t.sc, id, f)
		return nil
	})
}

func readMetric(in *MetricTransformation) (*metricRecord, error) {
	m := &metricRecord{Name: *in.MetricName, Namespace: *in.MetricNamespace, Value: *in.MetricValue, Default: in.DefaultValue, Dimensions: in.Dimensions, Unit: text(in.Unit)}
	for member, name := range map[string]string{"metricName": m.Name, "metricNamespace": m.Namespace} {
		if len(name) > 255 || !metricNames.MatchString(name) {
			return nil, constraint(name, "metricTransformations.1.member."+member, "Member must satisfy regular expression pattern: [^:*$]* and have length less than or equal to 255")
		}
	}
	if _, err := strconv.ParseFloat(m.Value, 64); len(m.Value) > 100 || err != nil && !strings.HasPrefix(m.Value, "$") {
		return nil, invalid("Invalid metric transformation: the metric value '%s' is neither a number nor a field of the filter pattern.", m.Value)
	}
	if m.Default != nil && len(m.Dimensions) > 0 {
		return nil, invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}
	if len(m.Dimensions) > maxDimensions {
		return nil, invalid("Invalid metric transformation: a metric can have at most %d dimensions.", maxDimensions)
	}
	for k, v := range m.Dimensions {
		if !strings.HasPrefix(v, "$") {
			return nil, invalid("Invalid metric transformation: the dimension %s is not a field of the filter pattern.", k)
		}
	}
	if m.Unit != "" && !slices.Contains(metricUnits, m.Unit) {
		return nil, constraint(m.Unit, "metricTransformations.1.member.unit", "Member must satisfy enum value set: ["+strings.Join(metricUnits, ", ")+"]")
	}
	return m, nil
}

// DeleteMetricFilter deletes a filter.
func (s *Service) DeleteMetricFilter(ctx context.Context, in *DeleteMetricFilterInput) (*DeleteMetricFilterOutput, error) {
	return &DeleteMetricFilterOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err != nil {
			return err
		}
		if strings.ContainsRune(*in.FilterName, 0) || !t.filters.Delete(t.tx, t.sc, g.Name+":"+*in.FilterName) {
			return wire.Errorf("ResourceNotFoundException", "The specified metric filter does not exist.")
		}
		return nil
	})
}

// DescribeMetricFilters lists filters of a group, of a metric, or of the region.
func (s *Service) DescribeMetricFilters(ctx context.Context, in *DescribeMetricFiltersInput) (*DescribeMetricFiltersOutput, error) {
	if (in.MetricName == nil) != (in.MetricNamespace == nil) {
		return nil, invalid("metricName and metricNamespace must be specified together.")
	}
	limit, err := limitOf(in.Limit, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeMetricFiltersOutput{MetricFilters: []MetricFilter{}}
	return out, s.view(ctx, func(t *txn) error {
		seq, err := t.listFilters(in.LogGroupName, text(in.FilterNamePrefix), after)
		if err != nil {
			return err
		}
		found, next := state.Page(seq, limit, func(f *metricFilterRecord) bool {
			return strings.HasPrefix(f.Name, text(in.FilterNamePrefix)) &&
				(in.MetricName == nil || f.Metric.Name == *in.MetricName && f.Metric.Namespace == *in.MetricNamespace)
		})
		for _, f := range found {
			out.MetricFilters = append(out.MetricFilters, renderFilter(f))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

func (t *txn) listFilters(group *string, prefix, after string) (iter.Seq2[string, *metricFilterRecord], error) {
	if group == nil {
		return t.filters.From(t.tx, t.sc, after), nil
	}
	g, err := t.group(*group)
	if err != nil {
		return nil, err
	}
	return t.filters.PrefixFrom(t.tx, t.sc, g.Name+":"+prefix, after), nil
}

func renderFilter(f *metricFilterRecord) MetricFilter {
	m := MetricTransformation{
		MetricName: new(f.Metric.Name), MetricNamespace: new(f.Metric.Namespace), MetricValue: new(f.Metric.Value),
		DefaultValue: f.Metric.Default, Dimensions: f.Metric.Dimensions,
	}
	if f.Metric.Unit != "" {
		m.Unit = new(f.Metric.Unit)
	}
	return MetricFilter{
		FilterName: new(f.Name), FilterPattern: new(f.Pattern), LogGroupName: new(f.Group), CreationTime: new(f.Created),
		MetricTransformations: []MetricTransformation{m}, ApplyOnTransformedLogs: new(f.Transformed),
	}
}

// TestMetricFilter tries a pattern on messages, and gives those that match with the values that the pattern takes from them.
func (s *Service) TestMetricFilter(_ context.Context, in *TestMetricFilterInput) (*TestMetricFilterOutput, error) {
	filter, err := compile(*in.FilterPattern)
	if err != nil {
		return nil, err
	}
	if n := len(in.LogEventMessages); n < 1 || n > 50 {
		return nil, invalid("1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member must have length between 1 and 50")
	}
	out := &TestMetricFilterOutput{Matches: []MetricFilterMatchRecord{}}
	for i, message := range in.LogEventMessages {
		if values, ok := filter.Extract(message); ok {
			out.Matches = append(out.Matches, MetricFilterMatchRecord{EventNumber: new(int64(i + 1)), EventMessage: new(message), ExtractedValues: values})
		}
	}
	return out, nil
}

package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxStatisticPoints is how many points GetMetricStatistics answers with at most.
const maxStatisticPoints = 1440

// checkPeriod checks a period of a query: 1, 5, 10, 20, 30 seconds or whole minutes.
func checkPeriod(period int64) error {
	if period < 1 {
		return badValue("The parameter Period must be greater than or equal to 1.")
	}
	if period%60 != 0 && !slices.Contains([]int64{1, 5, 10, 20, 30}, period) {
		return badValue("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
	}
	return nil
}

// window rounds the times of a query down: to whole periods under a minute, and to minutes, 5 minutes or hours as the start lies
// further back. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
func window(now, start, end time.Time, period int64) (from, to int64, err error) {
	if !start.Before(end) {
		return 0, 0, invalid("The parameter StartTime must be less than the parameter EndTime.")
	}
	const day = 24 * time.Hour
	step := int64(60)
	switch age := now.Sub(start); {
	case age > 63*day:
		step = 3600
	case age > 15*day:
		step = 300
	case period < 60:
		step = period
	}
	from = floor(start.Unix(), step)
	to = end.Unix()
	if end.Nanosecond() > 0 {
		to++
	}
	return from, to, nil
}

// GetMetricStatistics gives statistics of one metric. Without a unit, points of each unit come by themselves.
func (s *Service) GetMetricStatistics(ctx context.Context, in *GetMetricStatisticsInput) (*GetMetricStatisticsOutput, error) {
	if err := checkDimensions(in.Dimensions, ""); err != nil {
		return nil, err
	}
	if err := checkPeriod(*in.Period); err != nil {
		return nil, err
	}
	if err := checkEnum(in.Unit, "unit", units()); err != nil {
		return nil, err
	}
	extended, err := readStatistics(in)
	if err != nil {
		return nil, err
	}
	from, to, err := window(s.d.Clock.Now(), *in.StartTime, *in.EndTime, *in.Period)
	if err != nil {
		return nil, err
	}
	if n := (to - from + *in.Period - 1) / *in.Period; n > maxStatisticPoints {
		return nil, badCombination("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxStatisticPoints)
	}
	out := &GetMetricStatisticsOutput{Label: new(*in.MetricName), Datapoints: []Datapoint{}}
	return out, s.view(ctx, func(t *txn) error {
		key := t.find(*in.Namespace, *in.MetricName, in.Dimensions, text(in.Unit))
		for _, unit := range key.units {
			points := t.read(seriesKey{key.uid, []string{unit}}, from, to, *in.Period)
			for _, at := range slices.Sorted(maps.Keys(points)) {
				if d, ok := showPoint(points[at], at, unit, in.Statistics, extended); ok {
					out.Datapoints = append(out.Datapoints, d)
				}
			}
		}
		return nil
	})
}

func readStatistics(in *GetMetricStatisticsInput) ([]statistic, error) {
	if len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0 {
		return nil, missing("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	}
	for _, name := range in.Statistics {
		if !slices.Contains(simpleStatistics(), name) {
			return nil, badValue("The parameter Statistics must be values in the set [ %s ].", strings.Join(simpleStatistics(), ", "))
		}
	}
	if len(in.ExtendedStatistics) > 10 {
		return nil, badValue("The collection ExtendedStatistics must not have a size greater than 10.")
	}
	var out []statistic
	for _, name := range in.ExtendedStatistics {
		st, ok := parseStatistic(name)
		if !ok || st.kind == "" {
			return nil, badValue("The value %s for parameter ExtendedStatistics is not supported.", name)
		}
		out = append(out, st)
	}
	return out, nil
}

// showPoint gives a point with the statistics that were asked for. There is none where only extended ones were, and none of them
// can be had.
func showPoint(p *point, at int64, unit string, simple []string, extended []statistic) (Datapoint, bool) {
	d := Datapoint{Timestamp: new(time.Unix(at, 0).UTC()), Unit: new(unit)}
	for _, name := range simple {
		v, _ := statistic{name: name}.of(p)
		switch name {
		case "SampleCount":
			d.SampleCount = &v
		case "Average":
			d.Average = &v
		case "Sum":
			d.Sum = &v
		case "Minimum":
			d.Minimum = &v
		default:
			d.Maximum = &v
		}
	}
	for _, st := range extended {
		if v, ok := st.of(p); ok {
			if d.ExtendedStatistics == nil {
				d.ExtendedStatistics = map[string]float64{}
			}
			d.ExtendedStatistics[st.name] = v
		}
	}
	return d, len(simple) > 0 || d.ExtendedStatistics != nil
}

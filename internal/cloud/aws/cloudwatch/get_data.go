package cloudwatch

import (
	"context"
	"slices"
	"strconv"
	"time"

	"atoll/internal/cloud/aws/cloudwatch/expression"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Limits of GetMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const (
	maxQueries    = 500
	maxDataPoints = 100_800
)

// GetMetricData gives series of metrics and of expressions on them.
func (s *Service) GetMetricData(ctx context.Context, in *GetMetricDataInput) (*GetMetricDataOutput, error) {
	if in.LabelOptions != nil && in.LabelOptions.Timezone != nil {
		return nil, wire.NotImplemented("cloudwatch:GetMetricData with a timezone of labels")
	}
	if n := len(in.MetricDataQueries); n == 0 || n > maxQueries {
		return nil, badValue("The collection MetricDataQueries must have a size between 1 and %d.", maxQueries)
	}
	if err := checkEnum(in.ScanBy, "scanBy", []string{"TimestampDescending", "TimestampAscending"}); err != nil {
		return nil, err
	}
	limit := maxDataPoints
	if in.MaxDatapoints != nil {
		if *in.MaxDatapoints < 1 || *in.MaxDatapoints > maxDataPoints {
			return nil, badValue("The parameter MaxDatapoints must be between 1 and %d.", maxDataPoints)
		}
		limit = int(*in.MaxDatapoints)
	}
	skip, err := readSkip(in.NextToken)
	if err != nil {
		return nil, err
	}
	queries, err := readQueries("GetMetricData", wire.CallFrom(ctx).Account, in.MetricDataQueries, true)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(queries, func(q query) bool { return q.returned }) {
		return nil, invalid("At least one of the metric data queries must return data.")
	}
	if _, _, err := window(s.d.Clock.Now(), *in.StartTime, *in.EndTime, 60); err != nil {
		return nil, err
	}
	out := &GetMetricDataOutput{MetricDataResults: []MetricDataResult{}, Messages: []MessageData{}}
	return out, s.view(ctx, func(t *txn) error {
		results, err := t.evaluate("GetMetricData", queries, func(period int64) (from, to int64) {
			from, to, _ = window(t.now, *in.StartTime, *in.EndTime, period)
			return from, to
		})
		if err != nil {
			return err
		}
		order := func(r result) int {
			return slices.IndexFunc(in.MetricDataQueries, func(q MetricDataQuery) bool { return *q.Id == r.id })
		}
		slices.SortStableFunc(results, func(a, b result) int { return order(a) - order(b) })
		p := &dataPage{skip: skip, limit: limit, ascending: text(in.ScanBy) == "TimestampAscending"}
		for _, r := range results {
			if !r.returned {
				continue
			}
			for _, series := range r.series {
				out.MetricDataResults = append(out.MetricDataResults, p.show(r.query, series, len(r.series)))
			}
		}
		if p.more {
			out.NextToken = state.Token(strconv.Itoa(skip + limit))
		}
		return nil
	})
}

// dataPage takes the points of a page out of all results in a row.
type dataPage struct {
	skip, limit int // points to leave out, and to take
	ascending   bool
	more        bool
}

func (p *dataPage) show(q query, s expression.Series, siblings int) MetricDataResult {
	label := q.label
	switch {
	case label == "" && siblings > 1:
		label = s.Label
	case label == "":
		label = q.id
	}
	r := MetricDataResult{Id: new(q.id), Label: new(label), Timestamps: []time.Time{}, Values: []float64{}, StatusCode: new("Complete")}
	times := s.Times()
	if !p.ascending {
		slices.Reverse(times)
	}
	for _, at := range times {
		switch {
		case p.skip > 0:
			p.skip--
		case p.limit > 0:
			p.limit--
			r.Timestamps, r.Values = append(r.Timestamps, time.Unix(at, 0).UTC()), append(r.Values, s.Points[at])
		default:
			p.more = true
			r.StatusCode = new("PartialData")
			return r
		}
	}
	return r
}

func readSkip(token *string) (int, error) {
	raw, err := pageAfter(token)
	if err != nil || raw == "" {
		return 0, err
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 0 {
		return 0, wire.Errorf("InvalidNextToken", "Failed to parse the token.")
	}
	return n, nil
}

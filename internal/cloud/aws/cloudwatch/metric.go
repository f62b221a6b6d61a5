package cloudwatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

// metricRecord says that a metric is there. It stands under metricID.
type metricRecord struct {
	Namespace, Name string
	Dimensions      []dimension `json:",omitempty"` // by name
	Units           []string
	Last            time.Time // of a datum's time; follows within lastStep
}

type dimension struct{ Name, Value string }

// lastStep is by how much the time of a metric's last datum may lag behind, so that not each datum writes it.
const lastStep = 5 * time.Minute

// visible is how long ListMetrics shows a metric after its last datum.
const visible = 14 * 24 * time.Hour

// separator stands between the parts of ids; names do not have it.
const separator = "\x01"

func sorted(dims []Dimension) []dimension {
	out := make([]dimension, 0, len(dims))
	for _, d := range dims {
		out = append(out, dimension{*d.Name, *d.Value})
	}
	slices.SortFunc(out, func(a, b dimension) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// metricID orders metrics by namespace, then by name.
func metricID(namespace, name string, dims []dimension) string {
	var b strings.Builder
	b.WriteString(namespace + separator + name)
	for _, d := range dims {
		b.WriteString(separator + d.Name + "=" + d.Value)
	}
	return b.String()
}

// metricUID is a metric's short name in the ids of its chunks.
func metricUID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

func (m *metricRecord) show() Metric {
	out := Metric{Namespace: new(m.Namespace), MetricName: new(m.Name), Dimensions: []Dimension{}}
	for _, d := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, Dimension{Name: new(d.Name), Value: new(d.Value)})
	}
	return out
}

// has reports whether the metric has a dimension for each filter, of its value if it has one.
func (m *metricRecord) has(filters []DimensionFilter) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(m.Dimensions, func(d dimension) bool { return d.Name == *f.Name && (f.Value == nil || *f.Value == d.Value) }) {
			return false
		}
	}
	return true
}

const maxListed = 500

// ListMetrics lists metrics that have had data in the last two weeks, or in the last three hours if RecentlyActive asks for it.
func (s *Service) ListMetrics(ctx context.Context, in *ListMetricsInput) (*ListMetricsOutput, error) {
	if in.IncludeLinkedAccounts != nil && *in.IncludeLinkedAccounts || in.OwningAccount != nil {
		return nil, wire.NotImplemented("cloudwatch:ListMetrics with linked accounts")
	}
	if err := checkEnum(in.RecentlyActive, "recentlyActive", []string{"PT3H"}); err != nil {
		return nil, err
	}
	if len(in.Dimensions) > maxDimensions {
		return nil, badValue("The collection Dimensions must not have a size greater than %d.", maxDimensions)
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	within := visible
	if in.RecentlyActive != nil {
		within = 3 * time.Hour
	}
	prefix := ""
	if in.Namespace != nil {
		prefix = *in.Namespace + separator
		if in.MetricName != nil {
			prefix += *in.MetricName
		}
	}
	out := &ListMetricsOutput{Metrics: []Metric{}}
	return out, s.view(ctx, func(t *txn) error {
		since := t.now.Add(-within)
		found, next := state.Page(t.metrics.PrefixFrom(t.tx, t.sc, prefix, after), maxListed, func(m *metricRecord) bool {
			return (in.Namespace == nil || m.Namespace == *in.Namespace) && (in.MetricName == nil || m.Name == *in.MetricName) &&
				!m.Last.Before(since) && m.has(in.Dimensions)
		})
		for _, m := range found {
			out.Metrics = append(out.Metrics, m.show())
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

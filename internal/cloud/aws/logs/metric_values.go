package logs

import (
	"math"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/aws/logs/pattern"
)

// publish adds what the group's metric filters find in new events to their metrics, minute by minute.
func (t *txn) publish(g *groupRecord, events []InputLogEvent) {
	if t.d.Metrics == nil {
		return
	}
	for _, f := range t.filters.Prefix(t.tx, t.sc, g.Name+":") {
		filter, err := compile(f.Pattern)
		if err != nil {
			continue // was checked when it was stored
		}
		for _, found := range f.Metric.find(filter, events) {
			m := f.Metric
			t.d.Metrics.AddValues(t.tx, t.sc, m.Namespace, m.Name, found.dimensions, found.values, m.Unit, found.minute)
		}
	}
}

// finding is what a filter finds in a minute, for one set of dimensions.
type finding struct {
	minute     time.Time
	dimensions map[string]string
	values     []float64
}

// find gives the values in events, which are in order of time, and the default value for minutes without a match.
func (m *metricRecord) find(filter *pattern.Pattern, events []InputLogEvent) []*finding {
	var out []*finding
	index := map[string]*finding{}
	add := func(minute int64, dimensions map[string]string, value float64) {
		at := time.UnixMilli(minute).UTC()
		id := strconv.FormatInt(minute, 10)
		for k := range m.Dimensions {
			id += "\x00" + k + "\x00" + dimensions[k]
		}
		found := index[id]
		if found == nil {
			found = &finding{minute: at, dimensions: dimensions}
			index[id], out = found, append(out, found)
		}
		found.values = append(found.values, value)
	}
	matched := map[int64]bool{}
	for _, e := range events {
		minute := *e.Timestamp - *e.Timestamp%time.Minute.Milliseconds()
		fields, ok := filter.Extract(*e.Message)
		matched[minute] = matched[minute] || ok
		if !ok {
			continue
		}
		value, hasValue := m.valueOf(fields)
		dimensions, hasDimensions := m.dimensionsOf(fields)
		if hasValue && hasDimensions {
			add(minute, dimensions, value)
		}
	}
	if m.Default != nil {
		for minute, ok := range matched {
			if !ok {
				add(minute, nil, *m.Default)
			}
		}
	}
	return out
}

// valueOf gives the number that the filter publishes, or the one in the field that it names.
func (m *metricRecord) valueOf(fields map[string]string) (float64, bool) {
	text := m.Value
	if strings.HasPrefix(text, "$") {
		text = fields[text]
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// maxDimensionValue is the longest value of a dimension that CloudWatch takes.
const maxDimensionValue = 1024

func (m *metricRecord) dimensionsOf(fields map[string]string) (map[string]string, bool) {
	if len(m.Dimensions) == 0 {
		return nil, true
	}
	out := make(map[string]string, len(m.Dimensions))
	for name, field := range m.Dimensions {
		value := fields[field]
		if value == "" || len(value) > maxDimensionValue || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, false
		}
		out[name] = value
	}
	return out, true
}

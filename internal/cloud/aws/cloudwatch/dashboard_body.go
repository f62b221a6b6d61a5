package cloudwatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	maxWidgets   = 500
	maxMetricsOf = 500 // metrics of one widget
	gridWidth    = 24
	maxHeight    = 1000
)

// bodyCheck gathers what is wrong with a dashboard's body.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type bodyCheck struct{ faults []DashboardValidationMessage }

func (b *bodyCheck) fault(path, format string, args ...any) {
	b.faults = append(b.faults, DashboardValidationMessage{DataPath: new(path), Message: new(fmt.Sprintf(format, args...))})
}

// checkBody refuses a body that AWS refuses, saying where it is wrong. What it does not know it leaves alone.
func checkBody(body string) error {
	var doc map[string]any
	if err := json.Unmarshal([]byte(body), &doc); err != nil || doc == nil {
		return badDashboard("The field DashboardBody must be a valid JSON object", []DashboardValidationMessage{{Message: new("The field DashboardBody must be a valid JSON object")}})
	}
	b := &bodyCheck{}
	b.check(doc)
	if len(b.faults) == 0 {
		return nil
	}
	type line struct {
		Path    string `json:"dataPath"`
		Message string `json:"message"`
	}
	var lines []line
	for _, f := range b.faults {
		lines = append(lines, line{*f.DataPath, *f.Message})
	}
	return badDashboard(fmt.Sprintf("The dashboard body is invalid, there are %d validation errors:\n%s", len(lines), encode(lines)), b.faults)
}

func (b *bodyCheck) check(doc map[string]any) {
	b.oneOf(doc, "", "periodOverride", "auto", "inherit")
	for _, key := range []string{"start", "end"} {
		if v, ok := doc[key]; ok {
			if _, isText := v.(string); !isText {
				b.fault("/"+key, "Should be string")
			}
		}
	}
	widgets, ok := b.array(doc, "", "widgets", true)
	if !ok {
		return
	}
	if len(widgets) > maxWidgets {
		b.fault("/widgets", "Should NOT have more than %d items", maxWidgets)
	}
	for i, w := range widgets {
		path := fmt.Sprintf("/widgets/%d", i)
		if widget, ok := w.(map[string]any); ok {
			b.widget(widget, path)
		} else {
			b.fault(path, "Should be object")
		}
	}
}

func (b *bodyCheck) widget(w map[string]any, path string) {
	b.within(w, path, "x", 0, gridWidth-1)
	b.within(w, path, "y", 0, 1<<31)
	b.within(w, path, "width", 1, gridWidth)
	b.within(w, path, "height", 1, maxHeight)
	if _, x := w["x"]; x != has(w, "y") {
		b.fault(path, "Should have both properties 'x' and 'y', or none of them")
	}
	kind, ok := b.text(w, path, "type", true)
	if !ok {
		return
	}
	if !slices.Contains([]string{"metric", "text", "log", "alarm", "explorer", "custom", "trace", "table"}, kind) {
		b.fault(path+"/type", "Should be equal to one of the allowed values")
		return
	}
	properties, ok := w["properties"].(map[string]any)
	if !ok {
		b.fault(path, "Should have required property 'properties'")
		return
	}
	b.properties(kind, properties, path+"/properties")
}

func has(m map[string]any, key string) bool { _, ok := m[key]; return ok }

func (b *bodyCheck) properties(kind string, p map[string]any, path string) {
	switch kind {
	case "text":
		b.text(p, path, "markdown", true)
		b.oneOf(p, path, "background", "solid", "transparent")
	case "log":
		b.text(p, path, "query", true)
		b.text(p, path, "region", true)
	case "alarm":
		if alarms, ok := b.array(p, path, "alarms", true); ok && (len(alarms) == 0 || len(alarms) > 100) {
			b.fault(path+"/alarms", "Should have between 1 and 100 items")
		}
	case "custom":
		b.text(p, path, "endpoint", true)
	case "explorer":
		b.array(p, path, "metrics", true)
	case "metric":
		b.metric(p, path)
	}
}

func (b *bodyCheck) metric(p map[string]any, path string) {
	b.text(p, path, "region", true)
	b.text(p, path, "title", false)
	b.oneOf(p, path, "view", "timeSeries", "singleValue", "bar", "pie", "gauge", "table")
	if stat, ok := b.text(p, path, "stat", false); ok {
		if _, known := parseStatistic(stat); !known && !strings.Contains(stat, "${") {
			b.fault(path+"/stat", "Should match a statistic")
		}
	}
	if v, ok := p["period"]; ok {
		if f, isNumber := v.(float64); !isNumber || checkPeriod(int64(f)) != nil {
			b.fault(path+"/period", "Should be 1, 5, 10, 30 or a multiple of 60")
		}
	}
	metrics, ok := b.array(p, path, "metrics", false)
	if !has(p, "metrics") && !has(p, "annotations") {
		b.fault(path, "Should have required property 'metrics'")
	}
	if !ok {
		return
	}
	if len(metrics) > maxMetricsOf {
		b.fault(path+"/metrics", "Should NOT have more than %d items", maxMetricsOf)
	}
	for i, m := range metrics {
		at := fmt.Sprintf("%s/metrics/%d", path, i)
		items, ok := m.([]any)
		if !ok {
			b.fault(at, "Should be array")
			continue
		}
		b.metricItems(items, at)
	}
}

// metricItems checks [namespace, name, dimension, value…, options], or [options] of an expression.
func (b *bodyCheck) metricItems(items []any, path string) {
	if len(items) == 0 {
		b.fault(path, "Should NOT have less than 1 items")
		return
	}
	options, hasOptions := items[len(items)-1].(map[string]any)
	if hasOptions {
		items = items[:len(items)-1]
		b.text(options, fmt.Sprintf("%s/%d", path, len(items)), "label", false)
		b.text(options, fmt.Sprintf("%s/%d", path, len(items)), "expression", false)
	}
	for i, item := range items {
		if _, ok := item.(string); !ok {
			b.fault(fmt.Sprintf("%s/%d", path, i), "Should be string")
		}
	}
	switch n := len(items); {
	case n == 0 && hasOptions && has(options, "expression"):
	case n < 2:
		b.fault(path, "Should have a namespace and a metric name")
	case n%2 != 0:
		b.fault(path, "Should have a value for each dimension")
	case (n-2)/2 > maxDimensions:
		b.fault(path, "Should NOT have more than %d dimensions", maxDimensions)
	}
}

func (b *bodyCheck) text(m map[string]any, path, key string, required bool) (string, bool) {
	v, ok := m[key]
	if !ok {
		if required {
			b.fault(path, "Should have required property '%s'", key)
		}
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		b.fault(path+"/"+key, "Should be string")
	}
	return s, ok
}

func (b *bodyCheck) array(m map[string]any, path, key string, required bool) ([]any, bool) {
	v, ok := m[key]
	if !ok {
		if required {
			b.fault(path, "Should have required property '%s'", key)
		}
		return nil, false
	}
	items, ok := v.([]any)
	if !ok {
		b.fault(path+"/"+key, "Should be array")
	}
	return items, ok
}

func (b *bodyCheck) oneOf(m map[string]any, path, key string, allowed ...string) {
	if s, ok := b.text(m, path, key, false); ok && !slices.Contains(allowed, s) {
		b.fault(path+"/"+key, "Should be equal to one of the allowed values")
	}
}

func (b *bodyCheck) within(m map[string]any, path, key string, least, most float64) {
	v, ok := m[key]
	if !ok {
		return
	}
	switch f, isNumber := v.(float64); {
	case !isNumber || f != float64(int64(f)):
		b.fault(path+"/"+key, "Should be integer")
	case f < least:
		b.fault(path+"/"+key, "Should be >= %v", least)
	case f > most:
		b.fault(path+"/"+key, "Should be <= %v", most)
	}
}

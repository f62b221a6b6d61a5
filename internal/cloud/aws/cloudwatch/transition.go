package cloudwatch

import (
	"encoding/json"
	"time"

	"atoll/internal/cloud/event"
)

// transition gives an alarm another state, with all that follows: history, event, actions, and the composite alarms that depend
// on it. A state of the same value changes the reason alone.
func (t *txn) transition(r *alarmRecord, next alarmState) {
	previous := *r
	if r.Composite != nil {
		previous.Composite = new(*r.Composite)
	}
	next.Updated, next.Transitioned = t.now, t.now
	if next.Value == r.State.Value {
		next.Transitioned = r.State.Transitioned
		r.State = next
		t.alarms.Put(t.tx, t.sc, r.Name, r)
		return
	}
	r.State = next
	acts := r.suppress(t)
	t.alarms.Put(t.tx, t.sc, r.Name, r)
	t.record(r, historyState, "Alarm updated from "+previous.State.Value+" to "+next.Value, map[string]any{
		"version": "1.0", "oldState": historyOf(previous.State), "newState": historyOf(next),
	})
	t.d.Bus.Publish(t.tx, event.Event{
		Scope: t.sc, Source: "aws.cloudwatch", DetailType: "CloudWatch Alarm State Change", Resources: []string{alarmARN(t.sc, r.Name)},
		Detail: changeOf(&previous, r), Time: t.now,
	})
	if acts {
		t.act(r, previous.State.Value)
	}
	t.propagate(r)
}

// act has the actions for an alarm's state carried out after the transaction.
func (t *txn) act(r *alarmRecord, before string) {
	if !r.ActionsEnabled {
		return
	}
	for _, action := range r.Actions[r.State.Value] {
		t.tasks = append(t.tasks, task{alarm: *r, before: before, action: action})
	}
}

// Why a composite alarm does not act.
const (
	bySuppressor = "Alarm"
	byWait       = "WaitPeriod"
	byExtension  = "ExtensionPeriod"
)

// suppress decides, at a transition, whether an alarm acts now. Only composite alarms may have a suppressor.
func (r *alarmRecord) suppress(t *txn) (acts bool) {
	c := r.Composite
	if c == nil {
		return true
	}
	if c.Suppressor != nil {
		switch {
		case t.stateOf(*c.Suppressor) == stateAlarm:
			c.suppressed(bySuppressor, time.Time{})
			return false
		case c.SuppressedBy != "": // a period is under way
			return false
		case r.State.Value == stateAlarm && *c.Wait > 0:
			c.suppressed(byWait, t.now.Add(time.Duration(*c.Wait)*time.Second))
			return false
		}
	}
	c.SuppressedBy, c.SuppressedReason, c.Acted = "", "", r.State.Value
	return true
}

func (c *compositeRule) suppressed(by string, until time.Time) {
	c.SuppressedBy, c.SuppressedReason, c.Until = by, "Actions suppressed by "+by, until
}

// resuppress looks at a composite alarm that does not act: when its suppressor has changed, and when a period has ended. At the end
// it acts for the state that it is in, unless it has done so last.
func (t *txn) resuppress(name string) {
	r, ok := t.alarms.Get(t.tx, t.sc, name)
	if !ok || r.Composite == nil || r.Composite.SuppressedBy == "" {
		return
	}
	c := r.Composite
	suppressing := c.Suppressor != nil && t.stateOf(*c.Suppressor) == stateAlarm
	switch {
	case suppressing:
		if c.SuppressedBy == bySuppressor {
			return
		}
		c.suppressed(bySuppressor, time.Time{})
	case c.Suppressor != nil && c.SuppressedBy == bySuppressor && *c.Extension > 0:
		c.suppressed(byExtension, t.now.Add(time.Duration(*c.Extension)*time.Second))
	case c.Suppressor != nil && c.SuppressedBy != bySuppressor && t.now.Before(c.Until):
		return
	default:
		c.SuppressedBy, c.SuppressedReason = "", ""
		if before := c.Acted; before != r.State.Value {
			c.Acted = r.State.Value
			t.act(r, before)
		}
	}
	t.alarms.Put(t.tx, t.sc, name, r)
}

// stateChange is the detail of the event "CloudWatch Alarm State Change".
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
type stateChange struct {
	AlarmName     string        `json:"alarmName"`
	Configuration configuration `json:"configuration"`
	Previous      stateDetail   `json:"previousState"`
	State         stateDetail   `json:"state"`
}

type stateDetail struct {
	Reason           string `json:"reason"`
	Data             string `json:"reasonData,omitempty"`
	At               string `json:"timestamp"`
	Value            string `json:"value"`
	SuppressedBy     string `json:"actionsSuppressedBy,omitempty"`
	SuppressedReason string `json:"actionsSuppressedReason,omitempty"`
}

type configuration struct {
	Description string         `json:"description,omitempty"`
	Metrics     []metricDetail `json:"metrics,omitempty"`
	Rule        string         `json:"alarmRule,omitempty"`
	Suppressor  string         `json:"actionsSuppressor,omitempty"`
	Wait        *int64         `json:"actionsSuppressorWaitPeriod,omitempty"`
	Extension   *int64         `json:"actionsSuppressorExtensionPeriod,omitempty"`
}

type metricDetail struct {
	ID         string      `json:"id"`
	Expression string      `json:"expression,omitempty"`
	Label      string      `json:"label,omitempty"`
	Stat       *statDetail `json:"metricStat,omitempty"`
	ReturnData bool        `json:"returnData"`
}

type statDetail struct {
	Metric struct {
		Dimensions map[string]string `json:"dimensions"`
		Name       string            `json:"name"`
		Namespace  string            `json:"namespace"`
	} `json:"metric"`
	Period int64  `json:"period"`
	Stat   string `json:"stat"`
	Unit   string `json:"unit,omitempty"`
}

func changeOf(previous, r *alarmRecord) stateChange {
	return stateChange{AlarmName: r.Name, Configuration: r.configuration(), Previous: detailOf(previous), State: detailOf(r)}
}

func detailOf(r *alarmRecord) stateDetail {
	d := stateDetail{Reason: r.State.Reason, Data: r.State.Data, At: stamp(r.State.Updated), Value: r.State.Value}
	if r.Composite != nil {
		d.SuppressedBy, d.SuppressedReason = r.Composite.SuppressedBy, r.Composite.SuppressedReason
	}
	return d
}

func (r *alarmRecord) configuration() configuration {
	c := configuration{Description: text(r.Description)}
	if r.Composite != nil {
		c.Rule, c.Suppressor, c.Wait, c.Extension = r.Composite.Rule, text(r.Composite.Suppressor), r.Composite.Wait, r.Composite.Extension
		return c
	}
	for _, q := range r.Metric.asQueries() {
		d := metricDetail{ID: *q.Id, Expression: text(q.Expression), Label: text(q.Label), ReturnData: q.ReturnData == nil || *q.ReturnData}
		if q.MetricStat != nil {
			d.Stat = &statDetail{Period: *q.MetricStat.Period, Stat: *q.MetricStat.Stat, Unit: text(q.MetricStat.Unit)}
			d.Stat.Metric.Name, d.Stat.Metric.Namespace = text(q.MetricStat.Metric.MetricName), text(q.MetricStat.Metric.Namespace)
			d.Stat.Metric.Dimensions = map[string]string{}
			for _, dim := range q.MetricStat.Metric.Dimensions {
				d.Stat.Metric.Dimensions[*dim.Name] = *dim.Value
			}
		}
		c.Metrics = append(c.Metrics, d)
	}
	return c
}

// asQueries gives what an alarm watches as queries, those of a single metric included.
func (m *metricRule) asQueries() []MetricDataQuery {
	if len(m.Queries) > 0 {
		return m.Queries
	}
	stat := text(m.Statistic)
	if m.ExtendedStatistic != nil {
		stat = *m.ExtendedStatistic
	}
	return []MetricDataQuery{{Id: new("m1"), ReturnData: new(true), MetricStat: &MetricStat{
		Metric: &Metric{Namespace: m.Namespace, MetricName: m.Name, Dimensions: m.Dimensions}, Period: m.Period, Stat: &stat, Unit: m.Unit,
	}}}
}

func historyOf(s alarmState) map[string]any {
	out := map[string]any{"stateValue": s.Value, "stateReason": s.Reason}
	if s.Data != "" && isJSON(s.Data) {
		out["stateReasonData"] = json.RawMessage(s.Data)
	}
	return out
}

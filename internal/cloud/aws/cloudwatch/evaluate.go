package cloudwatch

import (
	"strings"
	"time"
)

// extra is how many periods beyond its own an alarm looks back, in case that data is missing. AWS's number depends on the period and
// is not documented; two is what its examples have.
const extra = 2

// observation is one period of what an alarm watches.
type observation struct {
	at      time.Time // start of the period
	value   float64
	samples float64 // 0 where they are not known: results of expressions
	there   bool
}

// observe gives what a metric alarm looks at: its evaluation range, the earliest period first. Periods end with the last whole
// minute, or, for those under a minute, the last whole ten seconds.
func (t *txn) observe(m *metricRule) ([]observation, error) {
	period, count := m.period(), m.Evaluated+extra
	step := int64(60)
	if period < 60 {
		step = 10
	}
	end := floor(t.now.Unix(), step)
	start := end - count*period
	out := make([]observation, count)
	for i := range out {
		out[i].at = time.Unix(start+int64(i)*period, 0).UTC()
	}
	set := func(at int64, value, samples float64) {
		if i := (at - start) / period; at >= start && i < count {
			out[i].value, out[i].samples, out[i].there = value, samples, true
		}
	}
	if len(m.Queries) == 0 {
		st := m.statistic()
		for at, p := range t.read(t.find(*m.Namespace, *m.Name, m.Dimensions, text(m.Unit)), start, end, period) {
			if v, ok := st.of(p); ok {
				set(at, v, p.Count)
			}
		}
		return out, nil
	}
	queries, err := readQueries("PutMetricAlarm", t.sc.Account, m.Queries, true)
	if err != nil {
		return nil, err
	}
	results, err := t.evaluate("PutMetricAlarm", queries, func(int64) (int64, int64) { return start, end })
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.returned && len(r.series) == 1 {
			for at, v := range r.series[0].Points {
				set(at, v, 0)
			}
		}
	}
	return out, nil
}

func (m *metricRule) statistic() statistic {
	name := text(m.Statistic)
	if m.ExtendedStatistic != nil {
		name = *m.ExtendedStatistic
	}
	st, _ := parseStatistic(name) // was checked when it was stored
	return st
}

// verdict is what an evaluation comes to.
type verdict struct {
	value  string        // state; empty keeps the present one
	used   []observation // real data that was looked at, the earliest first
	filled int           // missing data that was taken for something
}

// judge evaluates an alarm on its evaluation range.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (m *metricRule) judge(seen []observation) verdict {
	evaluated, toAlarm := int(m.Evaluated), m.toAlarm()
	var real []observation
	oldest := 0 // how old the first breaching observation is, in periods, the last one being 1
	for i, o := range seen {
		if !o.there {
			continue
		}
		real = append(real, o)
		if oldest == 0 && m.breaches(o.value) {
			oldest = len(seen) - i
		}
	}
	if len(real) > evaluated {
		real = real[len(real)-evaluated:]
	}
	v := verdict{used: real}
	if m.LowSamples != nil && *m.LowSamples == "ignore" {
		st := m.statistic()
		for _, o := range real {
			if !st.enough(o.samples) {
				return v
			}
		}
	}
	breaching := 0
	for _, o := range real {
		if m.breaches(o.value) {
			breaching++
		}
	}
	state := func(alarm bool) verdict {
		v.value = stateOK
		if alarm {
			v.value = stateAlarm
		}
		return v
	}
	lacking := evaluated - len(real)
	if lacking == 0 {
		return state(breaching >= toAlarm)
	}
	v.filled = lacking
	treat := m.treat()
	switch {
	case treat == treatBreaching:
		return state(breaching+lacking >= toAlarm)
	case treat == treatNotBreaching, breaching >= toAlarm, breaching < len(real):
		return state(breaching >= toAlarm)
	case treat == treatIgnore: // there is nothing, or nothing but breaching data and too little of it
		return v
	case len(real) == 0:
		v.value = stateInsufficient
		return v
	}
	// All there is breaches, and is too little: an alarm once the earliest of it is old enough.
	return state(oldest >= toAlarm)
}

// reasonData is an alarm's StateReasonData as AWS writes it.
type reasonData struct {
	Version   string          `json:"version"`
	Queried   string          `json:"queryDate"`
	Start     string          `json:"startDate,omitempty"`
	Unit      string          `json:"unit,omitempty"`
	Statistic string          `json:"statistic,omitempty"`
	Period    int64           `json:"period"`
	Recent    []float64       `json:"recentDatapoints"`
	Threshold float64         `json:"threshold"`
	Evaluated []evaluatedData `json:"evaluatedDatapoints,omitempty"`
}

type evaluatedData struct {
	At      string   `json:"timestamp"`
	Samples *float64 `json:"sampleCount,omitempty"`
	Value   *float64 `json:"value,omitempty"`
}

// state makes the state of a verdict, with AWS's words for it.
func (m *metricRule) state(v verdict, now time.Time) alarmState {
	data := reasonData{
		Version: "1.0", Queried: stamp(now), Unit: text(m.Unit), Statistic: text(m.Statistic), Period: m.period(), Recent: []float64{},
		Threshold: m.Threshold,
	}
	if m.ExtendedStatistic != nil {
		data.Statistic = *m.ExtendedStatistic
	}
	for i, o := range v.used {
		if i == 0 {
			data.Start = stamp(o.at)
		}
		e := evaluatedData{At: stamp(o.at), Value: new(o.value)}
		if o.samples > 0 {
			e.Samples = new(o.samples)
		}
		data.Recent = append(data.Recent, o.value)
		data.Evaluated = append([]evaluatedData{e}, data.Evaluated...)
	}
	return alarmState{Value: v.value, Reason: m.reason(v), Data: encode(data)}
}

func (m *metricRule) reason(v verdict) string {
	if v.value == stateInsufficient {
		return "Insufficient Data: " + plural(v.filled, "datapoint was", "datapoints were") + " unknown."
	}
	filled := plural(v.filled, "missing datapoint was", "missing datapoints were") + " treated as [" + treatmentName(m.treat()) + "]"
	if len(v.used) == 0 {
		return "Threshold Crossed: no datapoints were received for " + plural(v.filled, "period", "periods") + " and " + filled + "."
	}
	alarm := v.value == stateAlarm
	var counted []string
	for i := len(v.used) - 1; i >= 0; i-- {
		if o := v.used[i]; m.breaches(o.value) == alarm {
			counted = append(counted, decimal(o.value)+" ("+o.at.Format("02/01/06 15:04:05")+")")
		}
	}
	was, minimum, transition := "was ", m.toAlarm(), "OK -> ALARM"
	if len(counted) != 1 {
		was = "were "
	}
	if !alarm {
		was += "not "
		minimum, transition = int(m.Evaluated)-m.toAlarm()+1, "ALARM -> OK"
	}
	reason := "Threshold Crossed: " + itoa(len(counted)) + " out of the last " + itoa(len(v.used)) + " datapoints [" + strings.Join(counted, ", ") + "] " +
		was + comparisonWords(m.Comparison) + " the threshold (" + decimal(m.Threshold) + ")"
	if treat := m.treat(); v.filled > 0 && (treat == treatBreaching || treat == treatNotBreaching) {
		reason += " and " + filled
	}
	return reason + " (minimum " + plural(minimum, "datapoint", "datapoints") + " for " + transition + " transition)."
}

func treatmentName(treat string) string {
	switch treat {
	case treatBreaching:
		return "Breaching"
	case treatNotBreaching:
		return "NonBreaching"
	}
	return "Missing"
}

func comparisonWords(comparison string) string {
	switch comparison {
	case "GreaterThanThreshold":
		return "greater than"
	case "GreaterThanOrEqualToThreshold":
		return "greater than or equal to"
	case "LessThanThreshold":
		return "less than"
	default:
		return "less than or equal to"
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

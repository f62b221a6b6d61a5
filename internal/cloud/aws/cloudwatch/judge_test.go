package cloudwatch

import (
	"math"
	"testing"
	"time"
)

// TestMissingData holds evaluation against the tables of AWS's documentation: "0" is data within the threshold, "X" breaches it, and
// "-" is missing. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func TestMissingData(t *testing.T) {
	const keep = ""
	for _, c := range []struct {
		data    string
		toAlarm int64
		want    [4]string // missing, ignore, breaching, notBreaching
	}{
		{"0-X-X", 3, [4]string{stateOK, stateOK, stateOK, stateOK}},
		{"0----", 3, [4]string{stateOK, stateOK, stateOK, stateOK}},
		{"-----", 3, [4]string{stateInsufficient, keep, stateAlarm, stateOK}},
		{"0XX-X", 3, [4]string{stateAlarm, stateAlarm, stateAlarm, stateAlarm}},
		{"--X--", 3, [4]string{stateAlarm, keep, stateAlarm, stateOK}},
		{"----X", 3, [4]string{stateOK, keep, stateAlarm, stateOK}},
		{"---X-", 3, [4]string{stateOK, keep, stateAlarm, stateOK}},
		{"0-X-X", 2, [4]string{stateAlarm, stateAlarm, stateAlarm, stateAlarm}},
		{"00X0X", 2, [4]string{stateAlarm, stateAlarm, stateAlarm, stateAlarm}},
		{"0-X--", 2, [4]string{stateOK, stateOK, stateAlarm, stateOK}},
		{"----0", 2, [4]string{stateOK, stateOK, stateAlarm, stateOK}},
		{"---X-", 2, [4]string{stateAlarm, keep, stateAlarm, stateOK}},
	} {
		for i, treat := range []string{treatMissing, treatIgnore, treatBreaching, treatNotBreaching} {
			m := &metricRule{Evaluated: 3, Breaching: &c.toAlarm, Threshold: 5, Comparison: "GreaterThanThreshold", Missing: &treat}
			if got := m.judge(observed(c.data)).value; got != c.want[i] {
				t.Errorf("%s, %d of 3, %s: got %q, want %q", c.data, c.toAlarm, treat, got, c.want[i])
			}
		}
	}
}

func observed(data string) []observation {
	seen := make([]observation, len(data))
	for i, c := range data {
		seen[i] = observation{at: time.Date(2026, 3, 1, 12, i, 0, 0, time.UTC), there: c != '-', samples: 2}
		if c == 'X' {
			seen[i].value = 10
		}
	}
	return seen
}

func TestReasons(t *testing.T) {
	rule := func(n, m int64, treat string) *metricRule {
		return &metricRule{Evaluated: n, Breaching: &m, Threshold: 5, Comparison: "GreaterThanOrEqualToThreshold", Missing: &treat, Period: new(int64(60)), Statistic: new("Average")}
	}
	for _, c := range []struct {
		rule *metricRule
		data string
		want string
	}{
		{rule(1, 1, treatMissing), "00X", "Threshold Crossed: 1 out of the last 1 datapoints [10.0 (01/03/26 12:02:00)] was greater than or equal to the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition)."},
		{rule(2, 2, treatMissing), "XXX", "Threshold Crossed: 2 out of the last 2 datapoints [10.0 (01/03/26 12:02:00), 10.0 (01/03/26 12:01:00)] were greater than or equal to the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."},
		{rule(1, 1, treatNotBreaching), "---", "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."},
		{rule(2, 2, treatBreaching), "----", "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."},
		{rule(2, 2, treatMissing), "----", "Insufficient Data: 2 datapoints were unknown."},
		{rule(1, 1, treatMissing), "---", "Insufficient Data: 1 datapoint was unknown."},
	} {
		v := c.rule.judge(observed(c.data))
		if got := c.rule.reason(v); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.data, got, c.want)
		}
	}
	ok := rule(3, 2, treatMissing)
	if got, want := ok.reason(ok.judge(observed("X0X0"))), "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (01/03/26 12:03:00), 0.0 (01/03/26 12:01:00)] were not greater than or equal to the threshold (5.0) (minimum 2 datapoints for ALARM -> OK transition)."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	data := ok.state(ok.judge(observed("X0X0")), time.Date(2026, 3, 1, 12, 4, 10, 0, time.UTC)).Data
	if want := `{"version":"1.0","queryDate":"2026-03-01T12:04:10.000+0000","startDate":"2026-03-01T12:01:00.000+0000","statistic":"Average","period":60,"recentDatapoints":[0,10,0],"threshold":5,"evaluatedDatapoints":[{"timestamp":"2026-03-01T12:03:00.000+0000","sampleCount":2,"value":0},{"timestamp":"2026-03-01T12:02:00.000+0000","sampleCount":2,"value":10},{"timestamp":"2026-03-01T12:01:00.000+0000","sampleCount":2,"value":0}]}`; data != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

func TestLowSamples(t *testing.T) {
	m := &metricRule{Evaluated: 1, Threshold: 5, Comparison: "GreaterThanThreshold", ExtendedStatistic: new("p90"), LowSamples: new("ignore")}
	seen := observed("00X")
	if got := m.judge(seen).value; got != "" {
		t.Errorf("with 2 samples: %q", got)
	}
	seen[2].samples = 100
	if got := m.judge(seen).value; got != stateAlarm {
		t.Errorf("with 100 samples: %q", got)
	}
}

func TestStatistics(t *testing.T) {
	p := pointOf(1, 1)
	for v := 2.0; v <= 100; v++ {
		p.add(pointOf(v, 1))
	}
	for name, want := range map[string]float64{
		"SampleCount": 100, "Average": 50.5, "Sum": 5050, "Minimum": 1, "Maximum": 100, "p50": 50, "p99": 99, "p0.0": 1, "p100": 100, "p99.9": 100,
		"tm90": 45.5, "tc90": 90, "ts90": 4095, "TM(10%:90%)": 50.5, "TC(10:20)": 10, "TS(:3)": 6, "TC(98:)": 2, "PR(:25)": 25, "PR(50:100)": 50,
		"IQM": 50.5, "wm50": 37.75, "WM(25%:75%)": 50.25,
	} {
		st, ok := parseStatistic(name)
		if !ok {
			t.Errorf("%s is unknown", name)
			continue
		}
		if got, ok := st.of(&p); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %v %t, want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "average", "p", "p101", "pp", "IQM(1:2)", "TM(5:10%)", "PR(5%:10%)", "TC(:)", "TM(9:3)", "AB(1:2)", "tm(1:2)"} {
		if _, ok := parseStatistic(name); ok {
			t.Errorf("%s is taken", name)
		}
	}
	many := pointOf(1, 1)
	for i := range 10_000 {
		many.add(pointOf(1+float64(i), 1))
	}
	st, _ := parseStatistic("p90")
	if got, ok := st.of(&many); !ok || math.Abs(got-9000) > 300 || len(many.Dist.Values) > maxDistinct {
		t.Errorf("of many: %v %t, %d values", got, ok, len(many.Dist.Values))
	}
	set := point{Count: 3, Sum: 6, Min: 1, Max: 3}
	set.add(pointOf(2, 1))
	if _, ok := st.of(&set); ok || set.Sum != 8 {
		t.Errorf("a percentile of a statistic set: %+v", set)
	}
}

func TestDecimal(t *testing.T) {
	for f, want := range map[float64]string{0: "0.0", 10: "10.0", -2.5: "-2.5", 0.0666851903306472: "0.0666851903306472", 1e7: "1.0E7", 1.25e-5: "1.25E-5", 123456789: "1.23456789E8"} {
		if got := decimal(f); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
}

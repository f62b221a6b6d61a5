package expression

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes a value: a number, or the points of each series.
func show(v Value) string {
	if v.kind == number {
		return fmt.Sprint(v.number)
	}
	var all []string
	for _, s := range v.series {
		var points []string
		for _, at := range s.Times() {
			points = append(points, fmt.Sprintf("%d:%v", at, s.Points[at]))
		}
		all = append(all, strings.Join(points, " "))
	}
	return strings.Join(all, " | ")
}

func TestEval(t *testing.T) {
	a := Series{ID: "a", Period: 60, Points: map[int64]float64{0: 1, 60: 2, 120: 4}}
	b := Series{ID: "b", Period: 60, Points: map[int64]float64{60: 10, 120: 0}}
	env := &Env{Start: 0, End: 240, Period: 60, Values: map[string]Value{"a": Of(a), "b": Of(b)}, Metrics: []Series{a, b}}
	for expression, want := range map[string]string{
		"1 + 2 * 3 ^ 2":            "19",
		"-(2 - 5) / 2":             "1.5",
		"a * 2":                    "0:2 60:4 120:8",
		"a / b":                    "60:0.2",
		"100 * a / (a + b)":        "60:16.666666666666668 120:100",
		"a >= 2":                   "0:0 60:1 120:1",
		"a > 1 AND b > 0":          "60:1 120:0",
		"a > 3 || b > 0":           "60:1 120:1",
		"SUM(a)":                   "7",
		"AVG([a, b])":              "0:1 60:6 120:2",
		"SUM(METRICS())":           "0:1 60:12 120:4",
		`MAX(METRICS("b"))`:        "60:10 120:0",
		"MIN(METRICS()) + 0":       "0:1 60:2 120:0",
		"STDDEV(a)":                "1.247219128924647",
		"FILL(b, 0)":               "0:0 60:10 120:0 180:0",
		"FILL(b, REPEAT)":          "60:10 120:0 180:0",
		"FILL(IF(a > 2, a), a)":    "0:1 60:2 120:4",
		"IF(b > 5, a, 7)":          "60:2 120:7",
		"IF(1, a)":                 "0:1 60:2 120:4",
		"RATE(a) * PERIOD(a)":      "60:1 120:2",
		"DIFF(a)":                  "60:1 120:2",
		"RUNNING_SUM(a)":           "0:1 60:3 120:7",
		"ABS(-a)":                  "0:1 60:2 120:4",
		"[a, b] * 10":              "0:10 60:20 120:40 | 60:100 120:0",
		"FIRST([b, a])":            "60:10 120:0",
		"TIME_SERIES(3)":           "0:3 60:3 120:3 180:3",
		"METRIC_COUNT(METRICS())":  "2",
		"MINUTE(a)":                "0:0 60:1 120:2",
		"CEIL(a / 3) + FLOOR(0.9)": "0:1 60:1 120:2",
		"1e3 + 2.5E-1":             "1000.25",
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		v, err := e.Eval(env)
		if err != nil || show(v) != want {
			t.Errorf("%s: got %s %v, want %s", expression, show(v), err, want)
		}
	}
	linear, err := Parse("FILL(l, LINEAR)")
	if err != nil {
		t.Fatal(err)
	}
	env.Values["l"] = Of(Series{Period: 60, Points: map[int64]float64{0: 1, 180: 4}})
	if v, err := linear.Eval(env); err != nil || show(v) != "0:1 60:2 120:3 180:4" {
		t.Errorf("linear: %s %v", show(v), err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, expression := range []string{"", "1 +", "(1", "a b", "NOPE(a)", "[a", `"x`, "a ? b", "1..2", strings.Repeat("(", 200)} {
		if _, err := Parse(expression); err == nil {
			t.Errorf("%q: no error", expression)
		}
	}
	for _, expression := range []string{"ANOMALY_DETECTION_BAND(a, 2)", "SEARCH('x', 'Sum')", `SELECT AVG(x) FROM "ns"`, "a + LAMBDA('f')"} {
		var lacking *Unsupported
		if _, err := Parse(expression); !errors.As(err, &lacking) {
			t.Errorf("%q: got %v", expression, err)
		}
	}
	env := &Env{Values: map[string]Value{"a": Of(Series{})}}
	for _, expression := range []string{"b", `a + "x"`, "[a] + [a]", "IF(0, a)", "FILL(1, 2)", "[1]", "RATE(1)", "PERIOD([a])", "FIRST(a)"} {
		e, err := Parse(expression)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		if v, err := e.Eval(env); err == nil {
			t.Errorf("%q: no error but %s", expression, show(v))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("IF(m1 > 5, FILL(m1, REPEAT), 1e-2) ^ -2")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			return
		}
		env := &Env{End: 120, Period: 60, Values: map[string]Value{"m1": Of(Series{Period: 60, Points: map[int64]float64{0: 1}})}}
		_, _ = e.Eval(env) // must not panic
	})
}

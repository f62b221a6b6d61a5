package rule

import (
	"slices"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	states := map[string]string{"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "with space": "ALARM", `q"uote`: "ALARM"}
	for text, want := range map[string]bool{
		"ALARM(a)":                                      true,
		`ALARM("with space") and not ok("a")`:           true,
		`ALARM("q\"uote")`:                              true,
		"OK(b) AND ALARM(b)":                            false,
		"ALARM(b) OR ALARM(a) AND OK(b)":                true,
		"(ALARM(b) OR ALARM(a)) AND OK(a)":              false,
		"NOT (ALARM(a) AND INSUFFICIENT_DATA(c))":       false,
		"TRUE AND NOT FALSE":                            true,
		"AT_LEAST(2, ALARM, (a, b, \"with space\"))":    true,
		"AT_LEAST(3, ALARM, (a, b, \"with space\"))":    false,
		"AT_LEAST(50%, NOT OK, (a, b))":                 true,
		"AT_LEAST(51%, OK, (a, b))":                     false,
		"ALARM(gone) OR OK(gone)":                       false,
		"AT_LEAST(1, INSUFFICIENT_DATA, (c)) AND OK(b)": true,
	} {
		r, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Holds(func(a string) string { return states[a] }); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	r, err := Parse("ALARM(a) OR AT_LEAST(1, OK, (b, a)) OR ALARM(arn:aws:cloudwatch:us-east-1:1:alarm:x)")
	if err != nil || !slices.Equal(r.Alarms(), []string{"a", "b", "arn:aws:cloudwatch:us-east-1:1:alarm:x"}) {
		t.Errorf("got %v %v", r, err)
	}
	for _, text := range []string{"", "ALARM", "ALARM()", "ALARM(a", "ALARM(a) OK(b)", "NOT", "a", `"a"`, "AT_LEAST(0, OK, (a))", "AT_LEAST(2, OK, (a))",
		"AT_LEAST(101%, OK, (a))", "AT_LEAST(1, a, (a))", "AT_LEAST(1, OK, ())", `ALARM("a)`, strings.Repeat("(", 300) + "TRUE"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

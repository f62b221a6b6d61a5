package events

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleExpressions(t *testing.T) {
	from := time.Date(2026, 2, 26, 10, 7, 20, 0, time.UTC) // a Thursday
	for expression, want := range map[string]string{
		"rate(1 minute)":             "26 Feb 26 10:08 | 26 Feb 26 10:09",
		"rate(2 hours)":              "26 Feb 26 12:07 | 26 Feb 26 14:07",
		"rate(1 day)":                "27 Feb 26 10:07 | 28 Feb 26 10:07",
		"cron(0 10 * * ? *)":         "27 Feb 26 10:00 | 28 Feb 26 10:00",
		"cron(0/15 * * * ? *)":       "26 Feb 26 10:15 | 26 Feb 26 10:30",
		"cron(5,35 14 * * ? *)":      "26 Feb 26 14:05 | 26 Feb 26 14:35",
		"cron(0 18 ? * MON-FRI *)":   "26 Feb 26 18:00 | 27 Feb 26 18:00",
		"cron(0 8 1 * ? *)":          "01 Mar 26 08:00 | 01 Apr 26 08:00",
		"cron(0 8 L * ? *)":          "28 Feb 26 08:00 | 31 Mar 26 08:00",
		"cron(0 8 LW * ? *)":         "27 Feb 26 08:00 | 31 Mar 26 08:00",
		"cron(0 8 1W * ? *)":         "02 Mar 26 08:00 | 01 Apr 26 08:00",
		"cron(0 8 ? * 2#1 *)":        "02 Mar 26 08:00 | 06 Apr 26 08:00",
		"cron(0 8 ? * 6L *)":         "27 Feb 26 08:00 | 27 Mar 26 08:00",
		"cron(0 8 ? * L *)":          "28 Feb 26 08:00 | 07 Mar 26 08:00",
		"cron(0 0 29 FEB ? *)":       "29 Feb 28 00:00 | 29 Feb 32 00:00",
		"cron(0 0 1 JAN,JUL ? 2027)": "01 Jan 27 00:00 | 01 Jul 27 00:00",
		"cron(30 9-11/2 ? 3 sun *)":  "01 Mar 26 09:30 | 01 Mar 26 11:30",
		"cron(0 0 1 1 ? 2020)":       "never",
		"cron(0 0 31 2 ? *)":         "never",
	} {
		s, err := parseSchedule(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var got []string
		at := from
		for range 2 {
			next, ok := s.after(at, from)
			if !ok {
				got = []string{"never"}
				break
			}
			got, at = append(got, next.Format("02 Jan 06 15:04")), next
		}
		if text := strings.Join(got, " | "); text != want {
			t.Errorf("%s: got %s, want %s", expression, text, want)
		}
	}
	for _, bad := range []string{
		"", "rate", "rate()", "rate(5)", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 weeks)", "rate(-1 day)", "every(1 day)",
		"cron(* * * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 10 32 * ? *)",
		"cron(0 10 * 13 ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 ? * 2#6 *)", "cron(0 10 * * ? 1969)", "cron(5-1 10 * * ? *)", "cron(0/0 10 * * ? *)",
		"cron(x 10 * * ? *)", "cron(0 10 * * ? *", "rate(9999999999 days)",
	} {
		if _, err := parseSchedule(bad); err == nil {
			t.Errorf("%q is taken for a schedule", bad)
		}
	}
}

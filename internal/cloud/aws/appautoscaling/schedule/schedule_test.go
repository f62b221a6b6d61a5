package schedule

import (
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	start := time.Date(2026, 2, 27, 10, 0, 30, 0, time.UTC) // a Friday
	for _, c := range []struct{ text, zone, want string }{
		{"at(2026-03-01T12:00:00)", "", "2026-03-01T12:00:00Z"},
		{"at(2026-03-01T12:00:00)", "America/New_York", "2026-03-01T17:00:00Z"},
		{"at(2026-02-27T10:00:00)", "", "never"},
		{"rate(1 minute)", "", "2026-02-27T10:01:30Z"},
		{"rate(12 hours)", "", "2026-02-27T22:00:30Z"},
		{"cron(0/15 * * * ? *)", "", "2026-02-27T10:15:00Z"},
		{"cron(0 9 ? * MON-FRI *)", "", "2026-03-02T09:00:00Z"},
		{"cron(0 9 ? * MON-FRI *)", "Asia/Tokyo", "2026-03-02T00:00:00Z"},
		{"cron(30 8 L * ? *)", "", "2026-02-28T08:30:00Z"},
		{"cron(0 0 1W 3 ? *)", "", "2026-03-02T00:00:00Z"},
		{"cron(0 0 ? * 6L *)", "", "2026-03-27T00:00:00Z"},
		{"cron(0 0 ? * 2#1 2027)", "", "2027-01-04T00:00:00Z"},
		{"cron(5,10 10-11 27,28 FEB ? 2026)", "", "2026-02-27T10:05:00Z"},
		{"cron(30 2 29 3 ? 2026)", "Europe/Berlin", "never"}, // the clock leaps over it
		{"cron(0 0 29 2 ? *)", "", "2028-02-29T00:00:00Z"},
		{"cron(0 0 31 2 ? *)", "", "never"},
	} {
		s, err := Parse(c.text, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := "never"
		if at, ok := s.Next(start, start); ok {
			got = at.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.text, c.zone, got, c.want)
		}
	}
	for _, text := range []string{"", "at(2026-03-01)", "at(2026-13-01T00:00:00)", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 weeks)",
		"cron(* * * * *)", "cron(* * * * * *)", "cron(60 * * * ? *)", "cron(0 0 ? * ? *)", "cron(0 0 1-x * ? *)", "cron(0/0 * * * ? *)"} {
		if _, err := Parse(text, ""); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if _, err := Parse("rate(1 day)", "Mars/Olympus"); err == nil {
		t.Error("a time zone on Mars")
	}
}

package fargate_test

import (
	"strings"
	"testing"
)

// A line begins an event where it looks as awslogs' options say; the event ends with the next one, or with the container.
func TestEventsOfSeveralLines(t *testing.T) {
	for option, pattern := range map[string]string{"awslogs-multiline-pattern": "^ERROR", "awslogs-datetime-format": `^%Y-%m-%d %H:%M:%S`} {
		t.Run(option, func(t *testing.T) {
			w := newWorld(t)
			start := map[string]string{"awslogs-multiline-pattern": "ERROR", "awslogs-datetime-format": "2026-03-01 12:00:00"}[option]
			c := definition("web", "lines", start)
			c.LogConfiguration.Options[option] = pattern
			w.start(c)
			w.await("RUNNING")
			w.await("STOPPED")
			want := "/app p/web before\n\n/app p/web " + start + " first\n  at a\n\n  at b\n\n/app p/web " + start + " second\n"
			if got := w.output(); got != want {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("both", func(t *testing.T) {
		w := newWorld(t)
		c := definition("web", "env")
		c.LogConfiguration.Options["awslogs-multiline-pattern"], c.LogConfiguration.Options["awslogs-datetime-format"] = "^a", "%Y"
		w.start(c)
		if r := w.await("STOPPED"); !strings.Contains(r.Reason, "failed to validate logger args: you cannot configure log opt") {
			t.Errorf("%s", r.Reason)
		}
	})
}

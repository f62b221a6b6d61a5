package clock_test

import (
	"sync"
	"testing"
	"time"

	"atoll/internal/cloud/clock"
)

func TestManual(t *testing.T) {
	start := time.Date(2026, 3, 5, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	c := clock.NewManual(start)
	if got := c.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("shows %v", got)
	}
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			c.Advance(time.Minute)
			if now := c.Now(); now.Before(start.Add(time.Minute)) {
				t.Errorf("shows %v", now)
			}
		})
	}
	wg.Wait()
	if got := c.Now(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("after an hour in steps: %v", got)
	}
}

func TestSystem(t *testing.T) {
	var c clock.Clock = clock.System{}
	before := time.Now()
	got := c.Now()
	if got.Location() != time.UTC || got.Before(before) || got.After(time.Now()) {
		t.Errorf("shows %v", got)
	}
}

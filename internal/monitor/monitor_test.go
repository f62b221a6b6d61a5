package monitor_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"atoll/internal/monitor"
)

// Whatever the order, each value that is put is taken once.
func TestWait(t *testing.T) {
	t.Parallel()
	var m monitor.Monitor
	var waiting []int
	const takers, values = 4, 1000
	sums := make([]int, takers)
	var all sync.WaitGroup
	for i := range takers {
		all.Go(func() {
			for range values / takers {
				err := m.Wait(t.Context(), func() bool {
					if len(waiting) == 0 {
						return false
					}
					sums[i] += waiting[0]
					waiting = waiting[1:]
					return true
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for v := range values {
		m.Change(func() { waiting = append(waiting, v) })
	}
	all.Wait()
	sum := 0
	for _, s := range sums {
		sum += s
	}
	if want := values * (values - 1) / 2; sum != want {
		t.Errorf("the sum is %d, want %d", sum, want)
	}
}

func TestEndOfContext(t *testing.T) {
	t.Parallel()
	var m monitor.Monitor
	cause, cancel := context.WithCancel(t.Context())
	looked, left := make(chan struct{}, 2), make(chan error)
	go func() {
		left <- m.Wait(cause, func() bool { looked <- struct{}{}; return false })
	}()
	<-looked
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := m.Wait(cause, func() bool { return true }); err != nil {
		t.Errorf("what holds is met after the end, got %v", err)
	}
	m.Change(func() {}) // nobody waits
	seen := false
	m.Do(func() { seen = true })
	if !seen {
		t.Error("Do did nothing")
	}
}

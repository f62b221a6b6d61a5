package provider

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Phase is what a build is at.
type Phase string

// The phases of a build, in order. A build may skip Waiting, Downloading and Compiling.
const (
	Waiting     Phase = "waiting" // for the build of another process
	Downloading Phase = "downloading"
	Compiling   Phase = "compiling"
	Linking     Phase = "linking"
	Finished    Phase = "finished"
)

// Event tells how far a build is.
type Event struct {
	Phase   Phase
	Done    int // modules while downloading, packages while compiling
	Total   int // packages; 0 where it is not known
	Elapsed time.Duration
}

// String is the event as a line for people, such as "compiling 812 of 1,990 packages, 12 min".
func (e Event) String() string {
	elapsed := describe(e.Elapsed)
	switch e.Phase {
	case Waiting:
		return "waiting for another process that is building the AWS provider, " + elapsed
	case Downloading:
		return fmt.Sprintf("downloading the AWS provider's source, %s modules so far, %s", thousands(e.Done), elapsed)
	case Compiling:
		return fmt.Sprintf("compiling %s of %s packages, %s", thousands(e.Done), thousands(e.Total), elapsed)
	case Linking:
		return "linking the AWS provider, " + elapsed
	default:
		return "built the AWS provider " + Version + " in " + elapsed
	}
}

// describe gives seconds below two minutes, else minutes.
func describe(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// reporter sends events to one function, never two at once: at each change of phase and at every tick.
type reporter struct {
	send  func(Event)
	since time.Time

	mu    sync.Mutex
	event Event
}

// interval is how often a phase that lasts is reported.
const interval = 3 * time.Second

// startReporter makes a reporter that ticks until stop is called. stop returns when nothing more will be sent.
func startReporter(send func(Event)) (r *reporter, stop func()) {
	if send == nil {
		send = func(Event) {}
	}
	r = &reporter{send: send, since: time.Now()}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				r.tick()
			}
		}
	}()
	return r, func() { close(quit); <-done }
}

func (r *reporter) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.event.Phase != "" {
		r.report()
	}
}

// report sends the event as it stands. The lock is held.
func (r *reporter) report() {
	r.event.Elapsed = time.Since(r.since)
	r.send(r.event)
}

// enter begins a phase, and reports it.
func (r *reporter) enter(phase Phase, done, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.event = Event{Phase: phase, Done: done, Total: total}
	r.report()
}

// add counts one more of what the phase counts; the next tick reports it. The first download begins Downloading, and the
// last package Linking.
func (r *reporter) add(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.event.Phase != phase {
		r.event = Event{Phase: phase}
		r.report()
	}
	r.event.Done++
	if phase == Compiling && r.event.Done == r.event.Total {
		r.event = Event{Phase: Linking}
		r.report()
	}
}

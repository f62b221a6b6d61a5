// Package doctor checks whether a machine has what atoll needs, and says what to do where it has not.
package doctor

import (
	"context"
	"sync"

	"atoll/internal/hint"
	"atoll/internal/machine"
)

// Status is how a check went.
type Status string

// The statuses of a check.
const (
	OK   Status = "ok"
	Warn Status = "warn" // something that some commands need is missing
	Fail Status = "fail" // nothing works without it
)

// Check is the outcome of one check.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"`        // what was found
	Try    string `json:"try,omitempty"` // what to do, unless all is well
}

// Report is what Run found, in a fixed order.
type Report struct {
	Checks []Check `json:"checks"`
}

// Status is the worst of all checks.
func (r Report) Status() Status {
	worst := OK
	for _, check := range r.Checks {
		if check.Status == Fail || worst == OK {
			worst = check.Status
		}
	}
	return worst
}

// Options of Run.
type Options struct {
	Machine     machine.Machine
	CacheDir    string // as Machine.CacheDir gives it
	ProgramsDir string // of downloaded PostgreSQL; "" where they lie by default
	DataDir     string // of the local cloud; "" leaves it out
	Address     string // where the local cloud listens, such as "127.0.0.1:4566"; "" for any free port
	Root        bool   // whether this user may run containers without an engine
	// Processes says what keeps a user who is not root from running containers as processes.
	Processes func(context.Context) error
	// Engine finds the container engine that tasks would run with, and says which it is; its error says what is in the way. nil finds none.
	Engine func(ctx context.Context) (string, error)
}

// Run makes all checks. It makes the cache and data folders, and leaves nothing else behind. When ctx ends, so do the
// programs and requests of the checks, and what they found is not to be trusted.
func Run(ctx context.Context, opts Options) Report {
	d := &doctor{Options: opts}
	d.engine, d.engineErr = d.findEngine(ctx)
	d.provider, d.providerErr = d.findProvider(ctx)
	checks := []func(context.Context) Check{
		d.checkEngine,
		d.checkProvider,
		d.checkGo,
		d.checkPostgres,
		d.checkRuntime,
		d.checkCache,
		d.checkData,
		d.checkDisk,
		d.checkPort,
		d.checkGit,
	}
	found := make([]Check, len(checks))
	var running sync.WaitGroup
	for i, check := range checks {
		running.Go(func() { found[i] = check(ctx) })
	}
	running.Wait()
	var report Report
	for _, check := range found {
		if check.Status != "" {
			report.Checks = append(report.Checks, check)
		}
	}
	return report
}

func ok(name, detail string) Check { return Check{Name: name, Status: OK, Detail: detail} }

func warn(name, detail, try string) Check {
	return Check{Name: name, Status: Warn, Detail: detail, Try: try}
}

// fail takes what to do from the error's hint.
func fail(name string, err error) Check {
	message, try := hint.Split(err)
	return Check{Name: name, Status: Fail, Detail: message, Try: try}
}

// Package containertest runs containers that are none: for tests of what deals with a runtime, on machines without one.
package containertest

import (
	"context"
	"fmt"
	"os"
	"sync"

	"atoll/internal/dataplane/container"
)

// Runtime starts no programs: its containers live until they get a signal. The zero value is ready.
type Runtime struct {
	// Commands are what Exec runs in a container, by their first argument. Others are not found.
	Commands map[string]func(ctx context.Context, spec container.ExecSpec) (code int)

	mu    sync.Mutex
	usage map[string]*container.Usage // by group
}

// Name is "test".
func (r *Runtime) Name() string { return "test" }

// Group makes a group.
func (r *Runtime) Group(id string, _ container.Limits) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.usage == nil {
		r.usage = map[string]*container.Usage{}
	}
	r.usage[id] = &container.Usage{}
	return nil
}

// Usage tells what Use has put there.
func (r *Runtime) Usage(id string) (container.Usage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.usage[id]; u != nil {
		return *u, nil
	}
	return container.Usage{}, os.ErrNotExist
}

// Use adds CPU time to all groups, and sets the memory that they use.
func (r *Runtime) Use(u container.Usage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, have := range r.usage {
		have.CPU, have.Memory = have.CPU+u.CPU, u.Memory
	}
}

// RemoveGroup removes a group.
func (r *Runtime) RemoveGroup(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.usage, id)
	return nil
}

// Start makes a container.
func (r *Runtime) Start(_ context.Context, spec container.Spec) (container.Container, error) {
	return &process{runtime: r, spec: spec, done: make(chan struct{})}, nil
}

// Close does nothing.
func (r *Runtime) Close() error { return nil }

type process struct {
	runtime *Runtime
	spec    container.Spec
	once    sync.Once
	done    chan struct{}
}

func (p *process) Wait() container.Exit {
	<-p.done
	return container.Exit{}
}

func (p *process) Done() <-chan struct{} { return p.done }

func (p *process) Signal(context.Context, os.Signal) error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *process) Exec(ctx context.Context, spec container.ExecSpec) (int, error) {
	run, ok := p.runtime.Commands[spec.Args[0]]
	if !ok {
		return 0, &container.StartError{Reason: fmt.Sprintf("exec: %q: no such file or directory", spec.Args[0])}
	}
	return run(ctx, spec), nil
}

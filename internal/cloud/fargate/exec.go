package fargate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/container"
)

// Exec runs a command in a container of a task and gives its exit code. It ends with the container, with ctx and with the agent.
func (a *Agent) Exec(ctx context.Context, arn, name string, spec container.ExecSpec) (int, error) {
	c, err := a.containerOf(arn, name)
	if err != nil {
		return 0, err
	}
	defer a.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.ctx, cancel)()
	return c.process.Exec(ctx, spec)
}

// containerOf gives a container that runs. The caller counts as running then.
func (a *Agent) containerOf(arn, name string) (*taskContainer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tasks[arn]
	if t == nil || a.closed {
		return nil, errNotHere
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.containers, func(c *taskContainer) bool { return c.name == name })
	if i < 0 || t.started.IsZero() || t.containers[i].process == nil {
		return nil, fmt.Errorf("the container %s of the task does not run", name)
	}
	select {
	case <-t.containers[i].process.Done():
		return nil, fmt.Errorf("the container %s of the task has ended", name)
	default:
	}
	a.running.Add(1)
	return t.containers[i], nil
}

// RoleMay asks whether the role of a task allows actions on a resource; the error is worded as the service would refuse it.
func (a *Agent) RoleMay(arn, resource string, actions ...string) error {
	a.mu.Lock()
	t := a.tasks[arn]
	a.mu.Unlock()
	switch {
	case t == nil:
		return errNotHere
	case t.role == "":
		return errors.New("the task has no role")
	}
	for _, action := range actions {
		if err := t.roleMay(t.role, action, resource); err != nil {
			return err
		}
	}
	return nil
}

// Interface gives the network interface of a task, and the account and region that it runs in.
func (a *Agent) Interface(arn string) (iface string, sc state.Scope, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tasks[arn]
	if t == nil {
		return "", state.Scope{}, false
	}
	return t.iface.ID, t.sc, true
}

package engine

import (
	"context"
	"fmt"

	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// KillCommand is the first argument with which this executable ends a command in a container, on Linux: see RunKill.
const KillCommand = "container-kill"

// mark is the variable by which the processes of a command are known. Engines cannot end one.
const mark = "ATOLL_COMMAND"

// killCommand ends the processes of a command that still runs: a container of its own that sees them does that.
func (e *Engine) killCommand(ctx context.Context, p *process, exec, id string) error {
	state, err := e.client.ExecInspect(ctx, exec, client.ExecInspectOptions{})
	if err != nil || !state.Running { // it has ended; engines forget commands with their containers
		return nil
	}
	e.enter()
	defer e.leave()
	image, err := e.networkImage(ctx, false)
	if err != nil {
		return err
	}
	made, err := e.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name:   e.named("kill-" + id),
		Config: &containerapi.Config{Image: image, Entrypoint: []string{"/" + networkProgram}, Cmd: []string{KillCommand, id}, Labels: e.labels("")},
		HostConfig: &containerapi.HostConfig{
			NetworkMode: "none", PidMode: containerapi.PidMode("container:" + p.id), LogConfig: containerapi.LogConfig{Type: "none"}, ReadonlyRootfs: true,
			CapDrop: []string{"ALL"}, CapAdd: []string{"KILL", "SYS_PTRACE", "DAC_READ_SEARCH"}, Resources: containerapi.Resources{Ulimits: ulimits(nil)},
		},
	})
	if err != nil {
		return fmt.Errorf("ending a command in a container: %w", err)
	}
	waiting := e.client.ContainerWait(ctx, made.ID, client.ContainerWaitOptions{Condition: containerapi.WaitConditionNextExit})
	if _, err = e.client.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err == nil {
		select {
		case <-waiting.Result:
		case err = <-waiting.Error:
		}
	}
	if failed := e.remove(ctx, made.ID); err == nil {
		err = failed
	}
	select {
	case <-p.done: // there is nothing to end any more
		return nil
	default:
		return err
	}
}

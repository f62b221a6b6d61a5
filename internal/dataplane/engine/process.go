package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// outputGrace bounds how long the last output of a container that has ended may take to arrive.
const outputGrace = 5 * time.Second

// killed is the exit code of what SIGKILL has ended.
const killed = 137

// process is a container that has been started.
type process struct {
	engine  *Engine
	spec    container.Spec
	id      string
	output  chan struct{} // closed when there is no more
	done    chan struct{}
	removed chan struct{}
	exit    container.Exit
}

// gone reports whether an error means that there is nothing to do it to any more.
func gone(err error) bool { return err == nil || cerrdefs.IsNotFound(err) }

// Start starts a container from an image that Load has given.
func (e *Engine) Start(ctx context.Context, spec container.Spec) (container.Container, error) {
	if len(spec.Args) == 0 {
		return nil, &container.StartError{Reason: "no command is given"}
	}
	options := e.options(&spec)
	if err := e.makeVolumes(ctx, &spec); err != nil {
		return nil, err
	}
	made, err := e.client.ContainerCreate(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("making a container with %s: %w", e.Found, err)
	}
	p := &process{engine: e, spec: spec, id: made.ID, output: make(chan struct{}), done: make(chan struct{}), removed: make(chan struct{})}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, e.remove(context.WithoutCancel(ctx), p.id))
	}
	return p, nil
}

func (p *process) start(ctx context.Context) error {
	e := p.engine
	lasting := context.WithoutCancel(ctx) // the container lives on when ctx ends: that is Signal's matter
	attached, err := e.attach(ctx, p.id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	waiting := e.client.ContainerWait(lasting, p.id, client.ContainerWaitOptions{Condition: containerapi.WaitConditionNextExit})
	if _, err := e.client.ContainerStart(ctx, p.id, client.ContainerStartOptions{}); err != nil {
		attached.Close()
		return refused(ctx, err)
	}
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.running[p.id] = p
	}
	e.mu.Unlock()
	if closed {
		attached.Close()
		return errors.New("the engine is being closed")
	}
	go func() {
		defer close(p.output)
		_, _ = stdcopy.StdCopy(orDiscard(p.spec.Stdout), orDiscard(p.spec.Stderr), attached.Reader) // ends with the container
	}()
	go p.await(lasting, waiting, attached)
	return nil
}

// attach takes part in the input and output of a container that has not been started.
func (e *Engine) attach(ctx context.Context, id string, options client.ContainerAttachOptions) (client.ContainerAttachResult, error) {
	attached, err := e.client.ContainerAttach(ctx, id, options)
	if err == nil {
		return attached, nil
	}
	// Podman prepares a container to be attached to, and so finds what keeps it from starting; only the start says what that is.
	if _, why := e.client.ContainerStart(ctx, id, client.ContainerStartOptions{}); why != nil {
		return attached, refused(ctx, why)
	}
	return attached, fmt.Errorf("attaching to a container: %w", err)
}

// refused tells an engine that says that something cannot be started from one that does not say it.
func refused(ctx context.Context, err error) error {
	if ctx.Err() != nil || client.IsErrConnectionFailed(err) {
		return err
	}
	return &container.StartError{Reason: complaint(err.Error())}
}

// await waits for the container's end, and removes it.
func (p *process) await(ctx context.Context, waiting client.ContainerWaitResult, attached client.ContainerAttachResult) {
	e := p.engine
	p.exit = container.Exit{Code: killed}
	select {
	case r := <-waiting.Result:
		p.exit.Code = int(r.StatusCode)
		if state, err := e.client.ContainerInspect(ctx, p.id, client.ContainerInspectOptions{}); err == nil && state.Container.State != nil {
			p.exit.OutOfMemory = p.exit.Code == killed && state.Container.State.OOMKilled
		}
	case err := <-waiting.Error: // the engine has ended, or someone has removed the container
		e.config.Logger.Warn("a container is lost", "id", p.spec.ID, "err", err)
	}
	timer := time.NewTimer(outputGrace)
	select {
	case <-p.output:
	case <-timer.C:
	}
	timer.Stop()
	attached.Close()
	<-p.output
	close(p.done)
	if err := e.remove(ctx, p.id); err != nil {
		e.config.Logger.Error("removing a container", "id", p.spec.ID, "err", err)
	}
	e.mu.Lock()
	delete(e.running, p.id)
	if g := e.groups[p.spec.Group]; g != nil {
		g.ended += g.used[p.id]
		delete(g.used, p.id)
	}
	e.mu.Unlock()
	close(p.removed)
}

// Wait returns when the container has ended and is removed.
func (p *process) Wait() container.Exit {
	<-p.removed
	return p.exit
}

// Done is closed when the container has ended.
func (p *process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the container's first process.
func (p *process) Signal(ctx context.Context, s os.Signal) error {
	_, err := p.engine.client.ContainerKill(ctx, p.id, client.ContainerKillOptions{Signal: signal(s)})
	if gone(err) || cerrdefs.IsConflict(err) {
		return nil
	}
	// Engines differ in how they say that there is none to send it to.
	state, failed := p.engine.client.ContainerInspect(ctx, p.id, client.ContainerInspectOptions{})
	if cerrdefs.IsNotFound(failed) || failed == nil && state.Container.State != nil && !state.Container.State.Running {
		return nil
	}
	return fmt.Errorf("sending %v to a container: %w", s, err)
}

// signal words a signal by its number, which is Linux's whatever this system is.
func signal(s os.Signal) string {
	if n, ok := s.(syscall.Signal); ok {
		return strconv.Itoa(int(n))
	}
	return s.String()
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// complaint takes from an engine's message what it begins with for every program that cannot be started.
func complaint(message string) string {
	message = strings.TrimPrefix(message, "Error response from daemon: ")
	if _, cause, ok := strings.Cut(message, "unable to start container process: "); ok {
		message = cause
	}
	for _, sum := range []string{`": OCI `, ": OCI "} { // as Podman sums up what runc or crun says
		message, _, _ = strings.Cut(message, sum)
	}
	message = strings.TrimSpace(strings.ReplaceAll(message, `\"`, `"`))
	return strings.TrimSuffix(message, ": unknown")
}

// options say what an engine is to make of a Spec.
func (e *Engine) options(s *container.Spec) client.ContainerCreateOptions {
	host := &containerapi.HostConfig{
		NetworkMode: "none", LogConfig: containerapi.LogConfig{Type: "none"}, ReadonlyRootfs: s.ReadOnlyRoot, Tmpfs: s.Tmpfs, CapAdd: s.AddCaps, CapDrop: s.DropCaps,
		Privileged: s.Privileged, Resources: e.limits(s), Mounts: e.mounts(s),
	}
	if s.Init {
		host.Init = new(true)
	}
	if s.Network != "" {
		host.NetworkMode = containerapi.NetworkMode(s.Network)
	}
	host.Ulimits = ulimits(s.Ulimits)
	config := &containerapi.Config{
		Image: s.Image, Entrypoint: s.Args[:1], Cmd: s.Args[1:], Env: s.Env, WorkingDir: s.Dir, User: s.User, AttachStdout: true, AttachStderr: true,
		Labels: e.labels(s.Group),
	}
	if s.Network == "" || e.Found.Name == podman { // Docker has it of the network container, and Podman has not
		config.Hostname = s.Hostname
	}
	return client.ContainerCreateOptions{Name: e.named(s.ID), Config: config, HostConfig: host}
}

// ulimits are those asked for, and Fargate's for files; no more files than this process may open, for more than that engines may not give either.
func ulimits(limits []container.Ulimit) []*containerapi.Ulimit {
	const files, most = "nofile", 65535
	if !slices.ContainsFunc(limits, func(l container.Ulimit) bool { return l.Name == files }) {
		limits = append(slices.Clone(limits), container.Ulimit{Name: files, Soft: most, Hard: most})
	}
	own := maxFiles()
	var out []*containerapi.Ulimit
	for _, l := range limits {
		if l.Name == files && own > 0 {
			l.Soft, l.Hard = min(l.Soft, own), min(l.Hard, own)
		}
		out = append(out, &containerapi.Ulimit{Name: l.Name, Soft: int64(l.Soft), Hard: int64(l.Hard)})
	}
	return out
}

func (e *Engine) mounts(s *container.Spec) []mount.Mount {
	var out []mount.Mount
	for _, m := range s.Mounts {
		if m.Volume == "" {
			out = append(out, mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly})
			continue
		}
		out = append(out, mount.Mount{Type: mount.TypeVolume, Source: e.named(m.Volume), Target: m.Target, ReadOnly: m.ReadOnly, VolumeOptions: &mount.VolumeOptions{NoCopy: !m.Copy}})
	}
	return out
}

// makeVolumes makes the volumes that are not there yet; they go with the group.
func (e *Engine) makeVolumes(ctx context.Context, s *container.Spec) error {
	for _, m := range s.Mounts {
		if m.Volume == "" {
			continue
		}
		e.mu.Lock()
		g := e.groups[s.Group]
		there := g == nil || g.volumes[m.Volume]
		if !there {
			g.volumes[m.Volume] = true
		}
		e.mu.Unlock()
		if there {
			continue
		}
		if _, err := e.client.VolumeCreate(ctx, client.VolumeCreateOptions{Name: e.named(m.Volume), Labels: e.labels(s.Group)}); err != nil {
			return fmt.Errorf("making a volume: %w", err)
		}
	}
	return nil
}

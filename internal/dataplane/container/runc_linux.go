package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"atoll/internal/dataplane/rootless"
)

// Runc runs containers with runc.
type Runc struct {
	path    string
	dir     string // bundles and runc's own state
	cgroups cgroups
	logger  *slog.Logger

	mu      sync.Mutex
	running map[string]*runcContainer
}

// NewRunc makes a runtime that keeps its files in a directory, and ends what an earlier one over the same directory has left. Its error
// wraps ErrUnavailable where runc is not installed or may not be used.
func NewRunc(ctx context.Context, dir string, logger *slog.Logger) (*Runc, error) {
	path, err := exec.LookPath("runc")
	if err != nil {
		return nil, Unavailable("runc is not installed")
	}
	if !rootless.Privileged() {
		return nil, Unavailable("runc needs root")
	}
	c, ok := machineCgroups(dir)
	if !ok {
		return nil, Unavailable("the control groups under %s cannot be changed", c.root)
	}
	r := &Runc{path: path, dir: dir, cgroups: c, logger: logger, running: map[string]*runcContainer{}}
	if err := os.MkdirAll(filepath.Join(dir, "bundles"), 0o700); err != nil {
		return nil, err
	}
	return r, r.endLeftovers(ctx)
}

// Name is "runc".
func (r *Runc) Name() string { return "runc" }

func (r *Runc) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, r.path, append([]string{"--root", r.state()}, args...)...)
}

// state is where runc keeps what it knows of containers.
func (r *Runc) state() string { return filepath.Join(r.dir, "runc") }

// run runs runc to its end.
func (r *Runc) run(ctx context.Context, args ...string) error {
	cmd := r.command(ctx, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func (r *Runc) endLeftovers(ctx context.Context) error {
	states, err := os.ReadDir(r.state()) // one for each container; runc itself takes long to say that there are none
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for containers of before: %w", err)
	}
	var errs []error
	for _, state := range states {
		id := state.Name()
		r.logger.Info("ending a container of before", "id", id)
		if err := r.run(ctx, "delete", "--force", id); err != nil {
			errs = append(errs, err)
		}
	}
	r.cgroups.sweep(r.cgroups.removeNow, false)
	bundles, err := os.ReadDir(filepath.Join(r.dir, "bundles"))
	if err != nil {
		return err
	}
	for _, b := range bundles {
		errs = append(errs, os.RemoveAll(filepath.Join(r.dir, "bundles", b.Name())))
	}
	return errors.Join(errs...)
}

// Group makes a group with limits.
func (r *Runc) Group(id string, l Limits) error { return r.cgroups.create(id, l) }

// Usage tells what a group has used.
func (r *Runc) Usage(id string) (Usage, error) { return r.cgroups.usage(id) }

// RemoveGroup removes a group without containers.
func (r *Runc) RemoveGroup(id string) error { return r.cgroups.remove(id) }

// killed is the exit code of what SIGKILL has ended.
const killed = 137

type runcContainer struct {
	runtime *Runc
	spec    Spec
	dir     string
	process *os.Process   // process 1 of the container
	done    chan struct{} // it has ended
	removed chan struct{} // and nothing is left of it
	exit    Exit
}

// Start starts a container.
func (r *Runc) Start(ctx context.Context, spec Spec) (Container, error) {
	if spec.Init {
		if err := withInit(&spec); err != nil {
			return nil, err
		}
	}
	c := &runcContainer{runtime: r, spec: spec, dir: filepath.Join(r.dir, "bundles", spec.ID), done: make(chan struct{}), removed: make(chan struct{})}
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return nil, err
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[spec.ID] = c
	return c, nil
}

func (c *runcContainer) start(ctx context.Context) error {
	if err := writeBundle(c.dir, c.runtime.cgroups, &c.spec); err != nil {
		return err
	}
	// The container lives on when ctx ends: that is Signal's matter.
	cmd := c.runtime.command(context.WithoutCancel(ctx), "--log", c.file("log"), "--log-format", "json", "run", "--keep", "--bundle", c.dir, "--pid-file", c.file("pid"), c.spec.ID)
	cmd.Stdout, cmd.Stderr = orDiscard(c.spec.Stdout), orDiscard(c.spec.Stderr)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	go c.await(cmd)
	return c.awaitStart(ctx)
}

func (c *runcContainer) file(name string) string { return filepath.Join(c.dir, name) }

// awaitStart returns when runc has started the program, or could not.
func (c *runcContainer) awaitStart(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond) // runc tells it by a file
	defer tick.Stop()
	for {
		ended := false
		select {
		case <-ctx.Done():
			err := c.runtime.run(context.WithoutCancel(ctx), "kill", c.spec.ID, "KILL")
			<-c.removed
			return errors.Join(ctx.Err(), err)
		case <-c.done:
			ended = true
		case <-tick.C:
		}
		b, err := os.ReadFile(c.file("pid"))
		switch pid, bad := strconv.Atoi(string(b)); {
		case err == nil && bad == nil:
			c.process, err = os.FindProcess(pid)
			return err
		case ended:
			<-c.removed
			return &StartError{c.complaint()}
		}
	}
}

// complaint gives what runc says of why it could not start a program.
func (c *runcContainer) complaint() string {
	if message := complaintIn(c.file("log")); message != "" {
		return message
	}
	return "runc did not start it"
}

// complaintIn gives the last error in a log of runc's; empty without one.
func complaintIn(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	message := ""
	for line := range bytes.Lines(b) {
		var entry struct{ Level, Msg string }
		if json.Unmarshal(line, &entry) == nil && entry.Level == "error" {
			message = strings.TrimPrefix(entry.Msg, "exec failed: unable to start container process: ")
		}
	}
	return message
}

// await waits for the container's end, and removes it.
func (c *runcContainer) await(cmd *exec.Cmd) {
	err := cmd.Wait()
	code := cmd.ProcessState.ExitCode()
	if err != nil && code < 0 { // runc itself was killed
		code = killed
	}
	c.exit = Exit{Code: code, OutOfMemory: code == killed && c.runtime.cgroups.outOfMemory(c.spec.Group, c.spec.ID) > 0}
	close(c.done)
	c.runtime.mu.Lock()
	delete(c.runtime.running, c.spec.ID)
	c.runtime.mu.Unlock()
	if err := c.runtime.run(context.Background(), "delete", "--force", c.spec.ID); err != nil {
		c.runtime.logger.Error("removing a container", "id", c.spec.ID, "err", err)
	}
	close(c.removed)
}

// Wait returns when the container has ended and is removed.
func (c *runcContainer) Wait() Exit {
	<-c.removed
	if err := os.RemoveAll(c.dir); err != nil {
		c.runtime.logger.Error("removing a container's bundle", "id", c.spec.ID, "err", err)
	}
	return c.exit
}

// Done is closed when the container has ended.
func (c *runcContainer) Done() <-chan struct{} { return c.done }

// Signal sends a signal to the container's first process.
func (c *runcContainer) Signal(_ context.Context, s os.Signal) error {
	if err := c.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Close ends all containers.
func (r *Runc) Close() error {
	r.mu.Lock()
	var all []*runcContainer
	for _, c := range r.running {
		all = append(all, c)
	}
	r.mu.Unlock()
	var errs []error
	for _, c := range all {
		errs = append(errs, c.Signal(context.Background(), os.Kill))
	}
	for _, c := range all {
		c.Wait()
	}
	r.cgroups.sweep(r.cgroups.remove, true)
	return errors.Join(errs...)
}

package container

import (
	"context"
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
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"atoll/internal/dataplane/rootless"
	"atoll/internal/dataplane/thread"
)

// Process runs containers as processes that this one starts by itself, each in namespaces of its own.
type Process struct {
	dir     string // pid files
	cgroups cgroups
	limits  bool
	inside  bool // a user namespace of one user, see package rootless
	logger  *slog.Logger

	mu      sync.Mutex
	running map[string]*processContainer
}

// NewProcess makes a runtime that keeps its files in a directory, and ends what an earlier one over the same directory has left. Its error
// wraps ErrUnavailable where that needs rights that this process lacks.
func NewProcess(dir string, logger *slog.Logger) (*Process, error) {
	if os.Getuid() != 0 {
		return nil, Unavailable("processes in namespaces need root, or user namespaces")
	}
	p := &Process{dir: dir, logger: logger, inside: rootless.Inside(), running: map[string]*processContainer{}}
	if p.inside {
		if err := Try(context.Background()); err != nil {
			return nil, err
		}
	} else if err := thread.Run(tryNamespaces); err != nil {
		return nil, noNamespaces(err)
	}
	p.cgroups, p.limits = machineCgroups(dir)
	if !p.limits {
		logger.Warn("containers run without limits of CPU and memory", "why", "the control groups under "+p.cgroups.root+" cannot be changed")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return p, p.endLeftovers()
}

func noNamespaces(err error) error {
	return Unavailable("this system does not let this user use namespaces: %v", err)
}

// tryNamespaces finds out whether root may make the namespaces of containers, which not every root may.
func tryNamespaces() error {
	return unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS | unix.CLONE_NEWNET)
}

// Name is "process".
func (p *Process) Name() string { return "process" }

// Group makes a group with limits.
func (p *Process) Group(id string, l Limits) error {
	if !p.limits {
		return nil
	}
	return p.cgroups.create(id, l)
}

// Usage tells what a group has used.
func (p *Process) Usage(id string) (Usage, error) {
	if !p.limits {
		return Usage{}, errors.ErrUnsupported
	}
	return p.cgroups.usage(id)
}

// RemoveGroup removes a group without containers.
func (p *Process) RemoveGroup(id string) error {
	if !p.limits {
		return nil
	}
	return p.cgroups.remove(id)
}

type processContainer struct {
	runtime *Process
	spec    Spec
	who     identity
	cmd     *exec.Cmd
	done    chan struct{}
	exit    Exit
}

// Start starts a container.
func (p *Process) Start(_ context.Context, spec Spec) (Container, error) {
	if spec.Init && !p.inside { // else it has one anyway
		if err := withInit(&spec); err != nil {
			return nil, err
		}
	}
	if len(spec.Args) == 0 {
		return nil, &StartError{"no command is given"}
	}
	who, err := lookUp(spec.Root, spec.User)
	if err != nil {
		return nil, err
	}
	spec.Env = environment(spec.Env, who.Home)
	c := &processContainer{runtime: p, spec: spec, who: who, done: make(chan struct{})}
	if p.limits {
		if err := p.cgroups.create(filepath.Join(spec.Group, spec.ID), spec.Limits); err != nil {
			return nil, err
		}
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.removeGroup())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[spec.ID] = c
	go c.await()
	return c, nil
}

// start builds the container's namespaces around a thread of its own, and starts the program from there.
func (c *processContainer) start() error {
	err := thread.Run(func() error {
		if err := c.enter(); err != nil {
			return err
		}
		if c.runtime.inside {
			return c.startStaged()
		}
		if err := c.furnish(); err != nil {
			return err
		}
		path, err := lookPath(c.spec.Args[0], c.spec.Env, c.spec.Dir)
		if err != nil {
			return err
		}
		c.cmd = &exec.Cmd{Path: path, Args: c.spec.Args, Env: c.spec.Env, Dir: orRoot(c.spec.Dir), Stdout: orDiscard(c.spec.Stdout), Stderr: orDiscard(c.spec.Stderr), WaitDelay: time.Second}
		c.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.who.UID, Gid: c.who.GID, Groups: c.who.Groups}, Setsid: true}
		if err := c.cmd.Start(); err != nil {
			return &StartError{fmt.Sprintf("exec %s: %v", c.spec.Args[0], err)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.notePID()
	if !c.runtime.inside {
		err = errors.Join(err, setLimits(c.cmd.Process.Pid, c.spec.Ulimits))
	}
	if err != nil {
		_ = c.cmd.Process.Kill()
		return errors.Join(err, c.cmd.Wait())
	}
	return nil
}

// enter takes the thread into namespaces for the container.
func (c *processContainer) enter() error {
	if err := c.joinGroup(); err != nil {
		return err
	}
	if c.spec.Network != "" {
		fd, err := unix.Open(c.spec.Network, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("opening the network namespace: %w", err)
		}
		defer unix.Close(fd)
		if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering the network namespace: %w", err)
		}
	}
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("making namespaces: %w", err)
	}
	return nil
}

// furnish gives the container what belongs into its namespaces, on a thread that has entered them.
func (c *processContainer) furnish() error {
	if c.spec.Hostname != "" {
		if err := unix.Sethostname([]byte(c.spec.Hostname)); err != nil {
			return fmt.Errorf("setting the host name: %w", err)
		}
	}
	if err := mountRoot(&c.spec); err != nil {
		return err
	}
	return dropCapabilities(capsOf(&c.spec))
}

// joinGroup puts the thread, and so the program, into the container's control group.
func (c *processContainer) joinGroup() error {
	if !c.runtime.limits {
		return nil
	}
	group := filepath.Join(c.spec.Group, c.spec.ID)
	file, id := "tasks", unix.Gettid()
	if c.runtime.cgroups.unified {
		return nil // a thread cannot go alone: the program is moved once it is there
	}
	for _, dir := range c.runtime.cgroups.dirs(group) {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strconv.Itoa(id)), 0); err != nil {
			return fmt.Errorf("entering the control group: %w", err)
		}
	}
	return nil
}

// notePID writes down the program's process, so that a later runtime can end it.
func (c *processContainer) notePID() error {
	pid := c.cmd.Process.Pid
	if c.runtime.limits && c.runtime.cgroups.unified {
		dir := c.runtime.cgroups.dirs(filepath.Join(c.spec.Group, c.spec.ID))[0]
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("entering the control group: %w", err)
		}
	}
	began, err := startTime(pid)
	if err != nil {
		began = "" // it has ended already
	}
	return os.WriteFile(c.pidFile(), []byte(strconv.Itoa(pid)+" "+began), 0o600)
}

func (c *processContainer) pidFile() string { return filepath.Join(c.runtime.dir, c.spec.ID+".pid") }

// startTime tells a process from others that had its number before: the 22nd field of stat. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func startTime(pid int) (string, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name, in parentheses, may hold spaces
	if fields := strings.Fields(rest); len(fields) > 19 {
		return fields[19], nil
	}
	return "", errors.New("stat is too short")
}

func (p *Process) endLeftovers() error {
	files, err := filepath.Glob(filepath.Join(p.dir, "*.pid"))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		number, began, _ := strings.Cut(string(b), " ")
		pid, err := strconv.Atoi(number)
		if now, notThere := startTime(pid); err == nil && notThere == nil && now == began {
			p.logger.Info("ending a container of before", "pid", pid)
			errs = append(errs, unix.Kill(pid, unix.SIGKILL))
		}
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) { // whoever started it may have seen its end
			errs = append(errs, err)
		}
	}
	if p.limits {
		p.cgroups.sweep(p.cgroups.removeNow, false)
	}
	return errors.Join(errs...)
}

func (c *processContainer) await() {
	err := c.cmd.Wait()
	state := c.cmd.ProcessState
	code := state.ExitCode()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	if err != nil && code < 0 {
		code = killed
	}
	c.exit = Exit{Code: code, OutOfMemory: c.runtime.limits && code == killed && c.runtime.cgroups.outOfMemory(c.spec.Group, c.spec.ID) > 0}
	c.runtime.mu.Lock()
	delete(c.runtime.running, c.spec.ID)
	c.runtime.mu.Unlock()
	if err := errors.Join(os.Remove(c.pidFile()), c.removeGroup()); err != nil {
		c.runtime.logger.Error("removing a container", "id", c.spec.ID, "err", err)
	}
	close(c.done)
}

func (c *processContainer) removeGroup() error {
	if !c.runtime.limits {
		return nil
	}
	return c.runtime.cgroups.remove(filepath.Join(c.spec.Group, c.spec.ID))
}

// Wait returns when the container has ended.
func (c *processContainer) Wait() Exit {
	<-c.done
	return c.exit
}

// Done is closed when the container has ended.
func (c *processContainer) Done() <-chan struct{} { return c.done }

// Signal sends a signal to the container's first process.
func (c *processContainer) Signal(_ context.Context, s os.Signal) error {
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Exec runs a command in the container.
func (c *processContainer) Exec(ctx context.Context, spec ExecSpec) (int, error) {
	who := c.who
	if spec.Root {
		who = identity{}
	}
	env := append(append([]string{}, c.spec.Env...), spec.Env...)
	if c.runtime.inside {
		return c.execStaged(ctx, spec, who, env)
	}
	cmd := exec.CommandContext(ctx, "/")
	code := 0
	err := thread.Run(func() error {
		if err := c.join("pid", "ipc", "uts", "net", "mnt"); err != nil { // the last makes /proc another's
			return err
		}
		if err := dropCapabilities(capsOf(&c.spec)); err != nil {
			return err
		}
		path, err := lookPath(spec.Args[0], env, c.spec.Dir)
		if err != nil {
			return err
		}
		cmd.Path, cmd.Args, cmd.Env, cmd.Dir, cmd.Err = path, spec.Args, env, orRoot(c.spec.Dir), nil
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: who.UID, Gid: who.GID, Groups: who.Groups}}
		if spec.TTY {
			code, err = runOnTerminal(cmd, spec, false)
			return err
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = spec.Stdin, orDiscard(spec.Stdout), orDiscard(spec.Stderr)
		code, err = exitCode(cmd.Run())
		return err
	})
	return code, err
}

// namespace names a namespace of the container's first process.
func (c *processContainer) namespace(kind string) string {
	return "/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/ns/" + kind
}

// join takes the thread into namespaces of the container's first process.
func (c *processContainer) join(kinds ...string) error {
	if err := c.joinGroup(); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	for _, kind := range kinds {
		f, err := os.Open(c.namespace(kind))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	for _, f := range files {
		if err := unix.Setns(int(f.Fd()), 0); err != nil {
			return fmt.Errorf("entering %s: %w", f.Name(), err)
		}
	}
	return nil
}

// Close ends all containers.
func (p *Process) Close() error {
	p.mu.Lock()
	var all []*processContainer
	for _, c := range p.running {
		all = append(all, c)
	}
	p.mu.Unlock()
	var errs []error
	for _, c := range all {
		errs = append(errs, c.Signal(context.Background(), os.Kill))
	}
	for _, c := range all {
		c.Wait()
	}
	if p.limits {
		p.cgroups.sweep(p.cgroups.remove, true)
	}
	return errors.Join(errs...)
}

func orRoot(dir string) string {
	if dir == "" {
		return "/"
	}
	return dir
}

// lookPath finds a program as the container would, on a thread that is in it.
func lookPath(name string, env []string, dir string) (string, error) {
	notFound := &StartError{fmt.Sprintf("exec: %q: no such file or directory", name)}
	candidates := []string{name}
	switch {
	case strings.HasPrefix(name, "/"):
	case strings.Contains(name, "/"):
		candidates[0] = filepath.Join(orRoot(dir), name)
	default:
		candidates = nil
		for _, e := range env {
			if list, ok := strings.CutPrefix(e, "PATH="); ok {
				candidates = nil
				for _, d := range filepath.SplitList(list) {
					candidates = append(candidates, filepath.Join(orRoot(d), name))
				}
			}
		}
	}
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", notFound
}

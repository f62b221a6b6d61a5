package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"atoll/internal/dataplane/rootless"
	"atoll/internal/dataplane/thread"
)

// StageCommand is the first argument with which this executable is process 1 of a container in a user namespace, and sets it up: there, only
// who is in the container's PID namespace may mount its /proc, and what runs under its own user and group does so in a namespace below.
const StageCommand = "container-stage"

// stage is what such a process is told.
type stage struct {
	Spec Spec // of a command within a container, Args, Env and Dir alone
	Who  identity
	Join bool // the container stands already
}

// The files that such a process gets.
const (
	stageSpec   = 3 + iota
	stageReport // where it says why nothing was started
	stageMounts // with Join: the container's mount namespace
)

// stageError is what it says.
type stageError struct {
	Reason string
	Start  bool // a StartError
}

// staged makes the command of a process that stages. Once that has been started, outcome waits until the program runs, or says why it cannot.
func staged(ctx context.Context, s stage, files ...*os.File) (cmd *exec.Cmd, outcome func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	s.Spec.Stdout, s.Spec.Stderr = nil, nil
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.MemfdCreate(StageCommand, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, err
	}
	spec := os.NewFile(uintptr(fd), StageCommand)
	_, err = spec.Write(raw)
	if err == nil {
		_, err = spec.Seek(0, io.SeekStart)
	}
	said, report, err2 := os.Pipe()
	if err = errors.Join(err, err2); err != nil {
		return nil, nil, errors.Join(err, spec.Close())
	}
	cmd = exec.CommandContext(ctx, self, StageCommand)
	cmd.Env = []string{}
	cmd.ExtraFiles = append([]*os.File{spec, report}, files...)
	return cmd, func() error {
		err := errors.Join(spec.Close(), report.Close())
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		var failed stageError
		said := errors.Join(err, json.NewDecoder(said).Decode(&failed), said.Close())
		switch {
		case errors.Is(said, io.EOF): // nothing: the program runs
			return nil
		case said != nil:
			return said
		case failed.Start:
			return &StartError{failed.Reason}
		}
		return errors.New(failed.Reason)
	}, nil
}

// tryIt has a process that stages find out whether it could, and no more.
const tryIt = "try"

// Try finds out whether a user who is not root can have containers that are processes in namespaces. Its error wraps ErrUnavailable.
func Try(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, StageCommand, tryIt)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET}
	if !rootless.Inside() {
		rootless.Enter(cmd.SysProcAttr)
	}
	out, err := cmd.CombinedOutput()
	if said := strings.TrimSpace(string(out)); err != nil && said != "" {
		err = errors.New(said)
	}
	if err != nil {
		return noNamespaces(err)
	}
	return nil
}

// tryMounts mounts what containers need in the namespaces that this process is in. There are systems that give user namespaces without their rights
// (https://documentation.ubuntu.com/security/security-features/privilege-restriction/apparmor/#unprivileged-user-namespace-restrictions),
// and containers in which /proc cannot be mounted.
func tryMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	return nil
}

// Stage is the process of StageCommand. It gives the exit code.
func Stage(args []string) int {
	runtime.LockOSThread() // which goes into namespaces, and starts the program
	if len(args) > 0 && args[0] == tryIt {
		if err := tryMounts(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	report := os.NewFile(stageReport, "report")
	child, err := begin(os.NewFile(stageSpec, "spec"))
	if err != nil {
		failed := stageError{Reason: err.Error()}
		if start := (*StartError)(nil); errors.As(err, &start) {
			failed = stageError{start.Reason, true}
		}
		_ = json.NewEncoder(report).Encode(failed) // unless the cloud is gone
		return 1
	}
	_ = report.Close()
	return attend(child, signals)
}

func begin(spec io.ReadCloser) (child int, err error) {
	var s stage
	if err := errors.Join(json.NewDecoder(spec).Decode(&s), spec.Close()); err != nil {
		return 0, err
	}
	for _, fd := range []int{stageReport, stageMounts} {
		unix.CloseOnExec(fd)
	}
	if s.Join {
		err = errors.Join(unix.Unshare(unix.CLONE_FS), unix.Setns(stageMounts, unix.CLONE_NEWNS))
	} else {
		err = s.setUp()
	}
	if err != nil {
		return 0, err
	}
	path, err := lookPath(s.Spec.Args[0], s.Spec.Env, s.Spec.Dir)
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{Dir: orRoot(s.Spec.Dir), Env: s.Spec.Env, Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
	rootless.As(attr.Sys, int(s.Who.UID), int(s.Who.GID)) // whose capabilities count in its own namespace alone
	child, err = syscall.ForkExec(path, s.Spec.Args, attr)
	if err != nil {
		return 0, &StartError{fmt.Sprintf("exec %s: %v", s.Spec.Args[0], err)}
	}
	return child, setLimits(child, s.Spec.Ulimits)
}

func (s *stage) setUp() error {
	if s.Spec.Hostname != "" {
		if err := unix.Sethostname([]byte(s.Spec.Hostname)); err != nil {
			return fmt.Errorf("setting the host name: %w", err)
		}
	}
	return mountRoot(&s.Spec)
}

// startStaged has a process set the container up and start its program.
func (c *processContainer) startStaged() error {
	cmd, outcome, err := staged(context.Background(), stage{Spec: c.spec, Who: c.who})
	if err != nil {
		return err
	}
	c.cmd = cmd
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = orDiscard(c.spec.Stdout), orDiscard(c.spec.Stderr), time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	failed := outcome()
	if err != nil {
		return err
	}
	if failed != nil {
		_ = cmd.Wait()
	}
	return failed
}

// execStaged has a process in the container's namespaces run a command.
func (c *processContainer) execStaged(ctx context.Context, spec ExecSpec, who identity, env []string) (code int, err error) {
	mounts, err := os.Open(c.namespace("mnt"))
	if err != nil {
		return 0, err
	}
	inner := Spec{Args: spec.Args, Env: env, Dir: c.spec.Dir}
	cmd, outcome, err := staged(ctx, stage{Spec: inner, Who: who, Join: true}, mounts)
	if err != nil {
		return 0, errors.Join(err, mounts.Close())
	}
	err = thread.Run(func() (err error) {
		kinds := []string{"pid", "ipc", "uts"}
		if c.spec.Network != "" { // the machine's may not be entered
			kinds = append(kinds, "net")
		}
		if err := c.join(kinds...); err != nil {
			return err
		}
		if spec.TTY {
			code, err = runOnTerminal(cmd, spec, false)
			return err
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = spec.Stdin, orDiscard(spec.Stdout), orDiscard(spec.Stderr)
		code, err = exitCode(cmd.Run())
		return err
	})
	if failed := outcome(); failed != nil {
		return 0, errors.Join(failed, err)
	}
	return code, err
}

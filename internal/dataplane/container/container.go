package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Limits of a group or a container; zero members limit nothing.
type Limits struct {
	CPUs   float64 // of the machine's
	Shares int64   // weight among its siblings while CPU is short; 1024 is usual
	Memory int64   // bytes
}

// Mount binds a file or directory of the machine into a container.
type Mount struct {
	Source, Target string
	// Volume names a directory of a runtime's with images of its own, in place of Source. It is made when the first container of the
	// group mounts it, empty or, with Copy, with what the image has at Target, and goes with the group.
	Volume   string
	Copy     bool
	ReadOnly bool
}

// Ulimit bounds a resource of a process.
type Ulimit struct {
	Name       string // as setrlimit(2) names it, in lower case and without RLIMIT_, such as nofile
	Soft, Hard uint64
}

// Spec says what to run.
type Spec struct {
	ID           string // unique in the runtime; letters, digits and hyphens
	Group        string // shares its limits with others of the same group
	Root         string // directory of the root file system, which the container may write to
	Image        string // in place of Root, the name of an image of the runtime's own
	ReadOnlyRoot bool
	Args, Env    []string
	Dir          string // working directory; / if empty
	User         string // USER[:GROUP], by name or number; root if empty
	Hostname     string
	Network      string // path of the network namespace, the machine's if empty; or what a runtime calls a network of its own, none if empty
	Mounts       []Mount
	Tmpfs        map[string]string // mount options by directory, such as size=64m
	Limits       Limits
	Ulimits      []Ulimit
	AddCaps      []string // such as SYS_PTRACE
	DropCaps     []string // ALL for all
	Privileged   bool
	Init         bool // have a process 1 that reaps others
	Stdout       io.Writer
	Stderr       io.Writer
}

// Exit says how a container ended.
type Exit struct {
	Code        int  // 128 and the signal's number for one that a signal ended
	OutOfMemory bool // the kernel ended a process of it, for its limit or its group's
}

// Usage is what a group has used.
type Usage struct {
	CPU    time.Duration // since its start
	Memory int64         // bytes now, without what is only cached
}

// ExecSpec is a command to run in a running container.
type ExecSpec struct {
	Args   []string
	Env    []string // on top of the container's own
	Root   bool     // run it as root, whoever the container runs as
	TTY    bool
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Resize <-chan Size // of the terminal
}

// Size is that of a terminal, in characters.
type Size struct{ Rows, Columns uint16 }

// Container is a container that has been started.
type Container interface {
	// Wait returns when the container has ended and is removed, to everyone who waits.
	Wait() Exit
	// Done is closed as soon as the container has ended.
	Done() <-chan struct{}
	// Signal sends a signal to its first process. One to a container that has ended is lost.
	Signal(ctx context.Context, s os.Signal) error
	// Exec runs a command within and gives its exit code. When ctx ends, the command is killed. Its error is a *StartError where the
	// program itself cannot be started.
	Exec(ctx context.Context, spec ExecSpec) (int, error)
}

// Runtime runs containers.
type Runtime interface {
	Name() string
	// Group makes a group with limits.
	Group(id string, l Limits) error
	// Usage tells what a group has used.
	Usage(id string) (Usage, error)
	// RemoveGroup removes a group without containers.
	RemoveGroup(id string) error
	// Start starts a container. Its error is a *StartError where the program itself cannot be started.
	Start(ctx context.Context, spec Spec) (Container, error)
	// Close ends what runs.
	Close() error
}

// StartError means that a container could not be started for a reason that lies in its image or its settings.
type StartError struct{ Reason string }

func (e *StartError) Error() string { return e.Reason }

// ErrUnavailable is what errors are that mean that this machine cannot run containers in that way.
var ErrUnavailable = errors.New("this machine cannot run containers in that way")

// Unavailable is an error that is ErrUnavailable and says why.
func Unavailable(format string, args ...any) error {
	return unavailable(fmt.Sprintf(format, args...))
}

type unavailable string

func (u unavailable) Error() string        { return string(u) }
func (u unavailable) Is(target error) bool { return target == ErrUnavailable }

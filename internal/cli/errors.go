package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	"github.com/spf13/cobra"

	"atoll/internal/cloud"
	"atoll/internal/cloud/daemon"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
	"atoll/internal/dataplane/image"
	"atoll/internal/hint"
	"atoll/internal/release"
	"atoll/internal/terraform"
)

// Exit codes. They are part of the command line's contract and documented in docs/cli.md.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotRunning  = 3   // no cloud runs on the directory
	exitChanges     = 4   // plan --detailed-exitcode: there are changes
	exitBlocked     = 5   // explain: the flow does not get through
	exitRolledBack  = 6   // deploy, rollback: the new image does not work, and the old one runs
	exitInterrupted = 130 // by Ctrl-C, as shells have it
)

// problem is an error with advice and an exit code.
type problem struct {
	err  error
	try  string // what to do next, in the imperative; may have several lines
	code int
}

func (p *problem) Error() string { return p.err.Error() }

func (p *problem) Unwrap() error { return p.err }

// advise adds advice to an error.
func advise(err error, format string, args ...any) error {
	return &problem{err: err, try: fmt.Sprintf(format, args...), code: exitFailed}
}

func usage(cmd *cobra.Command, err error) error {
	return &problem{err: err, try: cmd.CommandPath() + " --help", code: exitUsage}
}

// silent ends a command with an exit code and without a message: what there was to say stands on stdout.
type silent struct{ code int }

func (s *silent) Error() string { return fmt.Sprintf("exit code %d", s.code) }

// report writes an error, if there is one, and gives the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if s := (*silent)(nil); errors.As(err, &s) {
		return s.code
	}
	p := advised(err)
	fmt.Fprintf(w, "Error: %v\n", p.err)
	for i, line := range strings.Split(p.try, "\n") {
		switch {
		case line == "":
		case i == 0:
			fmt.Fprintf(w, "Try:   %s\n", line)
		default:
			fmt.Fprintf(w, "       %s\n", line)
		}
	}
	return p.code
}

// isFull reports whether an error comes of a full disk: this program's, or the one that the local cloud lies on.
func isFull(err error) bool {
	refusal, ok := errors.AsType[smithy.APIError](err)
	return errors.Is(err, syscall.ENOSPC) || ok && refusal.ErrorCode() == wire.CodeDiskFull
}

// advised gives an error its advice and its exit code.
func advised(err error) *problem {
	if p := (*problem)(nil); errors.As(err, &p) {
		return p
	}
	message, try := hint.Split(err)
	if try != "" {
		return &problem{err: errors.New(message), try: try, code: exitFailed}
	}
	p := &problem{err: err, code: exitFailed}
	port := (*daemon.PortError)(nil)
	failure := (*terraform.Failure)(nil)
	bad := (*release.Failure)(nil)
	switch {
	case errors.As(err, &bad):
		p.err, p.code = bad, exitRolledBack
		p.try = "mend the app, and run atoll deploy again; what ran before runs still"
		if strings.Contains(bad.Error(), image.Damaged) {
			p.try = "push the image again: atoll deploy does, where it builds it; or deploy another one by --image"
		}
	case errors.Is(err, context.Canceled) && errors.As(err, &failure):
		p.err, p.code = errors.New("interrupted"), exitInterrupted
		p.try = "run the same again: it carries on where this ended"
	case errors.As(err, &failure):
		p.err = failure
		p.try = "mend what it names, and run the same again: what is made already stays"
	case errors.Is(err, context.Canceled):
		p.err, p.code = errors.New("interrupted"), exitInterrupted
	case errors.As(err, &port) && port.Edge && errors.Is(err, syscall.EADDRINUSE):
		p.err = fmt.Errorf("another program listens on 127.0.0.1:%d, where load balancers are to answer", port.Port)
		p.try = "atoll cloud start --edge-port 0      (takes a free port)"
	case errors.As(err, &port) && errors.Is(err, syscall.EADDRINUSE):
		p.err = fmt.Errorf("another program listens on 127.0.0.1:%d", port.Port)
		p.try = "atoll cloud start --port 0      (takes a free port)"
	case errors.As(err, &port) && errors.Is(err, fs.ErrPermission):
		p.try = "choose a port above 1023, or --port 0 for a free one"
	case errors.Is(err, daemon.ErrRunning):
		p.try = "atoll cloud status      (shows it)\natoll cloud stop        (stops it)\n--dir DIR               (for a second cloud of its own)"
	case errors.Is(err, daemon.ErrNotRunning):
		p.try, p.code = "atoll cloud start --detach", exitNotRunning
	case errors.Is(err, state.ErrLocked):
		p.try = "stop the process that has it open, or use another --dir"
	case errors.Is(err, state.ErrNewer):
		p.try = "use the newer atoll, or another --dir; nothing was changed"
	case errors.Is(err, state.ErrCorrupt):
		p.try = "atoll cloud restore FILE      (puts a saved cloud in its place)\natoll cloud reset             (begins anew)\nnothing was changed"
	case errors.Is(err, cloud.ErrArchive):
		p.try = "use a file that 'atoll cloud save' wrote; nothing was changed"
	case isFull(err):
		p.try = "free some disk space, and run the same again; nothing is lost"
	case errors.Is(err, fs.ErrPermission):
		p.try = "give yourself access to it, or use another --dir"
	}
	return p
}

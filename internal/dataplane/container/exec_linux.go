package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/term"
)

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// Exec runs a command in the container.
func (c *runcContainer) Exec(ctx context.Context, spec ExecSpec) (int, error) {
	log, err := os.CreateTemp(c.dir, "exec-*.log")
	if err != nil {
		return 0, err
	}
	defer func() { _ = errors.Join(log.Close(), os.Remove(log.Name())) }() // the directory goes with the container
	args := []string{"--log", log.Name(), "--log-format", "json", "exec"}
	if spec.Root {
		args = append(args, "--user", "0:0")
	}
	if spec.TTY {
		args = append(args, "--tty")
	}
	for _, e := range spec.Env {
		args = append(args, "--env", e)
	}
	cmd := c.runtime.command(ctx, append(append(args, c.spec.ID), spec.Args...)...)
	code := 0
	if spec.TTY {
		code, err = runOnTerminal(cmd, spec, true)
	} else {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = spec.Stdin, orDiscard(spec.Stdout), orDiscard(spec.Stderr)
		code, err = exitCode(cmd.Run())
	}
	if message := complaintIn(log.Name()); err == nil && code != 0 && message != "" {
		return 0, &StartError{message}
	}
	return code, err
}

// exitCode tells a command that has failed from one that could not be run.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// runOnTerminal runs a command on a terminal of its own. raw is for a command that has another terminal behind this one: what is typed is
// for that to understand, from the first key on.
func runOnTerminal(cmd *exec.Cmd, spec ExecSpec, raw bool) (int, error) {
	terminal, far, err := pty.Open()
	if err != nil {
		return 0, fmt.Errorf("opening a terminal: %w", err)
	}
	defer terminal.Close()
	if raw {
		if _, err := term.MakeRaw(int(far.Fd())); err != nil {
			return 0, errors.Join(fmt.Errorf("setting the terminal: %w", err), far.Close())
		}
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, far
	if raw { // what that command itself has to say is not the program's
		cmd.Stderr = io.Discard
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	err = cmd.Start()
	if err = errors.Join(err, far.Close()); err != nil {
		return 0, fmt.Errorf("starting on a terminal: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case size := <-spec.Resize:
				_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Rows, Cols: size.Columns})
			case <-ended:
				return
			}
		}
	}()
	if spec.Stdin != nil {
		go func() { _, _ = io.Copy(terminal, spec.Stdin) }() // ends with whoever gives the input, or with the terminal
	}
	out := orDiscard(spec.Stdout)
	if raw {
		out = &oneReturn{w: out}
	}
	_, _ = io.Copy(out, terminal) // ends with an error when the last process on the terminal does
	close(ended)
	return exitCode(cmd.Wait())
}

// oneReturn makes one carriage return of several in a row. runc has its own terminal put them before line feeds instead of the container's, but what
// a program prints before runc has come to that gets two.
type oneReturn struct {
	w    io.Writer
	last byte
}

func (o *oneReturn) Write(b []byte) (int, error) {
	kept := make([]byte, 0, len(b))
	for _, c := range b {
		if c != '\r' || o.last != '\r' {
			kept = append(kept, c)
		}
		o.last = c
	}
	if _, err := o.w.Write(kept); err != nil {
		return 0, err
	}
	return len(b), nil
}

package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/creack/pty"
)

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// Exec runs a command in the container.
func (c *runcContainer) Exec(ctx context.Context, spec ExecSpec) (int, error) {
	args := []string{"exec"}
	if spec.TTY {
		args = append(args, "--tty")
	}
	for _, e := range spec.Env {
		args = append(args, "--env", e)
	}
	cmd := c.runtime.command(ctx, append(append(args, c.spec.ID), spec.Args...)...)
	if spec.TTY {
		return runOnTerminal(cmd, spec)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = spec.Stdin, orDiscard(spec.Stdout), orDiscard(spec.Stderr)
	return exitCode(cmd.Run())
}

// exitCode tells a command that has failed from one that could not be run.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// runOnTerminal runs a command on a terminal of its own.
func runOnTerminal(cmd *exec.Cmd, spec ExecSpec) (int, error) {
	terminal, err := pty.Start(cmd)
	if err != nil {
		return 0, fmt.Errorf("opening a terminal: %w", err)
	}
	defer terminal.Close()
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
	_, _ = io.Copy(orDiscard(spec.Stdout), terminal) // ends with an error when the last process on the terminal does
	close(ended)
	return exitCode(cmd.Wait())
}

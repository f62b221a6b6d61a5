//go:build unix

package postgres

import (
	"context"
	"errors"
	"os/exec"
	"testing"
)

// onWrite calls a function when something is written.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

// TestCommandEnds ends a command whose child holds its output open.
func TestCommandEnds(t *testing.T) {
	who, err := whoami()
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := new(place).command(ctx, who, "/bin/sh", "-c", "sleep 1000 & echo; wait")
	c.Stdout = onWrite(cancel)
	if err := c.Run(); !errors.Is(err, context.Canceled) && !exited(err) { // it waits for all that hold the output
		t.Errorf("it ended with %v", err)
	}
}

func exited(err error) bool {
	_, ok := errors.AsType[*exec.ExitError](err)
	return ok
}

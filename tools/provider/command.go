package provider

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"

	"atoll/internal/machine"
)

// gracePeriod is what an interrupted go command has to remove its temporary files.
const gracePeriod = 10 * time.Second

// run runs a program and gives what it wrote to stdout. Each line that it writes to stderr goes to eat, or, where that says
// false, into the error. When ctx is done the program and all of its children end, and the error is that of ctx.
func run(ctx context.Context, dir string, env []string, eat func(line string) bool, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var stdout bytes.Buffer
	var tail []string
	stderr := &lineWriter{line: func(line string) {
		if eat != nil && eat(line) {
			return
		}
		tail = append(tail, line)
		if len(tail) > machine.TailLines {
			tail = slices.Delete(tail, 0, 1)
		}
	}}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	isolate(cmd)
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = gracePeriod
	if err := cmd.Start(); err != nil {
		return nil, &machine.CommandError{Args: args, Dir: dir, Err: err}
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		killGroup(cmd.Process)
		return nil, machine.Ended(ctx)
	}
	if err != nil {
		stderr.flush()
		return nil, &machine.CommandError{Args: args, Dir: dir, Output: tail, Err: err}
	}
	return stdout.Bytes(), nil
}

// lineWriter cuts what is written to it into lines, without their ends.
type lineWriter struct {
	line func(string)
	part []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	for {
		line, rest, found := bytes.Cut(w.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.line(strings.TrimSuffix(string(line), "\r"))
		w.part = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.line(string(w.part))
		w.part = nil
	}
}

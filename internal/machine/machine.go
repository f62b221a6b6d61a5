// Package machine is what atoll asks of the machine that it runs on: its environment, its programs, the web. Tests put
// functions of their own in their place.
package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"atoll/internal/disk"
)

// Machine asks. All fields are set; begin with Real.
type Machine struct {
	Getenv   func(name string) string
	LookPath func(program string) (string, error)
	// Run gives what a program, args[0], wrote to stdout. env, such as "A=b", is added to this process's environment. A
	// program that fails gives a *CommandError.
	Run  func(ctx context.Context, env []string, args ...string) (string, error)
	HTTP *http.Client
	Free func(path string) (disk.Space, error) // as disk.Free
}

// Real asks the real machine.
func Real() Machine {
	return Machine{Getenv: os.Getenv, LookPath: exec.LookPath, Run: run, HTTP: http.DefaultClient, Free: disk.Free}
}

// outputGrace is how long the children of a program that ended may keep its output open.
const outputGrace = time.Second

func run(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = outputGrace
	var stdout, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &all
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(args, " "), Ended(ctx))
	}
	if err != nil {
		all.Write(stdout.Bytes())
		return "", &CommandError{Args: args, Output: Tail(all.String()), Err: err}
	}
	return stdout.String(), nil
}

// Ended tells why ctx has ended: its cause, such as the signal, and its error, so that errors.Is finds both.
func Ended(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w (%w)", cause, ctx.Err())
	}
	return ctx.Err()
}

// CommandError is the failure of a child process.
type CommandError struct {
	Args   []string // the command line, program first
	Dir    string   // where it ran, "" for this process's own folder
	Output []string // the last lines that it said, see TailLines
	Err    error
}

func (e *CommandError) Error() string {
	var b strings.Builder
	b.WriteString(strings.Join(e.Args, " "))
	if e.Dir != "" {
		fmt.Fprintf(&b, " (in %s)", e.Dir)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	for _, line := range e.Output {
		b.WriteString("\n    " + line)
	}
	return b.String()
}

func (e *CommandError) Unwrap() error { return e.Err }

// TailLines is how many lines of its output a CommandError keeps.
const TailLines = 20

// Tail gives the last lines of a program's output.
func Tail(output string) []string {
	output = strings.TrimRight(output, "\n")
	if output == "" {
		return nil
	}
	lines := strings.Split(output, "\n")
	return lines[max(0, len(lines)-TailLines):]
}

// CacheDir is where atoll keeps what it can make again: $ATOLL_CACHE_DIR, else "atoll" in the user's cache folder. The path
// is absolute.
func (m Machine) CacheDir() (string, error) {
	if dir := m.Getenv("ATOLL_CACHE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("looking for the cache folder (ATOLL_CACHE_DIR names another): %w", err)
	}
	return filepath.Join(dir, "atoll"), nil
}

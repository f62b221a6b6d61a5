package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"atoll/internal/machine"
)

// Workspace is a folder with a root module, in which an engine runs.
type Workspace struct {
	Engine Engine
	Dir    string
	Env    []string // added to this process's environment, as "A=b"; "A=" unsets nothing but empties
}

// Failure is a run of the engine that ended with errors of its own, as opposed to one that could not run.
type Failure struct {
	Operation   string // plan, apply, destroy
	Diagnostics []*Diagnostic
}

func (f *Failure) Error() string {
	texts := make([]string, len(f.Diagnostics))
	for i, d := range f.Diagnostics {
		texts[i] = d.String()
	}
	return "terraform " + f.Operation + " failed: " + strings.Join(texts, "\n\n")
}

// Options are what plans and applies have in common.
type Options struct {
	VarFile     string // relative to the workspace's folder
	State       string // path of the state file of a local backend; "" takes the backend's own
	Parallelism int    // resources at once; 0 takes the engine's default
	Destroy     bool
	Out         string // of a plan: the file that it is written to
}

// args builds an operation's command line; it is apart for tests.
func (o Options) args(operation string) []string {
	args := []string{operation, "-json", "-input=false", "-no-color"}
	if o.VarFile != "" {
		args = append(args, "-var-file="+o.VarFile)
	}
	if o.State != "" {
		args = append(args, "-state="+o.State)
	}
	if o.Parallelism > 0 {
		args = append(args, "-parallelism="+strconv.Itoa(o.Parallelism))
	}
	if o.Destroy {
		args = append(args, "-destroy")
	}
	if o.Out != "" {
		args = append(args, "-out="+o.Out)
	}
	return args
}

// Init prepares the workspace: providers, modules, backend. args are added to the command line.
func (w Workspace) Init(ctx context.Context, args ...string) error {
	_, err := w.output(ctx, append([]string{"init", "-input=false", "-no-color"}, args...)...)
	return err
}

// Plan makes a plan and says whether it changes anything. on gets the stream's messages; nil for none.
func (w Workspace) Plan(ctx context.Context, o Options, on func(Message)) (changes bool, err error) {
	err = w.stream(ctx, "plan", append(o.args("plan"), "-detailed-exitcode"), on)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 2 {
		return true, nil
	}
	return false, err
}

// Show gives a plan that Plan has written.
func (w Workspace) Show(ctx context.Context, file string) (*tfjson.Plan, error) {
	out, err := w.output(ctx, "show", "-json", "-no-color", file)
	if err != nil {
		return nil, err
	}
	var plan tfjson.Plan
	if err := json.Unmarshal(out, &plan); err != nil {
		return nil, fmt.Errorf("reading the plan %s: %w", file, err)
	}
	return &plan, nil
}

// Apply plans and applies in one go, without asking.
func (w Workspace) Apply(ctx context.Context, o Options, on func(Message)) error {
	operation := "apply"
	if o.Destroy {
		operation = "destroy"
	}
	return w.stream(ctx, operation, append(o.args("apply"), "-auto-approve"), on)
}

// ApplyPlan applies a plan that Plan has written.
func (w Workspace) ApplyPlan(ctx context.Context, o Options, file string, on func(Message)) error {
	args := Options{State: o.State, Parallelism: o.Parallelism}.args("apply")
	return w.stream(ctx, "apply", append(args, file), on)
}

// Output is one of the root module's outputs.
type Output struct {
	Value     json.RawMessage `json:"value"`
	Sensitive bool            `json:"sensitive"`
}

// Forget takes resources out of the state, by their addresses.
func (w Workspace) Forget(ctx context.Context, state string, addresses ...string) error {
	args := []string{"state", "rm"}
	if state != "" {
		args = append(args, "-state="+state)
	}
	_, err := w.output(ctx, append(args, addresses...)...)
	return err
}

// Outputs gives the outputs in the state; none where nothing was applied.
func (w Workspace) Outputs(ctx context.Context, state string) (map[string]Output, error) {
	args := []string{"output", "-json", "-no-color"}
	if state != "" {
		args = append(args, "-state="+state)
	}
	out, err := w.output(ctx, args...)
	if err != nil {
		return nil, err
	}
	var outputs map[string]Output
	if err := json.Unmarshal(out, &outputs); err != nil {
		return nil, fmt.Errorf("reading the outputs: %w", err)
	}
	return outputs, nil
}

// command makes the engine's command. When ctx ends the engine is asked once to stop, and ends what it has begun; it gets no
// signals from the terminal, since a second one would make it give up. A second interrupt of this process is handed on as such.
func (w Workspace) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.Engine.Path, args...)
	cmd.Dir = w.Dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	cmd.Env = append(cmd.Env, w.Env...)
	cmd.SysProcAttr = apart()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}

// insist hands interrupts that come after ctx has ended on to the engine, which then gives up at once.
func insist(ctx context.Context, cmd *exec.Cmd) (done func()) {
	ended := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt)
		defer signal.Stop(again)
		for {
			select {
			case <-ended:
				return
			case s := <-again:
				_ = cmd.Process.Signal(s) // it may have just ended
			}
		}
	}()
	return func() { close(ended); <-finished }
}

func (w Workspace) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := w.command(ctx, args)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", w.Engine, err)
	}
	done := insist(ctx, cmd)
	err := cmd.Wait()
	done()
	return stdout.Bytes(), w.failed(ctx, args, err, stderr.String()+stdout.String())
}

// stream runs an operation with -json. Its error is a *Failure where the engine has told why.
func (w Workspace) stream(ctx context.Context, operation string, args []string, on func(Message)) error {
	cmd := w.command(ctx, args)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", w.Engine, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", w.Engine, err)
	}
	done := insist(ctx, cmd)
	failures, rest, readErr := readStream(stdout, on)
	if readErr != nil {
		_, _ = io.Copy(io.Discard, stdout) // let it end
	}
	err = cmd.Wait()
	done()
	if err != nil && len(failures) > 0 {
		failure := &Failure{Operation: operation, Diagnostics: failures}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", machine.Ended(ctx), failure)
		}
		return failure
	}
	if err == nil && readErr != nil {
		return fmt.Errorf("reading what %s says: %w", w.Engine, readErr)
	}
	return w.failed(ctx, args, err, stderr.String()+strings.Join(rest, "\n"))
}

func (w Workspace) failed(ctx context.Context, args []string, err error, output string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("terraform %s: %w", args[0], machine.Ended(ctx))
	}
	return &machine.CommandError{Args: append([]string{w.Engine.Path}, args...), Dir: w.Dir, Output: machine.Tail(output), Err: err}
}

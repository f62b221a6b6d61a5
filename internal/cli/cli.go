// Package cli is atoll's command line: one file per command. Data goes to stdout, talk to stderr; errors are rendered, and exit
// codes chosen, in errors.go.
package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/machine"
)

// Env is what a command has of the world outside of its flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Machine        machine.Machine
	Executable     func() (string, error) // path of atoll itself, to run it detached
}

// System is the environment of the process.
func System() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Machine: machine.Real(), Executable: os.Executable}
}

// Run runs the command that args name, and gives the process's exit code.
func Run(ctx context.Context, env Env, args []string) int {
	if len(args) > 0 { // this process is part of a container
		switch args[0] {
		case container.InitCommand:
			return container.Init(args[1:])
		case container.StageCommand:
			return container.Stage(args[1:])
		case fabric.NetworkCommand:
			return fabric.RunNetwork(args[1:])
		case engine.KillCommand:
			return engine.RunKill(args[1:])
		}
	}
	root := newRoot(env)
	root.SetArgs(args)
	return report(env.Stderr, root.ExecuteContext(ctx))
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "atoll",
		Short: "Take an app and its PostgreSQL to production on AWS, and rehearse it here first",
		Long: `atoll takes a containerised app and its PostgreSQL to production on AWS with plain Terraform that you own,
and rehearses every step on this machine, against an AWS that is built into this program.

  atoll init                      write the Terraform of a whole environment into your project
  atoll build                     make a container image of this folder
  atoll up dev                    make the environment dev on the local cloud
  atoll status dev                show how it does
  atoll logs dev --follow         read what it writes
  atoll db connect dev            open psql on its database
  atoll plan dev                  show what a change would do
  atoll explain dev web db        tell whether one part reaches another, and by which rules
  atoll destroy dev               take it down again
  eval "$(atoll cloud env)"       use the local cloud with Terraform, the AWS CLI and any AWS SDK`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.AddCommand(newInit(env), newUp(env), newPlan(env), newDestroy(env), newOutput(env),
		newStatus(env), newLogs(env), newOpen(env), newDB(env), newBuild(env), newDeploy(env), newRollback(env), newExec(env), newExplain(env),
		newCloud(env), newDoctor(env), newProvider(env), newVersion(env))
	wrapArgs(root)
	return root
}

// wrapArgs makes errors in arguments usage errors, in all commands.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage(cmd, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// group makes a command that only has others under it.
func group(use, short, long string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(subs...)
	return cmd
}

// writeJSON writes v to stdout, indented, for scripts and people.
func writeJSON(env Env, v any) error {
	e := json.NewEncoder(env.Stdout)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// say writes a line of talk to stderr.
func say(env Env, format string, args ...any) { fmt.Fprintf(env.Stderr, format+"\n", args...) }

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"atoll/internal/deploy"
)

type plan struct {
	environment
	destroy, exitCode bool
}

func newPlan(env Env) *cobra.Command {
	var f plan
	cmd := &cobra.Command{
		Use: "plan ENVIRONMENT", Short: "Show what 'atoll up' would do", Args: cobra.ExactArgs(1),
		Long: `Show what 'atoll up' would do to an environment, by part: what is made, changed in place, replaced with an interruption, destroyed,
and for changes the attributes. Nothing is changed. With --detailed-exitcode the exit code is 4 if there are changes.`,
		Example: "  atoll plan dev\n  atoll plan prod --target aws --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	f.runFlags(cmd)
	cmd.Flags().BoolVar(&f.destroy, "destroy", false, "show what 'atoll destroy' would do")
	cmd.Flags().BoolVar(&f.exitCode, "detailed-exitcode", false, "exit with 4 if there are changes")
	return cmd
}

func (f *plan) run(ctx context.Context, env Env, name string) error {
	return f.with(ctx, env, name, func(o *opened) error {
		p, err := o.Plan(ctx, f.destroy)
		if err != nil {
			return err
		}
		defer p.Remove()
		if err := f.show(env, p.Summary); err != nil {
			return err
		}
		if f.exitCode && !p.Empty() {
			return &silent{exitChanges}
		}
		return nil
	})
}

func (f *environment) show(env Env, s *deploy.Summary) error {
	if f.asJSON {
		if s.Parts == nil {
			s.Parts = []deploy.PartSummary{}
		}
		return writeJSON(env, s)
	}
	s.Write(env.Stdout)
	return nil
}

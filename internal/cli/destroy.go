package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/deploy"
	"atoll/internal/inspect"
	"atoll/internal/ui"
)

type destroy struct{ environment }

func newDestroy(env Env) *cobra.Command {
	var f destroy
	cmd := &cobra.Command{
		Use: "destroy ENVIRONMENT", Short: "Take an environment down, and list what still stands", Args: cobra.ExactArgs(1),
		Long: `Destroy everything of an environment, in the order that Terraform finds, deregister the task definitions of deployments, which Terraform
does not know, and then list what still carries the environment's tags.
An environment with protected = true is left as it is: set it to false and run 'atoll up' first. On AWS the plan is shown and the
environment's name asked for.`,
		Example: "  atoll destroy dev\n  atoll destroy staging --target aws",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	f.runFlags(cmd)
	f.yesFlag(cmd)
	return cmd
}

func (f *destroy) run(ctx context.Context, env Env, name string) error {
	began := time.Now()
	return f.with(ctx, env, name, func(o *opened) error {
		if !o.HasState() {
			o.progress.Say("nothing was ever made of %s here", name)
		} else if err := f.apply(ctx, env, o); err != nil {
			return err
		}
		var left []deploy.Leftover
		err := deploy.Step(o.progress, "look for what is left", func() (string, error) {
			var err error
			if left, err = o.Leftovers(ctx); err != nil {
				return "", err
			}
			found := len(left)
			left, err = o.Deregister(ctx, left)
			if n := found - len(left); n > 0 && err == nil {
				return fmt.Sprintf("%d resources, and %d task definitions of deployments, deregistered", len(left), n), nil
			}
			return fmt.Sprintf("%d resources", len(left)), err
		})
		if err != nil {
			return err
		}
		if f.asJSON {
			if left == nil {
				left = []deploy.Leftover{}
			}
			return writeJSON(env, map[string]any{"left": left})
		}
		if len(left) == 0 {
			o.progress.Say("%s is gone after %s, and nothing of it is left", name, ui.Seconds(time.Since(began)))
			return nil
		}
		o.progress.Say("%s is destroyed after %s. This still stands:", name, ui.Seconds(time.Since(began)))
		for _, l := range left {
			fmt.Fprintf(env.Stdout, "%s\n    %s\n", l.ARN, l.Why)
		}
		return nil
	})
}

// guard refuses to begin with what AWS would refuse to end.
func (f *destroy) guard(ctx context.Context, env Env, name string) error {
	clients, settings, err := f.clients(ctx, env, name)
	if err != nil {
		return err
	}
	e, err := inspect.Load(ctx, clients, settings.Project, settings.Name)
	if err != nil {
		return err
	}
	protected, err := e.Protected(ctx)
	if err != nil || len(protected) == 0 {
		return err
	}
	more := f.more()
	return advise(fmt.Errorf("%s is protected against deletion: %s; nothing was destroyed", name, strings.Join(protected, " and ")),
		"set protected = false in %s, run 'atoll up %s%s', and then this again", settings.File, name, more)
}

func (f *destroy) apply(ctx context.Context, env Env, o *opened) error {
	if err := f.guard(ctx, env, o.environment.Name); err != nil {
		return err
	}
	if o.target == deploy.Local {
		_, err := o.Destroy(ctx)
		return err
	}
	p, err := o.Plan(ctx, true)
	if err != nil || p.Empty() {
		return err
	}
	defer p.Remove()
	p.Write(env.Stderr)
	if err := f.confirm(env, "This destroys "+o.environment.Name+" on AWS: "+p.Line()+".", o.environment.Name); err != nil {
		return err
	}
	return o.Apply(ctx, p)
}

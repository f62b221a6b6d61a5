package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/deploy"
	"atoll/internal/terraform"
	"atoll/internal/ui"
)

type up struct{ environment }

func newUp(env Env) *cobra.Command {
	var f up
	cmd := &cobra.Command{
		Use: "up ENVIRONMENT", Short: "Make an environment, or bring it to what its files say", Args: cobra.ExactArgs(1),
		Long: `Make an environment, or bring it to what its Terraform files say. On the local cloud it goes right ahead; on AWS it shows the plan
and asks first. Ctrl-C ends it cleanly: what is being made is finished, and the next run carries on.

On the local cloud each environment has an account of its own: account_id of its tfvars file, else one by its name. Terraform works in a
copy of the folder, infra/.atoll/local/ENVIRONMENT, where the state lies too; terraform works there by itself just as well.`,
		Example: "  atoll up dev\n  atoll up prod --target aws",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	f.runFlags(cmd)
	f.yesFlag(cmd)
	return cmd
}

func (f *up) run(ctx context.Context, env Env, name string) error {
	began := time.Now()
	return f.with(ctx, env, name, func(o *opened) error {
		summary, err := f.apply(ctx, env, o)
		if err != nil {
			return err
		}
		outputs, err := o.Outputs(ctx)
		if err != nil {
			return err
		}
		if f.asJSON {
			return writeJSON(env, values(outputs, false))
		}
		if summary.Empty() {
			o.progress.Say("%s is as its files say, after %s", name, ui.Seconds(time.Since(began)))
		} else {
			o.progress.Say("%s is up after %s", name, ui.Seconds(time.Since(began)))
		}
		writeOutputs(env, outputs)
		return nil
	})
}

func (f *up) apply(ctx context.Context, env Env, o *opened) (*deploy.Summary, error) {
	if o.target == deploy.Local {
		return o.Up(ctx)
	}
	p, err := o.Plan(ctx, false)
	if err != nil {
		return nil, err
	}
	defer p.Remove()
	if p.Empty() {
		return p.Summary, nil
	}
	p.Write(env.Stderr)
	if err := f.confirm(env, "This changes "+o.environment.Name+" on AWS: "+p.Line()+".", o.environment.Name); err != nil {
		return nil, err
	}
	return p.Summary, o.Apply(ctx, p)
}

// values gives the outputs' values; sensitive ones only if asked for.
func values(outputs map[string]terraform.Output, sensitive bool) map[string]any {
	all := map[string]any{}
	for name, o := range outputs {
		if !o.Sensitive || sensitive {
			all[name] = o.Value
		}
	}
	return all
}

// writeOutputs prints the outputs that are texts, numbers or truth values, one to a line.
func writeOutputs(env Env, outputs map[string]terraform.Output) {
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if text, ok := scalar(outputs[name]); ok {
			fmt.Fprintf(env.Stdout, "%-22s %s\n", name, text)
		}
	}
}

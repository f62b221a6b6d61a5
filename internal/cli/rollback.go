package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/deploy"
	"atoll/internal/release"
	"atoll/internal/ui"
)

type rollback struct {
	environment
	repository string
}

func newRollback(env Env) *cobra.Command {
	var f rollback
	cmd := &cobra.Command{
		Use: "rollback ENVIRONMENT", Short: "Put the image of before back into an environment", Args: cobra.ExactArgs(1),
		Long: `Put the image that ran before the present one back into an environment. It is a deployment like any other: the services are updated one
task after the other, and the old image serves until the other does. The migration of a job with the name migrate runs with that image too.`,
		Example: "  atoll rollback dev",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	f.yesFlag(cmd)
	cmd.Flags().StringVar(&f.repository, "repository", "", "repository of the environment, where it has several")
	return cmd
}

func (f *rollback) run(ctx context.Context, env Env, name string) error {
	began := time.Now()
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	repository, err := f.repositoryOf(ctx, e, f.repository)
	if err != nil {
		return err
	}
	p := ui.NewProgress(env.Stderr, ui.Detect(env.Stderr))
	defer p.Close()
	r := release.New(e, shown{p})
	image, err := r.Before(ctx, repository.Name)
	if err != nil {
		return err
	}
	p.Say("going back to %s", image)
	if f.target == string(deploy.AWS) {
		if err := f.confirm(env, fmt.Sprintf("This puts %s back into %s on AWS.", image, settings.Name), settings.Name); err != nil {
			return err
		}
	}
	if err := r.Deploy(ctx, repository.Name, image); err != nil {
		return err
	}
	if f.asJSON {
		return writeJSON(env, deployed{name, repository.Name, image, time.Since(began).Seconds()})
	}
	p.Say("%s runs the image of before after %s", name, ui.Seconds(time.Since(began)))
	fmt.Fprintln(env.Stdout, image)
	return nil
}

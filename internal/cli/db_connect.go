package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"atoll/internal/database"
)

type dbConnect struct{ dbWay }

func newDBConnect(env Env) *cobra.Command {
	var f dbConnect
	cmd := &cobra.Command{
		Use: "connect ENVIRONMENT [-- PSQL-ARGUMENT...]", Short: "Open psql on the database", Args: envAndDash,
		Long: `Open psql on an environment's database, as its master user. What follows -- is psql's. The exit code is psql's too.
psql gets the password by its environment, PGPASSWORD.`,
		Example: "  atoll db connect dev\n  atoll db connect dev -- -c 'select count(*) from entries'\n  atoll db connect dev < script.sql",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args[0], args[1:])
		},
	}
	f.wayFlags(cmd, env)
	cmd.Flags().Lookup("json").Hidden = true
	return cmd
}

// envAndDash wants an environment, and takes anything after --.
func envAndDash(cmd *cobra.Command, args []string) error {
	if n := cmd.ArgsLenAtDash(); n < 0 && len(args) != 1 || n >= 0 && n != 1 {
		return errors.New("one environment is wanted, and psql's arguments after --")
	}
	return nil
}

func (f *dbConnect) run(ctx context.Context, env Env, name string, args []string) (err error) {
	psql, err := env.Machine.LookPath("psql")
	if err != nil {
		return advise(errors.New("psql is not installed"),
			"apt-get install postgresql-client, dnf install postgresql, or brew install libpq\natoll db tunnel %s      (opens a port for any other client)", name)
	}
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	l, err := database.Find(ctx, e)
	if err != nil {
		return err
	}
	w, err := f.open(ctx, env, e, settings, l, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	// Ctrl-C is psql's own: it ends a query there. A terminal sends it to psql as well, so that this process has nothing to do.
	cmd := exec.Command(psql, args...) //nolint:noctx // see above
	cmd.Env = append(os.Environ(), l.Environment(w.port)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = env.Stdin, env.Stdout, env.Stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return &silent{exit.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("running psql: %w", err)
	}
	return nil
}

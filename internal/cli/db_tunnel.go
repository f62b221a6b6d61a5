package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"atoll/internal/database"
)

// tunnelPort is the port that 'db tunnel' opens unless told otherwise: the same each time, for the settings of clients.
const tunnelPort = 15432

type dbTunnel struct {
	dbWay
	port int
}

func newDBTunnel(env Env) *cobra.Command {
	var f dbTunnel
	cmd := &cobra.Command{
		Use: "tunnel ENVIRONMENT", Short: "Open a port of this machine that leads to the database", Args: cobra.ExactArgs(1),
		Long:    `Open a port on 127.0.0.1 that leads to an environment's database, for any client, until Ctrl-C.`,
		Example: "  atoll db tunnel dev\n  atoll db tunnel prod --port 0 --target aws",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.wayFlags(cmd, env)
	cmd.Flags().IntVar(&f.port, "port", tunnelPort, "port on 127.0.0.1; 0 takes a free one")
	return cmd
}

// tunnel is what --json prints.
type tunnel struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Database string `json:"database"`
	Secret   string `json:"secret_arn"`
}

func (f *dbTunnel) run(ctx context.Context, env Env, name string) (err error) {
	if f.port < 0 || f.port > 65535 {
		return &problem{err: fmt.Errorf("--port %d is no port", f.port), try: "a number from 0 to 65535; 0 takes a free one", code: exitUsage}
	}
	e, settings, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	l, err := database.Find(ctx, e)
	if err != nil {
		return err
	}
	w, err := f.open(ctx, env, e, settings, l, f.port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if f.asJSON {
		if err := writeJSON(env, tunnel{database.Loopback, w.port, l.User, l.Database, l.Secret}); err != nil {
			return err
		}
		return w.wait(ctx)
	}
	more := f.more()
	say(env, "The database %s (%s) answers here until Ctrl-C:", l.Instance, l.Engine)
	for _, row := range [][2]string{{"host", database.Loopback}, {"port", fmt.Sprint(w.port)}, {"user", l.User}, {"database", l.Database}, {"sslmode", "require"},
		{"password", "atoll db password " + name + more}} {
		fmt.Fprintf(env.Stdout, "%-9s %s\n", row[0], row[1])
	}
	say(env, "\nPGPASSWORD=\"$(atoll db password %s%s)\" psql 'host=%s port=%d user=%s dbname=%s sslmode=require'", name, more, database.Loopback, w.port, l.User, l.Database)
	return w.wait(ctx)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/database"
	"atoll/internal/deploy"
	"atoll/internal/explain"
	"atoll/internal/inspect"
)

func newDB(env Env) *cobra.Command {
	return group("db", "Reach an environment's database: psql, a port for other clients, the password",
		`An environment's database has an address in its private network alone. These commands reach it from this machine, as its master user: on the
local cloud through the cloud itself; on AWS through a Session Manager session into a running task, for which AWS's program
session-manager-plugin must be installed, and a service that reaches the database must have exec = true.

  atoll db connect dev            open psql
  atoll db tunnel dev             open a port for any client
  atoll db password dev           print the password`,
		newDBConnect(env), newDBTunnel(env), newDBPassword(env))
}

// dbWay has the flags of the commands that open a way to a database.
type dbWay struct {
	environment
	via string
}

func (f *dbWay) wayFlags(cmd *cobra.Command, env Env) {
	f.flags(cmd, env)
	cmd.Flags().StringVar(&f.via, "via", "", "aws: service whose tasks carry the connection (default: one that reaches the database)")
}

// way is a port of this machine that leads to a database.
type way struct {
	port  int
	wait  func(ctx context.Context) error // until ctx ends, or the way does
	close func() error
}

// open opens a way to a database; port 0 takes a free one.
func (f *dbWay) open(ctx context.Context, env Env, e *inspect.Environment, settings config.Environment, l *database.Login, port int) (*way, error) {
	if f.target == string(deploy.AWS) {
		plugin, err := database.Plugin(ctx, env.Machine)
		if err != nil {
			return nil, err
		}
		target, err := f.carrier(ctx, e, settings)
		if err != nil {
			return nil, err
		}
		s, err := database.Open(ctx, e.Config, plugin, target, l, port)
		if err != nil {
			return nil, err
		}
		return &way{s.Port, s.Wait, s.Close}, nil
	}
	dir, err := cloudDir(env, f.cloudDir)
	if err != nil {
		return nil, err
	}
	client := daemon.NewClient(dir)
	dial := func(ctx context.Context) (net.Conn, error) { return client.DialDatabase(ctx, l.ARN) }
	first, err := dial(ctx) // says at once what is wrong
	if err != nil {
		if errors.Is(err, daemon.ErrNotRunning) || ctx.Err() != nil {
			return nil, err
		}
		return nil, advise(err, "atoll status %s", e.Name)
	}
	if err := first.Close(); err != nil {
		return nil, fmt.Errorf("trying the database: %w", err)
	}
	forward, err := database.Listen(ctx, port, dial, func(err error) { say(env, "A connection was refused: %v", err) })
	if err != nil {
		return nil, err
	}
	wait := func(ctx context.Context) error { <-ctx.Done(); return nil }
	return &way{forward.Port, wait, forward.Close}, nil
}

// carrier finds a task that takes sessions and reaches the database, as a target of sessions.
func (f *dbWay) carrier(ctx context.Context, e *inspect.Environment, settings config.Environment) (string, error) {
	var closed []string
	for i := range e.Services {
		s := &e.Services[i]
		if f.via != "" && s.Name != f.via {
			continue
		}
		target, ok := database.Target(s)
		if !ok {
			closed = append(closed, s.Name+" has no running task with exec = true")
			continue
		}
		a, err := explain.Ask(ctx, e, settings, explain.Question{From: s.Name, To: "db", Protocol: "tcp"})
		if err != nil {
			return "", err
		}
		if a.Allowed || f.via != "" {
			return target, nil
		}
		closed = append(closed, s.Name+" does not reach the database")
	}
	if f.via != "" && len(closed) == 0 {
		return "", &problem{err: fmt.Errorf("%s has no service %q", e.Name, f.via), try: "one of: " + strings.Join(e.ServiceNames(), ", "), code: exitUsage}
	}
	return "", advise(fmt.Errorf("no task of %s can carry a connection to the database: %s", e.Name, strings.Join(closed, ", ")),
		"set exec = true for a service with database = true in %s.tfvars, and run atoll up %s --target aws", e.Name, e.Name)
}

func newDBPassword(env Env) *cobra.Command {
	var f environment
	cmd := &cobra.Command{
		Use: "password ENVIRONMENT", Short: "Print the password of the database's master user", Args: cobra.ExactArgs(1),
		Long:    `Print the password of the database's master user, as it stands in Secrets Manager. RDS changes the one that it manages every seven days.`,
		Example: "  PGPASSWORD=\"$(atoll db password dev)\" psql -h 127.0.0.1 -p 15432 -U app app",
		RunE: func(cmd *cobra.Command, args []string) error {
			e, _, err := f.inspect(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			l, err := database.Find(cmd.Context(), e)
			if err != nil {
				return err
			}
			if f.asJSON {
				return writeJSON(env, map[string]string{"user": l.User, "password": l.Password, "secret_arn": l.Secret})
			}
			fmt.Fprintln(env.Stdout, l.Password)
			return nil
		},
	}
	f.flags(cmd, env)
	return cmd
}

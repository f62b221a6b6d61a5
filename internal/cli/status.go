package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/config"
	"atoll/internal/deploy"
	"atoll/internal/inspect"
	"atoll/internal/status"
	"atoll/internal/ui"
)

type statusCommand struct {
	environment
	watch, check bool
}

func newStatus(env Env) *cobra.Command {
	var f statusCommand
	cmd := &cobra.Command{
		Use: "status ENVIRONMENT", Short: "Show how an environment does: services, tasks, deployments, database, alarms", Args: cobra.ExactArgs(1),
		Long: `Show how an environment does, by what AWS's APIs say: one line that tells whether all is well or what is not; then services, their tasks
as the load balancer sees them, deployments under way, tasks that stopped and why, databases, jobs and alarms.

The exit code is 0 whether all is well or not; with --check it is 1 where something is not. --watch goes on until Ctrl-C: a terminal is
drawn anew every 2 s, elsewhere what it shows is written again with each change (with --json: one line each).`,
		Example: "  atoll status dev\n  atoll status dev --watch\n  atoll status prod --check --target aws",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), env, args[0]) },
	}
	f.flags(cmd, env)
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on until Ctrl-C")
	cmd.Flags().BoolVar(&f.check, "check", false, "end with exit code 1 where something is not well")
	return cmd
}

// watchPause is how long --watch waits between two looks.
const watchPause = 2 * time.Second

func (f *statusCommand) run(ctx context.Context, env Env, name string) error {
	if f.watch && f.check {
		return &problem{err: errors.New("--watch and --check exclude each other"), try: "one of them", code: exitUsage}
	}
	v, err := f.view(ctx, env, name)
	if err != nil {
		return err
	}
	if f.watch {
		return v.watch(ctx, env)
	}
	s, err := v.load(ctx)
	if err != nil {
		return err
	}
	if f.asJSON {
		err = writeJSON(env, s)
	} else {
		v.write(env, s)
	}
	if err == nil && f.check && !s.Well {
		return &silent{exitFailed}
	}
	return err
}

// statusView loads an environment's status, again and again, and writes it.
type statusView struct {
	f        *statusCommand
	env      Env
	clients  *inspect.Clients
	settings config.Environment
	where    string // such as: the local cloud
	records  string // why tasks do not run, on a local cloud without a runtime for them
	cloud    daemon.Info
	account  string // of the environment, on a local cloud
	terminal ui.Terminal
}

func (f *statusCommand) view(ctx context.Context, env Env, name string) (*statusView, error) {
	clients, settings, err := f.clients(ctx, env, name)
	if err != nil {
		return nil, err
	}
	v := &statusView{f: f, env: env, clients: clients, settings: settings, where: "AWS, " + settings.Region, terminal: ui.Detect(env.Stdout)}
	if f.target == string(deploy.Local) {
		v.where = "the local cloud"
		dir, err := cloudDir(env, f.cloudDir)
		if err != nil {
			return nil, err
		}
		info, err := daemon.NewClient(dir).Info(ctx)
		if err != nil {
			return nil, err
		}
		if info.Runtime == daemon.None {
			v.records = info.Lacks
		}
		v.cloud, v.account = info, cmp.Or(settings.Account, localAccount(name))
	}
	return v, nil
}

func (v *statusView) load(ctx context.Context) (*status.Status, error) {
	e, err := v.f.standing(ctx, v.clients, v.settings)
	if err != nil {
		return nil, err
	}
	s, err := status.Load(ctx, e, time.Now())
	if err != nil {
		return nil, err
	}
	if v.cloud.Dir != "" {
		if v.cloud, err = daemon.NewClient(daemon.Dir(v.cloud.Dir)).Info(ctx); err != nil {
			return nil, err
		}
	}
	if s.LoadBalancer != nil {
		s.LoadBalancer.URL, err = v.f.urlOf(ctx, v.env, e, v.settings)
	}
	return s, err
}

func (v *statusView) write(env Env, s *status.Status) {
	writeStatus(env.Stdout, s, v.where, time.Now(), v.terminal.Colours)
	if v.cloud.Dir != "" && v.cloud.Free < lowDisk {
		fmt.Fprintf(env.Stdout, "\nThe disk of the local cloud, with %s, is %s.\n", v.cloud.Dir, diskLine(v.cloud))
	}
	if v.records != "" {
		fmt.Fprintf(env.Stdout, "\nTasks are records on this cloud, and do not run: %s\n", v.records)
	}
	writeUnjudged(env.Stdout, v.cloud, v.account)
}

// watch shows the status until ctx ends, which is no failure.
func (v *statusView) watch(ctx context.Context, env Env) error {
	shown := ""
	for ctx.Err() == nil {
		s, err := v.load(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		key, err := json.Marshal(s) // it holds times at which things happened, and no present one
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		switch {
		case v.f.asJSON && string(key) != shown:
			fmt.Fprintf(env.Stdout, "%s\n", key)
		case v.f.asJSON:
		case v.terminal.Live:
			v.redraw(env, s)
		case string(key) != shown:
			if shown != "" {
				fmt.Fprintln(env.Stdout)
			}
			fmt.Fprintf(env.Stdout, "── %s\n", time.Now().Format(time.TimeOnly))
			v.write(env, s)
		}
		shown = string(key)
		timer := time.NewTimer(watchPause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil //nolint:nilerr // that ctx has ended is no failure
}

// redraw draws a status over the one before, from the screen's first line on, as far as the screen has room.
func (v *statusView) redraw(env Env, s *status.Status) {
	var b bytes.Buffer
	page := env
	page.Stdout = &b
	v.write(page, s)
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	if height := v.terminal.Height(); height > 2 && len(lines) > height-2 {
		lines = append(lines[:height-2], ui.Paint("…", ui.Faint, v.terminal.Colours))
	}
	width := v.terminal.Width()
	for i, line := range lines {
		lines[i] = ui.Cut(line, width) + "\x1b[K"
	}
	fmt.Fprintf(env.Stdout, "\x1b[H%s\n\x1b[J", strings.Join(lines, "\n"))
}

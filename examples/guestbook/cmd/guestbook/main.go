// Command guestbook is a small web app with a database, as an example of what atoll runs.
//
//	guestbook [serve]   serves the pages on $PORT; migrates the schema first
//	guestbook worker    stamps the entries that come
//	guestbook cleanup   deletes entries older than $KEEP_DAYS days, and ends
//	guestbook migrate   brings the schema up to date, and ends
//	guestbook version   prints the version
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"example.com/guestbook/internal/book"
	"example.com/guestbook/internal/task"
	"example.com/guestbook/internal/web"
)

// Exit codes.
const (
	failed = 1
	usage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv))
}

// app is what the subcommands share.
type app struct {
	task   task.Task
	log    *slog.Logger
	getenv func(string) string
}

func run(ctx context.Context, args []string, getenv func(string) string) int {
	name := "serve"
	if len(args) > 0 {
		name = args[0]
	}
	commands := map[string]func(*app, context.Context) error{"serve": (*app).serve, "worker": (*app).worker, "cleanup": (*app).cleanup, "migrate": (*app).migrate}
	command, ok := commands[name]
	switch {
	case name == "version" && len(args) == 1:
		fmt.Println(version(getenv).Version)
		return 0
	case !ok || len(args) > 1:
		fmt.Fprintln(os.Stderr, "usage: guestbook [serve | worker | cleanup | migrate | version]")
		return usage
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(getenv("LOG_LEVEL"))); err != nil {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level}))
	self, err := task.Self(ctx, getenv)
	log = log.With("command", name, "task", self.Short())
	if err != nil {
		log.Warn("this task does not know itself", "err", err)
	}
	a := &app{task: self, log: log, getenv: getenv}
	if err := command(a, ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("ended by a failure", "err", err)
		return failed
	}
	log.Info("ended")
	return 0
}

// seconds reads a setting in seconds.
func (a *app) seconds(name string, or int) (time.Duration, error) {
	n, err := a.number(name, or)
	return time.Duration(n) * time.Second, err
}

func (a *app) number(name string, or int) (int, error) {
	text := a.getenv(name)
	if text == "" {
		return or, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %q, which is not a number from 0 on", name, text)
	}
	return n, nil
}

// open connects to the database and, for those who need it now, brings its schema up to date.
func (a *app) open(ctx context.Context) (*book.Book, error) {
	patience, err := a.seconds("CONNECT_SECONDS", 60)
	if err != nil {
		return nil, err
	}
	b, err := book.Open(ctx, patience, a.log)
	if err != nil {
		return nil, err
	}
	if _, err := b.Migrate(ctx, a.log); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (a *app) migrate(ctx context.Context) error {
	b, err := a.open(ctx)
	if err != nil {
		return err
	}
	b.Close()
	a.log.Info("the schema is up to date")
	return nil
}

func (a *app) cleanup(ctx context.Context) error {
	days, err := a.number("KEEP_DAYS", 30)
	if err != nil {
		return err
	}
	b, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	n, err := b.DeleteOld(ctx, time.Duration(days)*24*time.Hour)
	if err != nil {
		return err
	}
	a.log.Info("deleted old entries", "entries", n, "older_than_days", days)
	return nil
}

// version tells what was built: $APP_VERSION, else what Go knows of the source.
func version(getenv func(string) string) web.Version {
	v := web.Version{Version: "development"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Go = info.GoVersion
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	if set := getenv("APP_VERSION"); set != "" {
		v.Version = set
	}
	return v
}

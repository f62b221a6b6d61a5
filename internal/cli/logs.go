package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/logs"
	"atoll/internal/status"
	"atoll/internal/ui"
)

type logsCommand struct {
	environment
	follow, raw  bool
	since        time.Duration
	tail         int
	task, filter string
}

// logsSince is how far back lines are shown where neither --since nor --tail is given.
const logsSince = 10 * time.Minute

func newLogs(env Env) *cobra.Command {
	var f logsCommand
	cmd := &cobra.Command{
		Use: "logs ENVIRONMENT [SERVICE | JOB | db]", Short: "Read the logs of services, jobs and the database", Args: cobra.RangeArgs(1, 2),
		Long: `Read the logs of an environment's services and jobs, or of one of them, or of the database (db), from CloudWatch Logs, merged by time:
those of the last 10 minutes, unless --since or --tail say otherwise. Each line begins with its time and with the service and the task
that wrote it, where that is not plain. On a terminal, lines in JSON are shown as level, message and the rest; --raw shows all lines as
they were written, and nothing else.

--filter takes a pattern of CloudWatch Logs: ERROR, "connection refused", -healthz, { $.status >= 500 }.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html`,
		Example: "  atoll logs dev\n  atoll logs dev web --follow\n  atoll logs dev db --since 1h\n  atoll logs prod worker --tail 50 --filter '{ $.level = \"ERROR\" }' --target aws",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args[0], append(args, "")[1])
		},
	}
	f.flags(cmd, env)
	cmd.Flags().Lookup("json").Usage = "print each line as a JSON object"
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on with new lines until Ctrl-C")
	cmd.Flags().DurationVar(&f.since, "since", 0, "how far back, such as 30s, 10m or 24h (default 10m, without --tail)")
	cmd.Flags().IntVar(&f.tail, "tail", 0, "the last lines only, so many at most")
	cmd.Flags().StringVar(&f.task, "task", "", "of the task whose id begins so")
	cmd.Flags().StringVar(&f.filter, "filter", "", "lines that match a pattern of CloudWatch Logs")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "show lines as they were written")
	return cmd
}

func (f *logsCommand) run(ctx context.Context, env Env, name, part string) error {
	switch {
	case f.since < 0 || f.tail < 0:
		return &problem{err: errors.New("--since and --tail are not below 0"), try: "--since 1h, --tail 100", code: exitUsage}
	case f.raw && f.asJSON:
		return &problem{err: errors.New("--raw and --json exclude each other"), try: "one of them", code: exitUsage}
	}
	e, _, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	q := logs.Query{Tail: f.tail, Task: f.task, Filter: f.filter}
	if q.Sources, err = logs.Sources(ctx, e, part); err != nil {
		return err
	}
	since := f.since
	if since == 0 && f.tail == 0 {
		since = logsSince
	}
	if since > 0 {
		q.Since = time.Now().Add(-since)
	}
	terminal := ui.Detect(env.Stdout)
	w := &logWriter{env: env, raw: f.raw, asJSON: f.asJSON, terminal: terminal.Live, colours: terminal.Colours, source: part == "", task: part != logs.Database && f.task == ""}
	read := logs.NewReader(e.Config).Read
	if f.follow {
		read = logs.NewReader(e.Config).Follow
	}
	if err := read(ctx, q, w.write); err != nil {
		return err
	}
	if w.lines == 0 && !f.follow {
		f.none(env, since)
	}
	return nil
}

// none says that there was nothing to show.
func (f *logsCommand) none(env Env, since time.Duration) {
	switch {
	case f.task != "" || f.filter != "":
		say(env, "No line matches.")
	case since > 0:
		say(env, "There are no lines of the last %s; --since 24h looks further back.", ui.Ago(since))
	default:
		say(env, "There are no lines yet.")
	}
}

// logWriter writes log lines.
type logWriter struct {
	env               Env
	raw, asJSON       bool
	terminal, colours bool
	source, task      bool // say which one wrote a line
	lines             int
}

func (w *logWriter) write(e logs.Event) error {
	w.lines++
	line := e.Message
	switch {
	case w.asJSON:
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		line = string(body)
	case !w.raw:
		line = w.head(e) + w.text(e.Message)
	}
	if _, err := fmt.Fprintln(w.env.Stdout, line); err != nil {
		return fmt.Errorf("writing the lines: %w", err)
	}
	return nil
}

// head is the time, and who wrote the line.
func (w *logWriter) head(e logs.Event) string {
	at := e.Time.Format("2006-01-02T15:04:05.000Z")
	if w.terminal {
		at = e.Time.Local().Format("15:04:05.000")
	}
	at = ui.Paint(at, ui.Faint, w.colours)
	var who []string
	if w.source {
		who = append(who, e.Source)
	}
	if w.task && e.Task != "" {
		who = append(who, status.Short(e.Task))
	}
	if len(who) == 0 {
		return at + "  "
	}
	name := strings.Join(who, "/")
	return at + "  " + ui.Paint(name, w.colour(name), w.colours) + "  "
}

// colour gives one that a task keeps.
func (w *logWriter) colour(name string) ui.Style {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name)) // never fails, by its contract
	return ui.Distinct(int(hash.Sum32() % 1000))
}

// text is a line's text; of a line in JSON, on a terminal, what it says.
func (w *logWriter) text(message string) string {
	if !w.terminal {
		return message
	}
	l, ok := logs.Parse(message)
	if !ok {
		return message
	}
	style := ui.Plain
	switch {
	case strings.HasPrefix(l.Level, "WARN"):
		style = ui.Busy
	case strings.HasPrefix(l.Level, "ERR"), l.Level == "FATAL", l.Level == "PANIC", l.Level == "CRITICAL":
		style = ui.Bad
	case l.Level == "DEBUG", l.Level == "TRACE":
		style = ui.Faint
	}
	out := l.Text
	if l.Level != "" {
		out = ui.Paint(fmt.Sprintf("%-5s", l.Level), style, w.colours) + " " + out
	}
	if l.Rest != "" {
		out += "  " + ui.Paint(l.Rest, ui.Faint, w.colours)
	}
	return out
}

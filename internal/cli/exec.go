package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"atoll/internal/datachannel"
	"atoll/internal/inspect"
)

type execCommand struct {
	environment
	task, container string
}

func newExec(env Env) *cobra.Command {
	var f execCommand
	cmd := &cobra.Command{
		Use: "exec ENVIRONMENT SERVICE [-- COMMAND...]", Short: "Run a command, or a shell, in a task of a service", Args: cobra.MinimumNArgs(2),
		Long: `Run a command in a container of a running task, by ECS Exec, without AWS's Session Manager plugin. Without a command it is /bin/sh.
An image that has no shell can run what it has, such as its own program.

The command is root's and runs on a terminal, as on AWS; what is piped in is typed there, and echoed unless the command reads without
that. atoll ends with the command's exit code. On AWS that is 0 as well for a command that has failed: AWS does not tell it.

A service whose tasks may be entered has exec = true in the environment's tfvars file.`,
		Example: "  atoll exec dev web -- /guestbook version\n  atoll exec dev web\n  atoll exec prod worker --task 3f2a --container worker --target aws -- /bin/bash -l",
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args[0], args[1], args[2:])
		},
	}
	f.flags(cmd, env)
	_ = cmd.Flags().MarkHidden("json") // what a command prints is its own
	cmd.Flags().StringVar(&f.task, "task", "", "the task whose id begins so (default: the one that has run longest)")
	cmd.Flags().StringVar(&f.container, "container", "", "the container's name (default: the one named like the service, or the only one)")
	return cmd
}

func (f *execCommand) run(ctx context.Context, env Env, name, service string, args []string) error {
	e, _, err := f.inspect(ctx, env, name)
	if err != nil {
		return err
	}
	s, ok := e.Service(service)
	if !ok {
		return advise(fmt.Errorf("%s has no service %s", name, service), "one of these: %s", strings.Join(e.ServiceNames(), ", "))
	}
	t, err := f.chooseTask(name, s)
	if err != nil {
		return err
	}
	container, err := f.chooseContainer(service, t)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"/bin/sh"}
	}
	if !t.Detail.EnableExecuteCommand {
		return notEntered(fmt.Errorf("the task %s was started without ECS Exec", short(t.ID)), name, service)
	}
	out, err := e.Clients.ECS.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: &s.Cluster, Task: t.Detail.TaskArn, Container: &container, Command: aws.String(datachannel.Quote(args)), Interactive: true,
	})
	if err != nil {
		return refusedExec(err, name, service)
	}
	session := datachannel.Target{
		URL: aws.ToString(out.Session.StreamUrl), Token: aws.ToString(out.Session.TokenValue), ID: aws.ToString(out.Session.SessionId),
		Command: "ecs:" + s.Cluster + "_" + t.ID + "_" + runtimeID(t, container), Keys: sessionKeys{kms.NewFromConfig(e.Clients.Config)},
	}
	code, err := converse(ctx, env, session)
	var ended *datachannel.EndedError
	switch {
	case errors.As(err, &ended) && strings.Contains(ended.Output, "Unable to start command"):
		return advise(fmt.Errorf("%s cannot be run in the container %s: %s", args[0], container, ended.Output),
			"atoll exec %s %s -- PROGRAM, with the path of a program that the image has; one made by atoll build has nothing but the app", name, service)
	case err != nil:
		return err
	case code != 0:
		return &silent{code}
	}
	return nil
}

// sessionKeys makes the data keys of encrypted sessions.
type sessionKeys struct{ client *kms.Client }

func (k sessionKeys) DataKey(ctx context.Context, id string, size int, encryptionContext map[string]string) (plain, sealed []byte, err error) {
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &id, NumberOfBytes: aws.Int32(int32(size)), EncryptionContext: encryptionContext})
	if err != nil {
		return nil, nil, err
	}
	return out.Plaintext, out.CiphertextBlob, nil
}

func runtimeID(t *inspect.Task, container string) string {
	i := slices.IndexFunc(t.Detail.Containers, func(c types.Container) bool { return aws.ToString(c.Name) == container })
	if i < 0 {
		return ""
	}
	return aws.ToString(t.Detail.Containers[i].RuntimeId)
}

func short(id string) string { return id[:min(len(id), 8)] }

// chooseTask gives the running task that was asked for, or the oldest.
func (f *execCommand) chooseTask(name string, s *inspect.Service) (*inspect.Task, error) {
	var running []*inspect.Task
	for i := range s.Tasks {
		if t := &s.Tasks[i]; t.Running() && strings.HasPrefix(t.ID, f.task) {
			running = append(running, t)
		}
	}
	switch {
	case len(running) == 0 && f.task != "":
		return nil, advise(fmt.Errorf("no running task of %s has an id that begins with %s", s.Name, f.task), "atoll status %s", name)
	case len(running) == 0:
		return nil, advise(fmt.Errorf("no task of %s runs", s.Name), "atoll status %s, and atoll logs %s %s", name, name, s.Name)
	case len(running) > 1 && f.task != "":
		return nil, advise(fmt.Errorf("%d running tasks of %s have ids that begin with %s", len(running), s.Name, f.task), "more of the id")
	}
	return slices.MinFunc(running, func(a, b *inspect.Task) int {
		return aws.ToTime(a.Detail.StartedAt).Compare(aws.ToTime(b.Detail.StartedAt))
	}), nil
}

func (f *execCommand) chooseContainer(service string, t *inspect.Task) (string, error) {
	var names []string
	for _, c := range t.Detail.Containers {
		names = append(names, aws.ToString(c.Name))
	}
	switch {
	case slices.Contains(names, f.container):
		return f.container, nil
	case f.container != "":
		return "", advise(fmt.Errorf("the task %s has no container %s", short(t.ID), f.container), "one of these: %s", strings.Join(names, ", "))
	case len(names) == 1:
		return names[0], nil
	case slices.Contains(names, service):
		return service, nil
	}
	return "", advise(fmt.Errorf("the task %s has more than one container", short(t.ID)), "--container with one of these: %s", strings.Join(names, ", "))
}

func notEntered(err error, name, service string) error {
	return advise(err, "exec = true for the service %s in %s.tfvars (and no read_only), then atoll up %s", service, name, name)
}

// refusedExec advises on what ECS refuses.
func refusedExec(err error, name, service string) error {
	var unconnected *types.TargetNotConnectedException
	var invalid *types.InvalidParameterException
	switch {
	case errors.As(err, &unconnected):
		return advise(fmt.Errorf("the agent in the task is not connected: %w", err),
			"the task's role must allow ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel\n"+
				"and the task must reach the internet, or an interface endpoint of ssmmessages: atoll explain %s %s internet", name, service)
	case errors.As(err, &invalid) && strings.Contains(invalid.ErrorMessage(), "not enabled"):
		return notEntered(err, name, service)
	}
	return err
}

// converse connects the terminal, or what is piped, with a session, and gives the exit code of its command.
func converse(ctx context.Context, env Env, session datachannel.Target) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	console := datachannel.Console{Input: env.Stdin, Output: env.Stdout}
	if out, ok := terminal(env.Stdout); ok {
		sizes := make(chan datachannel.TerminalSize)
		watching := make(chan struct{})
		go func() { watchSize(ctx, out, sizes); close(watching) }()
		defer func() { cancel(); <-watching }()
		console.Resize = sizes
	} else {
		console.Output = &unixLines{w: env.Stdout}
	}
	defer cancel()
	if in, ok := terminal(env.Stdin); ok {
		before, err := term.MakeRaw(in)
		if err != nil {
			return 0, fmt.Errorf("setting the terminal: %w", err)
		}
		defer func() { _ = term.Restore(in, before) }()
	}
	code, _, err := datachannel.Dial(ctx, http.DefaultClient, session, console)
	return code, err
}

// terminal gives the descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// watchSize tells the size of a terminal, and each other one that it gets.
func watchSize(ctx context.Context, fd int, sizes chan<- datachannel.TerminalSize) {
	ticker := time.NewTicker(250 * time.Millisecond) // every system can be asked, not every one tells
	defer ticker.Stop()
	var last datachannel.TerminalSize
	for {
		columns, rows, err := term.GetSize(fd)
		if now := (datachannel.TerminalSize{Columns: uint16(columns), Rows: uint16(rows)}); err == nil && now != last {
			select {
			case sizes <- now:
				last = now
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// unixLines writes a terminal's output with the ends of lines that files have.
type unixLines struct {
	w    io.Writer
	held bool // a carriage return that may begin the end of a line
}

func (u *unixLines) Write(b []byte) (int, error) {
	n := len(b)
	if u.held {
		b = append([]byte{'\r'}, b...)
	}
	if u.held = bytes.HasSuffix(b, []byte{'\r'}); u.held {
		b = b[:len(b)-1]
	}
	if _, err := u.w.Write(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))); err != nil {
		return 0, err
	}
	return n, nil
}

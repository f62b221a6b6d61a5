package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
	"atoll/internal/dataplane/rootless"
)

// defaultPort is the port that people who come from other local clouds expect.
const defaultPort = 4566

// defaultEdgePort is where load balancers are reached, of the cloud on the default port. Others take a free one.
const defaultEdgePort = 8088

type cloudStart struct {
	dir     string
	port    int
	edge    int // -1: not given
	runtime string
	detach  bool
	verbose bool
	asJSON  bool
	readyFD int // of a detached cloud: where it tells its parent that it is ready, or why not
}

func newCloudStart(env Env) *cobra.Command {
	var f cloudStart
	cmd := &cobra.Command{
		Use: "start", Short: "Start the local cloud", Args: cobra.NoArgs,
		Long: `Start the local cloud on 127.0.0.1. Without --detach it runs until Ctrl-C; with it, in the background until 'atoll cloud stop'.
The cloud keeps everything in its directory: the next start finds it as it was, also after a crash. One directory is one cloud;
start a second one with another --dir and another --port.`,
		Example: "  atoll cloud start --detach\n  atoll cloud start --dir ./cloud --port 0",
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), env) },
	}
	dirFlagVar(cmd, env, &f.dir)
	cmd.Flags().IntVar(&f.port, "port", defaultPort, "port on 127.0.0.1; 0 takes a free one")
	cmd.Flags().IntVar(&f.edge, "edge-port", -1, fmt.Sprintf("port on 127.0.0.1 where load balancers answer; 0 takes a free one (default %d, and a free one with another --port)", defaultEdgePort))
	cmd.Flags().StringVar(&f.runtime, "runtime", cmp.Or(env.Machine.Getenv("ATOLL_RUNTIME"), string(daemon.Auto)),
		"what tasks run with: auto, runc, docker (Podman too), process, or none to keep them as records; $ATOLL_RUNTIME sets it too")
	cmd.Flags().BoolVarP(&f.detach, "detach", "d", false, "run in the background")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON when the cloud is ready")
	cmd.Flags().IntVar(&f.readyFD, "ready-fd", 0, "")
	cmd.Flags().Lookup("ready-fd").Hidden = true
	return cmd
}

func (f *cloudStart) run(ctx context.Context, env Env) error {
	if f.port < 0 || f.port > 65535 {
		return &problem{err: fmt.Errorf("--port %d is no port", f.port), try: "a number from 0 to 65535; 0 takes a free port", code: exitUsage}
	}
	if f.edge < -1 || f.edge > 65535 {
		return &problem{err: fmt.Errorf("--edge-port %d is no port", f.edge), try: "a number from 0 to 65535; 0 takes a free port", code: exitUsage}
	}
	if !slices.Contains(daemon.Runtimes(), daemon.Runtime(f.runtime)) {
		return &problem{err: fmt.Errorf("--runtime %s is not known", f.runtime), try: "--runtime auto, runc, docker, process or none", code: exitUsage}
	}
	dir, err := cloudDir(env, f.dir)
	if err != nil {
		return err
	}
	if f.detach {
		info, err := f.spawn(ctx, env, dir)
		if err != nil {
			return err
		}
		return f.started(env, info, "Stop it with:   atoll cloud stop"+f.dirArgs())
	}
	if f.readyFD == 0 && f.rooted(ctx, env) {
		child, err := f.inNamespace(ctx, env, dir)
		if err != nil {
			return err
		}
		if child.Start() == nil { // there are systems without user namespaces: this cloud says what does not run
			return exitOf(child)
		}
	}
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: level}))
	config := daemon.Config{Dir: dir, Port: f.port, EdgePort: f.edgePort(), Runtime: daemon.Runtime(f.runtime), Version: sourceVersion, Logger: logger}
	if source := downloads(env, logger); source != nil {
		config.Downloads = source
	}
	if f.readyFD == 0 {
		return daemon.Run(ctx, config, func(info daemon.Info) {
			if err := f.started(env, info, "Stop it with:   Ctrl-C"); err != nil {
				logger.Warn("saying that the cloud is ready", "err", err)
			}
		})
	}
	pipe := os.NewFile(uintptr(f.readyFD), "ready")
	err = daemon.Run(ctx, config, func(info daemon.Info) { tell(pipe, message{Info: &info}, logger) })
	if err != nil {
		tell(pipe, newMessage(err), logger)
	}
	return err
}

// started says that the cloud answers, and what to do next.
func (f *cloudStart) started(env Env, info daemon.Info, stop string) error {
	if f.asJSON {
		return writeJSON(env, info)
	}
	fmt.Fprintf(env.Stdout, "The local cloud is ready at %s\n", info.Endpoint)
	say(env, "Directory:      %s", info.Dir)
	say(env, "Load balancers: at %s, by host names under .elb.localhost", info.Edge)
	say(env, "Use it with:    eval \"$(atoll cloud env%s)\"", f.dirArgs())
	say(env, "%s", stop)
	return nil
}

func (f *cloudStart) edgePort() int {
	switch {
	case f.edge >= 0:
		return f.edge
	case f.port == defaultPort:
		return defaultEdgePort
	}
	return 0
}

func (f *cloudStart) dirArgs() string {
	if f.dir == "" {
		return ""
	}
	return " --dir " + f.dir
}

// message is what a detached cloud tells the process that started it.
type message struct {
	Info *daemon.Info `json:"info,omitempty"`
	Err  string       `json:"error,omitempty"`
	Try  string       `json:"try,omitempty"`
	Code int          `json:"code,omitempty"`
}

func newMessage(err error) message {
	p := advised(err)
	return message{Err: p.err.Error(), Try: p.try, Code: p.code}
}

// tell writes the message and closes the pipe. After the first message the parent is gone, and writing fails: that is no error.
func tell(pipe *os.File, m message, logger *slog.Logger) {
	if err := errors.Join(json.NewEncoder(pipe).Encode(m), pipe.Close()); err != nil {
		logger.Debug("telling the parent process", "err", err)
	}
}

// startTime bounds how long a detached cloud may take until it answers.
const startTime = 30 * time.Second

// spawn runs the cloud as a process of its own and waits until it answers.
func (f *cloudStart) spawn(ctx context.Context, env Env, dir daemon.Dir) (daemon.Info, error) {
	self, err := env.Executable()
	if err != nil {
		return daemon.Info{}, fmt.Errorf("finding atoll itself: %w", err)
	}
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return daemon.Info{}, fmt.Errorf("making the cloud's directory: %w", err)
	}
	log, err := os.OpenFile(dir.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return daemon.Info{}, fmt.Errorf("opening the cloud's log: %w", err)
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return daemon.Info{}, fmt.Errorf("starting the cloud: %w", err)
	}
	defer r.Close()
	command := func(rooted bool) *exec.Cmd { // a command is started once
		cmd := exec.Command(self, append(f.args(dir), "--ready-fd", "3")...) //nolint:noctx // it outlives this process
		cmd.Stdout, cmd.Stderr, cmd.ExtraFiles, cmd.SysProcAttr = log, log, []*os.File{w}, detached()
		cmd.Dir = string(dir)
		if rooted {
			rootless.Enter(cmd.SysProcAttr)
		}
		return cmd
	}
	rooted := f.rooted(ctx, env)
	cmd := command(rooted)
	err = cmd.Start()
	if err != nil && rooted { // there are systems without user namespaces: the cloud says what does not run
		cmd = command(false)
		err = cmd.Start()
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return daemon.Info{}, fmt.Errorf("starting %s: %w", self, err)
	}
	return await(ctx, cmd, r, dir)
}

// rooted says whether the cloud is to be root of a user namespace.
func (f *cloudStart) rooted(ctx context.Context, env Env) bool {
	return daemon.Runtime(cmp.Or(f.runtime, string(daemon.Auto))).Rootless(ctx, env.Machine.Getenv)
}

// args are the arguments of another process that starts this cloud.
func (f *cloudStart) args(dir daemon.Dir) []string {
	args := []string{"cloud", "start", "--dir", string(dir), "--port", strconv.Itoa(f.port), "--edge-port", strconv.Itoa(f.edgePort()), "--runtime", cmp.Or(f.runtime, string(daemon.Auto))}
	if f.verbose {
		args = append(args, "--verbose")
	}
	return args
}

// inNamespace makes a child that is root of a user namespace, and starts this cloud there.
func (f *cloudStart) inNamespace(ctx context.Context, env Env, dir daemon.Dir) (*exec.Cmd, error) {
	self, err := env.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding atoll itself: %w", err)
	}
	args := f.args(dir)
	if f.asJSON {
		args = append(args, "--json")
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = env.Stdout, env.Stderr, &syscall.SysProcAttr{}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	rootless.Enter(cmd.SysProcAttr)
	return cmd, nil
}

// exitOf waits for a child that says by itself what there is to say.
func exitOf(child *exec.Cmd) error {
	err := child.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return &silent{exit.ExitCode()}
	}
	return nil
}

// await reads the detached cloud's message. A cloud that ends without one has said why in its log.
func await(ctx context.Context, cmd *exec.Cmd, r io.Reader, dir daemon.Dir) (daemon.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	got := make(chan []byte, 1)
	go func() {
		body, _ := io.ReadAll(r) // ends with the child or with its message; cut short, it does not decode
		got <- body
	}()
	select {
	case <-ctx.Done():
		return daemon.Info{}, errors.Join(fmt.Errorf("waiting for the cloud to start: %w", ctx.Err()), cmd.Process.Kill())
	case body := <-got:
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			return daemon.Info{}, advise(errors.New("the cloud ended as it started"), "tail %s", dir.Log())
		}
		if m.Info == nil {
			return daemon.Info{}, &problem{err: errors.New(m.Err), try: m.Try, code: m.Code}
		}
		return *m.Info, cmd.Process.Release()
	}
}

package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/aws/kms"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/fargate"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/state"
	"atoll/internal/datachannel"
	"atoll/internal/dataplane/container"
	"atoll/internal/reach"
)

const (
	// channels is the path under which clients take part in sessions.
	channels = "/v1/data-channel/"
	// unopened is how long a session waits for its client.
	unopened = 5 * time.Minute
	// mostLogged is how much of a session's output is logged, in bytes.
	mostLogged = 16 << 20
)

// commands runs the sessions of ECS Exec: what the agent in a container and the service between it and the client do on AWS.
type commands struct {
	agent  *fargate.Agent
	logs   fargate.Logs
	keys   *kms.Service
	store  *state.Store
	clock  clock.Clock
	ids    id.Source
	logger *slog.Logger
	// reaches says whether flows get from an interface to a name.
	reaches func(ctx context.Context, iface, name string, port uint16) error

	mu      sync.Mutex
	closed  bool
	waiting map[string]*commandSession // by id: those without a client
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

type commandSession struct {
	id, token  string
	command    ecs.Command
	args       []string
	began      time.Time
	encryption *datachannel.Encryption
}

func newCommands(agent *fargate.Agent, logs fargate.Logs, keys *kms.Service, store *state.Store, config *Config, reaches func(ctx context.Context, iface, name string, port uint16) error) *commands {
	c := &commands{agent: agent, logs: logs, keys: keys, store: store, clock: config.Clock, ids: config.IDs, logger: config.Logger, reaches: reaches, waiting: map[string]*commandSession{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Run waits for ctx's end, then ends all sessions and waits for them.
func (c *commands) Run(ctx context.Context) error {
	<-ctx.Done()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.running.Wait()
	return nil
}

// Begin is ecs.Commands': the agent in the task must have the permissions, and the way, to reach its service.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-required-iam-permissions
func (c *commands) Begin(ctx context.Context, command ecs.Command) (ecs.CommandSession, error) {
	err := c.agent.RoleMay(command.Task, "*", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel")
	if err != nil {
		return ecs.CommandSession{}, err
	}
	iface, sc, ok := c.agent.Interface(command.Task)
	if !ok {
		return ecs.CommandSession{}, errors.New("the task does not run")
	}
	host := "ssmmessages." + sc.Region + ".amazonaws.com"
	if err := c.reaches(ctx, iface, host, 443); err != nil {
		return ecs.CommandSession{}, fmt.Errorf("the agent does not reach %s: %w", host, err)
	}
	args, err := datachannel.Split(command.Line)
	if err != nil {
		return ecs.CommandSession{}, err
	}
	s := &commandSession{id: "ecs-execute-command-0" + c.ids.Hex(16), token: c.ids.Hex(64), command: command, args: args, began: c.clock.Now()}
	if s.encryption, err = c.encryption(ctx, s); err != nil {
		return ecs.CommandSession{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, old := range c.waiting {
		if s.began.Sub(old.began) > unopened {
			delete(c.waiting, id)
		}
	}
	c.waiting[s.id] = s
	return ecs.CommandSession{ID: s.id, URL: channelURL(command.Endpoint, host) + channels + s.id + "?role=publish_subscribe", Token: s.token}, nil
}

// encryption gives how the agent encrypts a session: with a data key that the client makes and the task's role may decrypt.
func (c *commands) encryption(ctx context.Context, s *commandSession) (*datachannel.Encryption, error) {
	if s.command.Key == "" {
		return nil, nil
	}
	arn, err := c.keys.KeyARN(ctx, s.command.Key)
	if err != nil {
		return nil, err
	}
	task := s.command.Task
	target := "ecs:" + s.command.Cluster + "_" + task[strings.LastIndexByte(task, '/')+1:] + "_" + s.command.RuntimeID
	return &datachannel.Encryption{KeyID: s.command.Key, Open: func(_ context.Context, sealed []byte) (key []byte, err error) {
		if err := c.agent.RoleMay(task, arn, "kms:Decrypt"); err != nil {
			return nil, err
		}
		return key, c.store.View(func(tx *state.Tx) error {
			key, err = c.keys.Open(tx, s.command.Scope, sealed, datachannel.Context(s.id, target))
			return err
		})
	}}, nil
}

// channelURL gives where clients take part: at AWS's own name for those that reach AWS by name, else where they have reached the cloud.
func channelURL(endpoint, host string) string {
	scheme, at, _ := strings.Cut(endpoint, "://")
	switch {
	case strings.HasSuffix(at, ".amazonaws.com") && scheme == "https":
		return "wss://" + host
	case scheme == "https":
		return "wss://" + at
	}
	return "ws://" + at
}

// owns reports whether a request is a client's that takes part in a session.
func (c *commands) owns(r *http.Request) bool {
	return c != nil && strings.HasPrefix(r.URL.Path, channels) && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// ServeHTTP runs a session with its client.
func (c *commands) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := c.take(strings.TrimPrefix(r.URL.Path, channels))
	if s == nil {
		http.Error(w, "there is no such session that waits for its client", http.StatusNotFound)
		return
	}
	defer c.running.Done()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // no page's script has the token
	if err != nil {
		c.logger.Debug("a client does not take part in a session", "session", s.id, "err", err)
		return
	}
	record := &transcript{}
	err = datachannel.Serve(c.ctx, conn, datachannel.Session{ID: s.id, Token: s.token, Encryption: s.encryption, Run: func(ctx context.Context, t datachannel.Terminal) (int, error) {
		return c.run(ctx, s, t, record)
	}})
	if err != nil {
		c.logger.Info("a session with a container has failed", "session", s.id, "task", s.command.Task, "err", err)
	}
	if err := c.log(s, record); err != nil {
		c.logger.Warn("a session with a container is not logged", "session", s.id, "group", s.command.LogGroup, "err", err)
	}
}

// take takes a session out of those that wait, and counts it as running.
func (c *commands) take(id string) *commandSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.waiting[id]
	if s == nil || c.closed || c.clock.Now().Sub(s.began) > unopened {
		return nil
	}
	delete(c.waiting, id)
	c.running.Add(1)
	return s
}

// run runs a session's command. As on AWS it is root's, and has a terminal.
func (c *commands) run(ctx context.Context, s *commandSession, t datachannel.Terminal, record io.Writer) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	resize, ended := make(chan container.Size), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case size := <-t.Resize:
				select {
				case resize <- container.Size{Rows: size.Rows, Columns: size.Columns}:
				case <-ctx.Done():
				}
			}
		}
	}()
	defer func() { cancel(); <-ended }()
	code, err := c.agent.Exec(ctx, s.command.Task, s.command.Container, container.ExecSpec{
		Args: s.args, Env: []string{"TERM=xterm-256color"}, Root: true, TTY: true, Stdin: t.Input, Stdout: io.MultiWriter(record, t.Output), Resize: resize,
	})
	if bad := (*container.StartError)(nil); errors.As(err, &bad) {
		return 0, fmt.Errorf("Unable to start command: Failed to start pty: %s", bad.Reason) //nolint:staticcheck // AWS's words begin so
	}
	return code, err
}

// transcript keeps what a session has printed.
type transcript struct{ bytes.Buffer }

func (t *transcript) Write(b []byte) (int, error) {
	if room := mostLogged - t.Len(); len(b) > room {
		_, _ = t.Buffer.Write(b[:max(room, 0)]) // never fails
		return len(b), nil
	}
	return t.Buffer.Write(b)
}

// log writes a session's output to its log group, in a stream of the session's name, if the task's role may do that.
func (c *commands) log(s *commandSession, record *transcript) error {
	group, sc := s.command.LogGroup, s.command.Scope
	if group == "" || record.Len() == 0 {
		return nil
	}
	arn := "arn:aws:logs:" + sc.Region + ":" + sc.Account + ":log-group:" + group + ":log-stream:" + s.id
	if err := c.agent.RoleMay(s.command.Task, arn, "logs:CreateLogStream", "logs:PutLogEvents"); err != nil {
		return err
	}
	const atOnce = 1000
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(record.String(), "\uFFFD")) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, line)
		}
		if len(lines) == atOnce {
			if err := c.logs.PutTrusted(context.WithoutCancel(c.ctx), sc, group, s.id, lines, c.clock.Now()); err != nil {
				return err
			}
			lines = nil
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return c.logs.PutTrusted(context.WithoutCancel(c.ctx), sc, group, s.id, lines, c.clock.Now())
}

// reaches says whether a flow from an interface gets to a name, as the network stands.
func (c *carrier) reaches(ctx context.Context, iface, name string, port uint16) error {
	p := c.peers.Load()
	if p == nil {
		return errors.New("the cloud is starting")
	}
	addrs, _ := c.Resolve(ctx, iface, name)
	if len(addrs) == 0 {
		return fmt.Errorf("%s has no address", name)
	}
	path := p.networks.Decide(reach.Flow{From: iface, To: addrs[0], Port: port})
	if !path.Allowed {
		return errors.New(path.Reason())
	}
	return nil
}

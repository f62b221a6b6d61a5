package database

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"atoll/internal/hint"
	"atoll/internal/inspect"
	"atoll/internal/machine"
)

// plugin is AWS's program that carries sessions.
const plugin = "session-manager-plugin"

// Plugin gives the path of AWS's program that carries sessions.
func Plugin(ctx context.Context, m machine.Machine) (string, error) {
	path, err := m.LookPath(plugin)
	if err != nil {
		return "", hint.Errorf("install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
			"on AWS the way to the database is a Session Manager session, and the program %s, which carries it, is not installed", plugin)
	}
	version, err := m.Run(ctx, nil, path, "--version")
	if err != nil {
		return "", fmt.Errorf("asking for the version of %s: %w", plugin, err)
	}
	if version = strings.TrimSpace(version); older(version, 1, 2, 497) {
		return "", hint.Errorf("update it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
			"%s %s takes a session's token on its command line alone, where other users see it", plugin, version)
	}
	return path, nil
}

// older reports whether a version, such as 1.2.707.0, is below another.
func older(version string, want ...int) bool {
	for i, part := range strings.Split(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || i >= len(want) {
			return false
		}
		if n != want[i] {
			return n < want[i]
		}
	}
	return false
}

// Target gives what a session is opened into: the first running task of a service that takes sessions. False where there is none.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func Target(s *inspect.Service) (string, bool) {
	for _, t := range s.Tasks {
		if !t.Running() || !t.Detail.EnableExecuteCommand {
			continue
		}
		for _, c := range t.Detail.Containers {
			for _, a := range c.ManagedAgents {
				if a.Name == "ExecuteCommandAgent" && aws.ToString(a.LastStatus) == "RUNNING" && c.RuntimeId != nil {
					return "ecs:" + s.Cluster + "_" + t.ID + "_" + *c.RuntimeId, true
				}
			}
		}
	}
	return "", false
}

// Session is a port of this machine that leads to a database through a session into a task.
type Session struct {
	Port int

	client *ssm.Client
	id     string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the program has ended
	err    error         // why, once it has

	mu     sync.Mutex
	output strings.Builder
}

// response is what the program takes of StartSession's answer.
type response struct {
	ID    string `json:"SessionId"`
	Token string `json:"TokenValue"`
	URL   string `json:"StreamUrl"`
}

// request is what was asked of StartSession.
type request struct {
	Target     string
	Document   string `json:"DocumentName"`
	Parameters map[string][]string
}

// Open opens a session into a target of Target, and has a port of this machine, 0 for a free one, lead through it to the database, until Close.
func Open(ctx context.Context, cfg aws.Config, plugin, target string, l *Login, port int) (*Session, error) {
	port, err := freePort(ctx, port)
	if err != nil {
		return nil, err
	}
	s := &Session{Port: port, client: ssm.NewFromConfig(cfg), ended: make(chan struct{})}
	in := request{target, "AWS-StartPortForwardingSessionToRemoteHost", map[string][]string{
		"host": {l.Host}, "portNumber": {strconv.Itoa(l.Port)}, "localPortNumber": {strconv.Itoa(port)}}}
	out, err := s.client.StartSession(ctx, &ssm.StartSessionInput{Target: &in.Target, DocumentName: &in.Document, Parameters: in.Parameters})
	if err != nil {
		return nil, fmt.Errorf("opening a session into %s: %w", target, err)
	}
	s.id = aws.ToString(out.SessionId)
	if err := s.start(ctx, cfg, plugin, in, response{s.id, aws.ToString(out.TokenValue), aws.ToString(out.StreamUrl)}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// freePort finds a port that can be opened: the program itself opens it, and does not tell which one it took.
func freePort(ctx context.Context, port int) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", local(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, portTaken(port)
	}
	if err != nil {
		return 0, fmt.Errorf("opening the port %d: %w", port, err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// tokenVariable is where the program looks for the answer of StartSession if it is given this name in its place: the token in it is a secret.
const tokenVariable = "AWS_SSM_START_SESSION_RESPONSE"

// start starts the program, and waits until its port is open.
func (s *Session) start(ctx context.Context, cfg aws.Config, plugin string, in request, out response) error {
	asked, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("writing the session's request: %w", err)
	}
	token, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("writing the session's token: %w", err)
	}
	endpoint := cmp.Or(aws.ToString(cfg.BaseEndpoint), "https://ssm."+cfg.Region+".amazonaws.com")
	s.cmd = exec.Command(plugin, tokenVariable, cfg.Region, "StartSession", "", string(asked), endpoint) //nolint:noctx // Close ends it
	s.cmd.Env = append(os.Environ(), tokenVariable+"="+string(token))
	s.cmd.SysProcAttr = apart()
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", plugin, err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("starting %s: %w", plugin, err)
	}
	open := make(chan struct{})
	go func() { // until the program's end, which Close waits for
		defer close(s.ended)
		var once sync.Once
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.mu.Lock()
			s.output.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if strings.Contains(lines.Text(), "opened for sessionId") {
				once.Do(func() { close(open) })
			}
		}
		s.err = s.cmd.Wait()
	}()
	select {
	case <-open:
		return nil
	case <-s.ended:
		return s.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failure is why the program has ended.
func (s *Session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	if err == nil {
		err = errors.New("it has ended")
	}
	return &machine.CommandError{Args: []string{plugin, "StartSession"}, Output: machine.Tail(s.output.String()), Err: err}
}

// Wait waits until the session ends by itself, which is a failure, or until ctx ends.
func (s *Session) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.ended:
		return s.failure()
	}
}

// endTime bounds how long the end of a session may take.
const endTime = 10 * time.Second

// Close ends the session.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if s.cmd != nil {
		_ = interrupt(s.cmd.Process) // it may have ended
		select {
		case <-s.ended:
		case <-ctx.Done():
			_ = s.cmd.Process.Kill()
			<-s.ended
		}
	}
	if _, err := s.client.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: &s.id}); err != nil {
		return fmt.Errorf("ending the session %s: %w", s.id, err)
	}
	return nil
}

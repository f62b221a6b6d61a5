package fargate_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/fargate"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/container/containertest"
	"atoll/internal/dataplane/fabric"
)

var app = containertest.Program{Package: "./testdata/app"}

func TestMain(m *testing.M) {
	code := m.Run()
	app.Remove()
	os.Exit(code)
}

const (
	account   = "111111111111"
	execution = "arn:aws:iam::111111111111:role/execution"
	taskRole  = "arn:aws:iam::111111111111:role/task"
	secret    = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf"
)

// world stands for the services that an agent asks.
type world struct {
	t       *testing.T
	agent   *fargate.Agent
	fabric  *fabric.Fabric
	store   *state.Store
	root    string // a folder with the app
	reports chan ecs.Report
	pidMode *string // of tasks

	mu      sync.Mutex
	allowed string // the statements of the execution role
	lines   []string
	streams []string
	wrote   chan struct{} // gets an element with each batch of lines
}

func (w *world) Subnet(*state.Tx, state.Scope, string) (network.Subnet, bool) {
	return network.Subnet{CIDR: "10.0.1.0/24"}, true
}

func (w *world) Role(_ *state.Tx, arn string) (auth.Role, bool) {
	return auth.Role{Account: account, ARN: arn, Name: arn[strings.LastIndexByte(arn, '/')+1:], ID: "AROA"}, true
}

func (w *world) Permissions(*state.Tx, auth.Principal) (auth.Permissions, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := auth.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + w.allowed + `]}`))
	if err != nil {
		w.t.Error(err)
	}
	return auth.Permissions{Policies: []*auth.Policy{p}}, err == nil
}

func (w *world) BeginFor(_ context.Context, role, name, _ string, lasts time.Duration) (auth.Key, error) {
	return auth.Key{ID: "ASIA1", Secret: role, SessionToken: name, Expires: time.Unix(0, 0).Add(lasts)}, nil
}

func (w *world) Secret(_ context.Context, _ state.Scope, id, _, _ string) (string, error) {
	if id != secret {
		return "", errors.New("ResourceNotFoundException: Secrets Manager can't find the specified secret.")
	}
	return `{"password":"open sesame","port":5432}`, nil
}

func (w *world) Parameter(_ context.Context, _ state.Scope, name string) (string, error) {
	return "value of " + name, nil
}

func (w *world) HasGroup(_ *state.Tx, _ state.Scope, name string) bool { return name == "/app" }

func (w *world) CreateGroupFor(context.Context, state.Scope, string) error { return nil }

func (w *world) CreateStreamFor(_ context.Context, _ state.Scope, group, stream string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams = append(w.streams, group+" "+stream)
	return nil
}

// made gives the log streams.
func (w *world) made() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.streams
}

func (w *world) PutTrusted(_ context.Context, _ state.Scope, group, stream string, messages []string, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range messages {
		w.lines = append(w.lines, group+" "+stream[:strings.LastIndexByte(stream, '/')]+" "+m)
	}
	w.wrote <- struct{}{}
	return nil
}

func (w *world) Prepare(_ context.Context, _ state.Scope, reference, dir string) (fargate.Image, error) {
	if reference != "app" {
		return fargate.Image{}, errors.New("not found")
	}
	b, err := os.ReadFile(filepath.Join(w.root, "app"))
	if err != nil {
		return fargate.Image{}, err
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "app"), b, 0o755)); err != nil {
		return fargate.Image{}, err
	}
	return fargate.Image{Digest: "sha256:1", Root: dir, Config: v1.Config{Entrypoint: []string{"/app"}, User: "1000"}, Release: func() error { return os.RemoveAll(dir) }}, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	runtime, err := container.NewRunc(t.Context(), t.TempDir(), logger)
	if errors.Is(err, container.ErrUnavailable) {
		t.Skipf("%v: install runc, and run the tests as root, to have it tested", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, root: app.Root(t), reports: make(chan ecs.Report, 100), wrote: make(chan struct{}, 100), allowed: `{"Effect":"Allow","Action":"*","Resource":"*"}`}
	var metadata *fargate.Metadata
	w.fabric = fabric.New(fabric.Config{Services: map[netip.Addr]func(context.Context, string, int) (net.Conn, error){
		netip.MustParseAddr(fargate.MetadataAddress): func(ctx context.Context, iface string, port int) (net.Conn, error) {
			return metadata.Dial(ctx, iface, port)
		},
	}})
	w.agent = fargate.New(fargate.Deps{Dir: t.TempDir(), Store: store, Clock: clock.System{}, IDs: id.Source{}, Logger: logger, Runtime: runtime, Network: w.fabric,
		Subnets: w, Images: w, Roles: w, Sessions: w, Values: w, Logs: w})
	w.agent.ReportTo(func(_ context.Context, _ state.Scope, reports ...ecs.Report) error {
		for _, r := range reports {
			w.reports <- r
		}
		return nil
	})
	metadata = fargate.NewMetadata(w.agent)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.agent.Run(ctx) })
	running.Go(func() { _ = metadata.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := errors.Join(runtime.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// start starts a task of containers.
func (w *world) start(containers ...ecs.ContainerDefinition) *ecs.TaskRun {
	w.t.Helper()
	taskID := id.Source{}.Hex(32)
	arn := "arn:aws:ecs:eu-west-1:" + account + ":task/main/" + taskID
	run := &ecs.TaskRun{
		Scope: state.Scope{Account: account, Region: "eu-west-1"}, Interface: "eni-" + taskID, PrivateIP: "10.0.1.20",
		Task: &ecs.Task{TaskArn: &arn, Cpu: new("256"), Memory: new("64"), AvailabilityZone: new("eu-west-1a"), Group: new("service:web"), ClusterArn: new("main"),
			Attachments: []ecs.Attachment{{Details: []ecs.KeyValuePair{{Name: new("subnetId"), Value: new("subnet-1")}}}}},
		Definition: &ecs.TaskDefinition{ExecutionRoleArn: new(execution), TaskRoleArn: new(taskRole), Family: new("app"), TaskDefinitionArn: new("arn:aws:ecs:eu-west-1:1:task-definition/app:3"),
			ContainerDefinitions: containers, PidMode: w.pidMode},
	}
	for _, c := range containers {
		run.Task.Containers = append(run.Task.Containers, ecs.Container{Name: c.Name, ContainerArn: new(arn + "/" + *c.Name)})
	}
	w.do(func(tx *state.Tx) { w.agent.Start(tx, run) })
	return run
}

func (w *world) do(f func(tx *state.Tx)) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), func(tx *state.Tx) error { f(tx); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

// await gives the first report of a status.
func (w *world) await(status string) ecs.Report {
	w.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case r := <-w.reports:
			if r.Status == status {
				return r
			}
			if r.Status == "STOPPED" {
				w.t.Fatalf("it has stopped: %+v", r)
			}
		case <-timeout:
			w.t.Fatalf("it is not %s", status)
		}
	}
}

func (w *world) output() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "\n")
}

func definition(name string, command ...string) ecs.ContainerDefinition {
	return ecs.ContainerDefinition{Name: &name, Image: new("app"), Command: command,
		LogConfiguration: &ecs.LogConfiguration{LogDriver: new("awslogs"), Options: map[string]string{"awslogs-group": "/app", "awslogs-stream-prefix": "p"}}}
}

func TestServingTask(t *testing.T) {
	w := newWorld(t)
	run := w.start(definition("web", "serve"))
	if r := w.await("RUNNING"); r.Containers[0].ImageDigest != "sha256:1" {
		t.Errorf("%+v", r)
	}
	<-w.wrote
	w.do(func(tx *state.Tx) { w.agent.Stop(tx, run) })
	r := w.await("STOPPED")
	if *r.Containers[0].ExitCode != 0 || r.StopCode != "" {
		t.Errorf("%+v", r)
	}
	if got := w.output(); got != "/app p/web ready\n/app p/web bye" {
		t.Errorf("%q", got)
	}
	if w.agent.Knows(*run.Task.TaskArn) {
		// it is forgotten after its report; a second stop must be answered all the same
		w.do(func(tx *state.Tx) { w.agent.Stop(tx, run) })
	}
}

// Commands run in a task's containers as root, on a terminal or without, as long as the container lives.
func TestCommandsInTask(t *testing.T) {
	w := newWorld(t)
	run := w.start(definition("web", "serve"))
	w.await("RUNNING")
	var out bytes.Buffer
	code, err := w.agent.Exec(t.Context(), *run.Task.TaskArn, "web", container.ExecSpec{Args: []string{"/app", "fail"}, Root: true, TTY: true, Stdout: &out})
	if err != nil || code != 7 || out.String() != "it cannot go on\r\n" {
		t.Errorf("%d, %v, %q", code, err, out.String())
	}
	var bad *container.StartError
	if _, err := w.agent.Exec(t.Context(), *run.Task.TaskArn, "web", container.ExecSpec{Args: []string{"/bin/sh"}, TTY: true}); !errors.As(err, &bad) {
		t.Errorf("without a shell: %v", err)
	}
	for _, other := range [][2]string{{*run.Task.TaskArn, "none"}, {"arn:none", "web"}} {
		if _, err := w.agent.Exec(t.Context(), other[0], other[1], container.ExecSpec{Args: []string{"/app", "fail"}}); err == nil {
			t.Errorf("a command runs in %v", other)
		}
	}
	ended := make(chan error, 1)
	go func() {
		_, err := w.agent.Exec(t.Context(), *run.Task.TaskArn, "web", container.ExecSpec{Args: []string{"/app", "serve"}, TTY: true})
		ended <- err
	}()
	w.do(func(tx *state.Tx) { w.agent.Stop(tx, run) })
	w.await("STOPPED")
	<-ended
}

func TestValuesOfTask(t *testing.T) {
	w := newWorld(t)
	c := definition("web", "env")
	c.Environment = []ecs.KeyValuePair{{Name: new("PLAIN"), Value: new("plain")}}
	c.Secrets = []ecs.Secret{{Name: new("SECRET"), ValueFrom: new(secret)}, {Name: new("FIELD"), ValueFrom: new(secret + ":password::")}, {Name: new("PARAMETER"), ValueFrom: new("/app/x")}}
	w.start(c)
	w.await("RUNNING")
	r := w.await("STOPPED")
	if r.StopCode != "EssentialContainerExited" || r.Reason != "Essential container in task exited" || *r.Containers[0].ExitCode != 0 {
		t.Errorf("%+v", r)
	}
	if got := w.output(); got != `/app p/web plain {"password":"open sesame","port":5432} open sesame value of /app/x eu-west-1` {
		t.Errorf("%q", got)
	}
}

func TestMetadataOfTask(t *testing.T) {
	w := newWorld(t)
	first := definition("first", "fail")
	first.Essential = new(false)
	web := dependent(definition("web", "metadata"), "first", "COMPLETE")
	web.HealthCheck = &ecs.HealthCheck{Command: []string{"CMD", "/app", "healthy"}}
	w.start(first, web)
	w.await("RUNNING")
	w.await("STOPPED")
	got := w.output()
	for _, want := range []string{`"Family":"app","Revision":"3"`, `"ServiceName":"web"`, `"DesiredStatus":"STOPPED","KnownStatus":"STOPPED","ExitCode":7`, `"StartedAt":"`, `"PullStartedAt":"`, `"Health":{"status":"UNKNOWN"}`, `"RoleArn":"` + taskRole + `"`, `"AccessKeyId":"ASIA1"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// Each task ends in the words of AWS.
func TestTasksThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		allowed   string
		container func(c *ecs.ContainerDefinition)
		code      string
		reason    string
		exit      int64
		detail    string
	}{
		"exits":       {container: func(c *ecs.ContainerDefinition) { c.Command = []string{"fail"} }, code: "EssentialContainerExited", reason: "Essential container in task exited", exit: 7},
		"eats memory": {container: func(c *ecs.ContainerDefinition) { c.Command = []string{"eat"} }, code: "EssentialContainerExited", exit: 137, detail: "OutOfMemoryError: Container killed due to memory usage"},
		"no image":    {container: func(c *ecs.ContainerDefinition) { c.Image = new("none") }, code: "TaskFailedToStart", reason: "CannotPullContainerError: not found", exit: -1},
		"no program":  {container: func(c *ecs.ContainerDefinition) { c.EntryPoint = []string{"/none"} }, code: "TaskFailedToStart", reason: "CannotStartContainerError", exit: -1},
		"no secret": {container: func(c *ecs.ContainerDefinition) {
			c.Secrets = []ecs.Secret{{Name: new("A"), ValueFrom: new(secret + "x")}}
		}, code: "TaskFailedToStart", reason: "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm", exit: -1},
		"no permission": {allowed: `{"Effect":"Deny","Action":"secretsmanager:*","Resource":"*"}`, container: func(c *ecs.ContainerDefinition) { c.Secrets = []ecs.Secret{{Name: new("A"), ValueFrom: new(secret)}} }, code: "TaskFailedToStart", reason: "AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/execution/", exit: -1},
		"no log group":  {container: func(c *ecs.ContainerDefinition) { c.LogConfiguration.Options["awslogs-group"] = "/none" }, code: "TaskFailedToStart", reason: "ResourceNotFoundException: The specified log group does not exist", exit: -1},
		"unknown part":  {container: func(c *ecs.ContainerDefinition) { c.SystemControls = []ecs.SystemControl{{}} }, code: "TaskFailedToStart", reason: "the local cloud does not run containers with systemControls", exit: -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.allowed != "" {
				w.allowed = c.allowed
			}
			d := definition("web", "serve")
			c.container(&d)
			w.start(d)
			timeout := time.After(time.Minute)
			for {
				select {
				case <-timeout:
					t.Fatal("it does not end")
				case r := <-w.reports:
					if r.Status != "STOPPED" {
						continue
					}
					got := r.Containers[0]
					if r.StopCode != c.code || !strings.Contains(r.Reason, c.reason) || !strings.Contains(got.Reason, c.detail) {
						t.Errorf("%+v", r)
					}
					if exit := got.ExitCode; c.exit < 0 && exit != nil || c.exit >= 0 && (exit == nil || *exit != c.exit) {
						t.Errorf("exit code %v", exit)
					}
				}
				break
			}
		})
	}
}

func TestPIDModeIsRefused(t *testing.T) {
	w := newWorld(t)
	w.pidMode = new("task")
	w.start(definition("web", "serve"))
	if r := w.await("STOPPED"); !strings.Contains(r.Reason, "pidMode task") {
		t.Errorf("%+v", r)
	}
}

func TestHealthAndOrder(t *testing.T) {
	w := newWorld(t)
	first := definition("first", "fail")
	first.Essential = new(false)
	second := definition("second", "serve")
	second.DependsOn = []ecs.ContainerDependency{{ContainerName: new("first"), Condition: new("COMPLETE")}}
	second.HealthCheck = &ecs.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: new(int64(1)), Retries: new(int64(1))}
	w.start(second, first)
	w.await("RUNNING")
	timeout := time.After(time.Minute)
	for {
		select {
		case r := <-w.reports:
			if r.Health == "" {
				continue
			}
			if r.Health != "UNHEALTHY" {
				t.Errorf("%+v", r)
			}
		case <-timeout:
			t.Fatal("nothing is told of its health")
		}
		break
	}
	if !strings.Contains(w.output(), "p/first it cannot go on") {
		t.Errorf("%q", w.output())
	}
}

package fargate

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/fabric"
)

// Images makes images ready to run.
type Images interface {
	// Prepare pulls an image for an account and region, and lays out a writable root file system below dir, which must not exist, unless the
	// runtime has images of its own.
	Prepare(ctx context.Context, sc state.Scope, reference, dir string) (Image, error)
}

// Image is an image that is ready to run.
type Image struct {
	Digest  string
	Root    string // of the file system; with Name, it is not to be written to
	Name    string // among the runtime's own images; empty if containers run from Root
	Config  v1.Config
	Release func() error // removes what was made for the container
}

// Network attaches network namespaces to interfaces.
type Network interface {
	Attach(ctx context.Context, i fabric.Interface) (*fabric.Namespace, error)
}

// Subnets knows subnets.
type Subnets interface {
	Subnet(tx *state.Tx, sc state.Scope, id string) (network.Subnet, bool)
}

// Roles knows roles and what they may do.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
	Permissions(tx *state.Tx, p auth.Principal) (auth.Permissions, bool)
}

// Sessions begins sessions of roles.
type Sessions interface {
	// BeginFor begins a session of a role for a service that may assume it.
	BeginFor(ctx context.Context, role, name, region string, lasts time.Duration) (auth.Key, error)
}

// Values reads what tasks are given by reference. Errors are worded for users.
type Values interface {
	Secret(ctx context.Context, sc state.Scope, id, version, stage string) (string, error)
	Parameter(ctx context.Context, sc state.Scope, name string) (string, error)
}

// Logs takes the output of containers.
type Logs interface {
	HasGroup(tx *state.Tx, sc state.Scope, name string) bool
	CreateGroupFor(ctx context.Context, sc state.Scope, name string) error
	// CreateStreamFor makes a stream of a group that is there.
	CreateStreamFor(ctx context.Context, sc state.Scope, group, stream string) error
	PutTrusted(ctx context.Context, sc state.Scope, group, stream string, messages []string, at time.Time) error
}

// Deps is what the agent needs.
type Deps struct {
	Dir      string // for tasks' files
	Store    *state.Store
	Clock    clock.Clock
	IDs      id.Source
	Logger   *slog.Logger
	Runtime  container.Runtime
	Network  Network
	Subnets  Subnets
	Images   Images
	Roles    Roles
	Sessions Sessions
	Values   Values
	Logs     Logs
	Trust    func(ctx context.Context) ([]byte, error) // certificates that containers are to trust beside their own, in PEM; nil for none
}

// Agent runs tasks.
type Agent struct {
	d      Deps
	report func(ctx context.Context, sc state.Scope, reports ...ecs.Report) error
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	tasks   map[string]*task // by ARN
	tokens  map[string]*task // by the id of their credentials, and of their containers' metadata
	running sync.WaitGroup
}

var _ ecs.Runtime = (*Agent)(nil)

// New makes an agent. ReportTo comes before its first task.
func New(d Deps) *Agent {
	ctx, cancel := context.WithCancel(context.Background())
	return &Agent{d: d, ctx: ctx, cancel: cancel, tasks: map[string]*task{}, tokens: map[string]*task{}}
}

// ReportTo says who is told what becomes of tasks.
func (a *Agent) ReportTo(report func(ctx context.Context, sc state.Scope, reports ...ecs.Report) error) {
	a.report = report
}

// Start starts a task once the transaction is on disk.
func (a *Agent) Start(tx *state.Tx, run *ecs.TaskRun) []ecs.Report {
	t := a.newTask(tx, run)
	tx.AfterCommit(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.closed {
			return
		}
		a.tasks[t.arn] = t
		a.tokens[t.credentials] = t
		for _, c := range t.containers {
			a.tokens[c.token] = t
		}
		a.running.Go(func() { t.run(a.ctx) })
	})
	return nil
}

// Stop stops a task once the transaction is on disk.
func (a *Agent) Stop(tx *state.Tx, run *ecs.TaskRun) []ecs.Report {
	arn, sc := *run.Task.TaskArn, run.Scope
	tx.AfterCommit(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if t := a.tasks[arn]; t != nil {
			t.stop()
		} else if !a.closed { // it has ended in the meantime, or never ran
			a.running.Go(func() { a.tell(sc, ecs.Report{Task: arn, Status: "STOPPED"}) })
		}
	})
	return nil
}

// Knows says whether a task is this agent's.
func (a *Agent) Knows(arn string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tasks[arn] != nil
}

// Run waits for ctx's end, then ends all tasks and waits for them.
func (a *Agent) Run(ctx context.Context) error {
	<-ctx.Done()
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cancel()
	a.running.Wait()
	return nil
}

// Usage tells what a task has used.
func (a *Agent) Usage(arn string) (container.Usage, error) {
	a.mu.Lock()
	t := a.tasks[arn]
	a.mu.Unlock()
	if t == nil {
		return container.Usage{}, errNotHere
	}
	return a.d.Runtime.Usage(t.id)
}

func (a *Agent) forget(t *task) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tasks, t.arn)
	delete(a.tokens, t.credentials)
	for _, c := range t.containers {
		delete(a.tokens, c.token)
	}
}

// tell reports; what cannot be stored is told in the cloud's log.
func (a *Agent) tell(sc state.Scope, r ecs.Report) {
	if err := a.report(a.ctx, sc, r); err != nil && a.ctx.Err() == nil {
		a.d.Logger.Error("storing what has become of a task", "task", r.Task, "err", err)
	}
}

// address reads an address of a record; it is invalid if there is none.
func address(s string) netip.Addr {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return ip
}

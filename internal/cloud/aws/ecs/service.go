package ecs

import (
	"context"
	"log/slog"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Network knows the VPCs that tasks run in.
type Network interface {
	Subnet(tx *state.Tx, sc state.Scope, id string) (network.Subnet, bool)
	SecurityGroup(tx *state.Tx, sc state.Scope, id string) (network.SecurityGroup, bool)
	AttachInterface(tx *state.Tx, sc state.Scope, in network.InterfaceRequest) (network.Interface, error)
	ReleaseInterface(tx *state.Tx, sc state.Scope, id string)
}

// Roles knows the IAM roles of tasks.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
}

// TargetGroups knows the target groups of load balancers.
type TargetGroups interface {
	TargetGroup(tx *state.Tx, sc state.Scope, arn string) (network.TargetGroup, bool)
	RegisterTarget(tx *state.Tx, sc state.Scope, arn, target string, port int) error
	DeregisterTarget(tx *state.Tx, sc state.Scope, arn, target string, port int)
}

// Runtime runs tasks. It is called within the transaction that decides of a task: it may act on the world once that has committed
// (state.Tx's AfterCommit), and tells what becomes of the task by the reports that it returns at once, or later by Service.Report.
type Runtime interface {
	// Start starts a task that is PENDING.
	Start(tx *state.Tx, task *TaskRun) []Report
	// Stop stops a task that Start was called for.
	Stop(tx *state.Tx, task *TaskRun) []Report
	// Knows says whether a task that was started is still the runtime's: those of before the cloud's last end may not be.
	Knows(task string) bool
}

// TargetHealth knows how the targets of load balancers do.
type TargetHealth interface {
	// TargetState gives a target's state, as DescribeTargetHealth names it, and why it is in it. A target that is not registered is unused.
	TargetState(tx *state.Tx, sc state.Scope, group, target string, port int) (health, reason string)
}

// Deps is what the service needs. TargetGroups may be nil, and then there are no target groups; without TargetHealth, targets are healthy and
// drained at once; without a Runtime, tasks are records that run as soon as they are started.
type Deps struct {
	Store        *state.Store
	Clock        clock.Clock
	IDs          id.Source
	Logger       *slog.Logger
	Bus          *event.Bus
	Network      Network
	Roles        Roles
	TargetGroups TargetGroups
	TargetHealth TargetHealth
	Runtime      Runtime
	Commands     Commands // nil: no command is run
}

// Service is Amazon ECS.
type Service struct {
	d           Deps
	clusters    state.Table[clusterRecord]
	families    state.Table[familyRecord]
	definitions state.Table[definitionRecord]
	services    state.Table[serviceRecord]
	revisions   state.Table[revisionRecord]
	rollouts    state.Table[rolloutRecord]
	tasks       state.Table[taskRecord]
	settings    state.Table[settingRecord]
	poked       chan struct{} // something has happened that attend looks at
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	if d.Runtime == nil {
		d.Runtime = recordRuntime{}
	}
	s := &Service{
		d: d, poked: make(chan struct{}, 1),
		clusters: state.NewTable(d.Store, "ecs.cluster", state.WithARN(func(sc state.Scope, name string, c *clusterRecord) string {
			if c.Status == statusInactive {
				return ""
			}
			return clusterARN(sc, name)
		})),
		families: state.NewTable[familyRecord](d.Store, "ecs.family"),
		definitions: state.NewTable(d.Store, "ecs.task-definition", state.WithARN(func(_ state.Scope, _ string, r *definitionRecord) string {
			if *r.TaskDefinition.Status != statusActive {
				return ""
			}
			return *r.TaskDefinition.TaskDefinitionArn
		})),
		services: state.NewTable(d.Store, "ecs.service", state.WithARN(func(sc state.Scope, _ string, r *serviceRecord) string {
			if r.Status == statusInactive {
				return ""
			}
			return r.arn(sc)
		})),
		revisions: state.NewTable[revisionRecord](d.Store, "ecs.service-revision"),
		rollouts:  state.NewTable[rolloutRecord](d.Store, "ecs.service-deployment"),
		tasks: state.NewTable(d.Store, "ecs.task",
			state.WithARN(func(_ state.Scope, _ string, r *taskRecord) string {
				if *r.Task.LastStatus == taskStopped {
					return ""
				}
				return *r.Task.TaskArn
			}),
			state.WithIndex("service", func(r *taskRecord) []string {
				if r.Service == "" {
					return nil
				}
				return []string{r.Cluster + "/" + r.Service}
			}),
			state.WithIndex("token", func(r *taskRecord) []string {
				if r.Token == "" {
					return nil
				}
				return []string{r.Token}
			})),
		settings: state.NewTable[settingRecord](d.Store, "ecs.account-setting"),
	}
	d.Bus.Subscribe(s.react)
	d.Bus.Subscribe(s.watchTargets)
	return s
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in an account and region.
type txn struct {
	*Service
	tx     *state.Tx
	sc     state.Scope
	now    time.Time
	caller string // ARN; empty where nobody called
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.called(ctx, tx)) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.called(ctx, tx)) })
}

func (s *Service) called(ctx context.Context, tx *state.Tx) *txn {
	call := wire.CallFrom(ctx)
	t := s.in(tx, call.Scope())
	t.caller = call.ARN
	return t
}

// in gives a transaction without a caller. AWS's times have milliseconds.
func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now().Truncate(time.Millisecond)}
}

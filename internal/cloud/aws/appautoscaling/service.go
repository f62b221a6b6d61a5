package appautoscaling

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Containers are the services of ECS, by the names of their cluster and their own.
type Containers interface {
	// DesiredCount gives how many tasks a service is to have, unless there is no such service.
	DesiredCount(tx *state.Tx, sc state.Scope, cluster, service string) (int, bool)
	SetDesiredCount(tx *state.Tx, sc state.Scope, cluster, service string, n int) error
}

// Tables are DynamoDB's tables and their global secondary indexes; index is empty for the table itself.
type Tables interface {
	// Provisioned gives the units that are provisioned, none of an on-demand table, unless there is no such table or index.
	Provisioned(tx *state.Tx, sc state.Scope, table, index string) (read, write int64, ok bool)
	// SetProvisioned sets them; 0 leaves one as it is.
	SetProvisioned(tx *state.Tx, sc state.Scope, table, index string, read, write int64) error
}

// Alarms are CloudWatch's metric alarms.
type Alarms interface {
	PutAlarm(tx *state.Tx, sc state.Scope, a NewAlarm) error
	DeleteAlarm(tx *state.Tx, sc state.Scope, name string)
	// AlarmByARN gives an alarm.
	AlarmByARN(tx *state.Tx, sc state.Scope, arn string) (AlarmView, bool)
	// AlarmsActing gives the alarms that have an action in any state, by name.
	AlarmsActing(tx *state.Tx, sc state.Scope, action string) []AlarmView
}

// Balancers are the load balancers and target groups of Elastic Load Balancing.
type Balancers interface {
	TargetGroup(tx *state.Tx, sc state.Scope, arn string) (network.TargetGroup, bool)
	LoadBalancer(tx *state.Tx, sc state.Scope, arn string) (network.LoadBalancer, bool)
}

// NewAlarm is an alarm that a policy makes. It watches one metric, or Queries.
type NewAlarm struct {
	Name, Description, Action string
	Namespace, Metric         string
	Statistic, Unit           string      // Unit may be empty
	Dimensions                [][2]string // name and value
	Queries                   []TargetTrackingMetricDataQuery
	Above                     bool // goes off above the threshold, as opposed to below
	Threshold                 float64
	Period, Periods           int64 // seconds, and how many of them must breach
}

// AlarmView is what there is of an alarm.
type AlarmView struct {
	Name, ARN, State string
	Enabled          bool     // whether it acts
	Actions          []string // for the state that it is in
	Above            bool
	Threshold        float64
	Values           []float64 // the data that it looks at now, the earliest first
}

// Deps is what the service needs.
type Deps struct {
	Store      *state.Store
	Clock      clock.Clock
	IDs        id.Source
	Logger     *slog.Logger
	Bus        *event.Bus
	Alarms     Alarms
	Tables     Tables
	Balancers  Balancers
	Containers Containers // nil: there are no services of ECS
}

// Service is Application Auto Scaling.
type Service struct {
	d          Deps
	targets    state.Table[targetRecord]
	policies   state.Table[policyRecord]
	actions    state.Table[actionRecord]
	activities state.Table[activityRecord]
	written    atomic.Int64 // activities that this process has written, to order those of one moment
}

var _ wire.Service = (*Service)(nil)

const byARN = "arn" // policies by their ARN

// New makes the service over its tables in the store, and has it react to alarms.
func New(d Deps) *Service {
	s := &Service{
		d:          d,
		targets:    state.NewTable(d.Store, "appautoscaling.target", state.WithARN(func(_ state.Scope, _ string, r *targetRecord) string { return r.ARN })),
		policies:   state.NewTable(d.Store, "appautoscaling.policy", state.WithIndex(byARN, func(r *policyRecord) []string { return []string{r.ARN} })),
		actions:    state.NewTable[actionRecord](d.Store, "appautoscaling.action"),
		activities: state.NewTable[activityRecord](d.Store, "appautoscaling.activity"),
	}
	d.Bus.Subscribe(s.react)
	return s
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in an account and region.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.in(tx, wire.CallFrom(ctx).Scope())) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.updateIn(ctx, wire.CallFrom(ctx).Scope(), fn)
}

func (s *Service) updateIn(ctx context.Context, sc state.Scope, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.in(tx, sc)) })
}

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

package cloudwatch

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Topics are the SNS topics that alarms notify.
type Topics interface {
	// DeliverFor publishes to a topic as a service, about the resource with the ARN source; it errs if the topic is not there or
	// its policy denies the service.
	DeliverFor(ctx context.Context, sc state.Scope, topicARN, service, source, subject, message string) error
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	Logger *slog.Logger
	Bus    *event.Bus
	Topics Topics // nil: notifications fail, as the alarm's history says
}

// Service is Amazon CloudWatch.
type Service struct {
	d          Deps
	metrics    state.Table[metricRecord]
	chunks     state.Table[chunkRecord]
	alarms     state.Table[alarmRecord]
	history    state.Table[historyRecord]
	dashboards state.Table[dashboardRecord]
	items      atomic.Uint64 // of history that this process has written, to order those of one moment
}

var _ wire.Service = (*Service)(nil)

const (
	byAction = "action" // alarms by what they do in any state
	byChild  = "child"  // composite alarms by the alarms in their rules and their suppressor
	byMetric = "metric" // alarms by the metric that they watch
	byAlarm  = "alarm"  // history by alarm
)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	return &Service{
		d:       d,
		metrics: state.NewTable[metricRecord](d.Store, "cloudwatch.metric"),
		chunks:  state.NewTable[chunkRecord](d.Store, "cloudwatch.chunk"),
		alarms: state.NewTable(d.Store, "cloudwatch.alarm",
			state.WithARN(func(sc state.Scope, name string, _ *alarmRecord) string { return alarmARN(sc, name) }),
			state.WithIndex(byAction, (*alarmRecord).actions),
			state.WithIndex(byChild, (*alarmRecord).children),
			state.WithIndex(byMetric, (*alarmRecord).watched)),
		history: state.NewTable(d.Store, "cloudwatch.history", state.WithIndex(byAlarm, func(r *historyRecord) []string { return []string{r.Alarm} })),
		dashboards: state.NewTable(d.Store, "cloudwatch.dashboard", state.WithARN(func(sc state.Scope, name string, _ *dashboardRecord) string {
			return dashboardARN(sc.Account, name)
		})),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in an account and region.
type txn struct {
	*Service
	tx    *state.Tx
	sc    state.Scope
	now   time.Time
	tasks []task // what alarms do, once the transaction is on disk
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	sc := wire.CallFrom(ctx).Scope()
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.in(tx, sc)) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.updateIn(ctx, wire.CallFrom(ctx).Scope(), fn)
}

// updateIn runs fn, and then what alarms that changed their state are to do.
func (s *Service) updateIn(ctx context.Context, sc state.Scope, fn func(t *txn) error) error {
	var t *txn
	err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t = s.in(tx, sc)
		return fn(t)
	})
	if err != nil {
		return err
	}
	return s.perform(ctx, sc, t.tasks)
}

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn {
	return &txn{Service: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
}

func alarmARN(sc state.Scope, name string) string {
	return "arn:aws:cloudwatch:" + sc.Region + ":" + sc.Account + ":alarm:" + name
}

// dashboardARN has no region: dashboards are of the whole account.
func dashboardARN(account, name string) string {
	return "arn:aws:cloudwatch::" + account + ":dashboard/" + name
}

// alarmName gives the name in an alarm's ARN, or the name itself.
func alarmName(nameOrARN string) string {
	if parts := strings.SplitN(nameOrARN, ":", 7); len(parts) == 7 && parts[0] == "arn" && parts[2] == "cloudwatch" && parts[5] == "alarm" {
		return parts[6]
	}
	return nameOrARN
}

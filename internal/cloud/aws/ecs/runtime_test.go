package ecs

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// slowRuntime starts and stops nothing by itself: the test reports.
type slowRuntime struct{ started, stopped []string }

func (r *slowRuntime) Start(_ *state.Tx, task *TaskRun) []Report {
	r.started = append(r.started, *task.Task.TaskArn)
	return nil
}

func (r *slowRuntime) Stop(_ *state.Tx, task *TaskRun) []Report {
	r.stopped = append(r.stopped, *task.Task.TaskArn)
	return nil
}

func (*slowRuntime) Knows(string) bool { return true }

type noRoles struct{}

func (noRoles) Role(*state.Tx, string) (auth.Role, bool) { return auth.Role{}, false }

// bench is a service over a slow runtime, with a service "web" of two tasks that run on Fargate without a network.
type bench struct {
	*Service
	t       *testing.T
	ctx     context.Context
	runtime *slowRuntime
	sc      state.Scope
}

func newBench(t *testing.T) *bench {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	b := &bench{t: t, runtime: &slowRuntime{}, sc: state.Scope{Account: "111111111111", Region: "us-east-1"}}
	b.Service = New(Deps{Store: store, Clock: clock.NewManual(time.Now()), IDs: id.Source{}, Logger: slog.New(slog.DiscardHandler), Bus: new(event.Bus),
		Roles: noRoles{}, Runtime: b.runtime})
	b.ctx = wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: b.sc.Account, ARN: "arn:aws:iam::111111111111:root"}, Region: b.sc.Region})
	b.do(func(t *txn) {
		t.clusters.Put(t.tx, t.sc, "main", &clusterRecord{Name: "main", Status: statusActive})
		r := &serviceRecord{Cluster: "main", Name: "web", Status: statusActive, Desired: 2, Scheduling: replica, Controller: controllerECS,
			Config: defaultConfig(replica, controllerECS)}
		r.Config.DeploymentCircuitBreaker = &DeploymentCircuitBreaker{Enable: new(true), Rollback: new(true)}
		t.definitions.Put(t.tx, t.sc, definitionKey("app", 1), &definitionRecord{TaskDefinition{Family: new("app"), Revision: new(int64(1)), Status: new(statusActive),
			TaskDefinitionArn: new(arn(t.sc, "task-definition", "app:1")), ContainerDefinitions: []ContainerDefinition{{Name: new("web"), Image: new("nginx")}}}})
		t.start(r)
		t.putService(r)
	})
	return b
}

// start deploys a new revision of a service.
func (t *txn) start(r *serviceRecord, behind ...LoadBalancer) {
	v := &revisionRecord{ID: t.newRevisionID(), TaskDefinition: arn(t.sc, "task-definition", "app:1"), LaunchType: fargate, Platform: "LATEST", Family: "Linux", LoadBalancers: behind}
	t.putRevision(r, v)
	t.deploy(r, v.ID, nil)
	t.settle(r)
}

func (b *bench) do(fn func(t *txn)) {
	b.t.Helper()
	if err := b.d.Store.Update(b.ctx, func(tx *state.Tx) error { fn(b.in(tx, b.sc)); return nil }); err != nil {
		b.t.Fatal(err)
	}
}

// report reports of all tasks that were started and not yet reported of.
func (b *bench) report(status string) {
	b.t.Helper()
	arns := b.runtime.started
	b.runtime.started = nil
	for _, arn := range arns {
		if err := b.Report(b.ctx, b.sc, Report{Task: arn, Status: status, StopCode: "EssentialContainerExited", Reason: "Essential container in task exited"}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) end() {
	b.t.Helper()
	arns := b.runtime.stopped
	b.runtime.stopped = nil
	for _, arn := range arns {
		if err := b.Report(b.ctx, b.sc, Report{Task: arn, Status: taskStopped}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) service() ServiceDescription {
	b.t.Helper()
	out, err := b.DescribeServices(b.ctx, &DescribeServicesInput{Cluster: new("main"), Services: []string{"web"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Services[0]
}

// TestRollingDeployment drives a deployment whose tasks take their time.
func TestRollingDeployment(t *testing.T) {
	b := newBench(t)
	if s := b.service(); *s.PendingCount != 2 || *s.RunningCount != 0 || *s.Deployments[0].RolloutState != stateInProgress {
		t.Errorf("at first %+v", s)
	}
	b.report(taskRunning)
	s := b.service()
	first := *s.Deployments[0].Id
	if *s.RunningCount != 2 || *s.Deployments[0].RolloutState != stateCompleted {
		t.Errorf("then %+v", s)
	}
	b.do(func(t *txn) { r, _ := t.serviceIn("main", "web"); t.start(r); t.putService(r) })
	if s := b.service(); len(s.Deployments) != 2 || *s.RunningCount != 2 || *s.PendingCount != 2 || len(b.runtime.stopped) != 0 {
		t.Errorf("during the deployment %+v", s)
	}
	b.report(taskRunning)
	if len(b.runtime.stopped) != 2 {
		t.Errorf("%d tasks were stopped", len(b.runtime.stopped))
	}
	b.end()
	if s := b.service(); len(s.Deployments) != 1 || *s.Deployments[0].Id == first || *s.RunningCount != 2 || *s.Deployments[0].RolloutState != stateCompleted {
		t.Errorf("after it %+v", s)
	}
}

// TestCircuitBreaker has the tasks of a deployment end as soon as they are started.
func TestCircuitBreaker(t *testing.T) {
	b := newBench(t)
	b.report(taskRunning)
	good := *b.service().Deployments[0].Id
	b.do(func(t *txn) { r, _ := t.serviceIn("main", "web"); t.start(r); t.putService(r) })
	for range 2 {
		b.report(taskStopped)
	}
	b.end()
	s := b.service()
	if len(s.Deployments) != 1 || *s.Deployments[0].Id != good || *s.RunningCount != 2 || *s.Deployments[0].RolloutState != stateCompleted {
		t.Errorf("got %+v", s)
	}
	out, err := b.DescribeServiceDeployments(b.ctx, &DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*s.CurrentServiceDeployment}})
	if err != nil {
		t.Fatal(err)
	}
	if d := out.ServiceDeployments[0]; *d.Status != "ROLLBACK_SUCCESSFUL" || *d.DeploymentCircuitBreaker.Status != "TRIGGERED" {
		t.Errorf("got %+v", d)
	}
	stopped, err := b.ListTasks(b.ctx, &ListTasksInput{Cluster: new("main"), DesiredStatus: new(taskStopped)})
	if err != nil {
		t.Fatal(err)
	}
	if len(stopped.TaskArns) == 0 {
		t.Error("no task has stopped")
	}
}

// allSick has every target group, and finds its targets unhealthy.
type allSick struct{}

func (allSick) TargetGroup(*state.Tx, state.Scope, string) (network.TargetGroup, bool) {
	return network.TargetGroup{}, true
}

func (allSick) RegisterTarget(*state.Tx, state.Scope, string, string, int) error { return nil }

func (allSick) DeregisterTarget(*state.Tx, state.Scope, string, string, int) {}

func (allSick) TargetState(*state.Tx, state.Scope, string, string, int) (health, reason string) {
	return "unhealthy", "Health checks failed with these codes: [503]"
}

// TestNeverHealthy deploys tasks that run but never pass their load balancer's health checks. The former tasks stay.
func TestNeverHealthy(t *testing.T) {
	b := newBench(t)
	now := clock.NewManual(time.Now())
	b.d.Clock, b.d.TargetGroups, b.d.TargetHealth = now, allSick{}, allSick{}
	b.report(taskRunning)
	const grace = 30 * time.Second
	good := *b.service().Deployments[0].Id
	b.do(func(t *txn) {
		r, _ := t.serviceIn("main", "web")
		r.GracePeriod = new(int64(grace / time.Second))
		t.start(r, LoadBalancer{TargetGroupArn: new("arn:group"), ContainerName: new("web"), ContainerPort: new(int64(80))})
		t.putService(r)
	})
	stops := 0
	for range 2 { // of two tasks: three failures fail the deployment
		b.report(taskRunning)
		for _, wait := range []time.Duration{grace - time.Second, time.Second} {
			if len(b.runtime.stopped) > 0 {
				t.Fatal("a task was stopped within the grace period")
			}
			now.Advance(wait)
			if err := b.attend(b.ctx); err != nil {
				t.Fatal(err)
			}
		}
		stops += len(b.runtime.stopped)
		for _, arn := range b.runtime.stopped {
			out, err := b.DescribeTasks(b.ctx, &DescribeTasksInput{Cluster: new("main"), Tasks: []string{arn}})
			if err != nil {
				t.Fatal(err)
			}
			if task := out.Tasks[0]; *task.StoppedReason != "Task failed ELB health checks in (target-group arn:group)" {
				t.Errorf("stopped for %q", *task.StoppedReason)
			}
		}
		b.end()
		now.Advance(time.Minute) // beyond the pause between attempts
		if err := b.attend(b.ctx); err != nil {
			t.Fatal(err)
		}
	}
	s := b.service()
	if len(s.Deployments) != 1 || *s.Deployments[0].Id != good || *s.RunningCount != 2 || *s.Deployments[0].RolloutState != stateCompleted || stops != 4 {
		t.Errorf("after %d stops %+v", stops, s)
	}
	if !strings.Contains(messagesOf(s), "is unhealthy in (target-group arn:group) due to (reason Health checks failed with these codes: [503])") {
		t.Errorf("the events are %s", messagesOf(s))
	}
}

func messagesOf(s ServiceDescription) (all string) {
	for _, e := range s.Events {
		all += *e.Message + "\n"
	}
	return all
}

// TestDeploymentAlarm has an alarm go off during a deployment.
func TestDeploymentAlarm(t *testing.T) {
	b := newBench(t)
	b.do(func(t *txn) {
		r, _ := t.serviceIn("main", "web")
		r.Config.Alarms = &DeploymentAlarms{AlarmNames: []string{"hot"}, Enable: new(true), Rollback: new(false)}
		t.start(r)
		t.putService(r)
	})
	for _, state := range []string{"OK", "ALARM"} {
		b.react(b.ctx, event.Event{Scope: b.sc, Source: "aws.cloudwatch", DetailType: "CloudWatch Alarm State Change",
			Detail: map[string]any{"alarmName": "hot", "state": map[string]any{"value": state}}})
	}
	s := b.service()
	if *s.Deployments[0].RolloutState != stateFailed {
		t.Errorf("got %+v", s.Deployments[0])
	}
}

package ecs

import (
	"context"
	"fmt"
	"time"

	"atoll/internal/cloud/state"
)

// TaskRun is what a runtime is told of a task. It must not change it.
type TaskRun struct {
	Scope      state.Scope
	Task       *Task
	Definition *TaskDefinition
	Interface  string // network interface, empty without one
	PrivateIP  string
	PublicIP   string
}

// Report says what has become of a task.
type Report struct {
	Task       string // ARN
	Status     string // PENDING, RUNNING, STOPPING (by itself) or STOPPED; empty: no change
	Health     string // HEALTHY, UNHEALTHY or UNKNOWN; empty: no change
	Containers []ContainerReport
	StopCode   string // why it stopped by itself, such as EssentialContainerExited
	Reason     string

	Lost bool // it has stopped for no fault of its own

	PullStarted, PullStopped *time.Time // when the images were fetched; nil: no change
}

// ContainerReport says what has become of a container. Empty members say nothing new.
type ContainerReport struct {
	Name, Status, Reason, RuntimeID, ImageDigest, Health string
	ExitCode                                             *int64
}

// recordRuntime runs nothing: what is started runs, and is healthy where it has a health check, until it is stopped.
type recordRuntime struct{}

func (recordRuntime) Start(_ *state.Tx, task *TaskRun) []Report {
	r := Report{Task: *task.Task.TaskArn, Status: taskRunning}
	for i, c := range task.Definition.ContainerDefinitions {
		arn := *task.Task.Containers[i].ContainerArn
		report := ContainerReport{Name: *c.Name, Status: taskRunning, RuntimeID: last(*task.Task.TaskArn) + "-" + arn[len(arn)-10:]}
		if c.HealthCheck != nil {
			report.Health, r.Health = "HEALTHY", "HEALTHY"
		}
		r.Containers = append(r.Containers, report)
	}
	return []Report{r}
}

func (recordRuntime) Stop(_ *state.Tx, task *TaskRun) []Report {
	r := Report{Task: *task.Task.TaskArn, Status: taskStopped}
	for _, c := range task.Task.Containers {
		r.Containers = append(r.Containers, ContainerReport{Name: *c.Name, Status: taskStopped, ExitCode: new(int64(0))})
	}
	return []Report{r}
}

func (recordRuntime) Knows(string) bool { return true }

// Report takes what a runtime tells of its tasks in a scope. The services of tasks that have stopped get others.
func (s *Service) Report(ctx context.Context, sc state.Scope, reports ...Report) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.in(tx, sc)
		for _, report := range reports {
			table, where, id, ok := state.Lookup(tx, report.Task)
			if !ok || table != "ecs.task" || where != sc {
				continue // it was stopped long ago
			}
			task, _ := t.tasks.Get(tx, sc, id)
			r, ok := t.services.Get(tx, sc, task.Cluster+"/"+task.Service)
			if !ok {
				t.apply(task, nil, &report)
				continue
			}
			t.apply(task, r, &report)
			if r.Status != statusInactive {
				t.settle(r)
			}
			t.putService(r)
		}
		return nil
	})
}

func (t *txn) run(task *taskRecord) *TaskRun {
	d, ok := t.definition(*task.Task.TaskDefinitionArn)
	if !ok {
		d = &definitionRecord{}
	}
	return &TaskRun{Scope: t.sc, Task: &task.Task, Definition: &d.TaskDefinition, Interface: task.Interface, PrivateIP: task.IP, PublicIP: task.PublicIP}
}

// launch hands a task to the runtime. r is its service, nil for none; the caller stores it.
func (t *txn) launch(task *taskRecord, r *serviceRecord) {
	t.change(task, func() { task.Task.LastStatus = new(taskPending) })
	for _, report := range t.d.Runtime.Start(t.tx, t.run(task)) {
		t.apply(task, r, &report)
	}
}

// stop ends a task: it takes no more requests from load balancers, and when these have let it go the runtime stops it.
func (t *txn) stop(task *taskRecord, code, reason string) {
	if *task.Task.DesiredStatus == taskStopped {
		return
	}
	t.deregister(task)
	t.change(task, func() {
		task.Task.DesiredStatus, task.Task.LastStatus, task.Task.StoppingAt = new(taskStopped), new(taskDeactivating), new(t.now)
		task.Task.StopCode, task.Task.StoppedReason = &code, &reason
	})
	t.stopDrained(task)
}

// stopDrained has the runtime stop a task that is DEACTIVATING, unless a load balancer still sends it requests.
func (t *txn) stopDrained(task *taskRecord) {
	if t.draining(task) {
		return
	}
	task.Draining = nil
	t.change(task, func() { task.Task.LastStatus = new(taskStopping) })
	for _, report := range t.d.Runtime.Stop(t.tx, t.run(task)) {
		t.apply(task, nil, &report)
	}
}

// change changes a task's record, stores it and tells of it.
func (t *txn) change(task *taskRecord, how func()) {
	how()
	task.Task.Version = new(*task.Task.Version + 1)
	t.tasks.Put(t.tx, t.sc, task.key(), task)
	t.publishTask(task)
}

// apply takes a report. r is the task's service, nil if that need not know; the caller stores it.
func (t *txn) apply(task *taskRecord, r *serviceRecord, report *Report) {
	if task.stopped() {
		return
	}
	asked := *task.Task.DesiredStatus == taskStopped
	if report.Status == taskRunning && *task.Task.LastStatus == taskPending && r != nil {
		t.register(task, r)
	}
	if report.Status == taskStopped || report.Status == taskStopping {
		t.deregister(task)
	}
	if report.Status == taskStopped {
		if task.Interface != "" {
			t.d.Network.ReleaseInterface(t.tx, t.sc, task.Interface)
		}
	}
	if report.Health == "HEALTHY" && r != nil && r.resets() {
		if d := r.deployment(task.Revision); d != nil && d.State == stateInProgress {
			d.Failed = 0
		}
	}
	t.change(task, func() { t.applyTo(&task.Task, report, asked) })
	switch {
	case r == nil || asked:
	case report.Status == taskStopped || report.Status == taskStopping:
		t.tell(r, fmt.Sprintf(" has stopped 1 running tasks: (task %s).", task.ID))
		if !report.Lost {
			t.failed(task, r)
		}
	case report.Health == "UNHEALTHY":
		t.fails(task, r, "Task failed container health checks")
	}
}

func (t *txn) applyTo(task *Task, report *Report, asked bool) {
	if report.Health != "" {
		task.HealthStatus = new(report.Health)
	}
	if report.PullStarted != nil {
		task.PullStartedAt = report.PullStarted
	}
	if report.PullStopped != nil {
		task.PullStoppedAt = report.PullStopped
	}
	for _, c := range report.Containers {
		for i := range task.Containers {
			if *task.Containers[i].Name == c.Name {
				applyContainer(&task.Containers[i], &c)
				task.Containers[i].agentsFollow(t.now)
			}
		}
	}
	switch {
	case report.Status == taskRunning && !asked && *task.LastStatus != taskRunning:
		task.LastStatus, task.StartedAt, task.Connectivity, task.ConnectivityAt = new(taskRunning), new(t.now), new("CONNECTED"), new(t.now)
		if task.PullStartedAt == nil {
			task.PullStartedAt = new(t.now)
		}
		if task.PullStoppedAt == nil {
			task.PullStoppedAt = new(t.now)
		}
	case report.Status == taskStopping && !asked:
		task.LastStatus, task.DesiredStatus, task.StoppingAt = new(taskStopping), new(taskStopped), new(t.now)
		task.StopCode, task.StoppedReason = optional(report.StopCode), optional(report.Reason)
	case report.Status == taskStopped:
		task.LastStatus, task.DesiredStatus, task.StoppedAt, task.ExecutionStoppedAt = new(taskStopped), new(taskStopped), new(t.now), new(t.now)
		if task.StoppingAt == nil {
			task.StoppingAt = new(t.now)
		}
		if task.StopCode == nil {
			task.StopCode, task.StoppedReason = optional(report.StopCode), optional(report.Reason)
		}
		for i := range task.Attachments {
			task.Attachments[i].Status = new("DELETED")
		}
		for i := range task.Containers {
			task.Containers[i].LastStatus = new(taskStopped)
			task.Containers[i].agentsFollow(t.now)
		}
	}
}

func applyContainer(c *Container, report *ContainerReport) {
	for _, m := range []struct {
		to   **string
		from string
	}{{&c.LastStatus, report.Status}, {&c.Reason, report.Reason}, {&c.RuntimeId, report.RuntimeID}, {&c.ImageDigest, report.ImageDigest}, {&c.HealthStatus, report.Health}} {
		if m.from != "" {
			*m.to = new(m.from)
		}
	}
	if report.ExitCode != nil {
		c.ExitCode = report.ExitCode
	}
}

// register enters a task that runs in the target groups of its revision.
func (t *txn) register(task *taskRecord, r *serviceRecord) {
	for _, lb := range t.revision(r, task.Revision).LoadBalancers {
		port := int(*lb.ContainerPort)
		if err := t.d.TargetGroups.RegisterTarget(t.tx, t.sc, *lb.TargetGroupArn, task.IP, port); err != nil {
			t.tell(r, fmt.Sprintf(" failed to register targets in (target-group %s) with (error %s)", *lb.TargetGroupArn, messageOf(err)))
			continue
		}
		task.Targets = append(task.Targets, target{Group: *lb.TargetGroupArn, Port: port})
		t.tell(r, fmt.Sprintf(" registered 1 targets in (target-group %s)", *lb.TargetGroupArn))
	}
}

func (t *txn) deregister(task *taskRecord) {
	for _, target := range task.Targets {
		t.d.TargetGroups.DeregisterTarget(t.tx, t.sc, target.Group, task.IP, target.Port)
	}
	task.Draining, task.Targets = append(task.Draining, task.Targets...), nil
}

package ecs

import (
	"context"
	"fmt"
	"time"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
)

// Tasks behind load balancers and services whose tasks fail are looked after by attend: once a second, and whenever a target's health changes.

// targetState gives how a task's target does; without anyone who knows, it is healthy while it is registered.
func (t *txn) targetState(task *taskRecord, at target, registered bool) (health, reason string) {
	if t.d.TargetHealth != nil {
		return t.d.TargetHealth.TargetState(t.tx, t.sc, at.Group, task.IP, at.Port)
	}
	if registered {
		return "healthy", ""
	}
	return "unused", ""
}

// serving says whether a task counts as running and healthy, in its containers' eyes and in those of its load balancers.
func (t *txn) serving(task *taskRecord) bool {
	if *task.Task.LastStatus != taskRunning || *task.Task.HealthStatus == "UNHEALTHY" {
		return false
	}
	for _, at := range task.Targets {
		if health, _ := t.targetState(task, at, true); health != "healthy" && health != "unused" {
			return false
		}
	}
	return true
}

// draining says whether a load balancer still sends requests to a task.
func (t *txn) draining(task *taskRecord) bool {
	for _, at := range task.Draining {
		if health, _ := t.targetState(task, at, false); health == "draining" {
			return true
		}
	}
	return false
}

// sick gives the first target of a task that fails its health checks after the grace period.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
func (t *txn) sick(task *taskRecord, r *serviceRecord) (at target, reason string, ok bool) {
	grace := time.Duration(number(r.GracePeriod)) * time.Second
	if *task.Task.LastStatus != taskRunning || t.now.Before(task.Task.StartedAt.Add(grace)) {
		return at, "", false
	}
	for _, at := range task.Targets {
		if health, reason := t.targetState(task, at, true); health == "unhealthy" {
			return at, reason, true
		}
	}
	return at, "", false
}

// fails stops a task of a service that is not healthy. The caller stores the service.
func (t *txn) fails(task *taskRecord, r *serviceRecord, why string) {
	t.stop(task, "ServiceSchedulerInitiated", why)
	t.failed(task, r)
}

// failed counts a task that did not start or stay up.
func (t *txn) failed(task *taskRecord, r *serviceRecord) {
	if started := task.Task.StartedAt; started != nil && t.now.Sub(*started) >= settled {
		r.Failures = 0
	}
	t.backOff(r)
	t.countFailure(r, task.Revision)
}

const (
	// settled is how long a task must have run for its end to be no sign that others will not stay up.
	settled = time.Minute
	// longestPause between two attempts to start a task. AWS's is 27 minutes.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
	longestPause = time.Minute
)

// backOff has a service wait before it starts its next task: not after a first failure, then for 1, 2, 4… seconds.
func (t *txn) backOff(r *serviceRecord) {
	r.Failures++
	if r.Failures < 2 {
		return
	}
	r.NextStart = t.now.Add(min(time.Second<<min(r.Failures-2, 10), longestPause))
	if r.Failures > 2 {
		t.tell(r, " is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
	}
}

// poke has attend look at once.
func (s *Service) poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// watchTargets looks after tasks when the health of a target has changed.
func (s *Service) watchTargets(_ context.Context, e event.Event) {
	if e.Source == "atoll.elasticloadbalancing" && e.DetailType == "Target Health" {
		s.poke()
	}
}

// cares are the ids of what attend is to look after in one scope.
type cares struct{ drained, sick, services []string }

// attend does what has become due for tasks and services.
func (s *Service) attend(ctx context.Context) error {
	return s.eachScope(func(sc state.Scope) error {
		var due cares
		err := s.d.Store.View(func(tx *state.Tx) error { due = s.in(tx, sc).cares(); return nil })
		if err != nil || len(due.drained)+len(due.sick)+len(due.services) == 0 {
			return err
		}
		return s.d.Store.Update(ctx, func(tx *state.Tx) error { s.in(tx, sc).care(); return nil })
	})
}

func (s *Service) eachScope(f func(sc state.Scope) error) error {
	var scopes []state.Scope
	if err := s.d.Store.View(func(tx *state.Tx) error { scopes = s.clusters.Scopes(tx); return nil }); err != nil {
		return err
	}
	for _, sc := range scopes {
		if err := f(sc); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) cares() cares {
	var c cares
	for id, task := range t.tasks.All(t.tx, t.sc) {
		if task.stopped() {
			continue
		}
		if *task.Task.LastStatus == taskDeactivating {
			if !t.draining(task) {
				c.drained = append(c.drained, id)
			}
			continue
		}
		if len(task.Targets) == 0 || *task.Task.DesiredStatus == taskStopped {
			continue
		}
		if r, ok := t.services.Get(t.tx, t.sc, task.Cluster+"/"+task.Service); ok {
			if _, _, sick := t.sick(task, r); sick {
				c.sick = append(c.sick, id)
			}
		}
	}
	for id, r := range t.services.All(t.tx, t.sc) {
		if r.Status != statusActive || r.primary() == nil || r.primary().State == stateFailed {
			continue
		}
		late := !r.NextStart.IsZero() && !t.now.Before(r.NextStart)
		if crew := t.crew(r); late || crew.up != r.Up || crew.freshUp != r.FreshUp {
			c.services = append(c.services, id)
		}
	}
	return c
}

// care does what is due, and settles the services that it concerns.
func (t *txn) care() {
	due := t.cares()
	for _, id := range due.drained {
		task, _ := t.tasks.Get(t.tx, t.sc, id)
		t.stopDrained(task)
	}
	for _, id := range due.sick {
		task, _ := t.tasks.Get(t.tx, t.sc, id)
		r, _ := t.services.Get(t.tx, t.sc, task.Cluster+"/"+task.Service)
		at, reason, _ := t.sick(task, r)
		t.tell(r, fmt.Sprintf(" (port %d) is unhealthy in (target-group %s) due to (reason %s).", at.Port, at.Group, reason))
		t.fails(task, r, fmt.Sprintf("Task failed ELB health checks in (target-group %s)", at.Group))
		t.putService(r)
		due.services = append(due.services, r.key())
	}
	for _, id := range due.services {
		r, _ := t.services.Get(t.tx, t.sc, id)
		if !t.now.Before(r.NextStart) {
			r.NextStart = time.Time{}
		}
		t.settle(r)
		t.putService(r)
	}
}

// dropLost ends the records of tasks that ran when the cloud ended, and that the runtime knows nothing of. Services start others.
func (s *Service) dropLost(ctx context.Context) error {
	return s.eachScope(func(sc state.Scope) error {
		var lost []Report
		err := s.d.Store.View(func(tx *state.Tx) error {
			for _, task := range s.in(tx, sc).tasks.All(tx, sc) {
				if !task.stopped() && !s.d.Runtime.Knows(*task.Task.TaskArn) {
					lost = append(lost, Report{Task: *task.Task.TaskArn, Status: taskStopped, Lost: true,
						StopCode: "TerminationNotice", Reason: "The local cloud ended while the task ran."})
				}
			}
			return nil
		})
		if err != nil || len(lost) == 0 {
			return err
		}
		return s.Report(ctx, sc, lost...)
	})
}

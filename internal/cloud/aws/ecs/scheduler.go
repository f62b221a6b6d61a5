package ecs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type taskCount struct{ running, pending int64 }

type serviceCounts struct {
	taskCount
	of map[string]taskCount // by revision
}

// taskCounts counts a service's tasks as DescribeServices does.
func (t *txn) taskCounts(r *serviceRecord) serviceCounts {
	c := serviceCounts{of: map[string]taskCount{}}
	for _, task := range t.tasks.By(t.tx, t.sc, "service", r.key()) {
		n := c.of[task.Revision]
		switch *task.Task.LastStatus {
		case taskRunning:
			c.running, n.running = c.running+1, n.running+1
		case taskProvisioning, taskPending, taskActivating:
			c.pending, n.pending = c.pending+1, n.pending+1
		}
		c.of[task.Revision] = n
	}
	return c
}

// crew is a service's tasks that are to run, by revision and in the order of their start.
type crew struct {
	fresh, old []*taskRecord // of the primary deployment, and of others
	up         int           // those that serve
	freshUp    int
}

func (t *txn) crew(r *serviceRecord) crew {
	var c crew
	for _, task := range t.tasks.By(t.tx, t.sc, "service", r.key()) {
		if *task.Task.DesiredStatus != taskRunning {
			continue
		}
		up := 0
		if t.serving(task) {
			up = 1
		}
		c.up += up
		if task.Revision == r.Revision {
			c.fresh, c.freshUp = append(c.fresh, task), c.freshUp+up
		} else {
			c.old = append(c.old, task)
		}
	}
	return c
}

// settle brings a service's tasks towards what the service is to be, as far as that goes at once: it starts and stops tasks within
// the bounds of the deployment configuration, and ends deployments that have got there. The caller stores the service.
func (t *txn) settle(r *serviceRecord) {
	if r.Status == statusDraining {
		t.drain(r)
		return
	}
	if r.primary() == nil {
		return
	}
	if r.Scheduling == daemon {
		r.Desired = 0 // one on each container instance, and there are none
	}
	for t.step(r) {
		t.prune(r)
	}
	t.prune(r)
	d := r.primary()
	c := t.crew(r)
	r.Up, r.FreshUp = c.up, c.freshUp
	if int64(c.freshUp) != r.Desired || len(c.fresh) != c.freshUp || len(r.Deployments) > 1 {
		r.Steady = false
		return
	}
	if d.State == stateInProgress {
		t.complete(r, d)
	}
	if !r.Steady {
		r.Steady = true
		t.tell(r, " has reached a steady state.")
		t.publishAction(r, "INFO", "SERVICE_STEADY_STATE")
	}
}

// prune brings the deployments' records in line with their tasks: one that has been replaced goes with its last task.
func (t *txn) prune(r *serviceRecord) {
	live := map[string]int64{}
	for _, task := range t.tasks.By(t.tx, t.sc, "service", r.key()) {
		if *task.Task.DesiredStatus == taskRunning {
			live[task.Revision]++
		}
	}
	var kept []deployment
	for _, d := range r.Deployments {
		desired := live[d.Revision]
		if d.Status == "PRIMARY" {
			desired = r.Desired
		} else if desired == 0 {
			continue
		}
		if d.Desired != desired {
			d.Desired, d.Updated = desired, t.now
		}
		kept = append(kept, d)
	}
	r.Deployments = kept
}

// step does what the bounds allow now, and says whether anything has come of it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
func (t *txn) step(r *serviceRecord) bool {
	d, c := r.primary(), t.crew(r)
	desired := int(r.Desired)
	if surplus := len(c.fresh) - desired; surplus > 0 {
		t.stopSome(r, c.fresh, surplus)
		return true
	}
	most := desired * int(number(r.Config.MaximumPercent)) / 100
	least := (desired*int(number(r.Config.MinimumHealthyPercent)) + 99) / 100
	if d.State == stateFailed {
		return false
	}
	spare := c.up - least
	if c.freshUp >= desired {
		spare = len(c.old)
	}
	stop := min(spare, len(c.old))
	start := min(desired-len(c.fresh), most-len(c.fresh)-len(c.old))
	if t.now.Before(r.NextStart) {
		start = 0
	}
	if stop > 0 {
		t.stopSome(r, c.old, stop)
	}
	if start > 0 {
		return t.startSome(r, start) || stop > 0
	}
	if stop <= 0 && len(c.fresh) < desired && len(c.old) > 0 && len(c.old) == c.up {
		t.tell(r, " was unable to stop or start tasks during a deployment because of the service deployment configuration. "+
			"Update the minimumHealthyPercent or maximumPercent value and try again.")
	}
	return stop > 0
}

// startSome starts n tasks of the primary deployment. It says whether to go on: not where a task could not be placed.
func (t *txn) startSome(r *serviceRecord, n int) bool {
	v := t.revision(r, r.Revision)
	definition, ok := t.definition(v.TaskDefinition)
	if !ok {
		t.tell(r, " was unable to place a task because its task definition is gone.")
		return false
	}
	if !v.onFargate() {
		t.tell(r, " was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. "+
			"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
		return false
	}
	var started []string
	for range n {
		task, err := t.newTask(&placement{cluster: r.Cluster, service: r, revision: v, definition: definition})
		if err != nil {
			t.told(r, started, " has started %d tasks:")
			t.tell(r, fmt.Sprintf(" failed to launch a task with (error %s).", messageOf(err)))
			ended := t.countFailure(r, v.ID)
			return ended || r.breaks() && r.primary().State == stateInProgress
		}
		started = append(started, task.ID)
		t.launch(task, r)
		if r.Revision != v.ID {
			break // too many have failed, and the service goes back
		}
	}
	t.told(r, started, " has started %d tasks:")
	return true
}

// stopSome stops n tasks, the unprotected and the newest first.
func (t *txn) stopSome(r *serviceRecord, tasks []*taskRecord, n int) {
	var chosen, stopped []string
	for pass := range 2 {
		for i := len(tasks) - 1; i >= 0 && len(chosen) < n; i-- {
			if tasks[i].protected(t.now) == (pass == 1) {
				chosen = append(chosen, tasks[i].ID)
			}
		}
	}
	draining, groups := 0, map[string]int{}
	for _, id := range chosen {
		task, _ := t.tasks.Get(t.tx, t.sc, r.Cluster+"/"+id)
		for i, target := range task.Targets {
			groups[target.Group]++
			if i == 0 {
				draining++
			}
		}
		t.stop(task, "ServiceSchedulerInitiated", fmt.Sprintf("Scaling activity initiated by (deployment ecs-svc/%s)", r.Revision))
		stopped = append(stopped, id)
	}
	if draining > 0 {
		t.tell(r, fmt.Sprintf(" has begun draining connections on %d tasks.", draining))
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		t.tell(r, fmt.Sprintf(" deregistered %d targets in (target-group %s)", groups[group], group))
	}
	t.told(r, stopped, " has stopped %d running tasks:")
}

// told tells of tasks by their ids.
func (t *txn) told(r *serviceRecord, ids []string, format string) {
	if len(ids) == 0 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, format, len(ids))
	for _, id := range ids {
		fmt.Fprintf(&b, " (task %s)", id)
	}
	t.tell(r, b.String()+".")
}

// drain stops the tasks of a service that is being deleted, and ends the service with the last one.
func (t *txn) drain(r *serviceRecord) {
	t.stopSome(r, t.everyone(r), len(t.everyone(r)))
	for _, task := range t.tasks.By(t.tx, t.sc, "service", r.key()) {
		if !task.stopped() {
			return
		}
	}
	if o := t.rollout(r, r.Rollout); o != nil && o.open() {
		o.Status, o.Stopped, o.Finished, o.Updated, o.Reason = "STOPPED", t.now, t.now, t.now, "Service deployment stopped because the service was deleted."
		t.putRollout(r, o)
	}
	r.Status, r.Deleted, r.Deployments = statusInactive, t.now, nil
}

func (t *txn) everyone(r *serviceRecord) []*taskRecord {
	c := t.crew(r)
	return append(c.old, c.fresh...)
}

// settleByKey settles the service of a task, if it has one.
func (t *txn) settleByKey(key string) {
	r, ok := t.services.Get(t.tx, t.sc, key)
	if !ok || r.Status == statusInactive {
		return
	}
	t.settle(r)
	t.putService(r)
}

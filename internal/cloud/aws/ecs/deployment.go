package ecs

import (
	"fmt"
	"slices"
	"time"

	"atoll/internal/cloud/state"
)

const (
	stateInProgress = "IN_PROGRESS"
	stateCompleted  = "COMPLETED"
	stateFailed     = "FAILED"
)

func (t *txn) newRevisionID() string {
	n := t.d.IDs.Account() + t.d.IDs.Account()
	return n[:19]
}

func (r *serviceRecord) revisionARN(sc state.Scope, id string) string {
	return arn(sc, "service-revision", r.key()+"/"+id)
}

// putRevision makes a revision the one that a service is to run.
func (t *txn) putRevision(r *serviceRecord, v *revisionRecord) {
	t.revisions.Put(t.tx, t.sc, r.key()+"/"+v.ID, v)
	r.Revision, r.Launch = v.ID, ec2
	if v.onFargate() {
		r.Launch = fargate
	}
}

// deploy makes a revision's deployment the primary one. It belongs to a new service deployment, unless back says what is rolled back.
func (t *txn) deploy(r *serviceRecord, revision string, back *rolloutRecord) {
	var sources []deployment
	for i := range r.Deployments {
		d := &r.Deployments[i]
		sources = append(sources, *d)
		if d.Status == "PRIMARY" {
			d.Status, d.Updated = statusActive, t.now
		}
	}
	next := deployment{Revision: revision, Created: t.now}
	if old := r.deployment(revision); old != nil {
		next = *old
		r.Deployments = slices.DeleteFunc(r.Deployments, func(d deployment) bool { return d.Revision == revision })
	}
	next.Status, next.State, next.Desired, next.Updated, next.Failed = "PRIMARY", stateInProgress, r.Desired, t.now, 0
	next.Reason = fmt.Sprintf("ECS deployment %s in progress.", next.id())
	if back != nil {
		next.Reason = fmt.Sprintf("%s: rolling back to deploymentId %s.", back.cause(), next.id())
	}
	r.Deployments = slices.Insert(r.Deployments, 0, next)
	r.Revision, r.Steady, r.Failures, r.NextStart = revision, false, 0, time.Time{}
	if back == nil {
		t.startRollout(r, sources)
	}
	t.publishDeployment(r, &r.Deployments[0], "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS")
}

// complete ends the primary deployment with success.
func (t *txn) complete(r *serviceRecord, d *deployment) {
	d.State, d.Updated = stateCompleted, t.now
	d.Reason = fmt.Sprintf("ECS deployment %s completed.", d.id())
	r.LastGood = d.Revision
	t.tell(r, fmt.Sprintf(" (deployment %s) deployment completed.", d.id()))
	t.publishDeployment(r, d, "INFO", "SERVICE_DEPLOYMENT_COMPLETED")
	t.endRollout(r)
}

// fail ends the primary deployment, and rolls back to the last one that was completed if the service is to.
func (t *txn) fail(r *serviceRecord, rollback bool, cause failure) {
	d := r.primary()
	d.State, d.Updated = stateFailed, t.now
	d.Reason = cause.prefix() + ": " + cause.why()
	t.tell(r, fmt.Sprintf(" (deployment %s) deployment failed: %s.", d.id(), cause.event()))
	t.publishDeployment(r, d, "ERROR", "SERVICE_DEPLOYMENT_FAILED")
	o := t.rollout(r, r.Rollout)
	if o == nil {
		return
	}
	o.Updated, o.Cause, o.Triggered = t.now, cause, cause == failureTasks
	switch {
	case !rollback:
		o.Status, o.Stopped, o.Finished, o.Reason = "STOPPED", t.now, t.now, "Service deployment stopped because "+cause.passive()+"."
	case r.LastGood == "" || r.LastGood == d.Revision:
		o.Status, o.Finished, o.Reason = "ROLLBACK_FAILED", t.now, "No rollback candidate was found to run the rollback."
	default:
		o.Status, o.RolledBack, o.BackTo = "ROLLBACK_IN_PROGRESS", t.now, r.LastGood
		o.Reason = "Rolling back because " + cause.passive() + "."
		t.putRollout(r, o)
		t.tell(r, fmt.Sprintf(" rolling back to deployment ecs-svc/%s.", r.LastGood))
		v := t.revision(r, r.LastGood)
		t.putRevision(r, v)
		t.deploy(r, v.ID, o)
		return
	}
	t.putRollout(r, o)
}

// failure is why a deployment does not go on.
type failure string

const (
	failureTasks  failure = "tasks"
	failureAlarms failure = "alarms"
	failureStop   failure = "stop"
)

func (f failure) prefix() string {
	switch f {
	case failureAlarms:
		return "ECS deployment alarms"
	case failureStop:
		return "ECS deployment"
	}
	return "ECS deployment circuit breaker"
}

func (f failure) why() string {
	switch f {
	case failureAlarms:
		return "alarm detected."
	case failureStop:
		return "stopped by the user."
	}
	return "tasks failed to start."
}

func (f failure) event() string {
	switch f {
	case failureAlarms:
		return "alarm detected"
	case failureStop:
		return "deployment stopped by the user"
	}
	return "tasks failed to start"
}

func (f failure) passive() string {
	switch f {
	case failureAlarms:
		return "one or more of the deployment alarms was in the ALARM state"
	case failureStop:
		return "it was stopped by the user"
	}
	return "the circuit breaker threshold was exceeded"
}

// breakerThreshold is how many failed tasks the circuit breaker takes.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func breakerThreshold(c *DeploymentConfiguration, desired int64) int64 {
	kind, value := "BOUNDED_PERCENT", int64(50)
	if b := c.DeploymentCircuitBreaker; b != nil && b.ThresholdConfiguration != nil {
		kind, value = *b.ThresholdConfiguration.Type, *b.ThresholdConfiguration.Value
	}
	share := (desired*value + 99) / 100
	switch kind {
	case "COUNT":
		return value
	case "UNBOUNDED_PERCENT":
		return max(share, 1)
	}
	return min(max(share, 3), 200)
}

func (r *serviceRecord) breaks() bool {
	b := r.Config.DeploymentCircuitBreaker
	return b != nil && truth(b.Enable) && r.Controller == controllerECS
}

// countFailure counts a task of a deployment that did not start or stay up, and says whether that has ended the deployment.
func (t *txn) countFailure(r *serviceRecord, revision string) bool {
	d := r.deployment(revision)
	if d == nil {
		return false
	}
	if d.State != stateInProgress {
		return false
	}
	d.Failed, d.Updated = d.Failed+1, t.now
	if d.Status != "PRIMARY" || !r.breaks() || d.Failed < breakerThreshold(&r.Config, d.Desired) {
		return false
	}
	t.fail(r, truth(r.Config.DeploymentCircuitBreaker.Rollback), failureTasks)
	return true
}

// resets says whether a healthy task lets the circuit breaker count from the beginning, as AWS has it unless told otherwise.
func (r *serviceRecord) resets() bool {
	b := r.Config.DeploymentCircuitBreaker
	return b != nil && (b.ResetOnHealthyTask == nil || *b.ResetOnHealthyTask)
}

func (t *txn) renderDeployment(r *serviceRecord, d *deployment, n taskCount) Deployment {
	v := t.revision(r, d.Revision)
	return Deployment{
		Id: new(d.id()), Status: new(d.Status), TaskDefinition: new(v.TaskDefinition), DesiredCount: new(d.Desired), PendingCount: new(n.pending),
		RunningCount: new(n.running), FailedTasks: new(d.Failed), CreatedAt: new(d.Created), UpdatedAt: new(d.Updated), LaunchType: optional(v.LaunchType),
		CapacityProviderStrategy: v.Strategy, PlatformVersion: optional(platformVersion(v)), PlatformFamily: optional(v.Family), NetworkConfiguration: v.Network,
		RolloutState: new(d.State), RolloutStateReason: new(d.Reason), ServiceConnectConfiguration: v.Connect,
	}
}

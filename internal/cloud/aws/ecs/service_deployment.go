package ecs

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// rolloutRecord is a service deployment, which AWS's API has beside the deployments within a service.
type rolloutRecord struct {
	ID                                              string
	Status, Reason                                  string
	Created, Updated, Finished, Stopped, RolledBack time.Time // zero: not yet
	Sources                                         []rolloutSource
	Target                                          string // revision
	BackTo                                          string // revision that is rolled back to
	Cause                                           failure
	Config                                          DeploymentConfiguration
	Failed                                          int64
	Desired                                         int64
	Triggered                                       bool     // the circuit breaker
	Alarms                                          []string // that went off
}

type rolloutSource struct {
	Revision       string
	Desired, Count int64
}

func (o *rolloutRecord) cause() string { return o.Cause.prefix() }

func (o *rolloutRecord) open() bool {
	switch o.Status {
	case "PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_REQUESTED", "STOP_REQUESTED":
		return true
	}
	return false
}

func (r *serviceRecord) rolloutARN(sc state.Scope, id string) string {
	return arn(sc, "service-deployment", r.key()+"/"+id)
}

func (t *txn) rollout(r *serviceRecord, id string) *rolloutRecord {
	o, ok := t.rollouts.Get(t.tx, t.sc, r.key()+"/"+id)
	if !ok {
		return nil
	}
	return o
}

func (t *txn) putRollout(r *serviceRecord, o *rolloutRecord) {
	t.rollouts.Put(t.tx, t.sc, r.key()+"/"+o.ID, o)
}

// startRollout records a new service deployment, which replaces one that is under way.
func (t *txn) startRollout(r *serviceRecord, sources []deployment) {
	if r.Controller != controllerECS {
		return
	}
	if o := t.rollout(r, r.Rollout); o != nil && o.open() {
		o.Status, o.Stopped, o.Finished, o.Updated = "STOPPED", t.now, t.now, t.now
		o.Reason = "Service deployment stopped because a new service deployment was started."
		t.putRollout(r, o)
	}
	id := strings.NewReplacer("+", "-", "/", "_").Replace(base64.RawStdEncoding.EncodeToString([]byte(t.d.IDs.Alnum(15))))
	o := &rolloutRecord{ID: id, Status: "IN_PROGRESS", Created: t.now, Updated: t.now, Target: r.Revision, Config: r.Config, Desired: r.Desired}
	counts := t.taskCounts(r)
	for _, d := range sources {
		o.Sources = append(o.Sources, rolloutSource{Revision: d.Revision, Desired: d.Desired, Count: counts.of[d.Revision].running})
	}
	r.Rollout = id
	t.putRollout(r, o)
}

// endRollout ends the service deployment with what its primary deployment has come to.
func (t *txn) endRollout(r *serviceRecord) {
	o := t.rollout(r, r.Rollout)
	if o == nil || !o.open() {
		return
	}
	o.Finished, o.Updated, o.Failed = t.now, t.now, r.primary().Failed
	if o.BackTo != "" {
		o.Status, o.Reason = "ROLLBACK_SUCCESSFUL", "Service deployment rolled back because "+o.Cause.passive()+"."
	} else {
		o.Status, o.Reason = "SUCCESSFUL", ""
	}
	t.putRollout(r, o)
}

// byRolloutARN finds a service deployment and its service.
func (t *txn) byRolloutARN(s string) (*serviceRecord, *rolloutRecord, bool) {
	rest, ok := resourceOf(t.sc, "service-deployment", s)
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 0 {
		return nil, nil, false
	}
	r, ok := t.services.Get(t.tx, t.sc, rest[:i])
	if !ok {
		return nil, nil, false
	}
	o := t.rollout(r, rest[i+1:])
	return r, o, o != nil
}

// ListServiceDeployments lists a service's deployments, the newest first.
func (s *Service) ListServiceDeployments(ctx context.Context, in *ListServiceDeploymentsInput) (*ListServiceDeploymentsOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	for _, status := range in.Status {
		if err := oneOf("status", &status, "PENDING", "SUCCESSFUL", "STOPPED", "STOP_REQUESTED", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS",
			"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"); err != nil {
			return nil, err
		}
	}
	out := &ListServiceDeploymentsOutput{ServiceDeployments: []ServiceDeploymentBrief{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.service(in.Cluster, *in.Service)
		if err != nil {
			return err
		}
		var found []*rolloutRecord
		for _, o := range within(t, t.rollouts, r.key()+"/") {
			c := in.CreatedAt
			if c != nil && (c.After != nil && !o.Created.After(*c.After) || c.Before != nil && !o.Created.Before(*c.Before)) {
				continue
			}
			if len(in.Status) == 0 || slices.Contains(in.Status, o.Status) {
				found = append(found, o)
			}
		}
		slices.SortStableFunc(found, func(a, b *rolloutRecord) int {
			return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
		})
		byID := map[string]*rolloutRecord{}
		var ids []string
		for _, o := range found {
			ids, byID[o.ID] = append(ids, o.ID), o
		}
		ids, out.NextToken = listed(ids, p)
		for _, id := range ids {
			o := byID[id]
			out.ServiceDeployments = append(out.ServiceDeployments, ServiceDeploymentBrief{
				ServiceDeploymentArn: new(r.rolloutARN(t.sc, o.ID)), ServiceArn: new(r.arn(t.sc)), ClusterArn: new(clusterARN(t.sc, r.Cluster)),
				StartedAt: new(o.Created), CreatedAt: new(o.Created), FinishedAt: moment(o.Finished), Status: new(o.Status), StatusReason: optional(o.Reason),
				TargetServiceRevisionArn: new(r.revisionARN(t.sc, o.Target)),
			})
		}
		return nil
	})
}

// moment gives nil for a time that has not come.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// DescribeServiceDeployments shows service deployments.
func (s *Service) DescribeServiceDeployments(ctx context.Context, in *DescribeServiceDeploymentsInput) (*DescribeServiceDeploymentsOutput, error) {
	if n := len(in.ServiceDeploymentArns); n == 0 || n > 20 {
		return nil, invalid("You can describe between 1 and 20 service deployments at a time.")
	}
	out := &DescribeServiceDeploymentsOutput{ServiceDeployments: []ServiceDeployment{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, a := range in.ServiceDeploymentArns {
			r, o, ok := t.byRolloutARN(a)
			if !ok {
				out.Failures = append(out.Failures, missing(a))
				continue
			}
			out.ServiceDeployments = append(out.ServiceDeployments, t.renderRollout(r, o))
		}
		return nil
	})
}

func (t *txn) renderRollout(r *serviceRecord, o *rolloutRecord) ServiceDeployment {
	counts := t.taskCounts(r)
	out := ServiceDeployment{
		ServiceDeploymentArn: new(r.rolloutARN(t.sc, o.ID)), ServiceArn: new(r.arn(t.sc)), ClusterArn: new(clusterARN(t.sc, r.Cluster)), CreatedAt: new(o.Created),
		StartedAt: new(o.Created), FinishedAt: moment(o.Finished), StoppedAt: moment(o.Stopped), UpdatedAt: new(o.Updated), Status: new(o.Status),
		StatusReason: optional(o.Reason), DeploymentConfiguration: &o.Config, SourceServiceRevisions: []ServiceRevisionSummary{},
		TargetServiceRevision: &ServiceRevisionSummary{Arn: new(r.revisionARN(t.sc, o.Target)), RequestedTaskCount: new(o.Desired),
			RunningTaskCount: new(counts.of[o.Target].running), PendingTaskCount: new(counts.of[o.Target].pending)},
		DeploymentCircuitBreaker: o.breaker(r),
		Alarms:                   &ServiceDeploymentAlarms{Status: new("DISABLED"), AlarmNames: []string{}},
	}
	for _, s := range o.Sources {
		out.SourceServiceRevisions = append(out.SourceServiceRevisions, ServiceRevisionSummary{Arn: new(r.revisionARN(t.sc, s.Revision)),
			RequestedTaskCount: new(s.Desired), RunningTaskCount: new(counts.of[s.Revision].running), PendingTaskCount: new(counts.of[s.Revision].pending)})
	}
	if a := o.Config.Alarms; a != nil && truth(a.Enable) {
		out.Alarms.Status, out.Alarms.AlarmNames, out.Alarms.TriggeredAlarmNames = new(o.monitoring(len(o.Alarms) > 0)), a.AlarmNames, o.Alarms
	}
	if o.BackTo != "" {
		out.Rollback = &Rollback{Reason: new(o.Reason), StartedAt: new(o.RolledBack), ServiceRevisionArn: new(r.revisionARN(t.sc, o.BackTo))}
	}
	return out
}

func (o *rolloutRecord) monitoring(triggered bool) string {
	switch {
	case triggered:
		return "TRIGGERED"
	case o.open():
		return "MONITORING"
	}
	return "MONITORING_COMPLETE"
}

func (o *rolloutRecord) breaker(r *serviceRecord) *ServiceDeploymentCircuitBreaker {
	failed := o.Failed
	if d := r.deployment(o.Target); d != nil && o.ID == r.Rollout {
		failed = d.Failed
	}
	out := &ServiceDeploymentCircuitBreaker{Status: new("DISABLED"), FailureCount: new(failed), Threshold: new(breakerThreshold(&o.Config, o.Desired))}
	if b := o.Config.DeploymentCircuitBreaker; b != nil && truth(b.Enable) {
		out.Status = new(o.monitoring(o.Triggered))
	}
	return out
}

// StopServiceDeployment ends a deployment that is under way, and rolls back to the one before unless it is to be left as it is.
func (s *Service) StopServiceDeployment(ctx context.Context, in *StopServiceDeploymentInput) (*StopServiceDeploymentOutput, error) {
	if err := oneOf("stopType", in.StopType, "ABORT", "ROLLBACK"); err != nil {
		return nil, err
	}
	return &StopServiceDeploymentOutput{ServiceDeploymentArn: in.ServiceDeploymentArn}, s.update(ctx, func(t *txn) error {
		r, o, ok := t.byRolloutARN(*in.ServiceDeploymentArn)
		if !ok {
			return wire.Errorf("ServiceDeploymentNotFoundException", "The service deploy ARN that you specified in the StopServiceDeployment doesn't exist.")
		}
		if !o.open() || o.ID != r.Rollout {
			return wire.Errorf("ConflictException", "The service deployment can't be stopped because it is in the state %s.", o.Status)
		}
		t.fail(r, text(in.StopType) != "ABORT", failureStop)
		t.settle(r)
		t.putService(r)
		return nil
	})
}

// DescribeServiceRevisions shows what services were made of at a time.
func (s *Service) DescribeServiceRevisions(ctx context.Context, in *DescribeServiceRevisionsInput) (*DescribeServiceRevisionsOutput, error) {
	if n := len(in.ServiceRevisionArns); n == 0 || n > 20 {
		return nil, invalid("You can describe between 1 and 20 service revisions at a time.")
	}
	out := &DescribeServiceRevisionsOutput{ServiceRevisions: []ServiceRevision{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, a := range in.ServiceRevisionArns {
			rest, _ := resourceOf(t.sc, "service-revision", a)
			v, ok := t.revisions.Get(t.tx, t.sc, rest)
			if !ok {
				out.Failures = append(out.Failures, missing(a))
				continue
			}
			service := rest[:strings.LastIndexByte(rest, '/')]
			cluster, _, _ := strings.Cut(service, "/")
			revision := ServiceRevision{
				ServiceRevisionArn: new(a), ServiceArn: new(arn(t.sc, "service", service)), ClusterArn: new(clusterARN(t.sc, cluster)),
				TaskDefinition: new(v.TaskDefinition), CapacityProviderStrategy: v.Strategy, LaunchType: optional(v.LaunchType),
				PlatformVersion: optional(platformVersion(v)), PlatformFamily: optional(v.Family), LoadBalancers: v.LoadBalancers, NetworkConfiguration: v.Network,
				ServiceConnectConfiguration: v.Connect, GuardDutyEnabled: new(false), CreatedAt: new(v.Created),
			}
			if d, ok := t.definition(v.TaskDefinition); ok {
				for _, c := range d.TaskDefinition.ContainerDefinitions {
					revision.ContainerImages = append(revision.ContainerImages, ContainerImage{ContainerName: c.Name, Image: c.Image})
				}
			}
			out.ServiceRevisions = append(out.ServiceRevisions, revision)
		}
		return nil
	})
}
